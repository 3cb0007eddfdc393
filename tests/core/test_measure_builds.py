"""Which build of the floor and which revision of the sources were measured."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import polytier
from polytier.kernels.declaration import Kernel, catalogue
from polytier.kernels.tolerance import Tolerance
from polytier.measure.builds import floor_build, revision

if TYPE_CHECKING:
    import pytest


def test_the_floor_is_known_by_its_source() -> None:
    """The floor's build is the version of its package and a digest of its family's file."""
    build = floor_build(catalogue["order_parameter"])
    source = Path(polytier.__file__).parent / "kernels" / "kuramoto.py"
    assert build.version == polytier.__version__
    assert build.digest == hashlib.sha256(source.read_bytes()).hexdigest()[:16]


def test_a_floor_without_a_source_is_unknown() -> None:
    """A floor made at run time has neither version nor digest."""
    namespace: dict[str, object] = {"__name__": "nowhere"}
    exec("def floor(x): return x", namespace)  # noqa: S102
    build = floor_build(Kernel("floor", namespace["floor"], "1", Tolerance(), tuple))  # type: ignore[arg-type]
    assert (build.version, build.digest) == ("unknown", "unknown")


def git(place: Path, *arguments: str) -> None:
    """Run git in a place of its own."""
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(place), *identity, *arguments], check=True, capture_output=True)


def test_the_revision_is_that_of_the_tracking_checkout(tmp_path: Path) -> None:
    """A tracked file has its checkout's revision, marked where files were changed; an untracked file has none."""
    source, other = tmp_path / "source.py", tmp_path / "other.py"
    source.write_text("one")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "source.py")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    assert re.fullmatch("[0-9a-f]{12}", revision(source))
    source.write_text("two")
    assert re.fullmatch("[0-9a-f]{12}-dirty", revision(source))
    other.write_text("three")
    assert revision(other) == "unknown"


def test_without_git_the_revision_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without git measures all the same."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert revision() == "unknown"
