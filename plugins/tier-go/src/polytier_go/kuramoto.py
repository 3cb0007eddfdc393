"""The family `kuramoto`: each function first tries the arguments as they are, and checks them where that fails."""

# Language policy: exempt, it adapts: it checks arguments and makes room for answers, and the Go library computes.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays import float_matrix, float_vector, integer, positive
from polytier_go.runtime import link
from polytier_go.tasks import ENDLESS, Task, plain

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

EULER, RUNGE_KUTTA = 0, 1

# Products up to which a run ends within some 10 ms and is not cut into parts.
BRIEF = 20_000_000


# Layers from which a template may not fit into memory.
LARGE = 10_000


def order_parameter(theta: ArrayLike) -> float:
    """Return how much the oscillators agree: 1 when all phases are equal, 0 when they balance."""
    answer = link.order_parameter(id(theta))
    return answer if answer == answer else _mean_field("order_parameter", theta)  # noqa: PLR0124 - isnan costs 40 ns


def bare_seconds(theta: ArrayLike, calls: int) -> float:
    """Return the mean seconds of one of `calls` order parameters, timed in Go; not a number where a sidecar serves."""
    phases, count = plain(float_vector(theta, "theta")), integer(calls, "calls", minimum=1)
    link.made()
    return link.bare_seconds(id(phases), count)


def mean_phase(theta: ArrayLike) -> float:
    """Return the phase of the oscillators' mean field."""
    answer = link.mean_phase(id(theta))
    return answer if answer == answer else _mean_field("mean_phase", theta)  # noqa: PLR0124 - as above


def build_knm(n: int = 16, k_base: float = 0.45, alpha: float = 0.3) -> Array:
    """Return the coupling template of a stack of layers: exponential decay plus calibrated entries."""
    if type(n) is int and type(k_base) is float and type(alpha) is float and 0 < n < LARGE:
        template = np.empty((n, n))
        if link.build_knm(n, k_base, alpha, id(template)) == 0:
            return template
    numbers = {"n": integer(n, "n", minimum=1), "k_base": positive(k_base, "k_base"), "alpha": positive(alpha, "alpha")}
    return link.solve(Task("build_knm", {}, numbers))  # type: ignore[no-any-return]


def networked_force(theta: ArrayLike, K: ArrayLike) -> Array:
    """Return the pull of the network on every oscillator."""
    if type(theta) is np.ndarray and theta.ndim == 1:
        forces = np.empty(theta.shape)
        if link.networked_force(id(theta), id(K), id(forces)) == 0:
            return forces
    phases = plain(float_vector(theta, "theta"))
    coupling = plain(float_matrix(K, "K", shape=(len(phases), len(phases))))
    task = Task("networked_force", {"theta": phases, "K": coupling})
    return link.solve(task)  # type: ignore[no-any-return]


def kuramoto_euler(theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int) -> Array:
    """Return the phases after `n_steps` explicit Euler steps of the Kuramoto network."""
    if _brief(theta0, dt, n_steps):
        last = np.empty(theta0.shape)  # type: ignore[union-attr]
        if link.integrate(EULER, id(theta0), id(omega), id(K), dt, 0, n_steps, id(last), 0, 0, 0) == 0:
            return last
    return _integrate("kuramoto_euler", theta0, omega, K, dt, n_steps)  # type: ignore[no-any-return]


def kuramoto_phases(theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int) -> Array:
    """Return the whole path of `kuramoto_euler`: the phases before the first and after every step."""
    if _brief(theta0, dt, n_steps):
        path = np.empty((n_steps + 1, theta0.size))  # type: ignore[union-attr]
        if link.integrate(EULER, id(theta0), id(omega), id(K), dt, 0, n_steps, 0, id(path), 0, 0) == 0:
            return path
    return _integrate("kuramoto_phases", theta0, omega, K, dt, n_steps)  # type: ignore[no-any-return]


def kuramoto_trajectory(
    theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int
) -> tuple[Array, Array]:
    """Return the coherence history of `kuramoto_euler`: times, and the order parameter at each."""
    if _brief(theta0, dt, n_steps):
        times, order = np.empty(n_steps + 1), np.empty(n_steps + 1)
        if link.integrate(EULER, id(theta0), id(omega), id(K), dt, 0, n_steps, 0, 0, id(order), id(times)) == 0:
            return times, order
    return _integrate("kuramoto_trajectory", theta0, omega, K, dt, n_steps)  # type: ignore[no-any-return]


def kuramoto_rk4(theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int) -> Array:
    """Return the phases after `n_steps` classical fourth-order Runge-Kutta steps of the Kuramoto network."""
    if _brief(theta0, dt, n_steps):
        last = np.empty(theta0.shape)  # type: ignore[union-attr]
        if link.integrate(RUNGE_KUTTA, id(theta0), id(omega), id(K), dt, 0, n_steps, id(last), 0, 0, 0) == 0:
            return last
    return _integrate("kuramoto_rk4", theta0, omega, K, dt, n_steps)  # type: ignore[no-any-return]


def _mean_field(kernel: str, theta: ArrayLike) -> float:
    return link.solve(Task(kernel, {"theta": plain(float_vector(theta, "theta"))}))  # type: ignore[no-any-return]


def _brief(theta0: ArrayLike, dt: float, n_steps: int) -> bool:
    """Say whether a run is short, as far as its arguments can be trusted before they are checked."""
    return (
        type(theta0) is np.ndarray
        and theta0.ndim == 1
        and type(dt) is float
        and type(n_steps) is int
        and 0 <= n_steps * (len(theta0) + 16) ** 2 <= BRIEF
    )


def _integrate(kernel: str, *arguments: Any) -> Any:
    theta0, omega, K, dt, n_steps = arguments
    theta = plain(float_vector(theta0, "theta0"))
    arrays = {
        "theta0": theta,
        "omega": plain(float_vector(omega, "omega", length=len(theta))),
        "K": plain(float_matrix(K, "K", shape=(len(theta), len(theta)))),
    }
    step, steps = positive(dt, "dt"), integer(n_steps, "n_steps", minimum=0)
    return link.solve(Task(kernel, arrays, {"dt": step, "n_steps": min(steps, ENDLESS)}))
