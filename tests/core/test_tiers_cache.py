"""The cache of found entry points: when it is trusted, and what a bad one does."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from polytier.marks import TIER_GROUP
from polytier.tiers import entry_points, index, scan, store

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Installer

from helpers_index import WORTH_WRITING, always_written, cache, corrupted, names, settle, zipped  # noqa: F401  fixtures


@pytest.fixture
def scanned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record which directories are scanned."""
    seen: list[str] = []
    original = scan.scan_directory

    def record(place: str) -> tuple[scan.Found, int]:
        seen.append(place)
        return original(place)

    monkeypatch.setattr("polytier.tiers.index.scan_directory", record)
    return seen


def test_an_unchanged_place_is_not_scanned_again(install_tier: Installer, scanned: list[str]) -> None:
    """The second look-up takes what the cache file says, and finds the same."""
    root = install_tier("fast").root
    path = [str(root)]
    first = entry_points(TIER_GROUP, path)
    settle(root)
    entry_points(TIER_GROUP, path)
    settle()
    scanned.clear()
    assert entry_points(TIER_GROUP, path) == first
    assert scanned == []


def test_a_place_that_changed_a_moment_ago_is_scanned_again(install_tier: Installer, scanned: list[str]) -> None:
    """Times too close to the cache file's own prove nothing: the file system's clock may not have ticked."""
    path = [str(install_tier("fast").root)]
    names(path=path)
    names(path=path)
    assert scanned == path * 2


def test_an_installation_makes_the_cache_stale(install_tier: Installer, scanned: list[str]) -> None:
    """A distribution installed after the cache was written is found, and one removed is gone."""
    installed = install_tier("fast")
    path = [str(installed.root)]
    names(path=path)
    settle()
    scanned.clear()
    install_tier("late")
    assert names(path=path) == ["late", "fast"]
    install_tier.uninstall(installed)
    assert names(path=path) == ["late"]
    assert scanned == path * 2


def test_a_rescan_trusts_no_cache(install_tier: Installer) -> None:
    """An entry point edited in place is invisible to the cache and seen by a rescan."""
    installed = install_tier("fast")
    path = [str(installed.root)]
    names(path=path)
    settle()
    (installed.dist_info / "entry_points.txt").write_text(f"[{TIER_GROUP}]\nedited = tier_fast\n")
    assert names(path=path) == ["fast"]
    assert names(path=path, rescan=True) == ["edited"]


def test_places_of_other_environments_are_kept(install_tier: Installer, tmp_path: Path, scanned: list[str]) -> None:
    """Two environments that share a user's cache do not throw each other's scans out."""
    one, two = (install_tier(name, root=tmp_path / name).root for name in ("one", "two"))
    names(path=[str(one)])
    settle()
    names(path=[str(two)])
    settle()
    scanned.clear()
    assert [names(path=[str(one)]), names(path=[str(two)])] == [["one"], ["two"]]
    assert scanned == []


