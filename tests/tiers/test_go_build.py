"""The Go tier's build: reproducible, from an sdist as from a checkout, and clear where it cannot be done."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import polytier_go
from polytier_go import library, server

if TYPE_CHECKING:
    from types import ModuleType

PLUGIN = Path(__file__).parents[2] / "plugins" / "tier-go"
TIMEOUT = 600.0


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    """Return the build hook as a module."""
    spec = importlib.util.spec_from_file_location("hatch_build", PLUGIN / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def hatchling(folder: Path, target: str, into: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Build one distribution of the project in `folder`."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)]
    return subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=TIMEOUT
    )


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file in a folder."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_installed_build_is_of_these_sources(hook: Any) -> None:
    """The digest in the installed package is that of the checkout's native sources."""
    assert hook.digest(PLUGIN / "native") == polytier_go.BUILD_DIGEST


def test_building_twice_gives_the_same_bytes(hook: Any, tmp_path: Path) -> None:
    """Library and sidecar come out byte for byte alike, wherever the sources lie, and as they are installed."""
    found = []
    for place in ("one", "another place"):
        sources, into = tmp_path / place / "native", tmp_path / place / "built"
        shutil.copytree(PLUGIN / "native", sources)
        into.mkdir()
        hook.build(sources, into)
        found.append(digests(into))
    assert found[0] == found[1]
    installed = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (library.path(), server.path())}
    assert {name: found[0][name] for name in installed} == installed


def test_a_wheel_is_built_from_the_sdist(tmp_path: Path) -> None:
    """The sdist holds what the build needs; its wheel is for this platform and holds every part."""
    done = hatchling(PLUGIN, "sdist", tmp_path)
    assert done.returncode == 0, done.stderr
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as sdist:
        sdist.extractall(tmp_path, filter="data")
    done = hatchling(archive.with_name(archive.name.removesuffix(".tar.gz")), "wheel", tmp_path)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.endswith(f"-py3-none-linux_{os.uname().machine}.whl")
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
        assert {"polytier_go/_build.py", "polytier_go/py.typed", "polytier_go/kuramoto.py"} <= names
        assert not [name for name in names if name.endswith((".go", ".c", ".h"))]
        for path in (library.path(), server.path()):
            assert content.getinfo(f"polytier_go/{path.name}").external_attr >> 16 & 0o111


def test_without_go_the_build_says_so(tmp_path: Path) -> None:
    """Where there is no Go the build fails with one message that says what to install."""
    done = hatchling(PLUGIN, "wheel", tmp_path, PATH=str(tmp_path))
    assert done.returncode != 0
    assert "build polytier-go: no 'go' on PATH" in done.stderr
    assert "hint: install Go 1.26" in done.stderr


def test_go_that_fails_is_quoted(hook: Any, tmp_path: Path) -> None:
    """Where the compiler refuses the sources the build fails with its words."""
    shutil.copytree(PLUGIN / "native", tmp_path / "native")
    (tmp_path / "native" / "level.go").write_text("package native\n\nfunc broken(\n")
    with pytest.raises(RuntimeError, match=r"'go build' ended with status 1(.|\n)*level\.go(.|\n)*hint: Go 1\.26"):
        hook.build(tmp_path / "native", tmp_path)


@pytest.mark.parametrize("command", [["vet", "./..."], ["test", "./..."]])
@pytest.mark.parametrize("experiment", ["simd", ""])
def test_the_go_sources_are_sound(command: list[str], experiment: str) -> None:
    """`go vet` and `go test` find nothing, with the vector types and without."""
    environment = os.environ | {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOEXPERIMENT": experiment}
    done = subprocess.run(
        ["go", *command], cwd=PLUGIN / "native", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_go_sources_are_formatted() -> None:
    """`gofmt` finds nothing to change."""
    done = subprocess.run(["gofmt", "-l", "."], cwd=PLUGIN / "native", capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")
