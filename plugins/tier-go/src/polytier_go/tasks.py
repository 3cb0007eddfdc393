"""A call whose arguments are checked, in the form in which any server takes it."""

# Language policy: exempt, it makes room for answers and names the parts of a call.

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays import require_memory
from polytier_go.runtime import out_of_memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

METHODS = {"kuramoto_euler": 0, "kuramoto_phases": 0, "kuramoto_trajectory": 0, "kuramoto_rk4": 1}
"""The integrators, and how their phases advance."""

# More steps than any run completes, and fewer than overflow the native counter.
ENDLESS = 1 << 58


@dataclass(frozen=True)
class Task:
    """One kernel with its arguments: arrays are C-contiguous and aligned, of the dtypes that the kernel takes.

    `answers` are the arrays to be filled, given by every family but `kuramoto`.
    """

    kernel: str
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    answers: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The number of oscillators."""
        return int(self.numbers["n"]) if self.kernel == "build_knm" else len(next(iter(self.arrays.values())))

    @property
    def steps(self) -> int:
        """The number of steps of an integration."""
        return int(self.numbers["n_steps"])

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the names and shapes of the arrays that the answer consists of; none stands for a number."""
        if self.answers:
            return {name: array.shape for name, array in self.answers.items()}
        return shapes(self.kernel, self.size, self.steps if self.kernel in METHODS else 0)


def shapes(kernel: str, n: int, steps: int) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of the arrays that a kernel answers with."""
    known: dict[str, dict[str, tuple[int, ...]]] = {
        "build_knm": {"K": (n, n)},
        "networked_force": {"forces": (n,)},
        "kuramoto_euler": {"last": (n,)},
        "kuramoto_rk4": {"last": (n,)},
        "kuramoto_phases": {"path": (steps + 1, n)},
        "kuramoto_trajectory": {"times": (steps + 1,), "order": (steps + 1,)},
    }
    return known.get(kernel, {})


def fresh(shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
    """Return a new array; one that cannot be is a MemoryError, also where NumPy finds its shape impossible."""
    values = 1
    for length in shape:
        values *= length
    if values > sys.maxsize // 16:
        out_of_memory()
    return np.empty(shape, dtype)


def plain(array: NDArray[Any]) -> NDArray[Any]:
    """Return a checked array at an aligned address: checks return C-contiguous ones, which may begin at an odd one."""
    return array if array.flags.aligned else array.copy()


def room(*shape: int, dtype: Any = np.float64) -> NDArray[Any]:
    """Return a new array that is to be filled; MemoryError, before it is allocated, where there is no room for it."""
    require_memory("the answer", shape, dtype)
    return fresh(shape, dtype)
