"""The part of the kit that runs in processes of its own: what a tier offers, and what it answers there.

A tier that kills or hangs its process, or leaves threads behind, does so where the test run survives it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polytier
from polytier.kernels.declaration import catalogue
from polytier.marks import FLOOR
from polytier.testing.answers import outcome
from polytier.tiers import Tiers, load_kernel_packs

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Line = dict[str, Any]
Send = Callable[[Line], None]

FRESH = "fresh"
"""The stage in which the process of its own computes every case itself."""

METHODS = tuple(method for method in ("fork", "spawn") if method in multiprocessing.get_all_start_methods())
"""The later stages: the start methods by which it has a child of multiprocessing compute every case again."""

STARTUP = 60.0
"""Seconds that a process may take, on a busy host, until its first line; what a tier does comes later."""

GRACE = 5.0
"""Seconds that a child which has answered everything may take to end by itself."""

_DIED = "died"
_STARTING = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "os.spawn"}


@cache
def implementation(tier: str, kernel: str) -> Callable[..., Any]:
    """Return one tier's function for one kernel, loaded once per process."""
    load_kernel_packs()
    declared = catalogue[kernel]
    return declared.floor if tier == FLOOR else Tiers(catalogue.__getitem__).implementation(tier, kernel)


def outcomes(tier: str, kernel: str) -> Iterator[Line]:
    """Yield, for every case, a line before it runs and a line with its outcome."""
    function = implementation(tier, kernel)
    for case in catalogue[kernel].cases:
        yield {"begins": case.label}
        yield {"case": case.label, "outcome": outcome(function, case)}


def offer(tier: str) -> Line:
    """Return the kernels that a tier offers, those that were rejected, and which absences it states wrongly.

    'failure' says why it does not load.
    """
    load_kernel_packs()
    tiers = Tiers(catalogue.__getitem__)
    try:
        tiers.load(tier)
        offered, rejected = list(tiers.offered(tier)), dict(tiers.rejected(tier))
        return {"offered": offered, "rejected": rejected, "problems": tiers.absences(tier).problems, "failure": ""}
    except (ImportError, RuntimeError) as failure:
        return {"offered": [], "rejected": {}, "problems": [], "failure": str(failure)}


def starts(tier: str) -> Line:
    """Return what importing a tier starts: threads, by how many, and the processes, by name of the event."""
    load_kernel_packs()
    tiers, events = Tiers(catalogue.__getitem__), list[str]()
    before = _threads()
    sys.addaudithook(lambda event, _: events.append(event) if event in _STARTING else None)
    tiers.load(tier)
    return {"threads": _threads() - before, "processes": events}


def relay(tier: str, kernel: str, method: str, limit: float, send: Send) -> None:
    """Compute in a child of multiprocessing and send its lines on; a child silent for `limit` seconds is ended."""
    send({"patience": STARTUP})
    context = multiprocessing.get_context(method)
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_answer_into, args=(theirs, tier, kernel), daemon=True)  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        # Newer Pythons warn of a fork beside threads; whether the tier survives it is the question here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child.start()
    theirs.close()
    end = _listen(ours, limit, lambda line: send({**line, "stage": method}))
    if end == _DIED:
        child.join(limit)
        end = ending(child.exitcode)
    elif not end:
        child.join(GRACE)
    child.kill()
    child.join()
    send({"stage": method, "end": end})


def main(arguments: list[str]) -> int:
    """Run one errand: `offer TIER`, `starts TIER`, or `answer TIER KERNEL LIMIT`; JSON lines go to stdout."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # what a tier prints must not stand between the lines

    def send(line: Line) -> None:
        channel.write(json.dumps(line) + "\n")

    send({"ready": polytier.__version__})
    errand, tier, *rest = arguments
    if errand == "answer":
        _answer(tier, rest[0], float(rest[1]), send)
    else:
        send({"offer": offer, "starts": starts}[errand](tier))
    send({"done": polytier.__version__})
    return 0


def ending(code: int | None) -> str:
    """Return how a process ended, from its exit code."""
    if code is None or code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by signal {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def _answer(tier: str, kernel: str, limit: float, send: Send) -> None:
    for line in outcomes(tier, kernel):
        send({**line, "stage": FRESH})
    for method in METHODS:
        relay(tier, kernel, method, limit, send)


def _answer_into(connection: Connection, tier: str, kernel: str) -> None:
    for line in outcomes(tier, kernel):
        connection.send(line)
    connection.send(None)


def _listen(connection: Connection, limit: float, send: Send) -> str:
    patience = limit + STARTUP
    while connection.poll(patience):
        patience = limit
        try:
            line = connection.recv()
        except EOFError:
            return _DIED
        if line is None:
            return ""
        send(line)
    return f"was silent for {limit:g} s"


def _threads() -> int:
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()
