"""The Mojo tier where its files or the host's memory are not as they should be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import polytier_mojo

PACKAGE = Path(polytier_mojo.__file__).parent


def in_process(code: str, **settings: Any) -> str:
    """Run Python code in a process of its own and return what it prints; warnings are errors there too."""
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def copied(folder: Path) -> Path:
    """Copy the installed package, and return the executables of the copy."""
    shutil.copytree(PACKAGE, folder / "polytier_mojo", ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "polytier_mojo" / "_bin"


DISPATCHED = """
    import logging, sys, polytier
    logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
    import polytier_mojo
    assert polytier_mojo.__file__.startswith(sys.path[1]), polytier_mojo.__file__
    with polytier.trace() as calls:
        for _ in range(3):
            assert abs(polytier.order_parameter([0.0, 0.0]) - 1.0) < 1e-15
    print(*(call.tier for call in calls))
"""


def dispatched_with(folder: Path) -> list[str]:
    """Make dispatched calls that find the tier's package in this folder; return the lines that were logged."""
    told = {"PYTHONPATH": str(folder), "POLYTIER_TIERS": "mojo", "POLYTIER_UNMEASURED": "allow"}
    lines = in_process(DISPATCHED, env={**os.environ, **told}).splitlines()
    assert lines.pop() == "floor floor floor"
    return [line for line in lines if line.startswith("WARNING")]


def test_a_wheel_without_its_native_part(tmp_path: Path) -> None:
    """Without the executables every call falls through, with one warning."""
    shutil.rmtree(copied(tmp_path))
    (line,) = dispatched_with(tmp_path)
    assert "the installation has no file" in line


def test_an_executable_of_another_architecture(tmp_path: Path) -> None:
    """An executable that this machine cannot run makes calls fall through, with one warning."""
    for path in copied(tmp_path).iterdir():
        content = bytearray(path.read_bytes())
        content[18:20] = b"\xf3\x00"  # the machine field of the ELF header: RISC-V
        path.write_bytes(content)
    (line,) = dispatched_with(tmp_path)
    assert "it does not run here" in line


def test_an_executable_without_permission(tmp_path: Path) -> None:
    """An executable that lost its permission makes calls fall through, with one warning."""
    for path in copied(tmp_path).iterdir():
        path.chmod(0o644)
    (line,) = dispatched_with(tmp_path)
    assert "it is not executable" in line


def test_no_program_is_taken_from_the_path(tmp_path: Path) -> None:
    """A program of the same name on the PATH is never run."""
    for name in ("polytier-mojo-worker", *(path.name for path in (PACKAGE / "_bin").iterdir())):
        (tmp_path / name).write_text(f"#!/bin/sh\n: > {tmp_path}/sprung\n", encoding="utf-8")
        (tmp_path / name).chmod(0o700)
    code = "import polytier_mojo; print(polytier_mojo.order_parameter([0.0]))"
    assert in_process(code, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}) == "1.0\n"
    assert not (tmp_path / "sprung").exists()


LIMITED = """
    import numpy, polytier_mojo, resource
    resource.setrlimit(resource.{limit}, ({value}, {value}))
    try:
        polytier_mojo.order_parameter(numpy.zeros(100_000))
    except RuntimeError as failure:
        print(failure)
    {then}
"""


def test_shared_memory_that_is_full() -> None:
    """Where no shared memory is to be had a large call is a RuntimeError, and small calls go on."""
    then = "print(polytier_mojo.order_parameter([0.0]))"
    out = in_process(LIMITED.format(limit="RLIMIT_FSIZE", value=4096, then=then))
    assert out.startswith("share memory with the mojo worker: 800000 bytes cannot be had ([Errno 27] File too large)\n")
    assert out.endswith(
        "hint: free some memory, or raise the limit on the size of files; small calls work without it\n1.0\n"
    )


def test_descriptors_that_are_used_up() -> None:
    """Where no pipe can be opened the call is a RuntimeError that leaves no descriptor behind."""
    then = "import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:-1])"
    out = in_process(
        LIMITED.format(limit="RLIMIT_NOFILE", value=7, then=then).replace(
            "resource.setrl", "import os, select, subprocess; resource.setrl"
        )
    )
    assert out.startswith("start the mojo worker: [Errno 24] Too many open files\nhint: ")
    assert out.endswith("[0, 1, 2]\n")


def test_memory_that_cannot_be_had() -> None:
    """A template that no host can hold is a MemoryError before anything is allocated."""
    with pytest.raises(MemoryError, match="need 8796093022208 bytes"):
        polytier_mojo.build_knm(1 << 20)
