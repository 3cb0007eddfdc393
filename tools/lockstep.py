"""Keep core and the first-party tiers at one version: `python -m tools.lockstep check`, `... bump 0.2.0`."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
VERSION = r"[^\"]+"

# (files, what stands there, pattern with the version as its only group); every file must have every pattern.
PLACES = (
    ("core/pyproject.toml", "version", rf'^version = "({VERSION})"$'),
    ("core/pyproject.toml", "pin of a tier", rf'"polytier-[a-z]+==({VERSION})"'),
    ("core/src/polytier/__init__.py", "version", rf'^__version__ = "({VERSION})"$'),
    ("plugins/tier-*/pyproject.toml", "version", rf'^version = "({VERSION})"$'),
    ("plugins/tier-*/pyproject.toml", "pin of core", rf'"polytier==({VERSION})"'),
    ("plugins/tier-*/native/Cargo.toml", "version", rf'^version = "({VERSION})"$'),
    ("plugins/tier-*/native/Cargo.lock", "version", rf'^name = "polytier[a-z_-]*"\nversion = "({VERSION})"$'),
)


@dataclass(frozen=True)
class Place:
    """One place that states the version; `found` is empty where the pattern is missing."""

    file: Path
    what: str
    pattern: re.Pattern[str]
    found: tuple[str, ...]


def places(root: Path) -> Iterator[Place]:
    """Yield every place that states the version."""
    for files, what, text in PLACES:
        pattern = re.compile(text, re.MULTILINE)
        for file in sorted(root.glob(files)):
            yield Place(file, what, pattern, tuple(pattern.findall(file.read_text(encoding="utf-8"))))


def findings(root: Path) -> list[str]:
    """Return a sentence for each place that does not state core's version."""
    wanted = next(places(root)).found[0]
    return [
        f"{place.file.relative_to(root)}: {place.what}: {', '.join(place.found) or 'missing'}, wanted {wanted}"
        for place in places(root)
        if set(place.found) != {wanted}
    ]


def bump(root: Path, version: str) -> None:
    """Write `version` in every place."""
    for place in places(root):
        text = place.file.read_text(encoding="utf-8")
        moved = place.pattern.sub(lambda match: match[0].replace(f'"{match[1]}"', f'"{version}"'), text)
        moved = place.pattern.sub(lambda match: match[0].replace(f"=={match[1]}", f"=={version}"), moved)
        place.file.write_text(moved, encoding="utf-8")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Check the places, or bump them and check."""
    parser = argparse.ArgumentParser(prog="python -m tools.lockstep", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("check", help="exit 1 and name each place that differs from core's version")
    verbs.add_parser("bump", help="write a version everywhere").add_argument("version")
    options = parser.parse_args(arguments)
    if options.verb == "bump":
        bump(root, options.version)
    found = findings(root)
    print("\n".join(found) or "lockstep: one version everywhere")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
