"""The family `kuramoto`: phase oscillators coupled by a matrix.

Phases are in rad and never wrapped; omega and K are in rad/s, dt in s.
`K[i, j]` is the pull of oscillator j on i; K need not be symmetric, and its diagonal has no effect.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays import float_matrix, float_vector, integer, positive
from polytier.kernels.cases import (
    around,
    count_inputs,
    matrix_inputs,
    positive_inputs,
    refused,
    timed,
    vector_inputs,
)
from polytier.kernels.declaration import Case, kernel
from polytier.kernels.tolerance import Tolerance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from polytier.kernels.cases import Arguments

    Vector = NDArray[np.float64]

PHASE_TOLERANCE = Tolerance(atol=1e-10)
"""6e-17 is reached by one evaluation; integrations reach 1e-12 over 1000 steps."""

OMEGA_16: Vector = np.array(
    [
        "1.329",
        "2.610",
        "0.844",
        "1.520",
        "0.710",
        "3.780",
        "1.055",
        "0.625",
        "2.210",
        "1.740",
        "0.480",
        "3.210",
        "0.915",
        "1.410",
        "2.830",
        "0.991",
    ],
    dtype=np.float64,
)
"""Natural frequencies, in rad/s, of the 16 layers that `build_knm` couples."""
OMEGA_16.flags.writeable = False

_CALIBRATED = {(0, 1): 0.302, (1, 2): 0.201, (2, 3): 0.252, (3, 4): 0.154}
_AT_LEAST = {(4, 6): 0.15, (0, 15): 0.05}


def natural_frequencies(n: int) -> Vector:
    """Return the natural frequencies of `n` layers: `OMEGA_16`, repeated periodically.

    Parameters
    ----------
    n : int
        Number of layers, at least 1.

    Returns
    -------
    ndarray of float64, shape (n,)
        Frequencies in rad/s.

    Examples
    --------
    >>> natural_frequencies(18)[-2:]
    array([1.329, 2.61 ])
    """
    return np.resize(OMEGA_16, integer(n, "n", minimum=1))


def _phases(n: int, seed: int) -> Vector:
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, n)


def _coupling(n: int, seed: int) -> Vector:
    return np.random.default_rng(seed).uniform(0.0, 2.0 / n, (n, n))


def _network(n: int, n_steps: int) -> Arguments:
    # K >= 0 synchronises: chaotic runs agree in no two implementations and may stand in no case.
    return _phases(n, n), np.random.default_rng(n + 1).normal(0.0, 0.5, n), _coupling(n, n + 2), 0.01, n_steps


def _phase_cases() -> Iterator[Case]:
    for n in (1, 2, 8, 64, 256, 1024, 16384, 131072, 1048576):
        yield timed(f"n={n}", lambda n=n: (_phases(n, n),), seed=n)  # type: ignore[misc]
    yield Case("odd length", lambda: (_phases(37, 1),))
    yield Case("all equal", lambda: (np.full(100, 0.7),))
    yield Case("huge phases", lambda: (np.array([1e9, -3e12, 1e22, 1e300]),))
    yield Case("subnormal phases", lambda: (np.array([5e-324, -5e-324, -0.0]),))
    yield from around(0, "theta", lambda: (_phases(12, 5),), lambda: vector_inputs(_phases(12, 5)))


def _template_cases() -> Iterator[Case]:
    for n in (1, 2, 4, 16, 64, 256, 1024):
        yield timed(f"n={n}", lambda n=n: (n,))  # type: ignore[misc]
    for n in (3, 5, 6, 7, 15, 17):
        yield Case(f"n={n}, weak and short", lambda n=n: (n, 0.01, 2.5))  # type: ignore[misc]
    yield Case("defaults", lambda: ())
    yield from around(0, "n", lambda: (8, 0.45, 0.3), lambda: count_inputs(1))
    yield from around(1, "k_base", lambda: (8, 0.45, 0.3), positive_inputs)
    yield from around(2, "alpha", lambda: (8, 0.45, 0.3), positive_inputs)


def _force_cases() -> Iterator[Case]:
    for n in (1, 2, 8, 32, 128, 512, 1024):
        yield timed(f"n={n}", lambda n=n: (_phases(n, n), _coupling(n, n)), seed=n)  # type: ignore[misc]
    yield from around(0, "theta", lambda: (_phases(9, 9), _coupling(9, 9)), lambda: vector_inputs(_phases(9, 9)))
    yield from around(1, "K", lambda: (_phases(9, 9), _coupling(9, 9)), lambda: matrix_inputs(_coupling(9, 9)))
    yield refused("theta longer than K", lambda: (_phases(10, 1), _coupling(9, 9)), ValueError)


def _network_cases() -> Iterator[Case]:
    for n in (2, 8, 32, 128, 256, 512):
        yield timed(f"n={n}, 100 steps", lambda n=n: _network(n, 100), seed=n)  # type: ignore[misc]
    yield Case("1000 steps", lambda: _network(11, 1000))
    yield Case("one oscillator", lambda: _network(1, 10))
    yield Case("no steps", lambda: _network(5, 0))
    yield from around(0, "theta0", lambda: _network(7, 20), lambda: vector_inputs(_network(7, 0)[0]))
    yield from around(1, "omega", lambda: _network(7, 20), lambda: vector_inputs(_network(7, 0)[1]))
    yield from around(2, "K", lambda: _network(7, 20), lambda: matrix_inputs(_network(7, 0)[2]))
    yield from around(3, "dt", lambda: _network(7, 2), positive_inputs)
    yield from around(4, "n_steps", lambda: _network(7, 2), lambda: count_inputs(0))
    yield refused("omega too long", lambda: (*_network(4, 0)[:1], np.ones(5), *_network(4, 1)[2:]), ValueError)


@kernel(size="len(theta)", tolerance=PHASE_TOLERANCE, cases=_phase_cases)
def order_parameter(theta: ArrayLike) -> float:
    r"""Return how much the oscillators agree: 1 when all phases are equal, 0 when they balance.

    .. math:: R = \frac{1}{n} \left| \sum_k e^{i \theta_k} \right|

    Parameters
    ----------
    theta : array_like of float, shape (n,)
        Phases in rad, n >= 1, finite.

    Returns
    -------
    float
        The order parameter R, dimensionless, between 0 and 1.

    Raises
    ------
    ValueError
        If `theta` is empty, not a vector, or not finite.
    TypeError
        If `theta` cannot become float64.

    References
    ----------
    Y. Kuramoto, *Chemical Oscillations, Waves, and Turbulence*, Springer, 1984.
    S. H. Strogatz, Physica D 143 (2000) 1-20.

    Examples
    --------
    >>> round(order_parameter([0.0, 0.0, 3.141592653589793]), 12)
    0.333333333333
    """
    phases = float_vector(theta, "theta")
    return math.hypot(np.cos(phases).sum(), np.sin(phases).sum()) / len(phases)


@kernel(size="len(theta)", tolerance=Tolerance.circular(1e-10), cases=_phase_cases)
def mean_phase(theta: ArrayLike) -> float:
    r"""Return the phase of the oscillators' mean field.

    .. math:: \psi = \operatorname{atan2}\left(\sum_k \sin\theta_k, \sum_k \cos\theta_k\right)

    Parameters
    ----------
    theta : array_like of float, shape (n,)
        Phases in rad, n >= 1, finite.

    Returns
    -------
    float
        The mean phase in rad, between -pi and pi; ill-conditioned where the order parameter is near 0.

    Raises
    ------
    ValueError
        If `theta` is empty, not a vector, or not finite.
    TypeError
        If `theta` cannot become float64.

    References
    ----------
    S. H. Strogatz, Physica D 143 (2000) 1-20.

    Examples
    --------
    >>> mean_phase([0.25, 0.75])
    0.5
    """
    phases = float_vector(theta, "theta")
    return math.atan2(np.sin(phases).sum(), np.cos(phases).sum())


@kernel(size="n * n", tolerance=Tolerance(atol=1e-12), cases=_template_cases)
def build_knm(n: int = 16, k_base: float = 0.45, alpha: float = 0.3) -> Vector:
    r"""Return the coupling template of a stack of layers: exponential decay plus calibrated entries.

    .. math:: K_{ij} = k_\mathrm{base}\, e^{-\alpha |i - j|}

    The neighbouring pairs (0,1), (1,2), (2,3), (3,4) are then set to 0.302, 0.201, 0.252 and 0.154 rad/s,
    and the pairs (4,6) and (0,15) are raised to at least 0.15 and 0.05 rad/s, where the layers exist.

    Parameters
    ----------
    n : int
        Number of layers, at least 1.
    k_base : float
        Coupling at distance 0, in rad/s, > 0.
    alpha : float
        Decay per layer, dimensionless, > 0.

    Returns
    -------
    ndarray of float64, shape (n, n)
        Symmetric couplings in rad/s; the diagonal is `k_base`.

    Raises
    ------
    ValueError
        If `n` < 1, or `k_base` or `alpha` is not a finite number > 0.
    TypeError
        If `n` is not an integer, or another argument is not a number.

    Examples
    --------
    >>> build_knm(3).round(3)
    array([[0.45 , 0.302, 0.247],
           [0.302, 0.45 , 0.201],
           [0.247, 0.201, 0.45 ]])
    """
    layers = np.arange(integer(n, "n", minimum=1))
    base, decay = positive(k_base, "k_base"), positive(alpha, "alpha")
    template: Vector = base * np.exp(-decay * np.abs(layers[:, None] - layers))
    for (i, j), strength in _CALIBRATED.items():
        if j < len(layers):
            template[i, j] = template[j, i] = strength
    for (i, j), strength in _AT_LEAST.items():
        if j < len(layers):
            template[i, j] = template[j, i] = max(template[i, j], strength)
    return template


def _force(theta: Vector, coupling: Vector) -> Vector:
    # sin(b - a) = sin b cos a - cos b sin a: n sines and cosines and two products instead of n^2 sines.
    sine, cosine = np.sin(theta), np.cos(theta)
    forces: Vector = cosine * (coupling @ sine) - sine * (coupling @ cosine)
    return forces


def _checked_coupling(matrix: ArrayLike, n: int) -> Vector:
    # A huge diagonal would leave its rounding error behind where the two products cancel.
    coupling = float_matrix(matrix, "K", shape=(n, n)).copy()
    np.fill_diagonal(coupling, 0.0)
    return coupling


def _checked(theta0: ArrayLike, omega: ArrayLike, matrix: ArrayLike, dt: float, n_steps: int) -> tuple[Any, ...]:
    theta = float_vector(theta0, "theta0")
    frequencies = float_vector(omega, "omega", length=len(theta))
    coupling = _checked_coupling(matrix, len(theta))
    return theta, frequencies, coupling, positive(dt, "dt"), integer(n_steps, "n_steps", minimum=0)


@kernel(size="len(theta) ** 2", tolerance=PHASE_TOLERANCE, cases=_force_cases)
def networked_force(theta: ArrayLike, K: ArrayLike) -> Vector:
    r"""Return the pull of the network on every oscillator.

    .. math:: F_i = \sum_j K_{ij} \sin(\theta_j - \theta_i)

    Parameters
    ----------
    theta : array_like of float, shape (n,)
        Phases in rad, n >= 1, finite.
    K : array_like of float, shape (n, n)
        Couplings in rad/s, finite; `K[i, j]` is the pull of j on i.

    Returns
    -------
    ndarray of float64, shape (n,)
        Forces in rad/s.

    Raises
    ------
    ValueError
        If an argument is empty, of the wrong shape, or not finite.
    TypeError
        If an argument cannot become float64.

    References
    ----------
    S. H. Strogatz, Physica D 143 (2000) 1-20.

    Examples
    --------
    >>> networked_force([0.0, 1.5707963267948966], [[0.0, 2.0], [1.0, 0.0]])
    array([ 2., -1.])
    """
    phases = float_vector(theta, "theta")
    return _force(phases, _checked_coupling(K, len(phases)))


@kernel(size="len(theta0) ** 2 * n_steps", tolerance=PHASE_TOLERANCE, cases=_network_cases)
def kuramoto_euler(theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int) -> Vector:
    r"""Return the phases after `n_steps` explicit Euler steps of the Kuramoto network.

    .. math:: \dot\theta_i = \omega_i + \sum_j K_{ij} \sin(\theta_j - \theta_i)

    All derivatives are taken from the old phases, then all phases advance at once.

    Parameters
    ----------
    theta0 : array_like of float, shape (n,)
        Initial phases in rad, n >= 1, finite.
    omega : array_like of float, shape (n,)
        Natural frequencies in rad/s, finite.
    K : array_like of float, shape (n, n)
        Couplings in rad/s, finite; `K[i, j]` is the pull of j on i.
    dt : float
        Time step in s, finite and > 0.
    n_steps : int
        Number of steps, >= 0; 0 returns a copy of `theta0`.

    Returns
    -------
    ndarray of float64, shape (n,)
        Phases in rad, not wrapped.

    Raises
    ------
    ValueError
        If an argument is empty, of the wrong shape, not finite, or out of its range.
    TypeError
        If an argument cannot become float64, or `n_steps` is not an integer.

    Notes
    -----
    The tolerance holds over at most 1000 steps, or where the network synchronises (K >= 0).
    A long run in a chaotic regime agrees in no two implementations: rounding errors grow exponentially.

    References
    ----------
    Y. Kuramoto, *Chemical Oscillations, Waves, and Turbulence*, Springer, 1984.

    Examples
    --------
    >>> kuramoto_euler([0.0, 1.0], [1.0, 1.0], [[0.0, 0.5], [0.5, 0.0]], 0.1, 0)
    array([0., 1.])
    """
    theta, frequencies, coupling, step, count = _checked(theta0, omega, K, dt, n_steps)
    theta = theta.copy()
    for _ in range(count):
        theta += step * (frequencies + _force(theta, coupling))
    return theta  # type: ignore[no-any-return]


@kernel(size="len(theta0) ** 2 * n_steps", tolerance=PHASE_TOLERANCE, cases=_network_cases)
def kuramoto_phases(theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int) -> Vector:
    """Return the whole path of `kuramoto_euler`: the phases before the first and after every step.

    Parameters
    ----------
    theta0, omega, K, dt, n_steps
        As for `kuramoto_euler`.

    Returns
    -------
    ndarray of float64, shape (n_steps + 1, n)
        Phases in rad, not wrapped; row 0 is `theta0`.

    Raises
    ------
    ValueError, TypeError
        As for `kuramoto_euler`.

    Examples
    --------
    >>> kuramoto_phases([0.0, 1.0], [1.0, 2.0], [[0.0, 0.0], [0.0, 0.0]], 0.5, 2)
    array([[0. , 1. ],
           [0.5, 2. ],
           [1. , 3. ]])
    """
    theta, frequencies, coupling, step, count = _checked(theta0, omega, K, dt, n_steps)
    path: Vector = np.empty((count + 1, len(theta)))
    path[0] = theta
    for k in range(count):
        path[k + 1] = path[k] + step * (frequencies + _force(path[k], coupling))
    return path


@kernel(size="len(theta0) ** 2 * n_steps", tolerance=PHASE_TOLERANCE, cases=_network_cases)
def kuramoto_trajectory(
    theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int
) -> tuple[Vector, Vector]:
    """Return the coherence history of `kuramoto_euler`: times, and the order parameter at each.

    Parameters
    ----------
    theta0, omega, K, dt, n_steps
        As for `kuramoto_euler`.

    Returns
    -------
    times : ndarray of float64, shape (n_steps + 1,)
        ``times[k] = k * dt`` in s.
    R : ndarray of float64, shape (n_steps + 1,)
        Order parameter after k steps, dimensionless.

    Raises
    ------
    ValueError, TypeError
        As for `kuramoto_euler`.

    Examples
    --------
    >>> times, R = kuramoto_trajectory([0.0, 0.0], [1.0, 1.0], [[0.0, 1.0], [1.0, 0.0]], 0.25, 2)
    >>> times, R
    (array([0.  , 0.25, 0.5 ]), array([1., 1., 1.]))
    """
    theta, frequencies, coupling, step, count = _checked(theta0, omega, K, dt, n_steps)
    coherence: Vector = np.empty(count + 1)
    for k in range(count + 1):
        coherence[k] = math.hypot(np.cos(theta).sum(), np.sin(theta).sum()) / len(theta)
        theta = theta + step * (frequencies + _force(theta, coupling))
    return np.arange(count + 1) * step, coherence


@kernel(size="len(theta0) ** 2 * n_steps", tolerance=PHASE_TOLERANCE, cases=_network_cases)
def kuramoto_rk4(theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int) -> Vector:
    r"""Return the phases after `n_steps` classical fourth-order Runge-Kutta steps of the Kuramoto network.

    .. math:: \dot\theta_i = \omega_i + \sum_j K_{ij} \sin(\theta_j - \theta_i)

    Parameters
    ----------
    theta0, omega, K, dt, n_steps
        As for `kuramoto_euler`.

    Returns
    -------
    ndarray of float64, shape (n,)
        Phases in rad, not wrapped.

    Raises
    ------
    ValueError, TypeError
        As for `kuramoto_euler`.

    Examples
    --------
    >>> kuramoto_rk4([0.0, 1.0], [1.0, 2.0], [[0.0, 0.0], [0.0, 0.0]], 0.5, 2)
    array([1., 3.])
    """
    theta, frequencies, coupling, step, count = _checked(theta0, omega, K, dt, n_steps)
    for _ in range(count):
        k1 = frequencies + _force(theta, coupling)
        k2 = frequencies + _force(theta + 0.5 * step * k1, coupling)
        k3 = frequencies + _force(theta + 0.5 * step * k2, coupling)
        k4 = frequencies + _force(theta + step * k3, coupling)
        theta = theta + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return theta.copy() if count == 0 else theta  # type: ignore[no-any-return]
