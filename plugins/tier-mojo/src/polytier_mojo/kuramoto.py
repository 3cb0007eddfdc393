"""The family `kuramoto`: each kernel takes what the floor takes, and has the worker compute."""

# Language policy: exempt, it adapts: it joins what the worker sums and lays out the time axis, and the worker computes.

from __future__ import annotations

from math import atan2, hypot, inf
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from polytier.arrays import float_matrix, float_vector, integer, positive
from polytier.errors import told
from polytier_mojo._build import BUILD_DIGEST
from polytier_mojo.adapting import changed, is_plain, parts_of
from polytier_mojo.native import executable
from polytier_mojo.runtime import NotFiniteError, Worker

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]
    Numbers = tuple[int, int, int, float, float]
    Checked = tuple[Array, Array, Array, float, int]

ORDER_PARAMETER, MEAN_PHASE, BUILD_KNM, NETWORKED_FORCE, EULER, PHASES, TRAJECTORY, RK4 = range(1, 9)

PHASES_MOST: Final = 1 << 23
"""Phases that one exchange sums; more are summed by several, so that shared memory stays small."""

ANSWER_MOST: Final = 1 << 20
"""Values that one exchange answers with, or one row; more are fetched by several."""

WORK_MOST: Final = 1 << 29
"""Units of work in one exchange, or one step, so that the time-out tells slow from hung."""

worker: Final = Worker(executable, BUILD_DIGEST)
"""The process that serves this one; the first call starts it."""


def warm() -> None:
    """Start the worker ahead of the first call."""
    worker.start()


def empty(shape: int | tuple[int, ...]) -> Array:
    """Return a new float64 array in memory that the worker reads in place: passing it to a kernel copies nothing."""
    return worker.arena.empty(shape)


def order_parameter(theta: ArrayLike) -> float:
    """Return how much the phases agree: 1 when all are equal, 0 when they balance."""
    cosines, sines, n = _sums(theta)
    return hypot(cosines, sines) / n


def bare_seconds(theta: ArrayLike, calls: int) -> float:
    """Return the mean seconds of one of `calls` sums behind `order_parameter`, timed by the worker itself."""
    phases, count = float_vector(theta, "theta"), integer(calls, "calls", minimum=1)
    return worker.call(ORDER_PARAMETER, (len(phases), 0, count, 0.0, 0.0), (phases,), None)[0]


def mean_phase(theta: ArrayLike) -> float:
    """Return the phase of the oscillators' mean field."""
    cosines, sines, _ = _sums(theta)
    return atan2(sines, cosines)


def _sums(theta: ArrayLike) -> tuple[float, float, int]:
    phases: Array = theta if is_plain(theta, 1) and len(theta) else float_vector(theta, "theta")  # type: ignore[arg-type, assignment]
    n = len(phases)
    try:
        if n <= PHASES_MOST:
            x, y = worker.call(ORDER_PARAMETER, (n, 0, 0, 0.0, 0.0), (phases,), None)
            return x, y, n
        return *_sums_by_parts(phases), n
    except NotFiniteError:
        float_vector(theta, "theta")
        raise changed() from None


def _sums_by_parts(phases: Array) -> tuple[float, float]:
    x = y = 0.0
    for start in range(0, len(phases), PHASES_MOST):
        part = phases[start : start + PHASES_MOST]
        cosines, sines = worker.call(ORDER_PARAMETER, (len(part), 0, 0, 0.0, 0.0), (part,), None)
        x, y = x + cosines, y + sines
    return x, y


def _steps_most(n: int) -> int:
    """Return the steps of `n` oscillators in one exchange."""
    # A step also costs by the oscillator, and something by itself: counted in products alone, 50 million steps
    # of two oscillators were one exchange of many seconds.
    return WORK_MOST // (n * n + 64 * n + 512)


