"""The family `doppler`: adapters with the floors' signatures, around the functions compiled by Julia."""

# Language policy: exempt, it adapts: it checks arguments and makes room for answers, and Julia computes.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from polytier.arrays import finite_answer, float_matrix, float_vector, integer, positive, real, require_memory
from polytier_julia.answers import fresh, of_class, rows_of
from polytier_julia.dtypes import FLOAT64, plain
from polytier_julia.runtime import GOOD, NOT_FINITE, UNSUITABLE, defect, kernels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]
    DopplerTrace = Any  # polytier's class: a tier imports nothing of it but the checks
    Arrays = tuple[Any, ...]
    Numbers = tuple[float, ...]

_WIDTH = 8
_ARRAYS, _MATRICES = 14, 3
"""What the working memory of a path holds; see native/doppler/network.jl."""
_PATIENCE = 50_000_000
"""Nanoseconds of work between two moments in which Python can act on a signal."""


def doppler_kuramoto(  # noqa: PLR0913 - the floor's signature
    phases: ArrayLike,
    positions: ArrayLike,
    velocities: ArrayLike,
    omega: ArrayLike,
    coupling: ArrayLike,
    *,
    phase_lag: float = 0.0,
    doppler_strength: float = 0.0,
    velocity_epsilon: float = 1e-9,
    distance_scale: float = 1.0,
    omega_rate: ArrayLike | None = None,
    time: float = 0.0,
) -> Vector:
    """Return the phase velocities of oscillators that move along an axis."""
    if type(phases) is np.ndarray:
        slopes, rate = fresh(phases.size), 0 if omega_rate is None else id(omega_rate)
        arrays = (id(phases), id(positions), id(velocities), id(omega), id(coupling), rate)
        numbers = (phase_lag, doppler_strength, velocity_epsilon, distance_scale, time)
        try:
            if kernels.doppler_kuramoto(*arrays, *numbers, id(slopes)) == GOOD:
                return slopes
        except (TypeError, ValueError, OverflowError):
            pass  # a number is none; the checks below say which
    given = (phases, positions, velocities, omega, coupling, omega_rate)
    checked, options = _checked(given, (phase_lag, doppler_strength, velocity_epsilon, distance_scale, time))
    slopes = fresh(len(checked[0]))
    status = kernels.doppler_kuramoto(*_ids(checked), *options, id(slopes))
    if status != GOOD:
        _refuse({"the derivative": slopes})
    return slopes


def doppler_kuramoto_trace(  # noqa: PLR0913, PLR0917 - the floor's signature
    phases: ArrayLike,
    positions: ArrayLike,
    velocities: ArrayLike,
    omega: ArrayLike,
    coupling: ArrayLike,
    dt: float,
    n_steps: int,
    *,
    phase_lag: float = 0.0,
    doppler_strength: float = 0.0,
    velocity_epsilon: float = 1e-9,
    distance_scale: float = 1.0,
    omega_rate: ArrayLike | None = None,
    time: float = 0.0,
) -> DopplerTrace:
    """Return the path of `doppler_kuramoto` by the classical Runge-Kutta method, at constant velocities."""
    arrays = (phases, positions, velocities, omega, coupling, omega_rate)
    numbers = (phase_lag, doppler_strength, velocity_epsilon, distance_scale, time, dt)
    # The shape is looked at first: memory for a square of a wrong size might not be there.
    square = type(phases) is type(coupling) is np.ndarray and coupling.shape == (phases.size, phases.size)
    if square and type(n_steps) is int and n_steps >= 0:
        try:
            status, trace = _run(arrays, numbers, n_steps)
        except (TypeError, ValueError, OverflowError):  # a number is none; the checks below say which
            status = UNSUITABLE
        if status == GOOD:
            return trace
    checked, options = _checked(arrays, numbers)
    status, trace = _run(checked, options, integer(n_steps, "n_steps", minimum=0))
    if status == UNSUITABLE:
        raise defect("arrays that polytier.arrays returned were refused")
    if status != GOOD:
        _refuse(trace._asdict())
    return trace


def _run(arrays: Arrays, numbers: Numbers, steps: int) -> tuple[int, DopplerTrace]:
    """Take all steps in stretches, between which Python acts on signals; return the status of the last one."""
    n, rows = arrays[0].size, steps + 1
    require_memory("the answer", (rows, 2 * n + 3), FLOAT64)  # of all parts together
    parts = (fresh(rows), rows_of(rows, n), rows_of(rows, n), fresh(rows), fresh(rows))
    padded = (n + _WIDTH - 1) // _WIDTH * _WIDTH
    work = fresh((_ARRAYS + _MATRICES * n) * padded + _WIDTH)
    stretch = max(1, _PATIENCE // (4 * n * n + 100 * n + 300))
    given, to = (*_ids(arrays), *numbers), (*map(id, parts), id(work))
    status, done = GOOD, 0
    while status == GOOD:
        end = min(done + stretch, steps)
        status = kernels.doppler_kuramoto_trace(*given, done, end, *to)
        if end == steps:
            break
        done = end
    # What is not finite in a row is not finite in the last.
    finite = status == GOOD and all(np.isfinite(part[-1]).all() for part in parts[:3])
    return status if status != GOOD or finite else NOT_FINITE, of_class("DopplerTrace", *parts)


def _ids(arrays: Arrays) -> tuple[int, ...]:
    # Only the rates may be left out.
    return *map(id, arrays[:5]), 0 if arrays[5] is None else id(arrays[5])


def _checked(arrays: Arrays, numbers: tuple[Any, ...]) -> tuple[Arrays, Numbers]:
    theta = plain(float_vector(arrays[0], "phases"), FLOAT64)
    n = len(theta)
    vectors = [
        plain(float_vector(array, name, length=n), FLOAT64)
        for array, name in zip(arrays[1:4], ("positions", "velocities", "omega"), strict=True)
    ]
    matrix = plain(float_matrix(arrays[4], "coupling", shape=(n, n)), FLOAT64)
    rate = None if arrays[5] is None else plain(float_vector(arrays[5], "omega_rate", length=n), FLOAT64)
    lag, push, epsilon, scale, time, *step = numbers
    options = (
        real(lag, "phase_lag"),
        real(push, "doppler_strength"),
        positive(epsilon, "velocity_epsilon"),
        positive(scale, "distance_scale"),
        real(time, "time", minimum=0.0),
        *(positive(dt, "dt") for dt in step),
    )
    return (theta, *vectors, matrix, rate), options


def _refuse(parts: dict[str, Vector]) -> NoReturn:
    """Raise the error for the first value that is not finite."""
    for name, values in parts.items():
        finite_answer(values, name)
    raise defect("finite arguments were refused")
