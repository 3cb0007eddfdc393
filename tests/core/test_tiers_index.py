"""Finding entry points: which distributions count, what malformed ones do, and when the cache is trusted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from polytier.marks import KERNEL_GROUP, TIER_GROUP
from polytier.tiers import EntryPoint, entry_points, index, scan, store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Installer


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


def test_an_installed_tier_is_found_with_all_its_facts(install_tier: Installer) -> None:
    """An entry point tells name, module, distribution, version and the place of its .dist-info."""
    installed = install_tier("fast", version="2.5")
    expected = EntryPoint("fast", "tier_fast", "polytier-fast", "2.5", str(installed.dist_info))
    assert entry_points(TIER_GROUP, [str(installed.root)]) == (expected,)


def test_finding_imports_nothing(install_tier: Installer) -> None:
    """A found tier is not imported."""
    installed = install_tier("fast", "raise SystemError")
    assert "fast" in names()
    assert installed.module not in sys.modules


def test_groups_are_told_apart(install_tier: Installer) -> None:
    """Tiers, kernel packs and console scripts of one distribution do not mix."""
    content = f"[console_scripts]\nrun = m:main\n[{TIER_GROUP}]\na = m\n\n[{KERNEL_GROUP}]\n# a comment\nb = n.o [x]\n"
    install_tier("a", info={"entry_points.txt": content})
    assert names() == ["a"]
    assert [point.module for point in entry_points(KERNEL_GROUP)] == ["n.o"]


def test_the_first_copy_on_the_path_counts(install_tier: Installer, tmp_path: Path) -> None:
    """Of one distribution installed twice, the copy that Python would import is the one found."""
    install_tier("fast", version="1.0", distribution="Poly.Tier-fast", root=tmp_path / "late")
    install_tier("fast", version="2.0", distribution="poly-tier_fast", root=tmp_path / "early")
    assert [point.version for point in entry_points(TIER_GROUP)] == ["2.0"]


def test_a_left_over_older_version_does_not_count(install_tier: Installer) -> None:
    """Of two versions of one distribution side by side the later name counts, and pip's ~leftovers never."""
    installed = install_tier("fast", version="1.0")
    install_tier("fast", version="2.0")
    (installed.root / "~olytier_fast-3.0.dist-info").mkdir()
    (installed.root / "~olytier_fast-3.0.dist-info" / "entry_points.txt").write_text(f"[{TIER_GROUP}]\nfast = x\n")
    assert [point.version for point in entry_points(TIER_GROUP)] == ["2.0"]


def test_missing_metadata_leaves_the_name_of_the_folder(install_tier: Installer) -> None:
    """Without METADATA, distribution and version come from the folder's name."""
    install_tier("fast", version="1.2", info={"METADATA": None})
    (point,) = entry_points(TIER_GROUP)
    assert (point.distribution, point.version) == ("polytier_fast", "1.2")


def test_an_egg_info_is_read(install_tier: Installer) -> None:
    """A development install with .egg-info and PKG-INFO is found; a version that nobody states is 'unknown'."""
    egg = install_tier.add_root(install_tier.root) / "thing.egg-info"
    egg.mkdir()
    (egg / "entry_points.txt").write_text(f"[{TIER_GROUP}]\nthing = thing\n")
    assert [point.version for point in entry_points(TIER_GROUP)] == ["unknown"]
    (egg / "PKG-INFO").write_text("Name: a-thing\nVersion: 4\n\nName: not a header\n")
    assert [(p.distribution, p.version) for p in entry_points(TIER_GROUP, rescan=True)] == [("a-thing", "4")]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (f"[{TIER_GROUP}]\nno equals sign\n", [("no equals sign", "")]),
        (f"[{TIER_GROUP}]\n= tier_fast\n", [("= tier_fast", "")]),
        (f"[{TIER_GROUP}]\nfast =\n", [("fast =", "")]),
        (f"[{TIER_GROUP}]\nfast = two words\n", [("fast", "two words")]),
        (f"[{TIER_GROUP}\nfast = tier_fast", [("fast", "tier_fast")]),
        ("fast = tier_fast # polytier.tiers", []),
        (b"\xff\xfe[polytier.tiers]\n\x00 = \xff", []),
        (f"[{TIER_GROUP}]\n\xfc = m\n".encode("latin-1"), [("\ufffd", "m")]),
        ("", []),
    ],
)
def test_a_malformed_file_hides_no_other_tier(
    install_tier: Installer, content: str | bytes, found: list[tuple[str, str]]
) -> None:
    """What can be read of a malformed entry_points.txt stays visible, and the other tiers are found."""
    install_tier("odd", info={"entry_points.txt": content})
    install_tier("sound")
    points = [(point.name, point.module) for point in entry_points(TIER_GROUP) if point.name != "sound"]
    assert points == found
    assert "sound" in names()


