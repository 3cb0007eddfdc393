"""Finding entry points: which distributions count, and what malformed ones do."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from polytier.marks import KERNEL_GROUP, TIER_GROUP
from polytier.tiers import EntryPoint, entry_points, scan

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Installer

from helpers_index import Importer, Served, always_written, names, zipped  # noqa: F401  fixtures


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


def test_what_importlib_metadata_installs_is_no_other_importer(install_tier: Installer) -> None:
    """Importing importlib_metadata, as any package may, finds no tier a second time."""
    import importlib_metadata

    importlib_metadata.MetadataPathFinder.invalidate_caches()
    assert any(isinstance(finder, importlib_metadata.MetadataPathFinder) for finder in sys.meta_path)
    test_a_left_over_older_version_does_not_count(install_tier)


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