def test_few_distributions_are_not_worth_a_file(install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place of few distributions is scanned each time; one of ten, or an archive, is worth writing the file."""
    monkeypatch.setattr(index, "_WORTH_WRITING", WORTH_WRITING)
    path = [str(install_tier(f"tier{i}").root) for i in range(9)]
    assert len(names(path=path)) == 9
    assert not cache().exists()
    names(path=[*path, str(zipped(install_tier.root.parent / "tiers.zip"))])
    assert cache().exists()
    cache().unlink()
    install_tier("tenth")
    assert len(names(path=path)) == 10
    assert cache().exists()


def test_the_cache_is_private(install_tier: Installer) -> None:
    """Nobody else may read or write the file or its folder, and no draft is left behind."""
    names(path=[str(install_tier("fast").root)])
    assert cache().stat().st_mode & 0o777 == 0o600
    assert cache().parent.stat().st_mode & 0o777 == 0o700
    assert list(cache().parent.iterdir()) == [cache()]


@pytest.mark.parametrize("what", corrupted())
def test_a_corrupted_cache_is_ignored(install_tier: Installer, what: str) -> None:
    """Whatever stands in the cache file, the tiers are found, and a good file replaces it."""
    path = [str(install_tier("fast").root)]
    cache().parent.mkdir(parents=True)
    cache().write_bytes(corrupted()[what])
    assert names(path=path) == ["fast"]
    settle()
    assert list(store.read_scans(str(cache()))) == path


def test_a_cache_that_others_can_write_is_ignored(install_tier: Installer) -> None:
    """Who can write the file would choose which modules are imported, so it must be the user's alone."""
    names(path=[str(install_tier("fast").root)])
    settle()
    assert store.read_scans(str(cache()))
    cache().chmod(0o620)
    assert store.read_scans(str(cache())) == {}


def test_a_cache_of_somebody_else_is_ignored(install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that another user owns is not trusted."""
    names(path=[str(install_tier("fast").root)])
    settle()
    monkeypatch.setattr(os, "getuid", lambda: cache().stat().st_uid + 1)
    assert store.read_scans(str(cache())) == {}


def test_an_unwritable_cache_is_ignored(
    install_tier: Installer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no cache can be written the tiers are found all the same."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert names(path=[str(install_tier("fast").root)]) == ["fast"]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache().mkdir(parents=True)
    assert names(path=[str(install_tier.root)]) == ["fast"]
    assert list(cache().parent.iterdir()) == [cache()]


@pytest.mark.parametrize("fails", ["read", "write"])
def test_a_failing_disk_is_ignored(install_tier: Installer, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    """An input or output error in the cache or in one entry_points.txt leaves no trace and no draft."""
    path = [str(install_tier("fast").root)]
    names(path=path)
    before = cache().read_bytes()

    def fail(*_: object) -> bytes:
        raise OSError(5, "input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, fails, fail)
        assert names(path=path) == ([] if fails == "read" else ["fast"])
    assert names(path=path) == ["fast"]
    assert len(list(cache().parent.iterdir())) == 1
    assert fails == "read" or cache().read_bytes() == before


def test_a_user_without_a_home_has_no_cache(install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no home can be named nothing is written, and the tiers are found."""
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert store.cache_file() is None
    assert names(path=[str(install_tier("fast").root)]) == ["fast"]


def test_the_cache_stands_in_the_home_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without XDG_CACHE_HOME the file stands under ~/.cache."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache() == tmp_path / ".cache" / "polytier" / "entry-points-1.tsv"


def test_names_that_the_file_cannot_hold_are_not_cached(install_tier: Installer, tmp_path: Path) -> None:
    """A place whose name holds a tab or a line break is scanned each time."""
    odd = install_tier("fast", root=tmp_path / "a\tb\nc").root
    assert names(path=[str(odd)]) == ["fast"]
    settle()
    assert store.read_scans(str(cache())) == {}
    assert names(path=[str(odd)]) == ["fast"]


def test_names_outside_unicode_are_cached(install_tier: Installer, tmp_path: Path, scanned: list[str]) -> None:
    """A place whose name is no valid UTF-8 is cached like any other."""
    odd = install_tier("fast", root=tmp_path / os.fsdecode(b"\xff\xfe")).root
    names(path=[str(odd)])
    settle()
    scanned.clear()
    assert names(path=[str(odd)]) == ["fast"]
    assert scanned == []


def test_the_cache_keeps_to_its_bounds(tmp_path: Path, install_tier: Installer) -> None:
    """Only the places looked up last are kept."""
    install_tier.add_root(tmp_path)
    token = (1, 1, 1)
    cache().parent.mkdir(parents=True)
    store.write_scans(str(cache()), {f"/place{i}": (token, ()) for i in range(100)})
    settle()
    kept = list(store.read_scans(str(cache())))
    assert (len(kept), kept[-1]) == (64, "/place99")


def test_looking_up_stays_light() -> None:
    """A process that only looks tiers up imports neither pluggy nor importlib_metadata, platformdirs or pathlib."""
    code = "import sys; before = set(sys.modules); from polytier.tiers import Tiers, entry_points\n"
    code += "Tiers(lambda name: None).installed(); entry_points('polytier.kernels')\n"
    code += "print(*set(sys.modules) - before)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    slow = {
        "pluggy",
        "importlib_metadata",
        "importlib.metadata",
        "platformdirs",
        "pathlib",
        "json",
        "subprocess",
        "time",
    }
    assert slow & set(run.stdout.split()) == set()
