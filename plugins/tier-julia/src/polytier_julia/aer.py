"""The family `aer`: adapters with the floors' signatures, around the decoders compiled by Julia."""

# Language policy: exempt, it adapts, and Julia computes; of refused events it finds the first wrong one.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays import integer, integer_vector, unsigned_vector
from polytier.errors import bad_value
from polytier_julia.answers import zeros
from polytier_julia.dtypes import INT8, INT64, UINT64, plain
from polytier_julia.runtime import GOOD, defect, kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]
    Decoder = Callable[..., int]

LATEST = 2**64 - 1
"""The latest time, in ns."""


def aer_decode_rate(  # noqa: PLR0913, PLR0917 - the floor's signature
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> Vector:
    """Return the signed spike rate of every channel over a window."""
    events = (address, t_ns, polarity, n_channels, window_ns, start_ns)
    answer = _peeked(kernels.aer_decode_rate, 0, *events)
    return _checked(kernels.aer_decode_rate, 0, *events) if answer is None else answer


def aer_decode_temporal(  # noqa: PLR0913, PLR0917 - the floor's signature
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> Vector:
    """Return how early each channel's first event comes in a window: 1 at its start, 0 without an event."""
    events = (address, t_ns, polarity, n_channels, window_ns, start_ns)
    answer = _peeked(kernels.aer_decode_temporal, 0, *events)
    return _checked(kernels.aer_decode_temporal, 0, *events) if answer is None else answer


def aer_decode_isi(  # noqa: PLR0913, PLR0917 - the floor's signature
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> Vector:
    """Return the inverse mean interval between the events of each channel in a window."""
    events = (address, t_ns, polarity, n_channels, window_ns, start_ns)
    answer = _peeked(kernels.aer_decode_isi, 3, *events)
    return _checked(kernels.aer_decode_isi, 3, *events) if answer is None else answer


def _peeked(decode: Decoder, numbers: int, *events: Any) -> Vector | None:
    """Return the answer where the arguments can be read as they are; `numbers` a channel are kept meanwhile."""
    address, t_ns, polarity, count, window, start = events
    if not (type(count) is int is type(window) and count > 0 and 0 < window <= LATEST):
        return None
    if not (start is None or (type(start) is int and 0 <= start <= LATEST)):
        return None
    if not (type(address) is type(t_ns) is type(polarity) is np.ndarray):
        return None
    answer, work = zeros(count), zeros(count, numbers) if numbers else None
    status = decode(id(address), id(t_ns), id(polarity), start or 0, start is not None, window, id(answer), id(work))
    return answer if status == GOOD else None


def _checked(decode: Decoder, numbers: int, *events: Any) -> Vector:
    """Return the answer for arguments as polytier's checks convert them, or raise the floor's error."""
    address, t_ns, polarity, n_channels, window_ns, start_ns = events
    channels = plain(integer_vector(address, "address"), INT64)
    times = plain(unsigned_vector(t_ns, "t_ns", length=len(channels)), UINT64)
    signs = plain(integer_vector(polarity, "polarity", length=len(channels), dtype=np.int8), INT8)
    count = integer(n_channels, "n_channels", minimum=1)
    window = integer(window_ns, "window_ns", minimum=1)
    start = _start(times, window, start_ns)
    answer = _peeked(decode, numbers, channels, times, signs, count, window, start)
    if answer is None:
        _check_order(times)
        if decode is kernels.aer_decode_rate:
            _check_signs(signs)
        _check_range(channels, times, count, (start, start + window))
        raise defect("events that polytier's checks took were refused")
    return answer


def _start(times: NDArray[np.uint64], window: int, start_ns: int | None) -> int:
    first = int(times[0]) if len(times) else 0
    start = first if start_ns is None else integer(start_ns, "start_ns", minimum=0)
    if start + window > LATEST:
        raise bad_value("window_ns", f"at most {LATEST} - start", f"{window} after a start of {start}")
    return start


def _check_order(times: NDArray[np.uint64]) -> None:
    falls = np.flatnonzero(times[1:] < times[:-1])
    if falls.size:
        at = int(falls[0]) + 1
        raise bad_value("t_ns", "non-decreasing", f"{times[at]} after {times[at - 1]} at index {at}")


def _check_signs(signs: NDArray[np.int8]) -> None:
    odd = np.flatnonzero((signs != 1) & (signs != -1))
    if odd.size:
        raise bad_value("polarity", "+1 or -1", f"{signs[odd[0]]} at index {odd[0]}")


def _check_range(channels: NDArray[np.int64], times: NDArray[np.uint64], count: int, window: tuple[int, int]) -> None:
    # As uint64: NumPy would compare these times with Python's integers as float64, which is too coarse.
    first, last = np.searchsorted(times, np.array(window, np.uint64))
    strays = np.flatnonzero((channels[first:last] < 0) | (channels[first:last] >= count))
    if strays.size:
        at = int(first + strays[0])
        raise bad_value("address", f"between 0 and {count - 1}", f"{channels[at]} at index {at}")
