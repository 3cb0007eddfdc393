"""Runs command lines for the tests of `polytier.cli`."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING, Any, NamedTuple

import polytier
from polytier.cli import main

if TYPE_CHECKING:
    import pytest

COPY_OF_THE_FLOOR = """
    from polytier.kernels.declaration import catalogue

    order_parameter = catalogue.function("order_parameter").dispatch.floor
    build_knm = catalogue.function("build_knm").dispatch.floor
    mean_phase = catalogue.function("mean_phase").dispatch.floor
"""


class Ran(NamedTuple):
    """What came of one command line."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """The words of every line on stdout."""
        return [line.split() for line in self.out.splitlines()]


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> Ran:
    """Run a command line in this process, with the tiers that are installed now."""
    polytier.refresh()
    try:
        code = main(argv)
    except SystemExit as ended:  # argparse
        code = int(ended.code or 0)
    finally:
        polytier.refresh()
    captured = capsys.readouterr()
    return Ran(code, captured.out, captured.err)


def spawn(*argv: str, encoding: str = "utf-8", **settings: str) -> Ran:
    """Run a command line in a fresh process, with more environment."""
    command = [sys.executable, "-m", "polytier.cli", *argv]
    environ = {**os.environ, "PYTHONIOENCODING": encoding, **settings}
    done = subprocess.run(command, capture_output=True, env=environ, check=False, timeout=100)
    return Ran(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))


def at_terminal(*argv: str, columns: int = 80, **settings: str) -> tuple[int, str]:
    """Run a command line on a terminal of its own; return the exit code and all that the terminal was sent."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS", "LINES"}}
    command = [sys.executable, "-m", "polytier.cli", *argv]
    environ |= {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **settings}
    worker = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environ)
    os.close(slave)
    sent = b""
    with contextlib.suppress(OSError):  # Linux ends a terminal whose other side is gone with EIO
        while piece := os.read(master, 65536):
            sent += piece
    os.close(master)
    return worker.wait(timeout=100), sent.decode().replace("\r\n", "\n")
