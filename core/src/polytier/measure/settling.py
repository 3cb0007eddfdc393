"""A process waits until its own threads sleep, before others are timed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

BOUND: Final = 0.5
"""Seconds after which a process that does not come to rest is left alone."""

_NAP: Final = 1e-3
_THREADS: Final = Path("/proc/self/task")


def settle(bound: float = BOUND, running: Callable[[], int] | None = None, nap: float = _NAP) -> bool:
    """Wait until no other thread of this process runs, and return whether that was within `bound` seconds.

    The threads of a linear algebra library look for more work after a call, for 0.11 s with OpenBLAS 0.3, on the
    processors that whoever is timed next would use: a commutator of size 256 by two threads took 9.1 ms behind
    NumPy's own, 5.3 ms behind NumPy's by one thread (medians, two processors). Where the system does not tell what
    threads do, nothing is waited for.
    """
    asked = running or running_threads
    waited = 0.0
    while asked():
        if waited >= bound:
            return False
        time.sleep(nap)
        waited += nap
    return True


def running_threads(threads: Path = _THREADS) -> int:
    """Return how many threads of this process run or could, beside the one that asks.

    Their processor time would not do: that of a running thread is brought up to date every few milliseconds only.
    """
    states = [_state(thread / "stat") for thread in threads.glob("*")]
    return max(states.count("R") - 1, 0)


def _state(path: Path) -> str:
    try:
        # The name before the state, in parentheses, may hold anything.
        return path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except OSError:  # the thread has ended
        return ""
