"""The file of expected failures: TOML, `[[xfail]]` entries, strict, and each with its reason.

An entry has `test` and `reason`, and narrows with `kernel`, `case` and `tier`; a key left out matches everything.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polytier.errors import FileFormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

WHAT = "expected failures"
_KEYS = ("kernel", "test", "case", "tier", "reason")
_REQUIRED = ("test", "reason")
_HINT = "an entry is [[xfail]] with test and reason, and kernel, case and tier where they narrow it; all are text"


@dataclass(frozen=True, eq=False)
class Expected:
    """One expected failure; a key left out matches everything."""

    place: str
    path: Path
    keys: Mapping[str, str]

    @property
    def reason(self) -> str:
        """Why the failure is expected."""
        return self.keys["reason"]

    def matches(self, item: Mapping[str, str]) -> bool:
        """Say whether a test, given by its own keys, is expected to fail."""
        return all(item.get(key) == value for key, value in self.keys.items() if key != "reason")

    def unmatched(self) -> FileFormatError:
        """Return the error that no test of this run is the one the entry names."""
        named = ", ".join(f"{key} {value!r}" for key, value in self.keys.items() if key != "reason")
        hint = "correct the names (--collect-only shows them), or remove the entry"
        return FileFormatError.of(WHAT, self.path, self.place, f"no test matches {named}", hint)


def read_expected(path: Path) -> tuple[Expected, ...]:
    """Return the entries of a file of expected failures; it is refused whole if one of them is malformed."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as failure:
        raise FileFormatError.of(WHAT, path, "", str(failure), "name a readable TOML file") from failure
    except tomllib.TOMLDecodeError as failure:
        raise FileFormatError.of(WHAT, path, "", str(failure), "correct the TOML") from failure
    entries = content.pop("xfail", [])
    if content or not isinstance(entries, list):
        raise FileFormatError.of(WHAT, path, "", f"found {sorted(content) or 'xfail'} at the top", _HINT)
    return tuple(_entry(path, number, entry) for number, entry in enumerate(entries, start=1))


def _entry(path: Path, number: int, entry: Any) -> Expected:
    place = f"entry {number}"
    found = "; ".join(_faults(entry)) if isinstance(entry, dict) else f"{entry!r} is no table"
    if found:
        raise FileFormatError.of(WHAT, path, place, found, _HINT)
    return Expected(place, path, dict(entry))


def _faults(entry: Mapping[str, Any]) -> Iterable[str]:
    for key in _REQUIRED:
        if not str(entry.get(key, "")).strip():
            yield f"no {key} is given"
    for key, value in entry.items():
        if key not in _KEYS:
            yield f"{key!r} is not known"
        elif not isinstance(value, str):
            yield f"{key} is {value!r}"
