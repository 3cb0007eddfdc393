"""Places, caches and importers that the tests of the index share."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from polytier.marks import TIER_GROUP
from polytier.tiers import entry_points, index, store

if TYPE_CHECKING:
    from collections.abc import Iterator


WORTH_WRITING = index._WORTH_WRITING


def names(group: str = TIER_GROUP, **options: Any) -> list[str]:
    """Return the names of a group's entry points."""
    return [point.name for point in entry_points(group, **options)]


def cache() -> Path:
    """Return the cache file of this test."""
    return Path(store.cache_file() or "")


def settle(*places: Path) -> None:
    """Make directories and the cache file as old, relative to each other, as if seconds had passed."""
    for place in places:
        os.utime(place, ns=(10**18, 10**18))
    # A change time cannot be set, so the file that is compared with it moves into the future instead.
    later = time.time_ns() + 10_000_000_000
    os.utime(cache(), ns=(later, later))


@pytest.fixture(autouse=True)
def always_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the cache file for a single distribution too."""
    monkeypatch.setattr(index, "_WORTH_WRITING", 1)


def zipped(path: Path) -> Path:
    """Return a zip archive that holds a tier."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tier_zip.py", "def order_parameter(theta): ...")
        archive.writestr("polytier_zip-3.0.dist-info/METADATA", "Name: polytier-zip\nVersion: 3.0\n")
        archive.writestr("polytier_zip-3.0.dist-info/entry_points.txt", f"[{TIER_GROUP}]\nzip = tier_zip\n")
        archive.writestr("bare-1.dist-info/RECORD", "")
    return path


class Importer:
    """An importer of another kind, on sys.meta_path, which serves one distribution."""

    def __init__(self, distributions: Iterator[Any] | list[Any]) -> None:
        self.distributions = distributions

    def find_spec(self, *_: object) -> None:
        """Find no module."""

    def find_distributions(self, _context: object) -> Any:
        """Return the distributions."""
        return self.distributions


class Served:
    """A distribution in memory."""

    def read_text(self, name: str) -> str | None:
        """Return one of the two files, or None."""
        content = {"entry_points.txt": f"[{TIER_GROUP}]\nserved = m\n", "PKG-INFO": "Name: served\nVersion: 1\n"}
        return content.get(name)


def corrupted() -> dict[str, bytes]:
    """Return broken contents of the cache file by what is wrong with them."""
    start, place = b"polytier entry points 1\n", b"place\t1\t1\t1\t/x\n"
    return {
        "empty": b"",
        "cut off": start + place,
        "another version": b"polytier entry points 0\nend",
        "binary": bytes(range(256)),
        "bad UTF-8": start + b"\xff\n" + b"end",
        "too few fields": start + b"place\t1\nend",
        "no number": start + b"place\tx\t1\t1\t/x\nend",
        "entry without a place": start + b"polytier.tiers\ta\tb\tc\td\te\nend",
        "entry of too few fields": start + place + b"polytier.tiers\ta\nend",
        "too large": start + b"x" * (1 << 20) + b"\nend",
    }
