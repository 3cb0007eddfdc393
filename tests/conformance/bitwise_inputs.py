"""Inputs beyond the cases for the kernels that claim bits: sizes around vector widths, odd memory, extreme numbers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.kernels.aer import LATEST
from polytier.kernels.declaration import Case
from polytier.kernels.operator_cases import hermitian, on, turned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Arguments = tuple[Any, ...]

SIZES = range(1, 68)
TINY = 5e-324
SIGNS, BYTES = (-1, 1, 1), tuple(range(-128, 128))


def off_by_one(array: Array) -> Array:
    """Return a copy that begins one element after the start of its memory."""
    room = np.empty(array.size + 1, array.dtype)[1:].reshape(array.shape)
    room[...] = array
    return room


def off_by_a_byte(array: Array) -> Array:
    """Return a copy that begins at an odd address."""
    room = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    room[...] = array
    return room


FORMS: dict[str, Callable[[Array], Array]] = {
    "as drawn": lambda array: array,
    "off by one": off_by_one,
    "off by a byte": off_by_a_byte,
    "every third": lambda array: np.repeat(array, 3, axis=-1)[..., ::3],
    "backwards": lambda array: array[..., ::-1].copy()[..., ::-1],
}


def formed(arguments: Arguments, form: str) -> Arguments:
    """Return arguments with every array in this form."""
    return tuple(FORMS[form](one) if isinstance(one, np.ndarray) else one for one in arguments)


def in_every_form(draw: Callable[[int], Arguments], **keywords: Any) -> Iterator[Case]:
    """Yield one case per size and form of what is drawn for a size; keywords are the call's own."""
    for size in SIZES:
        for form in FORMS:
            arguments = partial(lambda n, f: formed(draw(n), f), size, form)
            yield Case(f"drawn, {size} {form}", arguments, keywords)


def events(signs: tuple[int, ...], m: int) -> Arguments:
    """Return `m` events with these polarities, at near, far and the latest times, in windows of any length."""
    draw = np.random.default_rng(m)
    times = np.cumsum(draw.integers(0, (3, 2**20, 2**57)[m % 3], m, dtype=np.uint64), dtype=np.uint64)
    times += np.uint64(LATEST - 1 - int(times[-1]) if m % 2 else 0)
    left, span = LATEST - int(times[0]), int(times[-1] - times[0])
    window = min(left, (span + 1, span // 2 + 1, 2**53, left)[m // 2 % 4])
    channels = int(draw.integers(1, 68))
    address = draw.integers(0, channels, m)
    outside = times - times[0] >= np.uint64(window)
    address[outside] = draw.choice([-(2**63), -1, channels, 2**63 - 1], m)[outside]
    return address, times, draw.choice(signs, m).astype(np.int8), channels, window


def numbers(draw: np.random.Generator, n: int, kind: int) -> Array:
    """Return ordinary numbers, subnormal ones, numbers of many magnitudes, or zeros of both signs."""
    return (
        draw.normal(size=n),
        TINY * draw.integers(-9, 10, n),
        draw.choice([-1.0, 1.0], n) * 10.0 ** draw.uniform(-60, 20, n),
        draw.choice([0.0, -0.0], n),
    )[kind % 4]


def waveform(n: int) -> Arguments:
    """Return `n` + 1 samples; the radius and the arrays after it are of every pair of kinds."""
    draw = np.random.default_rng(n)
    time = np.cumsum(draw.uniform(1e-9, 1e-6, n + 1)) - 1e-4
    radius = np.abs(numbers(draw, n + 1, n // 4 % 3))
    return time, radius, *(numbers(draw, n + 1, n) for _ in range(3)), 17.5, 0.3, draw.uniform(0.0, 1.0)


def moments() -> Iterator[Case]:
    """Yield single samples: no radius, and subnormal numbers."""
    for seed in SIZES:
        draw = np.random.default_rng(seed)
        rest = [float(numbers(draw, 1, seed + at)[0]) for at in range(3)]
        radius = (0.0, TINY * seed, 1e-160 * seed, 0.1)[seed % 4]
        yield Case(f"drawn, {seed}", partial(tuple, (radius, *rest, float(draw.uniform(1e-3, 99.0)))))


def uncoupled(n: int) -> Arguments:
    """Return `n` oscillators without coupling; what is pushed and turned is of every kind."""
    draw = np.random.default_rng(n)
    phases, positions, velocities, omega = (numbers(draw, n, n // 4**at) for at in range(4))
    return phases, positions, velocities, omega, np.zeros((n, n))


def algebras() -> Iterator[Case]:
    """Yield sets of Pauli strings, pairs of dense matrices, and commuting matrices of every size."""
    for seed in SIZES:
        draw = np.random.default_rng(seed)
        n = 1 + seed % 4
        letters = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
        picks = draw.integers(0, 4, (1 + seed % 5, n))
        strings = [on(n, *((q, letters[letter]) for q, letter in enumerate(pick))) for pick in picks]
        for form in FORMS:
            yield Case(f"drawn, {len(picks)} strings {seed} {form}", partial(formed, (np.array(strings),), form))
        diagonals = np.array([np.diag(draw.normal(size=seed)) for _ in range(1 + seed % 3)]).astype(complex)
        yield Case(f"drawn, commuting, d={seed}", partial(tuple, [turned(diagonals, seed)]))
    for d in (2, 3, 4, 5):
        yield Case(f"drawn, dense, d={d}", partial(tuple, [np.array([hermitian(d, 90 + d), hermitian(d, 80 + d)])]))


def pushed() -> Iterator[Case]:
    """Yield oscillators without coupling, with and without what moves them."""
    yield from in_every_form(uncoupled, phase_lag=0.1, doppler_strength=-0.7, velocity_epsilon=0.5, time=0.3)
    for size in SIZES:
        options = {"omega_rate": numbers(np.random.default_rng(size), size, size + 1), "time": 1.7}
        yield Case(f"drawn, {size} with rates", partial(uncoupled, size), options)


DRAWN: dict[str, Callable[[], Iterator[Case]]] = {
    "aer_decode_rate": lambda: in_every_form(partial(events, SIGNS)),
    "aer_decode_temporal": lambda: in_every_form(partial(events, BYTES)),
    "aer_decode_isi": lambda: in_every_form(partial(events, BYTES)),
    "dla_dimension": algebras,
    "doppler_kuramoto": pushed,
    "faraday_recovery": lambda: in_every_form(waveform),
    "faraday_back_emf": moments,
}
"""What is drawn for each kernel; one that claims bits and is missing here fails the comparison."""
