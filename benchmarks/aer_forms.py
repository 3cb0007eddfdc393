"""Formulations of the family aer in NumPy and plain loops; numba compiles the loops. All begin at the first event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from contest import peer

if TYPE_CHECKING:
    from collections.abc import Callable

numba, numba_absent = peer("numba")
prange: Any = getattr(numba, "prange", range)
THREADS = int(numba.config.NUMBA_NUM_THREADS) if numba else 1


def _bounds(times: Any, window: int) -> Any:
    return np.searchsorted(times, np.array([int(times[0]), int(times[0]) + window], np.uint64))


def add_at(address: Any, times: Any, signs: Any, n: int, window: int) -> Any:
    """Add with np.add.at."""
    low, high = _bounds(times, window)
    rates = np.zeros(n)
    np.add.at(rates, address[low:high], signs[low:high] * (1.0 / window))
    return rates


def masked(address: Any, times: Any, signs: Any, n: int, window: int) -> Any:
    """Select the events by a mask."""
    inside = times - times[0] < np.uint64(window)
    return np.bincount(address[inside], signs[inside] * (1.0 / window), n)


def sliced(address: Any, times: Any, signs: Any, n: int, window: int) -> Any:
    """Select the events by a binary search."""
    low, high = _bounds(times, window)
    return np.bincount(address[low:high], signs[low:high] * (1.0 / window), n)


def keyed(address: Any, times: Any, signs: Any, n: int, window: int) -> Any:
    """Count integers and divide once: right where sums are exact."""
    low, high = _bounds(times, window)
    counts = np.bincount(2 * address[low:high] + (signs[low:high] < 0), minlength=2 * n).reshape(n, 2)
    return (counts[:, 0] - counts[:, 1]) * (1.0 / window)


NUMPY: dict[str, Callable[..., Any]] = {
    "searchsorted, add.at": add_at,
    "mask, bincount": masked,
    "searchsorted, bincount": sliced,
    "searchsorted, counts of keys": keyed,
}


def loop(address: Any, times: Any, signs: Any, n: int, window: Any) -> Any:
    """Look at every time."""
    rates, weight, start = np.zeros(n), 1.0 / window, times[0]
    for k in range(address.size):
        if times[k] - start < window:
            rates[address[k]] += signs[k] * weight
    return rates


def sorted_loop(address: Any, times: Any, signs: Any, n: int, window: Any) -> Any:
    """Find the window by a binary search."""
    rates, weight = np.zeros(n), 1.0 / window
    for k in range(np.searchsorted(times, times[0] + window)):
        rates[address[k]] += signs[k] * weight
    return rates


def sorted_counts(address: Any, times: Any, signs: Any, n: int, window: Any) -> Any:
    """Count integers in two histograms and divide once: right where sums are exact."""
    counts = np.zeros((2, n), np.int64)
    high = np.searchsorted(times, times[0] + window)
    for k in range(high // 2):
        counts[0, address[2 * k]] += signs[2 * k]
        counts[1, address[2 * k + 1]] += signs[2 * k + 1]
    if high % 2:
        counts[0, address[high - 1]] += signs[high - 1]
    return (counts[0] + counts[1]) * (1.0 / window)


def counts_shared(address: Any, times: Any, signs: Any, n: int, window: Any) -> Any:
    """Count integers in parallel, each thread in cache lines of its own, and divide once."""
    counts = np.zeros((THREADS, n + 16), np.int64)
    high = np.searchsorted(times, times[0] + window)
    for part in prange(THREADS):
        mine = counts[part]
        for k in range(high * part // THREADS, high * (part + 1) // THREADS):
            mine[address[k]] += signs[k]
    return counts[:, :n].sum(axis=0) * (1.0 / window)


NUMBA: dict[str, Callable[..., Any]] = {
    "loop over all": loop,
    "searchsorted, running sum": sorted_loop,
    "searchsorted, counts in two histograms": sorted_counts,
}