def build_knm(n: int = 16, k_base: float = 0.45, alpha: float = 0.3) -> Array:
    """Return the coupling template of a stack of layers: exponential decay plus calibrated entries."""
    layers = integer(n, "n", minimum=1)
    base, decay = positive(k_base, "k_base"), positive(alpha, "alpha")
    if layers >= 1 << 20:  # its square, in bytes, is more than any host has
        hint = "ask for fewer layers"
        raise MemoryError(told("run 'build_knm'", f"{layers} layers need {layers * layers * 8} bytes", hint))
    template: Array = np.empty((layers, layers))
    for first, count in parts_of(0, layers, ANSWER_MOST // layers):
        numbers = (layers, first, count, base, decay)
        worker.call(BUILD_KNM, numbers, (), template[first : first + count])
    return template


def networked_force(theta: ArrayLike, K: ArrayLike) -> Array:
    """Return the pull of the network on every oscillator."""
    n = len(theta) if is_plain(theta, 1) else 0  # type: ignore[arg-type]
    if n and is_plain(K, 2) and K.shape == (n, n):  # type: ignore[union-attr]
        phases, coupling = theta, K
    else:
        phases, coupling = _checked_force(theta, K)
    force: Array = np.empty(len(phases))  # type: ignore[arg-type]
    try:
        worker.call(NETWORKED_FORCE, (len(force), 0, 0, 0.0, 0.0), (phases, coupling), force)  # type: ignore[arg-type]
    except NotFiniteError:
        _checked_force(theta, K)
        raise changed() from None
    return force


def _checked_force(theta: ArrayLike, matrix: ArrayLike) -> tuple[Array, Array]:
    phases = float_vector(theta, "theta")
    return phases, float_matrix(matrix, "K", shape=(len(phases), len(phases)))


def _checked(theta0: ArrayLike, omega: ArrayLike, matrix: ArrayLike, dt: float, n_steps: int) -> Checked:
    """Return the arguments as the floor converts them, refused in the floor's order."""
    theta = float_vector(theta0, "theta0")
    n = len(theta)
    frequencies = float_vector(omega, "omega", length=n)
    coupling = float_matrix(matrix, "K", shape=(n, n))
    return theta, frequencies, coupling, positive(dt, "dt"), integer(n_steps, "n_steps", minimum=0)


def _taken(theta0: Any, omega: Any, matrix: Any, dt: Any, n_steps: Any) -> Checked:
    """Return the arguments as they are where they can be sent so, else checked."""
    n = len(theta0) if is_plain(theta0, 1) else 0
    arrays = n and is_plain(omega, 1) and len(omega) == n and is_plain(matrix, 2) and matrix.shape == (n, n)
    if arrays and type(dt) is float and 0.0 < dt < inf and type(n_steps) is int and n_steps >= 0:
        return theta0, omega, matrix, dt, n_steps
    return _checked(theta0, omega, matrix, dt, n_steps)


def _last(kernel: int, arguments: tuple[Any, ...]) -> Array:
    """Return the phases after all steps."""
    theta, frequencies, coupling, dt, n_steps = _taken(*arguments)
    n = len(theta)
    for _, count in parts_of(0, n_steps, _steps_most(n)):
        phases: Array = np.empty(n)
        _integrate(kernel, (n, 0, count, dt, 0.0), (theta, frequencies, coupling), phases, arguments)
        theta = phases
    return theta


def _integrate(
    kernel: int, numbers: Numbers, inputs: tuple[Array, ...], answer: Array | None, arguments: tuple[Any, ...]
) -> None:
    try:
        worker.call(kernel, numbers, inputs, answer)
    except NotFiniteError:
        _checked(*arguments)
        raise changed() from None


def kuramoto_euler(theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int) -> Array:
    """Return the phases after `n_steps` explicit Euler steps of the Kuramoto network."""
    return _last(EULER, (theta0, omega, K, dt, n_steps))


def kuramoto_rk4(theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int) -> Array:
    """Return the phases after `n_steps` classical fourth-order Runge-Kutta steps of the Kuramoto network."""
    return _last(RK4, (theta0, omega, K, dt, n_steps))


def kuramoto_phases(theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int) -> Array:
    """Return the whole path of `kuramoto_euler`: the phases before the first and after every step."""
    arguments = (theta0, omega, K, dt, n_steps)
    theta, frequencies, coupling, step, steps = _taken(*arguments)
    n = len(theta)
    path: Array = np.empty((steps + 1, n))
    path[0] = theta
    for first, count in parts_of(0, steps, min(ANSWER_MOST // n, _steps_most(n))):
        inputs = (path[first], frequencies, coupling)
        _integrate(PHASES, (n, 0, count, step, 0.0), inputs, path[first + 1 : first + 1 + count], arguments)
    return path


def kuramoto_trajectory(
    theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int
) -> tuple[Array, Array]:
    """Return the coherence history of `kuramoto_euler`: times, and the order parameter at each."""
    arguments = (theta0, omega, K, dt, n_steps)
    theta, frequencies, coupling, step, steps = _taken(*arguments)
    n = len(theta)
    coherence: Array = np.empty(steps + 1)
    for first, count in parts_of(0, steps, min(ANSWER_MOST, _steps_most(n))):
        answer: Array = np.empty(count + 1 + n)
        _integrate(TRAJECTORY, (n, 0, count, step, 0.0), (theta, frequencies, coupling), answer, arguments)
        coherence[first : first + count + 1] = answer[: count + 1]
        theta = answer[count + 1 :]
    times: Array = np.arange(steps + 1, dtype=np.float64) * step
    return times, coherence
