"""Keeps the scans of sys.path's places in one file of the user's cache directory; without it all works, slower."""

# ruff: noqa: PTH103, PTH105, PTH108, PTH111, PTH117, PTH120 - pathlib takes 6 ms to import, more than a look-up may cost

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from polytier.tiers.scan import EntryPoint, Found

if TYPE_CHECKING:
    from collections.abc import Iterable

Token = tuple[int, int, int]
"""Modification time, change time and inode of a place: what differs once something was installed there."""

Scans = dict[str, tuple[Token, Found]]

_HEADER = "polytier entry points 1"
_FOOTER = "end"
_MOST_PLACES = 64
_MOST_BYTES = 1 << 20
# A place that changed this shortly before the file was written may have changed again within one tick of a
# coarse file-system clock (4 ms on ext4, 2 s on FAT) without its times telling.
_UNSETTLED_NS = 2_000_000_000
_HOMES = {"win32": ("LOCALAPPDATA", "~"), "darwin": ("XDG_CACHE_HOME", "~/Library/Caches")}


def cache_file() -> str | None:
    """Return the path of the file, or None for a user without a home."""
    # platformdirs says the same, but takes 13 ms to import, and pathlib 6: a warm look-up may take 0.2.
    variable, home = _HOMES.get(sys.platform, ("XDG_CACHE_HOME", "~/.cache"))
    named = os.environ.get(variable, "")
    folder = named if os.path.isabs(named) else os.path.expanduser(home)
    return f"{folder}{os.sep}polytier{os.sep}entry-points-1.tsv" if os.path.isabs(folder) else None


def token_of(status: os.stat_result) -> Token:
    """Return the token of a place."""
    return status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def read_scans(path: str) -> Scans:
    """Return the scans that can be trusted; none if the file is missing, broken, cut off or somebody else's."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return {}
    try:
        status = os.fstat(file)
        if not _is_ours(status) or status.st_size > _MOST_BYTES:
            return {}
        content = os.read(file, _MOST_BYTES).decode("utf-8", "surrogateescape")
        return _parse(content, status.st_mtime_ns - _UNSETTLED_NS)
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    finally:
        os.close(file)


def write_scans(path: str, scans: Scans) -> None:
    """Replace the file; a failure is ignored, and leaves what stood there before."""
    lines = [line for place in list(scans)[-_MOST_PLACES:] for line in _lines(place, *scans[place])]
    content = "\n".join([_HEADER, *lines, _FOOTER]).encode("utf-8", "surrogateescape")
    draft = f"{path}.{os.getpid()}"
    with suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            # Without fsync: a file that a power cut or a full disk shortens lacks its footer and is ignored.
            os.write(file, content)
        finally:
            os.close(file)
        os.replace(draft, path)
    with suppress(OSError):
        os.unlink(draft)


def _is_ours(status: os.stat_result) -> bool:
    # Who can write this file chooses which modules are imported.
    mine = getattr(os, "getuid", lambda: status.st_uid)() == status.st_uid
    return mine and stat.S_ISREG(status.st_mode) and not status.st_mode & 0o022


def _parse(text: str, trusted_before: int) -> Scans:
    header, *lines, footer = text.split("\n")
    if (header, footer) != (_HEADER, _FOOTER):
        return {}
    scans: Scans = {}
    place = ""
    for line in lines:
        kind, *fields = line.split("\t")
        if kind == "place":
            mtime, ctime, inode, place = fields
            token = int(mtime), int(ctime), int(inode)
            scans[place] = token, ()
        else:
            token, found = scans[place]
            scans[place] = token, (*found, (kind, EntryPoint(*fields)))
    return {place: scan for place, scan in scans.items() if max(scan[0][:2]) < trusted_before}


def _lines(place: str, token: Token, found: Found) -> Iterable[str]:
    rows = [["place", *map(str, token), place]]
    for group, point in found:
        rows.append([group, point.name, point.module, point.distribution, point.version, point.location])
    lines = ["\t".join(row) for row in rows]
    whole = all(line.count("\t") == len(row) - 1 and "\n" not in line for line, row in zip(lines, rows, strict=True))
    return lines if whole else ()
