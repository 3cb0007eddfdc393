"""The family `doppler`: phase oscillators that move along an axis, coupled by distance and pushed by relative velocity.

Phases are in rad, positions in m, velocities in m/s; omega and coupling are in rad/s.
`coupling[i, j]` is the pull of oscillator j on i at distance 0; its diagonal is unused.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytier.arrays import (
    finite_answer,
    float_matrix,
    float_vector,
    integer,
    new_array,
    positive,
    real,
    require_memory,
)
from polytier.kernels.cases import (
    around,
    around_option,
    count_inputs,
    matrix_inputs,
    number_inputs,
    positive_inputs,
    refused,
    vector_inputs,
)
from polytier.kernels.declaration import Case, kernel
from polytier.kernels.tolerance import Tolerance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import ArrayLike, NDArray

    from polytier.kernels.cases import Arguments

    Vector = NDArray[np.float64]

BEAM: dict[str, Any] = {"phase_lag": 0.05, "doppler_strength": 2e6, "velocity_epsilon": 1.0, "distance_scale": 1.0}
"""Options of the benchmark's three beams."""

_BEAMS = 3
_FULL_TURN = 2.0 * math.pi


class DopplerTrace(NamedTuple):
    """What `doppler_kuramoto_trace` returns.

    Attributes
    ----------
    time : ndarray of float64, shape (n_steps + 1,)
        Times in s.
    phases : ndarray of float64, shape (n_steps + 1, n)
        Phases in rad; row 0 as given, the others wrapped to [-pi, pi).
    positions : ndarray of float64, shape (n_steps + 1, n)
        Positions in m.
    order_parameter : ndarray of float64, shape (n_steps + 1,)
        Coherence of the phases, dimensionless, from 0 to 1.
    lock_error : ndarray of float64, shape (n_steps + 1,)
        Largest distance between two phases on the circle, in rad.
    """

    time: NDArray[np.float64]
    phases: NDArray[np.float64]
    positions: NDArray[np.float64]
    order_parameter: NDArray[np.float64]
    lock_error: NDArray[np.float64]


class _Model(NamedTuple):
    """The checked arguments, but for what changes with time."""

    velocities: Vector
    omega: Vector
    coupling: Vector
    omega_rate: Vector
    phase_lag: float
    doppler_strength: float
    velocity_epsilon: float
    distance_scale: float


def _beams(_: int = 3) -> Arguments:
    """Return the benchmark's three beams."""
    coupling = np.array([[0.0, 25e6, 4e6], [25e6, 0.0, 3.5e6], [5e6, 4.5e6, 0.0]])
    phases, positions = np.array([0.0, 0.25, -0.1]), np.array([-0.03, 0.03, 0.12])
    return phases, positions, np.array([3e5, -3e5, 0.0]), np.array([-4e6, 4e6, 0.2e6]), coupling


def _pair() -> Arguments:
    """Return the two oscillators whose derivatives have a closed form."""
    coupling = np.array([[0.0, 3.0], [5.0, 0.0]])
    return np.array([0.2, 0.7]), np.array([0.0, 2.0]), np.array([100.0, -50.0]), np.array([1.0, -1.0]), coupling


def _drawn(n: int) -> Arguments:
    """Return `n` oscillators whose couplings synchronise."""
    draw = np.random.default_rng(n)
    phases, positions = draw.uniform(-3.0, 3.0, n), draw.normal(0.0, 0.5, n)
    return phases, positions, draw.normal(0.0, 2e5, n), draw.normal(0.0, 1e6, n), draw.uniform(0.0, 5e7 / n, (n, n))


