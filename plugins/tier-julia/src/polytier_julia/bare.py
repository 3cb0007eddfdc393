"""The native `order_parameter` without its boundary: what a call costs beyond this is the boundary's share."""

# Language policy: exempt, it has a native function repeated and reads the clock.

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from polytier.arrays import float_vector, integer
from polytier_julia.runtime import kernels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def bare_seconds(theta: ArrayLike, calls: int) -> float:
    """Return the mean seconds of one of `calls` calls of the native `order_parameter`, made in native code."""
    phases, answer = float_vector(theta, "theta"), np.empty(1)
    count = integer(calls, "calls", minimum=1)
    start = perf_counter()
    kernels.repeat_order_parameter(id(phases), count, id(answer))
    return (perf_counter() - start) / count
