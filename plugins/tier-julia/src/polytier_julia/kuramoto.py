"""The family `kuramoto`: adapters with the floors' signatures, around the functions compiled by Julia.

A native function reads the array objects themselves. What it cannot read as it is, it refuses; then polytier's own
checks convert it, or raise the floor's error.
"""

# Language policy: exempt, it adapts: it checks arguments and lays out the time axis, and Julia computes.

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays import float_matrix, float_vector, integer, positive
from polytier_julia.dtypes import FLOAT64, plain
from polytier_julia.runtime import GOOD, UNSUITABLE, defect, kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]

WIDTH = 8
ARRAYS = 7
ENDLESS = 1 << 58
"""Steps that no run completes; larger counts are cut to it."""
PATIENCE = 50_000_000
"""Nanoseconds of work between two moments in which Python can act on a signal."""


def order_parameter(theta: ArrayLike) -> float:
    """Return how much the oscillators agree: 1 when all phases are equal, 0 when they balance."""
    value = kernels.order_parameter(id(theta))
    if value == value:  # noqa: PLR0124 - not a number says "look closer", and isnan costs more than the kernel
        return value  # type: ignore[no-any-return]
    return _mean_field(kernels.order_parameter, theta)


def mean_phase(theta: ArrayLike) -> float:
    """Return the phase of the oscillators' mean field."""
    value = kernels.mean_phase(id(theta))
    if value == value:  # noqa: PLR0124 - as above
        return value  # type: ignore[no-any-return]
    return _mean_field(kernels.mean_phase, theta)


def build_knm(n: int = 16, k_base: float = 0.45, alpha: float = 0.3) -> Vector:
    """Return the coupling template of a stack of layers: exponential decay plus calibrated entries."""
    layers = integer(n, "n", minimum=1)
    base, decay = positive(k_base, "k_base"), positive(alpha, "alpha")
    template = _fresh(layers, layers)
    kernels.build_knm(id(template), base, decay)
    return template


def networked_force(theta: ArrayLike, K: ArrayLike) -> Vector:
    """Return the pull of the network on every oscillator."""
    if type(theta) is np.ndarray:
        forces, work = _fresh(theta.size), _fresh(2 * _rows(theta.size))
        if kernels.networked_force(id(theta), id(K), id(forces), id(work)) == GOOD:
            return forces
    phases = _vector(theta, "theta")
    coupling = _matrix(K, "K", len(phases))
    forces, work = _fresh(len(phases)), _fresh(2 * _rows(len(phases)))
    # The products of finite numbers may still overflow, and the floor returns what comes of that.
    if kernels.networked_force(id(phases), id(coupling), id(forces), id(work)) == UNSUITABLE:
        raise defect("arrays that polytier.arrays returned were refused")
    return forces


def kuramoto_euler(theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int) -> Vector:
    """Return the phases after `n_steps` explicit Euler steps of the Kuramoto network."""
    return _integrated(kernels.kuramoto_euler, _last, 1, theta0, omega, K, dt, n_steps)


def kuramoto_rk4(theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int) -> Vector:
    """Return the phases after `n_steps` classical fourth-order Runge-Kutta steps of the Kuramoto network."""
    return _integrated(kernels.kuramoto_rk4, _last, 4, theta0, omega, K, dt, n_steps)


def kuramoto_phases(theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int) -> Vector:
    """Return the whole path of `kuramoto_euler`: the phases before the first and after every step."""
    return _integrated(kernels.kuramoto_phases, _path, 1, theta0, omega, K, dt, n_steps)


def kuramoto_trajectory(
    theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int
) -> tuple[Vector, Vector]:
    """Return the coherence history of `kuramoto_euler`: times, and the order parameter at each."""
    orders = _integrated(kernels.kuramoto_trajectory, _orders, 1, theta0, omega, K, dt, n_steps)
    times = np.arange(len(orders), dtype=np.float64)
    times *= float(dt)
    return times, orders


def _mean_field(kernel: Callable[[int], float], theta: ArrayLike) -> float:
    phases = _vector(theta, "theta")
    value = kernel(id(phases))
    if value != value:  # noqa: PLR0124 - as above
        raise defect("a finite vector gave no number")
    return value


def _last(n: int, _: int) -> Vector:
    return _fresh(n)


def _path(n: int, steps: int) -> Vector:
    return _fresh(steps + 1, n)


def _orders(_: int, steps: int) -> Vector:
    return _fresh(steps + 1)


def _integrated(
    kernel: Callable[..., int],
    answer: Callable[[int, int], Vector],
    rounds: int,
    *arguments: Any,
) -> Vector:
    theta, _, coupling, dt, steps = arguments
    # The shape is looked at first: memory for a square of a wrong size might not be there.
    square = type(theta) is type(coupling) is np.ndarray and coupling.shape == (theta.size, theta.size)
    if square and type(dt) is float and type(steps) is int and 0.0 < dt < inf and steps >= 0:
        to = answer(theta.size, steps)
        if _run(kernel, rounds, arguments, to) == GOOD:
            return to
    checked = _checked(*arguments)
    to = answer(len(checked[0]), checked[4])
    if _run(kernel, rounds, checked, to) != GOOD:
        raise defect("finite arguments were refused")
    return to


def _run(kernel: Callable[..., int], rounds: int, arguments: tuple[Any, ...], to: Vector) -> int:
    """Run all steps in stretches, between which Python acts on signals; return the status of the last one."""
    theta, omega, coupling, dt, steps = arguments
    n = theta.size
    # Seven vectors, the packed couplings, and the distance to a cache line; see native/kuramoto/network.jl.
    work = _fresh((ARRAYS + n) * _rows(n) + WIDTH)
    stretch = max(1, PATIENCE // ((n * n // 4 + 4 * n + 20) * rounds))
    done, steps = 0, min(steps, ENDLESS)
    while True:
        end = min(done + stretch, steps)
        status = kernel(id(theta), id(omega), id(coupling), dt, done, end, id(to), id(work))
        if status != GOOD or end == steps:
            return status
        done = end


def _checked(theta0: ArrayLike, omega: ArrayLike, matrix: ArrayLike, dt: float, n_steps: int) -> tuple[Any, ...]:
    theta = _vector(theta0, "theta0")
    frequencies = _vector(omega, "omega", len(theta))
    coupling = _matrix(matrix, "K", len(theta))
    return theta, frequencies, coupling, positive(dt, "dt"), integer(n_steps, "n_steps", minimum=0)


def _vector(value: ArrayLike, name: str, length: int | None = None) -> Vector:
    return plain(float_vector(value, name, length=length), FLOAT64)


def _matrix(value: ArrayLike, name: str, n: int) -> Vector:
    return plain(float_matrix(value, name, shape=(n, n)), FLOAT64)


def _rows(n: int) -> int:
    return (n + WIDTH - 1) // WIDTH * WIDTH


def _fresh(*shape: int) -> Vector:
    try:
        return np.empty(shape)
    except (ValueError, OverflowError) as failure:  # NumPy's words for a size that no address reaches
        found = f"shape {shape} needs more than this machine can address"
        raise MemoryError(f"make room for an answer: {found}\nhint: ask for fewer oscillators or steps") from failure