def _force_cases() -> Iterator[Case]:
    for n in (1, 2, 3, 8, 64, 200, 512):
        rates = {} if n == _BEAMS else {"omega_rate": np.linspace(-1e9, 1e9, n), "time": 1e-6}
        yield Case(f"n={n}", partial(_beams if n == _BEAMS else _drawn, n), BEAM | rates, timed=True, seed=n)
    options = {"phase_lag": 0.1, "doppler_strength": 0.2, "velocity_epsilon": 10.0, "distance_scale": 2.0}
    yield Case("two, with all terms", _pair, options)
    yield Case("no coupling, to the bit", lambda: (*_drawn(13)[:4], np.zeros((13, 13))), BEAM)
    yield Case("huge phases", lambda: (np.array([1e22, -3e15, 0.5]), *_beams()[1:]), BEAM)
    yield Case("a huge lag", lambda: _drawn(9), BEAM | {"phase_lag": 2.0**63})
    yield Case("subnormal phases", lambda: (np.array([5e-324, -5e-324, -0.0]), *_beams()[1:]))
    yield Case("at rest in one place", lambda: (_drawn(5)[0], np.ones(5), np.zeros(5), *_drawn(5)[3:]), BEAM)
    yield Case("distances beyond float64", lambda: (*_pair()[:1], np.array([-1e308, 1e308]), *_pair()[2:]))
    yield Case("forces that cancel", lambda: _cancelling(40))
    yield from _refused_forces()
    yield from _awkward(_pair)


def _cancelling(n: int) -> Arguments:
    phases, positions, velocities, omega, _ = _drawn(n)
    return phases, positions * 0.0, velocities, omega * 1e-6, np.full((n, n), 1e9)


def _refused_forces() -> Iterator[Case]:
    fast = (*_pair()[:2], np.array([1e308, -1e308]), *_pair()[3:])
    yield refused("the relative velocity overflows", lambda: fast, ValueError)
    huge = {"omega_rate": [1e308, 0.0], "time": 1e10}
    yield Case("the frequency overflows", _pair, huge, raises=ValueError)
    yield refused("the force overflows", lambda: (*_drawn(9)[:4], np.full((9, 9), 1.7e308)), ValueError)


def _awkward(good: Any, *more: Any) -> Iterator[Case]:
    """Yield the awkward forms of the arguments that both kernels share; `more` follows the first five."""
    for place, name in enumerate(("phases", "positions", "velocities", "omega")):

        def inputs(place: int = place) -> Any:
            return vector_inputs(good()[place])

        yield from around(place, name, lambda: (*good(), *more), inputs)
    yield from around(4, "coupling", lambda: (*good(), *more), lambda: matrix_inputs(good()[4]))
    for name, refusals in {"phase_lag": (), "doppler_strength": (), "time": (-5e-324, -1.0)}.items():
        values: Any = refusals
        yield from around_option(name, lambda: (*good(), *more), lambda v=values: number_inputs(*v))  # type: ignore[misc]
    for name in ("velocity_epsilon", "distance_scale"):
        yield from around_option(name, lambda: (*good(), *more), positive_inputs)
    for label, rate, raises in (
        ("list", [3.0, -1.0], None),
        ("float32", np.array([3.0, -1.0], np.float32), None),
        ("None", None, None),
        ("too long", [1.0, 2.0, 3.0], ValueError),
        ("NaN", [1.0, math.nan], ValueError),
        ("text", "ab", TypeError),
    ):
        yield Case(f"omega_rate: {label}", lambda: (*good(), *more), {"omega_rate": rate, "time": 0.25}, raises)


