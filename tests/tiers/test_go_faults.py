"""What can go wrong around the Go tier's library: each fault is an error with a hint, and the next link runs."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import polytier_go
from polytier_go import library, runtime

TIMEOUT = 60.0

DISPATCHED = """
import logging, sys
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
import polytier
print(polytier.order_parameter([0.0, 0.0]))
with polytier.trace() as calls:
    print(polytier.order_parameter([0.0, 0.0]))
print("ran on", calls[0].tier)
"""


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process whose chain is the Go tier, then the floor."""
    return os.environ | {"POLYTIER_TIERS": "go", "POLYTIER_UNMEASURED": "allow"} | more


def python(code: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(
        command, env=environment(**more), capture_output=True, text=True, check=False, timeout=TIMEOUT
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Copy the installed package, to be damaged; processes that have its folder on their path import it."""
    package = tmp_path / "polytier_go"
    shutil.copytree(Path(polytier_go.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    return package


def direct(copied: Path) -> str:
    """Return what a direct call of the damaged package raises."""
    code = """
        import polytier_go
        try:
            polytier_go.order_parameter([0.0])
        except Exception as failure:
            print(type(failure).__name__, failure)
    """
    done = python(code, PYTHONPATH=str(copied.parent))
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_falls_through(copied: Path) -> None:
    """Check that dispatch answers from the floor, with one WARNING."""
    done = python(DISPATCHED, PYTHONPATH=str(copied.parent))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("WARNING") == 1
    assert done.stdout.count("1.0\n") == 2
    assert "ran on floor" in done.stdout


def damage(copied: Path, change: object) -> None:
    """Write a changed library."""
    path = copied / library.path().name
    content = bytearray(path.read_bytes())
    path.write_bytes(change(content))  # type: ignore[operator]


def machine(number: int) -> object:
    """Return the change that makes an ELF file one for another machine."""

    def change(content: bytearray) -> bytearray:
        struct.pack_into("<H", content, 18, number)
        return content

    return change


DAMAGES = {
    "another architecture": (machine(183), "it is for ELF machine 183, this one is 62"),
    "32 bits": (lambda content: content[:4] + b"\1" + content[5:], "no 64-bit little-endian ELF file"),
    "no library": (lambda _: b"#!/bin/sh\n" + bytes(100), "no 64-bit little-endian ELF file"),
    "empty": (lambda _: b"", "it has 0 bytes"),
    "cut in its header": (lambda content: content[:40], "it has 40 bytes"),
    "cut in the middle": (lambda content: content[: len(content) // 2], "it is cut off"),
    "cut at its end": (lambda content: content[:-1], "it is cut off"),
    "another digest": (
        lambda content: content.replace(polytier_go.BUILD_DIGEST.encode(), b"0" * 64),
        f"digest {'0' * 64}, the package from {polytier_go.BUILD_DIGEST}",
    ),
    "another library": (
        lambda content: content.replace(b"polytier_go_integrate", b"polytier_go_integrety"),
        "it cannot be loaded: ",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_library_is_an_import_error(copied: Path, name: str) -> None:
    """A library that is not the whole one of this package is an ImportError that says what was found."""
    change, wanted = DAMAGES[name]
    damage(copied, change)
    found = direct(copied)
    assert found.startswith("ImportError")
    assert wanted in found
    assert "hint: reinstall it" in found
    assert str(copied) in found


@pytest.mark.parametrize("name", ["another architecture", "cut in the middle", "another digest"])
def test_a_damaged_library_falls_through(copied: Path, name: str) -> None:
    """Dispatch warns once and answers from the next link."""
    damage(copied, DAMAGES[name][0])
    assert_falls_through(copied)


def test_a_missing_library_falls_through(copied: Path) -> None:
    """A wheel whose native part is missing is an ImportError with the path, and falls through."""
    (copied / library.path().name).unlink()
    assert "it cannot be read: " in direct(copied)
    assert_falls_through(copied)


@pytest.mark.parametrize(
    ("variable", "value", "wanted"),
    [
        ("POLYTIER_GO", "sidekick", "'library' or 'sidecar'"),
        ("POLYTIER_GO_SIMD", "sse9", "'avx2' or 'baseline'"),
        ("POLYTIER_GO_THREADS", "many", "an integer from 1 to 1024"),
        ("POLYTIER_GO_THREADS", "0", "an integer from 1 to 1024"),
        ("POLYTIER_GO_THREADS", "1025", "an integer from 1 to 1024"),
    ],
)
def test_a_wrong_setting_is_an_import_error(variable: str, value: str, wanted: str) -> None:
    """A value that a variable cannot have is an ImportError that names the variable and lists what it can have."""
    done = python("import polytier_go; polytier_go.order_parameter([0.0])", **{variable: value})
    assert done.returncode == 1
    assert "ImportError" in done.stderr
    assert f"{variable}" in done.stderr
    assert repr(value) in done.stderr
    assert wanted in done.stderr


@pytest.mark.parametrize("helper", [False, True])
def test_a_panic_is_a_runtime_error(*, helper: bool) -> None:
    """A panic in Go, in the calling thread or in a helper, is a RuntimeError; the process goes on."""
    server = runtime.link.made()
    assert isinstance(server, library.Library)
    with pytest.raises(RuntimeError, match=r"a defect of its own: .*provoked(.|\n)*hint: report it"):
        server.panic(helper=helper)
    assert polytier_go.order_parameter([0.0]) == 1.0


def test_another_interpreter_is_an_import_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library reads CPython's objects, and is refused elsewhere."""
    monkeypatch.setattr("polytier_go.library._implementation", lambda: "pypy")
    with pytest.raises(ImportError, match=r"this is pypy(.|\n)*hint: use CPython"):
        library.Library()


def test_too_little_address_space_is_an_import_error() -> None:
    """Under a limit that Go's runtime cannot live with the call is an ImportError, where Go would end the process."""
    code = """
        import resource, polytier_go
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        try:
            polytier_go.order_parameter([0.0])
        except ImportError as failure:
            print(failure)
    """
    done = python(code, OPENBLAS_NUM_THREADS="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Go reserves 2048 MiB of address space" in done.stdout
    assert "hint: raise `ulimit -v`, or set POLYTIER_GO=sidecar" in done.stdout


def test_enough_address_space_is_enough() -> None:
    """Under a limit that leaves what is asked for, the library starts and computes with threads."""
    code = """
        import resource, numpy as np, polytier_go
        resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
        print(polytier_go.order_parameter(np.zeros(1_000_000)))
    """
    done = python(code, OPENBLAS_NUM_THREADS="1", POLYTIER_GO_THREADS="8")
    assert (done.stdout, done.stderr) == ("1.0\n", "")
