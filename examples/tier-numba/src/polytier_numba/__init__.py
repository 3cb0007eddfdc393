"""A tier for the family `kuramoto`: arguments are checked here, and numba compiles the loops of `native`."""

# Language policy: exempt, it is a tier: it checks arguments, and Numba compiles what computes.

from __future__ import annotations

import cmath
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays import float_matrix, float_vector, integer, positive
from polytier.errors import told

if TYPE_CHECKING:
    from collections.abc import Iterator


def order_parameter(theta: Any) -> float:
    """Return how much the phases agree."""
    phases = float_vector(theta, "theta")
    return float(abs(_call("field", phases)) / len(phases))


def mean_phase(theta: Any) -> float:
    """Return the phase of the mean field."""
    return cmath.phase(_call("field", float_vector(theta, "theta")))


def build_knm(n: Any = 16, k_base: Any = 0.45, alpha: Any = 0.3) -> Any:
    """Return the coupling template."""
    layers = np.arange(integer(n, "n", minimum=1))
    return _call("template", positive(k_base, "k_base") * np.exp(-positive(alpha, "alpha") * layers))


def networked_force(theta: Any, K: Any) -> Any:
    """Return the pull of the network on every oscillator."""
    phases = float_vector(theta, "theta")
    coupling = float_matrix(K, "K", shape=(len(phases), len(phases)))
    return _call("slope", phases, np.zeros(len(phases)), coupling)


def kuramoto_euler(theta0: Any, omega: Any, K: Any, dt: Any, n_steps: Any) -> Any:
    """Return the phases after the last Euler step."""
    return _last(_states("euler", theta0, omega, K, dt, n_steps))


def kuramoto_phases(theta0: Any, omega: Any, K: Any, dt: Any, n_steps: Any) -> Any:
    """Return the phases before the first and after every Euler step."""
    rows = chain.from_iterable(_states("euler", theta0, omega, K, dt, n_steps))
    form = np.dtype((float, (len(float_vector(theta0, "theta0")),)))
    return np.fromiter(rows, form, integer(n_steps, "n_steps", minimum=0) + 1)


def kuramoto_trajectory(theta0: Any, omega: Any, K: Any, dt: Any, n_steps: Any) -> Any:
    """Return the times and the order parameters before the first and after every Euler step."""
    pieces = (_call("coherence", rows) for rows in _states("euler", theta0, omega, K, dt, n_steps))
    R = np.fromiter(chain.from_iterable(pieces), float, integer(n_steps, "n_steps", minimum=0) + 1)
    return np.arange(len(R)) * positive(dt, "dt"), R


def kuramoto_rk4(theta0: Any, omega: Any, K: Any, dt: Any, n_steps: Any) -> Any:
    """Return the phases after the last Runge-Kutta step."""
    return _last(_states("rk4", theta0, omega, K, dt, n_steps))


def _states(scheme: str, *arguments: Any) -> Iterator[Any]:
    theta0, omega, K, dt, n_steps = arguments
    theta = float_vector(theta0, "theta0")
    network = float_vector(omega, "omega", length=len(theta)), float_matrix(K, "K", shape=(len(theta), len(theta)))
    step, left = positive(dt, "dt"), integer(n_steps, "n_steps", minimum=0)
    yield theta[None]
    while left > 0:  # in pieces of about 1 ms: Ctrl-C is heard between two calls
        rows = np.empty((min(left, 1 + 1_000_000 // len(theta) ** 2), len(theta)))
        _call(scheme, theta, *network, step, rows)
        yield rows
        theta, left = rows[-1], left - len(rows)


def _last(states: Iterator[Any]) -> Any:
    for rows in states:
        last = rows[-1]
    return last.copy()


def _call(name: str, *arguments: Any) -> Any:
    from polytier_numba import native  # numba takes 0.5 s to import: the first call pays it, not the import

    try:
        return getattr(native, name)(*arguments)
    except native.NumbaError as failure:
        raise RuntimeError(told(f"compile {name!r}", str(failure), "install another version of numba")) from failure