def _trace_cases() -> Iterator[Case]:
    drift = (np.array([0.4]), np.array([0.0]), np.array([1.0]), np.array([1200.0]), np.zeros((1, 1)), 1e-6, 1000)
    yield Case("n=1, 1000 steps", lambda: drift, {"omega_rate": np.array([-2e4])}, timed=True)
    yield Case("n=3, 120 steps", lambda: (*_beams(), 1e-9, 120), BEAM, timed=True, seed=3)
    yield Case("n=64, 120 steps", lambda: (*_drawn(64), 1e-9, 120), BEAM, timed=True, seed=64)
    for n in (2, 5, 9, 16, 33):
        yield Case(f"n={n}", lambda n=n: (*_drawn(n), 1e-9, 50), BEAM | {"time": 1e-3})  # type: ignore[misc]
    yield Case("rates", lambda: (*_drawn(6), 2e-9, 40), {"omega_rate": np.linspace(-1e13, 1e13, 6), "time": 2e-8})
    yield Case("no steps", lambda: (*_beams(), 1e-9, 0), BEAM)
    yield Case("phases beyond a turn", lambda: (np.array([7.0, -20.0, 90.0]), *_beams()[1:], 1e-9, 3), BEAM)
    yield Case("huge phases", lambda: (np.array([1e15, -3e15, 0.5]), *_beams()[1:], 1e-9, 3), BEAM)
    for lag in (1e10, -1e12, 2.0**63):
        yield Case(f"a lag of {lag:g}", lambda: (*_drawn(9), 1e-9, 3), BEAM | {"phase_lag": lag})
    yield Case("one that turns fast", lambda: (*_drawn(1)[:3], np.array([1e7]), np.zeros((1, 1)), 1e-2, 3))
    yield Case("opposite phases", lambda: (np.array([0.0, math.pi]), *_pair()[1:], 1e-3, 2))
    steps = ((1, 10.0), (1, 1e308))
    for count, speed in steps:
        fast = (*_pair()[:2], np.array([speed, speed]), *_pair()[3:])
        raises = ValueError if speed > 1e300 else None  # noqa: PLR2004
        yield Case(f"{speed:g} m/s for 100 s", lambda f=fast, c=count: (*f, 100.0, c), raises=raises)  # type: ignore[misc]
    yield Case(
        "the frequency overflows", lambda: (*_pair(), 1e-3, 3), {"omega_rate": [1e308, 0.0], "time": 1e10}, ValueError
    )
    yield Case("the time overflows", lambda: (*_pair(), 1e308, 2), {"time": 1e308}, ValueError)
    yield refused("steps beyond memory", lambda: (*_pair(), 1e-3, 2**48), MemoryError)
    yield refused("steps beyond addresses", lambda: (*_pair(), 1e-3, 2**70), MemoryError)
    yield from around(5, "dt", lambda: (*_pair(), 1e-3, 3), positive_inputs)
    yield from around(6, "n_steps", lambda: (*_pair(), 1e-3, 3), lambda: count_inputs(0))
    yield from _awkward(_pair, 1e-3, 3)


def _force_scale(  # noqa: PLR0913 - the kernel's own arguments
    phases: ArrayLike,
    positions: ArrayLike,
    velocities: ArrayLike,
    omega: ArrayLike,
    coupling: ArrayLike,
    *,
    omega_rate: ArrayLike | None = None,
    time: float = 0.0,
    **options: float,
) -> Any:
    """Return the magnitudes of all terms of each derivative, added; 0 where the coupling is."""
    matrix = np.asarray(coupling, np.float64)
    if not matrix.any():
        return 0.0
    model, _, z = _checked(phases, positions, velocities, omega, matrix, {"omega_rate": omega_rate, **options})
    with np.errstate(all="ignore"):
        pulls, pushes = _weights(model, z), _pushes(model)
        np.fill_diagonal(pulls, 0.0)
        return np.abs(model.omega) + time * np.abs(model.omega_rate) + np.abs(pulls).sum(1) + np.abs(pushes).sum(1)


FORCE_TOLERANCE = Tolerance.scaled(1e-12, _force_scale)
"""Terms may cancel, so the allowance is a part of their magnitudes; without coupling the numbers are equal."""

TRACE_TOLERANCE = {
    "time": Tolerance(atol=0.0, rtol=1e-12),
    "phases": Tolerance.circular(1e-9),
    "positions": Tolerance(atol=1e-12, rtol=1e-12),
    "order_parameter": Tolerance(atol=1e-12, rtol=1e-12),
    "lock_error": Tolerance(atol=1e-12, rtol=1e-12),
}


