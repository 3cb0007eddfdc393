"""Skeletons: what `new-tier` and `new-kernel` write works from the start, and what they refuse leaves no trace."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from helpers_cli import run

import polytier
from polytier.errors import ScaffoldError, StorageError
from polytier.kernels.declaration import Kernel, catalogue
from polytier.kernels.tolerance import Tolerance
from polytier.marks import KERNEL_GROUP, TIER_GROUP
from polytier.scaffold.skeleton import Skeleton, install, requirement, wrapped, write
from polytier.scaffold.tier import tier_skeleton

if TYPE_CHECKING:
    from conftest import Installer

CORE = [kernel.name for kernel in catalogue]
QUICK = ("-q", "-p", "no:cacheprovider", "--pyargs", "polytier.testing", "--conformance-examples", "5")


def deploy(installer: Installer, skeleton: Path) -> dict[str, Any]:
    """Put a skeleton's package and its metadata on sys.path, as pip does, and return its project table."""
    project: dict[str, Any] = tomllib.loads((skeleton / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    root = installer.add_root(skeleton / "src")
    info = root / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8")
    groups = project["entry-points"].items()
    lines = [line for group, found in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in found.items()))]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    importlib.invalidate_caches()
    return project


def python(*argv: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a module of Python in a fresh process."""
    command = [sys.executable, "-m", *argv]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=100)


def left(folder: Path) -> list[str]:
    """Return what a folder holds, hidden names included."""
    return sorted(path.name for path in folder.iterdir())


def test_a_new_tier_conforms_at_once(
    install_tier: Installer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The skeleton of a tier passes its probe, the check and the conformance kit as it is."""
    monkeypatch.chdir(tmp_path)
    ran = run(capsys, "new-tier", "fast-cpu")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("wrote fast-cpu: 6 files\n  fast-cpu/README.md\n")
    assert "\n  python -m pip install ./fast-cpu\n" in ran.out
    project = deploy(install_tier, tmp_path / "fast-cpu")
    assert project["entry-points"] == {TIER_GROUP: {"fast-cpu": "polytier_fast_cpu"}}
    assert run(capsys, "tiers", "fast-cpu").rows[1][:2] == ["fast-cpu", "usable"]
    assert run(capsys, "check", "--tier", "fast-cpu", "--kernel", "order_parameter").code == 0
    kit = python("pytest", *QUICK, "--tier", "fast-cpu", folder=tmp_path)
    assert kit.returncode == 0, kit.stdout + kit.stderr


def test_a_new_tier_can_serve_every_kernel(
    install_tier: Installer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every floor of core that answers with plain arrays and numbers can be the start of a tier; the copies agree."""
    plain = [kernel for kernel in CORE if isinstance(catalogue[kernel].tolerance, Tolerance)]
    asked = [word for kernel in plain for word in ("--kernel", kernel)]
    found = run(capsys, "new-tier", "every", "--directory", str(tmp_path / "new" / "place"), *asked, "--json").document
    directory = tmp_path / "new" / "place" / "every"
    assert (found["kind"], found["name"], found["directory"]) == ("tier", "every", str(directory))
    assert sorted(found["files"]) == sorted(str(path) for path in directory.rglob("*") if path.is_file())
    assert found["next"][0] == f"python -m pip install {directory}"
    deploy(install_tier, directory)
    reports = run(capsys, "check", "--tier", "every", *asked, "--json").document["reports"]
    assert {report["kernel"]: report["state"] for report in reports} == dict.fromkeys(plain, "agrees")


def test_a_named_result_is_not_copied(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A class of named results has one home: a tier that copied it would answer with another class."""
    ran = run(capsys, "new-tier", "mine", "--directory", str(tmp_path), "--kernel", "faraday_recovery")
    assert ran.code == 2
    assert "it answers with the class 'FaradayRecovery', which a tier takes from the kernel's own module" in ran.err
    assert not (tmp_path / "mine").exists()


def test_a_new_kernel_conforms_at_once(
    install_tier: Installer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The skeleton of a kernel pack is found, passes the check and its own tests, and a tier can be begun for it."""
    ran = run(capsys, "new-kernel", "band_energy", "--directory", str(tmp_path))
    assert (ran.code, ran.out.splitlines()[0]) == (0, f"wrote {tmp_path / 'band_energy'}: 5 files")
    project = deploy(install_tier, tmp_path / "band_energy")
    assert project["entry-points"] == {KERNEL_GROUP: {"band_energy_pack": "band_energy_pack"}}
    assert run(capsys, "kernels", "band_energy").rows[2][:2] == ["band_energy", "len(values)"]
    assert run(capsys, "check", "--kernel", "band_energy").code == 0
    tests = python("pytest", "-q", "-p", "no:cacheprovider", "tests", folder=tmp_path / "band_energy")
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert run(capsys, "new-tier", "quick", "--directory", str(tmp_path), "--kernel", "band_energy").code == 0
    assert deploy(install_tier, tmp_path / "quick")["dependencies"] == [
        "numpy>=1.26",
        "band-energy-pack",
        requirement(),
    ]
    assert run(capsys, "check", "--tier", "quick", "--kernel", "band_energy").code == 0


@pytest.mark.parametrize(
    ("verb", "name", "found"),
    [
        ("new-tier", "Fast", "another form"),
        ("new-tier", "../fast", "another form"),
        ("new-tier", "a" * 51, "another form"),
        ("new-tier", "floor", "the floor is no tier"),
        ("new-tier", "rust", "belongs to a tier of polytier"),
        ("new-tier", "taken", "a tier of this name is installed"),
        ("new-tier", "pytest", "there is a module 'polytier_pytest' already"),
        ("new-kernel", "Energy", "another form"),
        ("new-kernel", "band-energy", "another form"),
        ("new-kernel", "e" * 51, "another form"),
        ("new-kernel", "lambda", "Python itself uses the name"),
        ("new-kernel", "match", "Python itself uses the name"),
        ("new-kernel", "sum", "Python itself uses the name"),
        ("new-kernel", "np", "uses the name for something else"),
        ("new-kernel", "mean_phase", "polytier.kernels.kuramoto declares this name already"),
        ("new-kernel", "tier", "there is a module 'tier_pack' already"),
    ],
)
def test_a_name_that_cannot_be_is_refused(  # noqa: PLR0913, PLR0917 - the fixtures, and one row of the table
    install_tier: Installer, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str, name: str, found: str
) -> None:
    """A name of another form, or one that is taken, is an error with a hint, and nothing is written."""
    install_tier("taken")
    install_tier("pack")  # the module tier_pack
    place = tmp_path / "place"
    ran = run(capsys, verb, name, "--directory", str(place))
    assert (ran.code, ran.out) == (2, "")
    kind = verb.removeprefix("new-")
    assert ran.err.startswith(f"polytier: make a skeleton of {kind} {name!r}: ")
    assert found in ran.err.splitlines()[0]
    assert ran.err.splitlines()[1].startswith("hint: ")
    assert not place.exists() or left(place) == []


def test_an_installed_tier_keeps_its_name(install_tier: Installer) -> None:
    """The name of an installed tier is refused whatever its package is called."""
    install_tier("mine", module="somewhere_else")
    with pytest.raises(ScaffoldError, match="a tier of this name is installed"):
        tier_skeleton("mine", [catalogue["mean_phase"]], Path())


@pytest.mark.parametrize("occupied", ["directory", "file", "link"])
def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str], occupied: str) -> None:
    """Whatever has the name of the new directory stays as it is, be it a link to nowhere."""
    place = tmp_path / "place"
    place.mkdir()
    target = place / "fast"
    if occupied == "link":
        target.symlink_to(tmp_path / "nowhere")
    elif occupied == "file":
        target.touch()
    else:
        target.mkdir()
    ran = run(capsys, "new-tier", "fast", "--directory", str(place))
    assert ran.code == 2
    assert f"{str(target)!r} exists already\nhint: choose another --directory" in ran.err
    assert left(place) == ["fast"]
    assert not target.is_dir() or left(target) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A directory that cannot be made is an error that names it."""
    (tmp_path / "file").touch()
    ran = run(capsys, "new-kernel", "band_energy", "--directory", str(tmp_path / "file"))
    assert ran.code == 2
    assert f"write kernel {str(tmp_path / 'file' / 'band_energy')!r}: " in ran.err


def test_a_half_written_skeleton_is_removed(tmp_path: Path) -> None:
    """If one file cannot be written, no directory is left, neither the new one nor a passing one."""
    skeleton = Skeleton("tier", "fast", tmp_path / "place" / "fast", {"a": "a file", "a/b": "in a file"}, [])
    with pytest.raises(StorageError, match="write tier"):
        write(skeleton)
    assert left(tmp_path / "place") == []


def test_the_path_to_install_is_quoted(tmp_path: Path) -> None:
    """The command that installs has a path that pip takes for one, quoted for a shell."""
    assert install(Path("my own") / "fast") == "python -m pip install './my own/fast'"
    assert install(tmp_path / "fast") == f"python -m pip install {tmp_path / 'fast'}"


def test_the_range_of_core_is_the_running_minor_version() -> None:
    """A skeleton asks for the minor version of core that wrote it."""
    major, minor = polytier.__version__.split(".")[:2]
    assert requirement() == f"polytier>={major}.{minor},<{major}.{int(minor) + 1}"


def test_long_lists_are_broken() -> None:
    """A list that fits stands on one line, an import then without parentheses; a longer one has a line for each."""
    assert wrapped("from m import (", ["a", "b"], ")") == "from m import a, b"
    assert wrapped("x = [", ["a", "b"], "]") == "x = [a, b]"
    names = [f"name_{i:04}" for i in range(20)]
    assert wrapped("x = [", names, "]").splitlines() == ["x = [", *(f"    {name}," for name in names), "]"]


def test_a_floor_without_source_is_told() -> None:
    """A kernel whose source cannot be read cannot be the start of a tier; the error says so."""
    floor = eval("lambda x: x")  # noqa: S307 - made here
    floor.__name__, floor.__module__ = "unseen", "nowhere.unseen"
    kernel = Kernel("unseen", floor, "1", Tolerance(), tuple)
    with pytest.raises(ScaffoldError, match="the floor of unseen cannot be copied: "):
        tier_skeleton("fast", [kernel], Path())
