"""The family `aer`: address-event representation, spikes as (address, time, polarity).

Times are unsigned 64-bit integers in ns and do not decrease; a window [start, start + window) is half open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytier.arrays import integer, integer_vector, new_array, unsigned_vector
from polytier.errors import bad_value
from polytier.kernels.cases import around, around_option, count_inputs, integer_vector_inputs, refused, timed
from polytier.kernels.declaration import Case, kernel
from polytier.kernels.tolerance import Tolerance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from polytier.kernels.cases import Arguments, Inputs

    Vector = NDArray[np.float64]

LATEST = 2**64 - 1
"""The latest time, in ns."""

_EXACT = 2**53  # integers up to here are float64 numbers


class Window(NamedTuple):
    """The events inside a window: channels, which lie in range, times and polarities."""

    channels: NDArray[np.int64]
    times: NDArray[np.uint64]
    signs: NDArray[np.int8]
    start: int
    window: int


def _events(m: int, window: int = 0) -> Arguments:
    """Return `m` events on 16 channels, one in 10 ns, one in five negative; the window holds all unless it is given."""
    k = np.arange(m)
    signs = np.where(k % 5 == 0, -1, 1).astype(np.int8)
    return k % 16, (10 * k).astype(np.uint64), signs, 16, window or max(10 * m, 1)


def _few(**changes: Any) -> Arguments:
    """Return the events (0, 0) (3, 10) (0, 20) (1, 50) (3, 90) in a window of 100 ns, with changes."""
    events = {"address": np.array([0, 3, 0, 1, 3]), "t_ns": np.array([0, 10, 20, 50, 90], np.uint64)}
    events |= {"polarity": np.ones(5, np.int8)}
    return tuple((events | {"n_channels": 4, "window_ns": 100} | changes).values())


def _rate_cases() -> Iterator[Case]:
    for m in (1, 256, 4096, 100_000, 10_000_000):
        yield timed(f"m={m}", lambda m=m: _events(m, 4096 if m == 256 else 0))  # type: ignore[misc]  # noqa: PLR2004
    yield from _event_cases()
    yield refused("polarity 0", lambda: _few(polarity=[1, 1, 0, 1, 1]), ValueError)
    yield refused("polarity 0 after the window", lambda: (*_few(polarity=[1, 1, 1, 1, 0])[:4], 60), ValueError)
    yield refused("polarity 2**70", lambda: _few(polarity=[1, 1, 2**70, 1, 1]), ValueError)
    yield Case("a sum that rounds", lambda: ([0] * 20_000, [7] * 20_000, [1] * 20_000, 1, 3))
    for name, window in {"2**20": 1 << 20, "10**6 + 3": 10**6 + 3}.items():
        yield Case(f"random signs, a window of {name}", lambda w=window: _drawn(70_000, w))  # type: ignore[misc]
    yield Case("bursts", lambda: _bursts(30_000))
    yield Case("1000 channels", lambda: (*_drawn(30_000, 999_983)[:3], 1000, 999_983))


def _first_cases() -> Iterator[Case]:
    for m in (1, 256, 4096, 100_000, 1_000_000):
        yield timed(f"m={m}", lambda m=m: _events(m, 4096 if m == 256 else 0))  # type: ignore[misc]  # noqa: PLR2004
    yield from _event_cases()
    yield Case("polarity is not looked at", lambda: _few(polarity=[0, 5, -7, 2**70, 1]))
    yield Case("random addresses", lambda: _drawn(9000, 70_000))


def _drawn(m: int, window: int) -> Arguments:
    draw = np.random.default_rng(m + window)
    times = np.sort(draw.integers(0, window, m)).astype(np.uint64)
    return draw.integers(0, 16, m), times, draw.choice([-1, 1, 1], m), 16, window


def _bursts(m: int) -> Arguments:
    """Return events of which hundreds in a row share an address and a sign."""
    run = np.arange(m) // 700
    return run % 3, np.arange(m, dtype=np.uint64), np.where(run % 4 == 3, -1, 1), 3, 1_000_003  # noqa: PLR2004


def _event_cases() -> Iterator[Case]:
    yield Case("no events", lambda: ([], [], [], 3, 5))
    yield Case("no events, arrays", lambda: (*(np.zeros(0, dtype) for dtype in (np.int64, np.uint64, np.int8)), 3, 5))
    yield Case("the example", _few)
    yield Case("the first event starts the window", lambda: _few(t_ns=[7, 17, 27, 57, 107]))
    yield Case("equal times", lambda: _few(t_ns=[5] * 5))
    for start in (0, 1, 10, 50, 91, LATEST - 100):
        yield Case(f"start {start}", _few, {"start_ns": start})
    yield Case("window of 1", lambda: _few(window_ns=1))
    last = [LATEST - 100, LATEST - 90, LATEST - 80, LATEST - 50, LATEST - 1]
    yield Case("the latest times, a list", lambda: _few(t_ns=last))
    yield Case("the latest times, an array", lambda: _few(t_ns=np.array(last, np.uint64)))
    yield Case("an event at the latest time", lambda: _few(t_ns=[0, 10, 20, 50, LATEST]))
    yield Case("the longest window", lambda: _few(window_ns=LATEST))
    yield Case("a window beyond float64", lambda: _few(window_ns=2**53 + 1, t_ns=[0, 1, 2, 2**53 - 1, 2**53]))
    for label, address in {"-1": -1, "n_channels": 4, "2**70": 2**70}.items():
        yield refused(f"address {label} inside", lambda a=address: _few(address=[0, a, 0, 1, 3]), ValueError)  # type: ignore[misc]
        yield Case(f"address {label} after the window", lambda a=address: (*_few(address=[0, 3, 0, 1, a])[:4], 60))  # type: ignore[misc]
        yield Case(f"address {label} before it", lambda a=address: _few(address=[a, 3, 0, 1, 3]), {"start_ns": 5})  # type: ignore[misc]
    yield refused("uint64 address inside", lambda: _few(address=np.array([0, 2**63, 0, 1, 3], np.uint64)), ValueError)
    yield from _refused_times()
    yield from around(0, "address", lambda: _events(40), lambda: integer_vector_inputs(_events(40)[0]))
    yield from around(1, "t_ns", lambda: _events(40), lambda: integer_vector_inputs(np.arange(40)))
    yield from around(2, "polarity", lambda: _events(40), lambda: integer_vector_inputs(np.ones(40, np.int64)))
    for place, name, least in ((3, "n_channels", 1), (4, "window_ns", 1)):
        yield from around(place, name, lambda: (*_few()[:3], 4, 90), lambda least=least: _counts(least))  # type: ignore[misc]
    yield from around_option("start_ns", lambda: _events(40), _starts)


def _refused_times() -> Iterator[Case]:
    yield refused("unsorted times", lambda: _few(t_ns=[0, 10, 9, 50, 90]), ValueError)
    yield refused("unsorted after the window", lambda: (*_few(t_ns=[0, 10, 20, 90, 80])[:4], 60), ValueError)
    yield refused("unsorted, int64", lambda: _few(t_ns=np.array([0, 10, 9, 50, 90])), ValueError)
    yield refused("unsorted in a long array", lambda: _swapped(5000), ValueError)
    yield refused("negative times", lambda: _few(t_ns=[-1, 10, 20, 50, 90]), ValueError)
    yield refused("all times negative, int64", lambda: _few(t_ns=np.arange(-9, -4)), ValueError)
    yield refused("a time of 2**64", lambda: _few(t_ns=[0, 10, 20, 50, 2**64]), ValueError)
    yield refused("the window ends too late", lambda: _few(t_ns=[2, 10, 20, 50, 90], window_ns=LATEST - 1), ValueError)
    yield refused("a window of 2**64", lambda: _few(window_ns=2**64), ValueError)
    yield refused("channels beyond memory", lambda: _few(n_channels=2**50), MemoryError)
    yield refused("channels beyond addresses", lambda: _few(n_channels=2**70), MemoryError)


def _swapped(m: int) -> Arguments:
    address, times, *rest = _events(m)
    times[[-2, -1]] = times[[-1, -2]]
    return (address, times, *rest)


def _counts(minimum: int) -> Inputs:
    return (
        (label, minimum + 90 if raises is None else value, raises) for label, value, raises in count_inputs(minimum)
    )


def _starts() -> Inputs:
    yield "numpy integer", np.uint64(30), None
    yield "None", None, None
    yield "negative", -1, ValueError
    yield "2**64", 2**64, ValueError
    yield "too late", LATEST - 30, ValueError
    yield "float", 2.0, TypeError
    yield "bool", True, TypeError
    yield "text", "3", TypeError


def _addends(address: Any, _times: Any, _signs: Any, _count: Any, window_ns: int, **_start: Any) -> float:
    """Return 0 for windows of up to 2**53 ns, else what all events add up to if they are of one channel and sign."""
    return 0.0 if window_ns <= _EXACT else len(address) / window_ns


RATE_TOLERANCE = Tolerance.scaled(2.0**-52, _addends)
"""Equal numbers for windows of up to 2**53 ns, beyond that 1 ulp of each addend."""


@kernel(size="len(address)", tolerance=RATE_TOLERANCE, cases=_rate_cases)
def aer_decode_rate(  # noqa: PLR0913, PLR0917 - the events, and the window
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> Vector:
    r"""Return the signed spike rate of every channel over a window.

    .. math:: f_c = \sum_{k:\, a_k = c,\ s \le t_k < s + W} p_k / W

    Each addend is rounded to float64, and the sum runs over the events in their order, rounding after each.

    Parameters
    ----------
    address : array_like of int, shape (m,)
        Channel of each event; inside the window between 0 and `n_channels` - 1, outside it is not looked at.
    t_ns : array_like of int, shape (m,)
        Times in ns, from 0 to 2**64 - 1, not decreasing.
    polarity : array_like of int, shape (m,)
        +1 or -1, of every event.
    n_channels : int
        Number of channels, at least 1.
    window_ns : int
        Length W of the window in ns, at least 1.
    start_ns : int, optional
        Start s of the window in ns; by default the time of the first event, 0 if there is none.

    Returns
    -------
    ndarray of float64, shape (n_channels,)
        Rates in 1/ns.

    Raises
    ------
    ValueError
        If lengths differ, times decrease, a polarity is neither +1 nor -1, an address inside the window is out of
        range, an integer is out of its range, or the window ends after 2**64 - 1.
    TypeError
        If an argument is not made of integers; a bool is no integer.
    MemoryError
        If there is no room for `n_channels` numbers.

    References
    ----------
    M. Mahowald, *VLSI Analogs of Neuronal Visual Processing*, California Institute of Technology, 1992.

    Examples
    --------
    >>> aer_decode_rate([0, 3, 0, 1, 3], [0, 10, 20, 50, 90], [1, 1, 1, 1, 1], 4, 100)
    array([0.02, 0.01, 0.  , 0.02])
    """
    inside, rates = _decoded(address, t_ns, polarity, n_channels, window_ns, start_ns, signed=True)
    # bincount adds in the order of the events, one rounding after each: the running sum of the definition.
    rates += np.bincount(inside.channels, inside.signs * (1.0 / inside.window), len(rates))
    return rates


@kernel(size="len(address)", tolerance=Tolerance.bit_exact(), cases=_first_cases)
def aer_decode_temporal(  # noqa: PLR0913, PLR0917 - the events, and the window
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> Vector:
    r"""Return how early each channel's first event comes in a window: 1 at its start, 0 without an event.

    .. math:: f_c = 1 - (t_c - s) / W, \quad t_c = \min \{ t_k : a_k = c,\ s \le t_k < s + W \}

    Parameters
    ----------
    address, t_ns
        As for `aer_decode_rate`.
    polarity : array_like of int, shape (m,)
        Any integers: not looked at.
    n_channels, window_ns, start_ns
        As for `aer_decode_rate`.

    Returns
    -------
    ndarray of float64, shape (n_channels,)
        Dimensionless, between 0 and 1.

    Raises
    ------
    ValueError, TypeError, MemoryError
        As for `aer_decode_rate`, but for the values of `polarity`.

    References
    ----------
    S. Thorpe, A. Delorme and R. Van Rullen, Neural Networks 14 (2001) 715-725.

    Examples
    --------
    >>> aer_decode_temporal([0, 3, 0, 1, 3], [0, 10, 20, 50, 90], [1, 1, 1, 1, 1], 4, 100)
    array([1. , 0.5, 0. , 0.9])
    """
    inside, values = _decoded(address, t_ns, polarity, n_channels, window_ns, start_ns)
    # Of several values for one place NumPy keeps the last: backwards, that is the first event's.
    values[inside.channels[::-1]] = (1.0 - (inside.times - np.uint64(inside.start)) / float(inside.window))[::-1]
    return values


@kernel(size="len(address)", tolerance=Tolerance.bit_exact(), cases=_first_cases)
def aer_decode_isi(  # noqa: PLR0913, PLR0917 - the events, and the window
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> Vector:
    r"""Return the inverse mean interval between the events of each channel in a window.

    .. math:: f_c = (m_c - 1) / (t_{c,\mathrm{last}} - t_{c,\mathrm{first}})

    It is 0 for channels with fewer than two events, and where all events of a channel have one time.

    Parameters
    ----------
    address, t_ns
        As for `aer_decode_rate`.
    polarity : array_like of int, shape (m,)
        Any integers: not looked at.
    n_channels, window_ns, start_ns
        As for `aer_decode_rate`.

    Returns
    -------
    ndarray of float64, shape (n_channels,)
        Rates in 1/ns.

    Raises
    ------
    ValueError, TypeError, MemoryError
        As for `aer_decode_rate`, but for the values of `polarity`.

    References
    ----------
    F. Rieke, D. Warland, R. de Ruyter van Steveninck and W. Bialek, *Spikes*, MIT Press, 1997.

    Examples
    --------
    >>> aer_decode_isi([0, 3, 0, 1, 3], [0, 10, 20, 50, 90], [1, 1, 1, 1, 1], 4, 100)
    array([0.05  , 0.    , 0.    , 0.0125])
    """
    inside, values = _decoded(address, t_ns, polarity, n_channels, window_ns, start_ns)
    span = np.zeros(len(values), np.uint64)
    span[inside.channels] = inside.times
    first = np.zeros(len(values), np.uint64)
    first[inside.channels[::-1]] = inside.times[::-1]
    span -= first
    gaps = np.bincount(inside.channels, minlength=len(values)) - 1
    np.divide(gaps, span, out=values, where=span > 0)
    return values


def _decoded(  # noqa: PLR0913, PLR0917 - the arguments of a kernel
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None,
    *,
    signed: bool = False,
) -> tuple[Window, Vector]:
    """Return the checked events inside the window, and zeros for the answer."""
    channels = integer_vector(address, "address")
    times = unsigned_vector(t_ns, "t_ns", length=len(channels))
    signs = integer_vector(polarity, "polarity", length=len(channels), dtype=np.int8)
    count = integer(n_channels, "n_channels", minimum=1)
    window = integer(window_ns, "window_ns", minimum=1)
    start = _start(times, window, start_ns)
    _check_order(times)
    if signed:
        _check_signs(signs)
    # As uint64: NumPy would compare these times with Python's integers as float64, which is too coarse.
    first, last = np.searchsorted(times, np.array([start, start + window], np.uint64))
    _check_range(channels[first:last], count, int(first))
    inside = Window(channels[first:last], times[first:last], signs[first:last], start, window)
    return inside, new_array(count)


def _start(times: NDArray[np.uint64], window: int, start_ns: int | None) -> int:
    first = int(times[0]) if len(times) else 0
    start = first if start_ns is None else integer(start_ns, "start_ns", minimum=0)
    if start + window > LATEST:
        raise bad_value("window_ns", f"at most {LATEST} - start", f"{window} after a start of {start}")
    return start


def _check_order(times: NDArray[np.uint64]) -> None:
    falls = times[1:] < times[:-1]
    if falls.any():
        place = int(np.argmax(falls)) + 1
        raise bad_value("t_ns", "non-decreasing", f"{times[place]} after {times[place - 1]} at index {place}")


def _check_signs(signs: NDArray[np.int8]) -> None:
    if not ((signs == 1) | (signs == -1)).all():
        place = int(np.argmax(np.abs(signs) != 1))
        raise bad_value("polarity", "+1 or -1", f"{signs[place]} at index {place}")


def _check_range(channels: NDArray[np.int64], count: int, first: int) -> None:
    # As unsigned numbers the negative ones are the largest: one comparison finds both kinds.
    if len(channels) and int(channels.view(np.uint64).max()) >= count:
        place = int(np.argmax(channels.view(np.uint64) >= np.uint64(count)))
        raise bad_value("address", f"between 0 and {count - 1}", f"{channels[place]} at index {first + place}")
