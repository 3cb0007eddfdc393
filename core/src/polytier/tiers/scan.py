"""Reads the entry points of tiers and kernel packs out of one place on sys.path, importing none of them."""

# ruff: noqa: PTH119, PTH208 - pathlib takes 6 ms to import, more than a whole scan may cost

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polytier.marks import KERNEL_GROUP, TIER_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GROUPS = (TIER_GROUP, KERNEL_GROUP)
_CHUNK = 1 << 16
_ARCHIVE_COST = 1000  # importing importlib_metadata takes 25 ms


@dataclass(frozen=True)
class EntryPoint:
    """One name that one installed distribution offers; a malformed line has an empty or impossible `module`."""

    name: str
    module: str
    distribution: str
    version: str
    location: str


Found = tuple[tuple[str, EntryPoint], ...]
"""Entry points with their groups."""


def scan_directory(place: str) -> tuple[Found, int]:
    """Return what the .dist-info and .egg-info folders of a directory declare, and how many there are."""
    try:
        names = os.listdir(place)
    except OSError:
        return (), 0
    # pip renames what it is about to remove to ~name. Of two versions left side by side the later one counts.
    infos = [name for name in names if name.endswith((".dist-info", ".egg-info")) and not name.startswith("~")]
    infos.sort(reverse=True)
    return tuple(found for name in infos for found in _scan_info(f"{place}{os.sep}{name}")), len(infos)


def scan_archive(place: str) -> tuple[Found, int]:
    """Return what the distributions inside a zip archive declare, and the cost of asking in .dist-info folders."""
    import importlib_metadata

    context = _context([place])
    return tuple(_scan_distributions(importlib_metadata.MetadataPathFinder.find_distributions(context))), _ARCHIVE_COST


def scan_importers(finders: Iterable[Any], path: Iterable[str]) -> Found:
    """Return what importers of other kinds declare, those that answer `find_distributions`."""
    # The two that search sys.path are served by the scans above; most processes have no other.
    searching = [finder for finder in finders if hasattr(finder, "find_distributions")]
    others = [finder for finder in searching if _class_name(finder) not in {"PathFinder", "MetadataPathFinder"}]
    if not others:
        return ()
    context = _context(list(path))
    return tuple(found for finder in others for found in _scan_distributions(finder.find_distributions(context)))


def _class_name(finder: Any) -> str:
    # Python puts the class itself on sys.meta_path, importlib_metadata an instance.
    name: str = getattr(finder, "__name__", type(finder).__name__)
    return name


def _context(path: list[str]) -> Any:
    import importlib_metadata

    make: Any = importlib_metadata.DistributionFinder.Context
    return make(path=path)


def _scan_info(location: str) -> Iterator[tuple[str, EntryPoint]]:
    content = _content(f"{location}{os.sep}entry_points.txt")
    if b"polytier." in content:
        metadata = _content(f"{location}{os.sep}METADATA") or _content(f"{location}{os.sep}PKG-INFO")
        yield from _declared(_text(content), _text(metadata), location)


def _scan_distributions(distributions: Iterable[Any]) -> Iterator[tuple[str, EntryPoint]]:
    # A broken archive or importer raises whatever it likes, and must not hide the other tiers.
    with suppress(Exception):
        for distribution in distributions:
            content = distribution.read_text("entry_points.txt") or ""
            metadata = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
            yield from _declared(content, metadata, str(getattr(distribution, "_path", "")))


def _declared(content: str, metadata: str, location: str) -> Iterator[tuple[str, EntryPoint]]:
    distribution, version = _identity(metadata, location)
    for group, name, module in _lines(content):
        yield group, EntryPoint(name, module, distribution, version, location)


def _lines(content: str) -> Iterator[tuple[str, str, str]]:
    group = ""
    for line in map(str.strip, content.splitlines()):
        if line.startswith("["):
            group = line.strip("[] \t")
        elif group in GROUPS and line and line[0] not in "#;":
            name, _, value = map(str.strip, line.partition("="))
            # A line that is no `name = module` stays visible under its own text; loading it says what is wrong.
            yield (group, name, value.partition("[")[0].strip()) if name and value else (group, line, "")


def _identity(metadata: str, location: str) -> tuple[str, str]:
    name, _, version = os.path.basename(location).rpartition(".")[0].partition("-")
    headers = dict(line.split(":", 1) for line in metadata.partition("\n\n")[0].splitlines() if ":" in line)
    return headers.get("Name", name).strip(), headers.get("Version", version or "unknown").strip()


def _content(path: str) -> bytes:
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        content = chunk = os.read(file, _CHUNK)
        while len(chunk) == _CHUNK:
            chunk = os.read(file, _CHUNK)
            content += chunk
    except OSError:
        return b""
    finally:
        os.close(file)
    return content


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
