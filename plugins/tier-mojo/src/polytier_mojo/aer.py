"""The family `aer`: each kernel takes what the floor takes, and has the worker decode, part after part."""

# Language policy: exempt, it adapts: it checks arguments and makes room for answers, and the Mojo worker computes.

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from polytier.arrays import integer, integer_vector, new_array, unsigned_vector
from polytier.errors import bad_value
from polytier_mojo.adapting import changed, is_plain, parts_of
from polytier_mojo.kuramoto import worker
from polytier_mojo.runtime import OutOfRangeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]
    Events = tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int8], int, int, int | None]

RATE, TEMPORAL, ISI = range(9, 12)
ONWARD, MORE = 1, 2

EVENTS_MOST: Final = 1 << 18
"""Events that one exchange decodes: their copies are still in a cache when the worker reads them."""

_INT64: Final = np.dtype(np.int64)
_UINT64: Final = np.dtype(np.uint64)
_INT8: Final = np.dtype(np.int8)
_LATEST: Final = 2**64 - 1
_window: Final = Struct("<3Q").pack
_NOTHING: Final[NDArray[np.float64]] = np.empty(0)


def aer_decode_rate(  # noqa: PLR0913, PLR0917 - the kernel's own arguments
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> Vector:
    """Return the signed spike rate of every channel over a window."""
    return _decoded(RATE, (address, t_ns, polarity, n_channels, window_ns, start_ns))


def aer_decode_temporal(  # noqa: PLR0913, PLR0917 - the kernel's own arguments
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> Vector:
    """Return how early each channel's first event comes in a window: 1 at its start, 0 without an event."""
    return _decoded(TEMPORAL, (address, t_ns, polarity, n_channels, window_ns, start_ns))


def aer_decode_isi(  # noqa: PLR0913, PLR0917 - the kernel's own arguments
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> Vector:
    """Return the inverse mean interval between the events of each channel in a window."""
    return _decoded(ISI, (address, t_ns, polarity, n_channels, window_ns, start_ns))


def _decoded(kernel: int, arguments: tuple[Any, ...]) -> Vector:
    events = _taken(*arguments)
    _, times, _, count, window, given = events
    start = given if given is not None else int(times[0]) if len(times) else 0
    if start + window > _LATEST:
        raise bad_value("window_ns", f"at most {_LATEST} - start", f"{window} after a start of {start}")
    answer: Vector = new_array(count)
    try:
        _decode(kernel, events, start, answer)
    except OutOfRangeError:
        _blame(events, start, signed=kernel == RATE)
        raise changed() from None
    return answer


def _decode(kernel: int, events: Events, start: int, answer: Vector) -> None:
    """Fill the answer part by part; what is known of the channels after one goes in with the next."""
    address, times, signs, count, window, _ = events
    m, known, before = len(address), _NOTHING, 0
    for first, some in parts_of(0, m, EVENTS_MOST):
        last = first + some
        way = (ONWARD if first else 0) | (MORE if last < m else 0)
        polarity = signs[first:last] if kernel == RATE else _NOTHING
        found = np.empty(3 * count) if kernel == ISI and last < m else answer
        inputs = (address[first:last], times[first:last], known, polarity)
        worker.task(kernel, (some, count, way), _window(start, window, before), inputs, (found,))
        known = found
        before = int(times[last - 1]) if some else 0


def _taken(*arguments: Any) -> Events:
    """Return the arguments as they are where they can be sent so, else checked."""
    address, t_ns, polarity, n_channels, window_ns, start_ns = arguments
    arrays = is_plain(address, 1, _INT64) and is_plain(t_ns, 1, _UINT64) and is_plain(polarity, 1, _INT8)
    numbers = type(n_channels) is int and n_channels >= 1 and type(window_ns) is int and window_ns >= 1
    started = start_ns is None or (type(start_ns) is int and start_ns >= 0)
    if arrays and numbers and started and len(address) == len(t_ns) == len(polarity):
        return address, t_ns, polarity, n_channels, window_ns, start_ns
    return _checked(address, t_ns, polarity, n_channels, window_ns, start_ns)


def _checked(  # noqa: PLR0913, PLR0917 - the kernel's own arguments
    address: ArrayLike, t_ns: ArrayLike, polarity: ArrayLike, n_channels: int, window_ns: int, start_ns: int | None
) -> Events:
    """Return the arguments as the floor converts them, refused in the floor's order."""
    channels = integer_vector(address, "address")
    return (
        channels,
        unsigned_vector(t_ns, "t_ns", length=len(channels)),
        integer_vector(polarity, "polarity", length=len(channels), dtype=np.int8),
        integer(n_channels, "n_channels", minimum=1),
        integer(window_ns, "window_ns", minimum=1),
        None if start_ns is None else integer(start_ns, "start_ns", minimum=0),
    )


def _blame(events: Events, start: int, *, signed: bool) -> None:
    """Raise the ValueError for the first argument that the worker may have refused."""
    channels, times, signs, count, window, _ = events
    falls = np.flatnonzero(times[1:] < times[:-1])
    if len(falls):
        place = int(falls[0]) + 1
        raise bad_value("t_ns", "non-decreasing", f"{times[place]} after {times[place - 1]} at index {place}")
    odd = np.flatnonzero((signs != 1) & (signs != -1))
    if signed and len(odd):
        raise bad_value("polarity", "+1 or -1", f"{signs[odd[0]]} at index {int(odd[0])}")
    first, last = np.searchsorted(times, np.array([start, start + window], np.uint64))
    # As unsigned numbers the negative ones are the largest.
    stray = np.flatnonzero(channels[first:last].view(np.uint64) >= np.uint64(count)) + first
    if len(stray):
        raise bad_value("address", f"between 0 and {count - 1}", f"{channels[stray[0]]} at index {int(stray[0])}")
