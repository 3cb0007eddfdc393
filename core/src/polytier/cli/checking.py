"""Runs the processes in which tiers are checked, and survives whatever becomes of them."""

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
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytier.kernels.declaration import Kernel

Report = dict[str, Any]

SILENCE_SECONDS = 120.0
"""How long one case may take; the largest takes under a second on the floor."""

_LEAVE_SECONDS = 5.0
_LAST_LINES, _LAST_BYTES = 3, 2000

# The worker takes over this process's path before it imports anything: both must find the same distributions.
_BOOT = """\
import json, sys
job = json.load(sys.stdin)
sys.path[:] = job["path"]
from polytier.cli.check_worker import serve
serve(job)
"""


def check_tier(tier: str, kernels: list[Kernel], silence: float = SILENCE_SECONDS) -> Iterator[Report]:
    """Yield one report per kernel; a kernel that brings the process down is reported, and the next gets a new one.

    A tier that cannot be loaded yields one report of no kernel.
    """
    left = [kernel.name for kernel in kernels]
    while left:
        for report in _process(tier, tuple(left), silence):
            yield {"tier": tier, **report}
            left = [name for name in left if report["kernel"] not in {name, None}]


def _process(tier: str, kernels: tuple[str, ...], silence: float) -> Iterator[Report]:
    """Yield the reports of one process; the last one says how it died, if it did."""
    with tempfile.TemporaryFile() as talk:
        worker = _start({"path": sys.path, "tier": tier, "kernels": kernels}, talk)
        try:
            yield from _reports(kernels, _read(worker), silence)
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.wait(_LEAVE_SECONDS)
        except _Silent as silent:
            worker.kill()
            died = f"{_ending(worker.wait())}{_said(talk)}" if silent.ended else f"gave no answer within {silence:g} s"
            yield silent.at | {"state": "crashed", "reason": f"its process {died}"}
        finally:
            worker.kill()
            worker.wait()


class _Silent(Exception):  # noqa: N818  no error of the caller's: it ends the wait for a process
    """Nothing more comes from the process; `at` is what it was doing."""

    def __init__(self, at: Report, *, ended: bool) -> None:
        super().__init__(at)
        self.at = at
        self.ended = ended


def _reports(kernels: tuple[str, ...], lines: queue.Queue[bytes | None], silence: float) -> Iterator[Report]:
    for kernel in kernels:
        event: Report = {"kernel": kernel}
        while "state" not in event:
            try:
                line = lines.get(timeout=silence)
            except queue.Empty:
                raise _Silent(event, ended=False) from None
            if line is None:
                raise _Silent(event, ended=True)
            event = json.loads(line)
        yield event
        if event["kernel"] is None:
            return


def _start(job: Report, talk: IO[bytes]) -> subprocess.Popen[bytes]:
    worker = subprocess.Popen(  # noqa: S603 - this interpreter and a constant program
        [sys.executable, "-P", "-c", _BOOT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=talk
    )
    with contextlib.suppress(BrokenPipeError), worker.stdin or contextlib.nullcontext() as pipe:
        pipe.write(json.dumps(job).encode())  # type: ignore[union-attr]
    return worker


def _read(worker: subprocess.Popen[bytes]) -> queue.Queue[bytes | None]:
    lines: queue.Queue[bytes | None] = queue.Queue()

    def pump() -> None:
        # The thread that reads also closes: closing a pipe under a blocked reader hangs.
        with worker.stdout or contextlib.nullcontext() as pipe:
            for line in pipe or ():
                lines.put(line)
        lines.put(None)

    threading.Thread(target=pump, daemon=True).start()
    return lines


def _ending(code: int) -> str:
    return f"ended with exit code {code}" if code >= 0 else f"was ended by signal {-code} ({signal.strsignal(-code)})"


def _said(talk: IO[bytes]) -> str:
    talk.seek(max(talk.seek(0, os.SEEK_END) - _LAST_BYTES, 0))
    lines = talk.read().decode("utf-8", "replace").splitlines()
    last = [line.strip() for line in lines if line.strip()][-_LAST_LINES:]
    return f"; its last words: {' / '.join(last)}" if last else ""
