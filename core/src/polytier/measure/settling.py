"""A process waits until its own threads sleep, before others are timed."""

# Language policy: exempt, it reads a clock between samples.

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

BOUND: Final = 0.5
"""Seconds after which a process that does not come to rest is left alone."""

_NAP: Final = 1e-3
_BUSY: Final = 0.2  # of a nap: threads that look for work take all of it, sleeping ones nothing


def settle(bound: float = BOUND, used: Callable[[], float] = time.process_time, nap: float = _NAP) -> bool:
    """Wait until this process uses no processor, and return whether it came to rest within `bound` seconds.

    The threads of a linear algebra library look for more work after a call, for 0.11 s with OpenBLAS 0.3, on the
    processors that whoever is timed next would use: a commutator of size 256 by two threads took 9.1 ms behind
    NumPy's own, 5.3 ms behind NumPy's by one thread (medians, two processors).
    """
    waited = 0.0
    while waited < bound:
        before = used()
        time.sleep(nap)
        waited += nap
        if used() - before < _BUSY * nap:
            return True
    return False
