"""The family `doppler`: each kernel takes what the floor takes, and has the worker compute."""

# Language policy: exempt, it adapts: it checks arguments and makes room for answers, and the Mojo worker computes.

from __future__ import annotations

from math import inf, isfinite
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from polytier.arrays import float_matrix, float_vector, integer, new_array, positive, real, require_memory
from polytier.errors import not_finite
from polytier_mojo.adapting import changed, is_plain, parts_of, result_class
from polytier_mojo.kuramoto import ANSWER_MOST, WORK_MOST, worker
from polytier_mojo.runtime import AnswerOverflowError, NotFiniteError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]
    Inputs = tuple[Vector, ...]
    Checked = tuple[Inputs, tuple[float, ...]]

FORCE, TRACE = 14, 15

_moment: Final = Struct("<5d").pack
_start: Final = Struct("<6d").pack
_NO_RATE: Final[NDArray[np.float64]] = np.empty(0)


def doppler_kuramoto(  # noqa: PLR0913 - the kernel's own arguments
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
    arrays = (phases, positions, velocities, omega, coupling, omega_rate)
    options = (phase_lag, doppler_strength, velocity_epsilon, distance_scale, time)
    inputs, numbers = _taken(arrays, options)
    n = len(inputs[0])
    slopes: Vector = np.empty(n)
    try:
        worker.task(FORCE, (n, int(omega_rate is not None), 0), _moment(*numbers), inputs, (slopes,))
    except NotFiniteError:
        _checked(arrays, options)
        raise changed() from None
    except AnswerOverflowError:
        raise not_finite("the derivative", "a sum beyond float64") from None
    return slopes


def doppler_kuramoto_trace(  # noqa: PLR0913, PLR0917 - the kernel's own arguments
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
) -> Any:
    """Return the path of `doppler_kuramoto` by the classical fourth-order Runge-Kutta method."""
    arrays = (phases, positions, velocities, omega, coupling, omega_rate)
    options = (phase_lag, doppler_strength, velocity_epsilon, distance_scale, time)
    inputs, numbers = _taken(arrays, options)
    h, steps = positive(dt, "dt"), integer(n_steps, "n_steps", minimum=0)
    rows, n = steps + 1, len(inputs[0])
    require_memory("the answer", (rows, 2 * n + 3), np.float64)  # of all parts together
    trace = result_class("DopplerTrace")(
        new_array(rows), new_array(rows, n), new_array(rows, n), new_array(rows), new_array(rows)
    )
    try:
        _integrate(inputs, (*numbers, h), int(omega_rate is not None), trace)
    except NotFiniteError:
        _checked(arrays, options)
        raise changed() from None
    except AnswerOverflowError:
        raise not_finite("the path", "a value beyond float64") from None
    return trace


def _integrate(inputs: Inputs, numbers: tuple[float, ...], rated: int, trace: Any) -> None:
    """Fill the path part by part; each begins with the row at which the part before it ends."""
    theta, z, *rest = inputs
    *options, time, h = numbers
    n, steps = len(theta), len(trace.time) - 1
    most = min(ANSWER_MOST // (2 * n + 3), WORK_MOST // (8 * n * n + 256 * n + 1024))
    for first, count in parts_of(0, steps, most):
        part = slice(first, first + count + 1)
        locks = np.empty(count + 1)
        answers = (trace.time[part], trace.phases[part], trace.positions[part], trace.order_parameter[part], locks)
        worker.task(TRACE, (n, rated, count), _start(*options, time, h), (theta, z, *rest), answers)
        # At a seam the lock error is known already, from the step that led there.
        trace.lock_error[first + 1 : first + count + 1] = locks[1:]
        if first == 0:
            trace.lock_error[0] = locks[0]
        theta, z, time = trace.phases[first + count], trace.positions[first + count], float(trace.time[first + count])


def _taken(arrays: tuple[Any, ...], options: tuple[Any, ...]) -> Checked:
    """Return the arguments as they are where they can be sent so, else checked."""
    *vectors, coupling, rate = arrays
    if rate is not None:
        vectors.append(rate)
    n = len(vectors[0]) if is_plain(vectors[0], 1) else 0
    plain = n and all(is_plain(vector, 1) and len(vector) == n for vector in vectors)
    if not (plain and is_plain(coupling, 2) and coupling.shape == (n, n)):
        return _checked(arrays, options)
    for number, least in zip(options, (-inf, -inf, 5e-324, 5e-324, 0.0), strict=True):
        if type(number) is not float or not isfinite(number) or number < least:
            return _checked(arrays, options)
    return (*vectors[:4], coupling, _NO_RATE if rate is None else rate), options


def _checked(arrays: tuple[Any, ...], options: tuple[Any, ...]) -> Checked:
    """Return the arguments as the floor converts them."""
    phases, positions, velocities, omega, coupling, rate = arrays
    theta = float_vector(phases, "phases")
    n = len(theta)
    inputs = (
        theta,
        float_vector(positions, "positions", length=n),
        float_vector(velocities, "velocities", length=n),
        float_vector(omega, "omega", length=n),
        float_matrix(coupling, "coupling", shape=(n, n)),
        _NO_RATE if rate is None else float_vector(rate, "omega_rate", length=n),
    )
    lag, push, epsilon, scale, time = options
    return inputs, (
        real(lag, "phase_lag"),
        real(push, "doppler_strength"),
        positive(epsilon, "velocity_epsilon"),
        positive(scale, "distance_scale"),
        real(time, "time", minimum=0.0),
    )
