"""The allow list and the deny list: which tiers the environment lets this process load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from polytier.errors import PolytierWarning, listed
from polytier.marks import FLOOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ALLOW: Final = "POLYTIER_TIERS"
DENY: Final = "POLYTIER_DISABLE"


class Lists:
    """What POLYTIER_TIERS and POLYTIER_DISABLE say; an empty one says nothing, and `POLYTIER_TIERS=floor` no tier."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._allowed = _names(environ.get(ALLOW, ""))
        self._denied = _names(environ.get(DENY, ""))

    def denied(self, name: str) -> str | None:
        """Return why a tier is kept out, or None."""
        if name in self._denied:
            return f"{DENY} names it"
        if self._allowed and name not in self._allowed:
            return f"{ALLOW}={','.join(self._allowed)} does not name it"
        return None

    def unknown(self, installed: Iterable[str]) -> Iterator[PolytierWarning]:
        """Yield one warning per name that no installed tier carries."""
        installed = set(installed)
        for variable, names, known in ((ALLOW, self._allowed, installed | {FLOOR}), (DENY, self._denied, installed)):
            for name in names:
                if name not in known:
                    hint = f"installed: {listed(installed)}"
                    yield PolytierWarning.of(f"follow {variable}", f"no installed tier is named {name!r}", hint)


def _names(setting: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(str.strip, setting.split(",")))))
