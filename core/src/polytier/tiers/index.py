"""Finds which installed distributions offer tiers and kernel packs, cheaply enough for a first call."""

# ruff: noqa: PTH109, PTH116, PTH117, PTH118 - pathlib takes 6 ms to import, more than a cold look-up may cost

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from polytier.tiers.scan import EntryPoint, Found, scan_archive, scan_directory, scan_importers
from polytier.tiers.store import Scans, cache_file, read_scans, token_of, write_scans

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EntryPoint", "entry_points"]

# A working directory changes all the time; scanning its few distributions again costs less than writing the file.
_WORTH_WRITING = 10


def entry_points(group: str, path: Sequence[str] | None = None, *, rescan: bool = False) -> tuple[EntryPoint, ...]:
    """Return the entry points of `group` in the order of `path` (sys.path by default).

    As in Python's own import, the first of several copies of one distribution is the one that counts.
    `rescan` trusts no scan of before: it also sees what was edited inside an installed distribution.
    """
    found = _scanned(_places(path), rescan=rescan)
    found += scan_importers(sys.meta_path, _places(path)) if path is None else ()
    owners: dict[str, str] = {}
    first = [(g, point) for g, point in found if owners.setdefault(_normal(point), point.location) == point.location]
    return tuple(dict.fromkeys(point for g, point in first if g == group))


def _places(path: Sequence[str] | None) -> list[str]:
    strings = [place for place in (sys.path if path is None else path) if isinstance(place, str)]
    if not all(map(os.path.isabs, strings)):
        try:
            strings = [os.path.join(os.getcwd(), place) for place in strings]
        except OSError:  # the working directory was removed
            strings = [place for place in strings if os.path.isabs(place)]
    return list(dict.fromkeys(strings))


def _scanned(places: list[str], *, rescan: bool) -> Found:
    file = cache_file()
    known: Scans = {} if file is None or rescan else read_scans(file)
    present: Scans = {}
    cost = 0
    for place in places:
        try:
            status = os.stat(place)
        except (OSError, ValueError):  # ValueError: a null character in the name
            continue
        token, scan = token_of(status), known.get(place)
        if scan is None or scan[0] != token:
            found, folders = (scan_directory if stat.S_ISDIR(status.st_mode) else scan_archive)(place)
            scan, cost = (token, found), cost + folders
        present[place] = scan
    if file is not None and cost >= _WORTH_WRITING:
        write_scans(file, {**known, **present})
    return tuple(found for _, scan in present.values() for found in scan)


def _normal(point: EntryPoint) -> str:
    spelled = point.distribution.lower().replace("-", "_").replace(".", "_")
    return "_".join(filter(None, spelled.split("_")))
