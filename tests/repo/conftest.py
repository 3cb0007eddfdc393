"""What the tests of the repository share: its root, its tracked files, the built wheels."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Return the tracked files that exist, relative to the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="session")
def wheels() -> dict[str, ZipFile]:
    """Return the built wheels by distribution name."""
    place = os.environ.get("POLYTIER_WHEELS")
    if not place:
        pytest.fail("POLYTIER_WHEELS names no folder of wheels; run `tox -e repo`, which builds them")
    return {path.name.split("-")[0].replace("_", "-"): ZipFile(path) for path in sorted(Path(place).glob("*.whl"))}


@pytest.fixture(scope="module")
def benchmarks(root: Path) -> Iterator[Path]:
    """Put the folder of the benchmark programs on the path, as running one of them does, and return it."""
    folder = root / "benchmarks"
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
