"""Starts the processes of their own in which a tier is scouted, and keeps what they reported."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from polytier.testing.scout import FRESH, STARTUP, ending

if TYPE_CHECKING:
    from collections.abc import Iterator

# sys.path is handed over: a PYTHONPATH would put site-packages before the standard library.
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "from polytier.testing.scout import main; sys.exit(main(sys.argv[1:]))"
)
_LAST_LINES = 12


@dataclass
class Stage:
    """What one process answered: an outcome for each case, and how it ended ('' in good order)."""

    outcomes: dict[str, str] = field(default_factory=dict)
    begun: str | None = None
    end: str = ""


@dataclass
class Report:
    """All lines of one errand: its single answer or its stages, and how the process ended ('' in good order)."""

    facts: dict[str, Any] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)
    end: str = ""
    stderr: str = ""

    @property
    def fresh(self) -> Stage:
        """The cases as the fresh process itself computed them."""
        return self.stages.setdefault(FRESH, Stage())

    def take(self, line: dict[str, Any]) -> None:
        """Note one line."""
        if "stage" not in line:
            self.facts |= line
            return
        stage = self.stages.setdefault(line["stage"], Stage())
        if "end" in line:
            stage.end = line["end"]
        else:
            stage.begun = line.get("begins")
        if "case" in line:
            stage.outcomes[line["case"]] = line["outcome"]


def errand(*arguments: str, limit: float) -> Report:
    """Run one errand of the scout in a fresh process; one that is silent for twice `limit` seconds is ended."""
    report = Report()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as stderr:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
            [sys.executable, "-c", _BOOT, json.dumps(sys.path), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        try:
            for line in _lines(process, 2 * limit):
                report.take(line)
        except queue.Empty:
            report.end = f"was silent for {2 * limit:g} s"
        finally:
            _end(process)
        stderr.seek(0)
        report.stderr = "".join(stderr.readlines()[-_LAST_LINES:])
    if "done" not in report.facts:
        report.end = report.end or ending(process.returncode)
    return report


def _lines(process: subprocess.Popen[str], limit: float) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None  # noqa: S101 - tells mypy what PIPE means
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_pour, args=(process.stdout, lines), daemon=True).start()
    patience = limit + STARTUP
    while (line := lines.get(timeout=patience)) is not None:
        content = json.loads(line)
        patience = limit + content.get("patience", 0.0)
        yield content
    process.wait(limit)


def _pour(stdout: IO[str], lines: queue.SimpleQueue[str | None]) -> None:
    with stdout:
        for line in stdout:
            lines.put(line)
    lines.put(None)


def _end(process: subprocess.Popen[str]) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # children that a tier started too
    else:
        process.kill()
    process.wait()
