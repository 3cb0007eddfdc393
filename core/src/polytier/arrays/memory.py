"""Whether the memory for an array is there, and new arrays only where it is."""

# Language policy: exempt, it makes room for answers and counts their bytes.

from __future__ import annotations

import math
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.errors import no_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

_UNASKED = 1 << 26
"""Bytes up to which nobody asks what memory is available: asking costs 30 us."""

_LIMITS = ("/proc/meminfo", "/sys/fs/cgroup/memory.max")
"""Where Linux says what memory is available, and what a container may use."""


def new_array(*shape: int, dtype: DTypeLike = np.float64, name: str = "the answer") -> NDArray[Any]:
    """Return zeros of this shape; MemoryError, before anything is allocated, where there is no room for them."""
    require_memory(name, shape, dtype)
    try:
        return np.zeros(shape, dtype)
    except (MemoryError, ValueError, OverflowError):  # a length that no address space holds is a wrong value to NumPy
        raise no_memory(name, math.prod(shape) * np.dtype(dtype).itemsize, None) from None


def require_memory(name: str, shape: Sequence[int], dtype: DTypeLike, limits: Sequence[str] = _LIMITS) -> None:
    """Raise MemoryError where an array of this shape is larger than the memory that is available."""
    needed = math.prod(shape) * np.dtype(dtype).itemsize
    if needed > _UNASKED:
        available = available_memory(limits)
        if needed > available:
            raise no_memory(name, needed, available)


def available_memory(limits: Sequence[str] = _LIMITS) -> int:
    """Return the bytes that are available, as far as the system says; else its physical memory, or all addresses."""
    said = [bytes_said for path in limits if (bytes_said := _said_by(path)) is not None]
    if said:
        return min(said)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf, and a system may lack a name
        return sys.maxsize


def _said_by(path: str) -> int | None:
    try:
        with open(path, encoding="ascii") as source:  # noqa: PTH123 - pathlib is not loaded here
            lines = source.read(16_384).splitlines()
    except OSError:
        return None
    for name, *figures in (line.split() for line in lines):
        if name == "MemAvailable:":
            return 1024 * int(figures[0])
        if name.isdigit():
            return int(name)
    return None