def test_a_long_file_is_read_to_its_end(install_tier: Installer) -> None:
    """The group may stand behind any number of other lines."""
    filler = "[console_scripts]\n" + "".join(f"script{i} = module:main\n" for i in range(10_000))
    install_tier("fast", info={"entry_points.txt": f"{filler}[{TIER_GROUP}]\nfast = tier_fast\n"})
    assert names() == ["fast"]


def test_what_cannot_be_read_declares_nothing(install_tier: Installer, tmp_path: Path) -> None:
    """Missing places, odd entries on the path and folders in place of files are passed over."""
    installed = install_tier("fast")
    (installed.root / "odd-1.dist-info" / "entry_points.txt").mkdir(parents=True)
    (installed.root / "plain-1.egg-info").touch()
    places: list[Any] = [str(tmp_path / "missing"), "null\0", 7, "__editable__.hook", str(installed.root)]
    assert names(path=places) == ["fast"]
    assert scan.scan_directory(str(tmp_path / "missing")) == ((), 0)


def test_the_empty_entry_is_the_working_directory(install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """'' on sys.path means where the process stands."""
    monkeypatch.chdir(install_tier("fast").root)
    assert names(path=[""]) == ["fast"]


def test_a_working_directory_that_is_gone_hides_no_tier(install_tier: Installer, tmp_path: Path) -> None:
    """A process whose working directory was removed still finds its tiers."""
    installed = install_tier("fast")
    gone = tmp_path / "gone"
    gone.mkdir()
    code = "import os, sys; os.rmdir(os.getcwd()); from polytier.tiers import entry_points\n"
    code += f"sys.path.insert(0, ''); print(*[point.name for point in entry_points({TIER_GROUP!r})])"
    command = [sys.executable, "-c", code]
    assert "fast" in subprocess.run(command, cwd=gone, capture_output=True, text=True, check=True).stdout
    assert installed.root.exists()


def zipped(path: Path) -> Path:
    """Return a zip archive that holds a tier."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tier_zip.py", "def order_parameter(theta): ...")
        archive.writestr("polytier_zip-3.0.dist-info/METADATA", "Name: polytier-zip\nVersion: 3.0\n")
        archive.writestr("polytier_zip-3.0.dist-info/entry_points.txt", f"[{TIER_GROUP}]\nzip = tier_zip\n")
        archive.writestr("bare-1.dist-info/RECORD", "")
    return path


def test_a_zip_archive_on_the_path_is_served(tmp_path: Path) -> None:
    """A distribution inside a zip archive is found like any other."""
    (point,) = entry_points(TIER_GROUP, [str(zipped(tmp_path / "tiers.zip"))])
    assert (point.name, point.module, point.distribution, point.version) == ("zip", "tier_zip", "polytier-zip", "3.0")


def test_a_broken_archive_declares_nothing(install_tier: Installer, tmp_path: Path) -> None:
    """A file on the path that is no archive, or a damaged one, hides no tier."""
    installed = install_tier("fast")
    (tmp_path / "text.zip").write_text("no archive")
    damaged = zipped(tmp_path / "damaged.zip")
    damaged.write_bytes(damaged.read_bytes().replace(b"Metadata", b"M").replace(b"Name:", b"name?"))
    assert names(path=[str(tmp_path / "text.zip"), str(damaged), str(installed.root)])[-1] == "fast"


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


def test_a_custom_importer_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Distributions that only an importer on sys.meta_path knows are found."""
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Importer([Served()])])
    assert names() == ["served"]
    assert names(path=[]) == []


def test_a_broken_importer_hides_no_tier(install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An importer that fails while it is asked is passed over."""
    install_tier("fast")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Importer([object()])])
    assert names() == ["fast"]


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
