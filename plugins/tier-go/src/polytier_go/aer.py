"""The family `aer`: each function first tries the arguments as they are, and checks them where that fails."""

# Language policy: exempt, it adapts: it checks arguments and makes room for answers, and the Go library computes.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays import integer, integer_vector, unsigned_vector
from polytier.errors import bad_value
from polytier_go.runtime import link
from polytier_go.tasks import Task, plain, room

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

LATEST = 2**64 - 1
FIRST_EVENT = LATEST
"""As a start, the time of the first event: no window can begin so late."""

RATE, TEMPORAL, ISI = range(3)
_KERNELS = ("aer_decode_rate", "aer_decode_temporal", "aer_decode_isi")

# Channels from which an answer may not fit into memory.
_LARGE = 1 << 20


def aer_decode_rate(  # noqa: PLR0913, PLR0917 - the kernel's parameters
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> Array:
    """Return the signed spike rate of every channel over a window."""
    return _decode(RATE, address, t_ns, polarity, n_channels, window_ns, start_ns)


def aer_decode_temporal(  # noqa: PLR0913, PLR0917 - the kernel's parameters
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> Array:
    """Return how early each channel's first event comes in a window: 1 at its start, 0 without an event."""
    return _decode(TEMPORAL, address, t_ns, polarity, n_channels, window_ns, start_ns)


def aer_decode_isi(  # noqa: PLR0913, PLR0917 - the kernel's parameters
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> Array:
    """Return the inverse mean interval between the events of each channel in a window."""
    return _decode(ISI, address, t_ns, polarity, n_channels, window_ns, start_ns)


def _decode(  # noqa: PLR0913, PLR0917 - the kernels' parameters
    decoder: int, address: Any, t_ns: Any, polarity: Any, n_channels: Any, window_ns: Any, start_ns: Any
) -> Array:
    start = FIRST_EVENT if start_ns is None else start_ns
    if (
        type(n_channels) is int
        and type(window_ns) is int
        and type(start) is int
        and 0 < n_channels < _LARGE
        and 0 < window_ns < LATEST
        and 0 <= start <= LATEST - (start_ns is not None)
    ):
        values = np.empty(n_channels)
        events = id(address), id(t_ns), id(polarity)
        if link.aer(decoder, *events, n_channels, window_ns, start, id(values)) == 0:
            return values
    return _checked(decoder, address, t_ns, polarity, n_channels, window_ns, start_ns)


def _checked(  # noqa: PLR0913, PLR0917 - the kernels' parameters
    decoder: int, address: Any, t_ns: Any, polarity: Any, n_channels: Any, window_ns: Any, start_ns: Any
) -> Array:
    channels = integer_vector(address, "address")
    times = unsigned_vector(t_ns, "t_ns", length=len(channels))
    signs = integer_vector(polarity, "polarity", length=len(channels), dtype=np.int8)
    count = integer(n_channels, "n_channels", minimum=1)
    window = integer(window_ns, "window_ns", minimum=1)
    first = int(times[0]) if len(times) else 0
    start = first if start_ns is None else integer(start_ns, "start_ns", minimum=0)
    if start + window > LATEST:
        raise bad_value("window_ns", f"at most {LATEST} - start", f"{window} after a start of {start}")
    values = room(count)
    events = {"address": plain(channels), "t_ns": plain(times), "polarity": plain(signs)}
    numbers = {"n_channels": count, "window_ns": window, "start_ns": start}
    link.solve(Task(_KERNELS[decoder], events, numbers, {"values": values}))
    return values
