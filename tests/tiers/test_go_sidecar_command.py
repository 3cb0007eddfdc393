"""The Go tier's sidecar as a command: its options, and where it is found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import polytier_go
from polytier_go import server

TIMEOUT = 60.0


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--listen", "0.0.0.0:0"], "--allow-remote must permit"),
        (["--listen", "[::]:0"], "--allow-remote must permit"),
        (["--listen", "here"], "is not HOST:PORT"),
        (["--nonesuch"], "flag provided but not defined"),
        (["--max-bytes", "1"], "--max-bytes 1"),
    ],
)
def test_options_that_are_refused(arguments: list[str], wanted: str) -> None:
    """A wrong option, or an address that others can reach, ends the sidecar with status 2 and a hint."""
    done = subprocess.run([server.path(), *arguments], capture_output=True, text=True, check=False, timeout=TIMEOUT)
    assert done.returncode == 2
    assert wanted in done.stderr
    assert "hint: " in done.stderr


def test_the_console_script_runs_the_packaged_binary(tmp_path: Path) -> None:
    """`polytier-go-sidecar` is the binary of the package, even where PATH has another of that name first."""
    impostor = tmp_path / "polytier-go-sidecar"
    impostor.write_text("#!/bin/sh\necho impostor\n")
    impostor.chmod(0o755)
    script = Path(sys.executable).with_name("polytier-go-sidecar")
    done = subprocess.run(
        [script, "--version"],
        env=os.environ | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert (done.stdout, done.returncode) == (polytier_go.BUILD_DIGEST + "\n", 0)


def test_help_lists_every_option() -> None:
    """--help prints the usage and ends with status 0."""
    done = subprocess.run([server.path(), "--help"], capture_output=True, text=True, check=False, timeout=TIMEOUT)
    assert done.returncode == 0
    for option in ("--listen", "--allow-remote", "--max-bytes", "--time-limit", "--calls", "--threads", "--check"):
        assert option in done.stdout