@kernel(size="len(phases)", tolerance=FORCE_TOLERANCE, cases=_force_cases)
def doppler_kuramoto(  # noqa: PLR0913 - the quantities of the model
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
    r"""Return the phase velocities of oscillators that move along an axis.

    .. math::

       \dot\theta_i = \omega_i + t r_i + \sum_{j \ne i} \left(
           \frac{K_{ij}}{1 + |z_i - z_j| / L} \sin(\theta_j - \theta_i - \alpha)
           + g \frac{v_i - v_j}{\frac{1}{2} (|v_i| + |v_j|) + \epsilon} \right)

    The sum runs over j in ascending order, the pull before the push, one rounding after each operation.

    Parameters
    ----------
    phases : array_like of float, shape (n,)
        Phases theta in rad, n >= 1, finite.
    positions : array_like of float, shape (n,)
        Positions z in m, finite.
    velocities : array_like of float, shape (n,)
        Velocities v in m/s, finite.
    omega : array_like of float, shape (n,)
        Natural frequencies in rad/s, finite.
    coupling : array_like of float, shape (n, n)
        Couplings K in rad/s, finite; `coupling[i, j]` is the pull of j on i, the diagonal is unused.
    phase_lag : float
        Lag alpha in rad, finite.
    doppler_strength : float
        Push g of a relative velocity, in rad/s, finite.
    velocity_epsilon : float
        Speed epsilon in m/s below which the push fades, > 0.
    distance_scale : float
        Distance L in m at which a pull has halved, > 0.
    omega_rate : array_like of float, shape (n,), optional
        Rates r of the natural frequencies in rad/s^2, finite; by default zeros.
    time : float
        Time t in s, >= 0.

    Returns
    -------
    ndarray of float64, shape (n,)
        Phase velocities in rad/s.

    Raises
    ------
    ValueError
        If an argument is empty, of the wrong shape, not finite, or out of its range, or if a result is not finite.
    TypeError
        If an argument cannot become float64.

    References
    ----------
    H. Sakaguchi and Y. Kuramoto, Prog. Theor. Phys. 76 (1986) 576-581.

    Examples
    --------
    >>> doppler_kuramoto([0.0, 0.0], [0.0, 0.0], [3.0, 1.0], [5.0, 5.0], [[0.0, 1.0], [1.0, 0.0]],
    ...                  doppler_strength=2.0, velocity_epsilon=2.0)
    array([6., 4.])
    """
    options = (phase_lag, doppler_strength, velocity_epsilon, distance_scale, omega_rate)
    named = dict(zip(_OPTIONS, options, strict=True))
    model, theta, z = _checked(phases, positions, velocities, omega, coupling, named)
    t = real(time, "time", minimum=0.0)
    with np.errstate(all="ignore"):  # what overflows is told below
        return finite_answer(_velocity(model, theta, z, t), "the derivative")


@kernel(size="len(phases) ** 2 * n_steps", tolerance=TRACE_TOLERANCE, cases=_trace_cases)
def doppler_kuramoto_trace(  # noqa: PLR0913, PLR0917 - the quantities of the model
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
    """Return the path of `doppler_kuramoto` by the classical fourth-order Runge-Kutta method, at constant velocities.

    Phases are wrapped to [-pi, pi) after every step; positions and times are running sums.

    Parameters
    ----------
    phases, positions, velocities, omega, coupling
        As for `doppler_kuramoto`, at the start.
    dt : float
        Time step in s, finite and > 0.
    n_steps : int
        Number of steps, >= 0; 0 returns the start alone.
    phase_lag, doppler_strength, velocity_epsilon, distance_scale, omega_rate
        As for `doppler_kuramoto`.
    time : float
        Time of the start in s, >= 0.

    Returns
    -------
    DopplerTrace
        Times, phases, positions, order parameter and lock error at the start and after every step.

    Raises
    ------
    ValueError, TypeError
        As for `doppler_kuramoto`.
    MemoryError
        If there is no room for the answer.

    Notes
    -----
    The tolerance holds where the oscillators lock or drift; chaotic runs agree in no two implementations.

    References
    ----------
    H. Sakaguchi and Y. Kuramoto, Prog. Theor. Phys. 76 (1986) 576-581.

    Examples
    --------
    >>> trace = doppler_kuramoto_trace([0.0], [1.0], [2.0], [1.0], [[0.0]], 0.5, 2)
    >>> trace.phases.ravel(), trace.positions.ravel()
    (array([0. , 0.5, 1. ]), array([1., 2., 3.]))
    """
    options = (phase_lag, doppler_strength, velocity_epsilon, distance_scale, omega_rate)
    named = dict(zip(_OPTIONS, options, strict=True))
    model, theta, z = _checked(phases, positions, velocities, omega, coupling, named)
    h, count = positive(dt, "dt"), integer(n_steps, "n_steps", minimum=0)
    rows, n = count + 1, len(theta)
    require_memory("the answer", (rows, 2 * n + 3), np.float64)  # of all parts together
    trace = DopplerTrace(new_array(rows), new_array(rows, n), new_array(rows, n), new_array(rows), new_array(rows))
    trace.time[0], trace.phases[0], trace.positions[0] = real(time, "time", minimum=0.0), theta, z
    with np.errstate(all="ignore"):  # what overflows is told below
        _integrate(model, trace, h)
        for k in range(rows):
            trace.order_parameter[k] = _coherence(trace.phases[k])
            trace.lock_error[k] = np.abs(_wrapped(trace.phases[k] - trace.phases[k][:, None])).max()
    for name, part in trace._asdict().items():
        finite_answer(part, name)
    return trace


_OPTIONS = ("phase_lag", "doppler_strength", "velocity_epsilon", "distance_scale", "omega_rate")


def _checked(  # noqa: PLR0913, PLR0917 - the arguments of a kernel
    phases: ArrayLike,
    positions: ArrayLike,
    velocities: ArrayLike,
    omega: ArrayLike,
    coupling: ArrayLike,
    options: Mapping[str, Any],
) -> tuple[_Model, Vector, Vector]:
    """Return the model, the phases and the positions."""
    theta = float_vector(phases, "phases")
    n = len(theta)
    z, v = float_vector(positions, "positions", length=n), float_vector(velocities, "velocities", length=n)
    frequencies = float_vector(omega, "omega", length=n)
    matrix = float_matrix(coupling, "coupling", shape=(n, n))
    rate = options.get("omega_rate")
    rates = np.zeros(n) if rate is None else float_vector(rate, "omega_rate", length=n)
    numbers = (
        real(options.get("phase_lag", 0.0), "phase_lag"),
        real(options.get("doppler_strength", 0.0), "doppler_strength"),
        positive(options.get("velocity_epsilon", 1e-9), "velocity_epsilon"),
        positive(options.get("distance_scale", 1.0), "distance_scale"),
    )
    return _Model(v, frequencies, matrix, rates, *numbers), theta, z


def _weights(model: _Model, z: Vector) -> Vector:
    """Return the pulls at these positions, before the sines."""
    weights: Vector = model.coupling / (1.0 + np.abs(z[:, None] - z) / model.distance_scale)
    return weights


def _pushes(model: _Model) -> Vector:
    v, speed = model.velocities, np.abs(model.velocities)
    pushes: Vector = model.doppler_strength * (
        (v[:, None] - v) / (0.5 * (speed[:, None] + speed) + model.velocity_epsilon)
    )
    return pushes


def _velocity(model: _Model, theta: Vector, z: Vector, t: float) -> Vector:
    # All terms of a row side by side, in the order in which the definition adds them.
    terms = np.empty((len(theta), 2 * len(theta) + 1))
    terms[:, 0] = model.omega + t * model.omega_rate
    pulls, pushes = terms[:, 1::2], terms[:, 2::2]
    pulls[...] = _weights(model, z) * np.sin((theta - theta[:, None]) - model.phase_lag)
    pushes[...] = _pushes(model)
    np.fill_diagonal(pulls, 0.0)
    np.fill_diagonal(pushes, 0.0)
    # A cumulative sum adds from left to right; sum() would not.
    return np.add.accumulate(terms, axis=1)[:, -1].copy()


def _integrate(model: _Model, trace: DopplerTrace, h: float) -> None:
    drift = h * model.velocities
    for k in range(len(trace.time) - 1):
        theta, z, t = trace.phases[k], trace.positions[k], float(trace.time[k])
        halfway = z + (0.5 * h) * model.velocities
        k1 = _velocity(model, theta, z, t)
        k2 = _velocity(model, theta + (0.5 * h) * k1, halfway, t + 0.5 * h)
        k3 = _velocity(model, theta + (0.5 * h) * k2, halfway, t + 0.5 * h)
        k4 = _velocity(model, theta + h * k3, z + drift, t + h)
        trace.phases[k + 1] = _wrapped(theta + (h / 6.0) * (((k1 + 2.0 * k2) + 2.0 * k3) + k4))
        trace.positions[k + 1] = z + drift
        trace.time[k + 1] = t + h


def _wrapped(angles: Any) -> Any:
    return np.mod(angles + math.pi, _FULL_TURN) - math.pi


def _coherence(theta: Vector) -> float:
    return math.hypot(np.cos(theta).sum(), np.sin(theta).sum()) / len(theta)
