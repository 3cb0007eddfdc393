"""The family `faraday`: energy recovered by induction when a plasma expands against a magnetic field."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytier.arrays import finite_answer, float_vector, positive, real
from polytier.errors import bad_value, not_finite
from polytier.kernels.cases import (
    around,
    number_inputs,
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

    from polytier.kernels.cases import Arguments, Inputs

    Vector = NDArray[np.float64]

_UNIT = 2.0**-53  # half the distance from 1 to the next number
_LEAST = 2  # samples, for one interval


class FaradayRecovery(NamedTuple):
    """What `faraday_recovery` returns.

    Attributes
    ----------
    flux : ndarray of float64, shape (n,)
        Magnetic flux through the plasma's cross-section, in Wb.
    flux_rate : ndarray of float64, shape (n,)
        Its rate of change, in Wb/s.
    back_emf : ndarray of float64, shape (n,)
        Electromotive force of the coil, in V.
    power : ndarray of float64, shape (n,)
        Power in the load, in W.
    energy : float
        Integral of the power over the time by the trapezoidal rule, in J.
    peak_back_emf : float
        Largest magnitude of the electromotive force, in V.
    peak_power : float
        Largest power, in W.
    """

    flux: NDArray[np.float64]
    flux_rate: NDArray[np.float64]
    back_emf: NDArray[np.float64]
    power: NDArray[np.float64]
    energy: float
    peak_back_emf: float
    peak_power: float


def _waveform(n: int) -> Arguments:
    """Return the benchmark's expansion: 8 us at 320 m/s inwards, the field rising by 2.5e5 T/s."""
    t = np.linspace(0.0, 8e-6, n)
    return t, 0.22 - 320.0 * t, np.full(n, -320.0), 4.0 + 2.5e5 * t, np.full(n, 2.5e5), 64.0, 4.0, 0.9


def _drawn(n: int) -> Arguments:
    draw = np.random.default_rng(n)
    time = np.cumsum(draw.uniform(1e-9, 1e-6, n)) - 1e-3
    return (
        time,
        draw.uniform(0.0, 1.0, n),
        draw.normal(0.0, 300.0, n),
        draw.normal(0.0, 5.0, n),
        draw.normal(0.0, 1e5, n),
        17.5,
        0.3,
        0.7,
    )


def _with(**changes: Any) -> Arguments:
    """Return a short waveform, with changes."""
    names = ("time", "radius", "radial_velocity", "field", "field_rate", "turns", "load_resistance")
    return tuple((dict(zip((*names, "coupling_efficiency"), _drawn(6), strict=True)) | changes).values())


def _ones(value: float) -> Vector:
    return np.full(6, value)


def _recovery_cases() -> Iterator[Case]:
    for n in (2, 64, 4096, 100_000, 1_000_000):
        yield timed(f"n={n}", lambda n=n: _waveform(n))  # type: ignore[misc]
    yield Case("odd length", lambda: _drawn(4099))
    yield Case("default efficiency", lambda: _waveform(5)[:7])
    yield Case("no efficiency", lambda: _with(coupling_efficiency=0.0))
    yield Case("no efficiency, where the square overflows", lambda: _with(field=_ones(1e200), coupling_efficiency=0.0))
    yield Case("the association of the power", lambda: _square(1e200, 1e-300))
    yield Case("subnormal field", lambda: _with(field=_ones(5e-324), field_rate=_ones(-5e-324)))
    yield Case("no radius", lambda: _with(radius=_ones(0.0)))
    yield Case("radius -0.0", lambda: _with(radius=_ones(-0.0)))
    yield Case("equal times but for the last bit", lambda: _with(time=1.0 + 2.0**-52 * np.arange(6)))
    yield from _refused_recoveries()
    names = ("time", "radius", "radial_velocity", "field", "field_rate")
    for place, name in enumerate(names):
        yield from around(place, name, lambda: _drawn(9), lambda p=place: _samples(_drawn(9)[p], p))  # type: ignore[misc]
    for place, name in ((5, "turns"), (6, "load_resistance")):
        yield from around(place, name, lambda: _drawn(9), positive_inputs)
    yield from around(7, "coupling_efficiency", lambda: _drawn(9), lambda: number_inputs(-1e-300, 1.0000000000000002))


def _square(emf: float, efficiency: float) -> Arguments:
    """Return a waveform whose electromotive force is about this large, though its square overflows."""
    zero = np.zeros(3)
    rate = np.array([emf, -emf, emf / 2]) / math.pi
    return np.arange(3.0), zero + 1.0, zero, zero, rate, 1.0, 2.0, efficiency


def _refused_recoveries() -> Iterator[Case]:
    yield refused("one sample", lambda: (*(part[:1] for part in _drawn(6)[:5]), 1.0, 1.0), ValueError)
    yield refused("equal times", lambda: _with(time=np.array([0.0, 1.0, 1.0, 2.0, 3.0, 4.0])), ValueError)
    yield refused("falling times", lambda: _with(time=np.array([0.0, 1.0, 2.0, 3.0, 4.0, 3.5])), ValueError)
    yield refused("falling times in a long array", lambda: _fallen(5000), ValueError)
    yield refused("negative radius", lambda: _with(radius=np.array([1.0, 1.0, 1.0, 1.0, 1.0, -5e-324])), ValueError)
    for name in ("radius", "radial_velocity", "field", "field_rate"):
        yield refused(f"{name} too short", lambda name=name: _with(**{name: np.ones(5)}), ValueError)  # type: ignore[misc]
    yield refused("flux overflows", lambda: _with(radius=_ones(1e200)), ValueError)
    yield refused("flux_rate overflows", lambda: _with(field_rate=_ones(1e308), radius=_ones(10.0)), ValueError)
    yield refused("flux_rate is no number", _unlike_infinities, ValueError)
    yield refused("back_emf overflows", lambda: _with(turns=1e308, field_rate=_ones(1e5)), ValueError)
    yield refused("power overflows", lambda: _square(1e200, 1.0), ValueError)
    yield refused("energy overflows", lambda: (*_square(1e154, 1.0)[:6], 1.0, 1.0), ValueError)
    yield refused("the time step overflows", lambda: _with(time=np.array([-1e308, 1e308, 1.1e308, *_HUGE])), ValueError)


_HUGE = (1.2e308, 1.3e308, 1.4e308)


def _unlike_infinities() -> Arguments:
    return _with(radius=_ones(1e100), field=_ones(1e-100), field_rate=_ones(1e200), radial_velocity=_ones(-1e308))


def _fallen(n: int) -> Arguments:
    time, *rest = _waveform(n)
    time[[-2, -1]] = time[[-1, -2]]
    return (time, *rest)


def _samples(good: Vector, place: int) -> Inputs:
    # Reversed and rounded times do not increase; reversed and rounded radii are fine.
    wrong = {"integers", "reversed view"} if place == 0 else set()
    return ((label, value, ValueError if label in wrong else raises) for label, value, raises in vector_inputs(good))


def _emf_cases() -> Iterator[Case]:
    good = (0.2, -320.0, 4.5, 2.5e5, 64.0)
    yield timed("one sample", lambda: good)
    yield Case("no radius", lambda: (0.0, *good[1:]))
    yield Case("subnormal", lambda: (1e-160, 1.0, 1e-5, 1e-4, 1e-300))
    yield refused("overflow", lambda: (1e200, *good[1:]), ValueError)
    yield refused("infinity less infinity", lambda: (1e200, -1e200, 1.0, 1.0, 1.0), ValueError)
    refusals: dict[str, tuple[float, ...]] = {"radius": (-5e-324, -1.0)}
    for place, name in enumerate(("radius", "radial_velocity", "field", "field_rate")):
        inputs = number_inputs
        yield from around(place, name, lambda: good, lambda f=inputs, n=name: f(*refusals.get(n, ())))  # type: ignore[misc]
    yield from around(4, "turns", lambda: good, positive_inputs)


def _rate_terms(_time: Any, radius: Any, velocity: Any, field: Any, field_rate: Any, *_: Any, **__: Any) -> Any:
    """Return the magnitudes of the two terms of the flux rate, added."""
    r, dr, b, db = (np.asarray(part, np.float64) for part in (radius, velocity, field, field_rate))
    return np.pi * (np.abs(r * r * db) + np.abs(2.0 * r * dr * b))


def _emf_terms(*arguments: Any, **keywords: Any) -> Any:
    """Return the magnitudes of the two terms of the electromotive force, added."""
    turns = arguments[5] if len(arguments) > 5 else keywords["turns"]  # noqa: PLR2004 - its place
    return turns * _rate_terms(*arguments, **keywords)


def _scalar_terms(*arguments: Any, **_: Any) -> Any:
    """Return the magnitudes of the two terms of the electromotive force, added."""
    return float(arguments[4]) * _rate_terms(None, *arguments[:4])


RECOVERY_TOLERANCE = {
    "flux": Tolerance.bit_exact(),
    "flux_rate": Tolerance.scaled(8 * _UNIT, _rate_terms),
    "back_emf": Tolerance.scaled(8 * _UNIT, _emf_terms),
    "power": Tolerance(rtol=1e-12),
    "energy": Tolerance(rtol=1e-12),
    "peak_back_emf": Tolerance(rtol=1e-12),
    "peak_power": Tolerance(rtol=1e-12),
}
"""Without fused products flux_rate and back_emf are equal to the bit; sums of the energy differ by 6e-15."""


@kernel(size="len(time)", tolerance=RECOVERY_TOLERANCE, cases=_recovery_cases)
def faraday_recovery(  # noqa: PLR0913, PLR0917 - the quantities of the experiment
    time: ArrayLike,
    radius: ArrayLike,
    radial_velocity: ArrayLike,
    field: ArrayLike,
    field_rate: ArrayLike,
    turns: float,
    load_resistance: float,
    coupling_efficiency: float = 1.0,
) -> FaradayRecovery:
    r"""Return what a coil around a conducting column recovers while the column moves in a changing field.

    .. math::

       \Phi = \pi r^2 B, \quad
       \dot\Phi = \pi (r^2 \dot B + 2 r \dot r B), \quad
       U = -N \dot\Phi, \quad
       P = \eta U^2 / R, \quad
       E = \int P \, dt

    The products are taken from left to right: ``((pi r) r) B``, ``((eta U) U) / R``; where eta is 0 so is the power.

    Parameters
    ----------
    time : array_like of float, shape (n,)
        Times in s, n >= 2, strictly increasing.
    radius : array_like of float, shape (n,)
        Radius r of the column in m, >= 0.
    radial_velocity : array_like of float, shape (n,)
        Its rate of change in m/s.
    field : array_like of float, shape (n,)
        Axial magnetic field B in T.
    field_rate : array_like of float, shape (n,)
        Its rate of change in T/s.
    turns : float
        Turns N of the coil, > 0.
    load_resistance : float
        Resistance R of the load in ohm, > 0.
    coupling_efficiency : float
        Part eta of the power that reaches the load, from 0 to 1.

    Returns
    -------
    FaradayRecovery
        Flux, its rate, electromotive force and power at every time, the energy, and the two peaks.

    Raises
    ------
    ValueError
        If an argument is of the wrong shape, not finite, or out of its range, if times do not increase,
        or if the flux, its rate, the electromotive force, the power or the energy is beyond float64.
    TypeError
        If an argument cannot become float64.

    References
    ----------
    J. D. Jackson, *Classical Electrodynamics*, 3rd ed., Wiley, 1998, chapter 5.

    Examples
    --------
    >>> found = faraday_recovery([0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [0.0, 2.0], [2.0, 2.0], 3.0, 1.0)
    >>> round(found.peak_back_emf, 6), round(found.energy, 6)
    (18.849556, 355.305758)
    """
    times = float_vector(time, "time")
    if len(times) < _LEAST:
        raise bad_value("time", f"a vector of at least {_LEAST} samples", f"{len(times)} element")
    others = {"radial_velocity": radial_velocity, "field": field, "field_rate": field_rate}
    r = _radii(float_vector(radius, "radius", length=len(times)))
    dr, b, db = (float_vector(value, name, length=len(times)) for name, value in others.items())
    coil, load = positive(turns, "turns"), positive(load_resistance, "load_resistance")
    efficiency = real(coupling_efficiency, "coupling_efficiency", minimum=0.0, maximum=1.0)
    with np.errstate(all="ignore"):  # what overflows is told below, by its name
        steps = _steps(times)
        flux = finite_answer(np.pi * r * r * b, "flux")
        rate = finite_answer(_flux_rate(r, dr, b, db), "flux_rate")
        emf = finite_answer(-coil * rate, "back_emf")
        power = finite_answer(efficiency * emf * emf / load if efficiency else np.zeros_like(emf), "power")
        energy = finite_answer((0.5 * (power[:-1] + power[1:]) * steps).sum(), "energy")
    return FaradayRecovery(flux, rate, emf, power, float(energy), float(np.abs(emf).max()), float(power.max()))


@kernel(size="1", tolerance=Tolerance.scaled(8 * _UNIT, _scalar_terms), cases=_emf_cases)
def faraday_back_emf(radius: float, radial_velocity: float, field: float, field_rate: float, turns: float) -> float:
    r"""Return the electromotive force of `faraday_recovery` at one moment.

    .. math:: U = -N \pi (r^2 \dot B + 2 r \dot r B)

    Parameters
    ----------
    radius : float
        Radius r in m, >= 0.
    radial_velocity : float
        Its rate of change in m/s.
    field : float
        Axial magnetic field B in T.
    field_rate : float
        Its rate of change in T/s.
    turns : float
        Turns N of the coil, > 0.

    Returns
    -------
    float
        Electromotive force in V.

    Raises
    ------
    ValueError
        If an argument is not finite or out of its range, or if the answer is beyond float64.
    TypeError
        If an argument cannot become a float.

    References
    ----------
    J. D. Jackson, *Classical Electrodynamics*, 3rd ed., Wiley, 1998, chapter 5.

    Examples
    --------
    >>> round(faraday_back_emf(0.5, -100.0, 2.0, 1e4, 10.0), 6)
    -72256.631033
    """
    r = real(radius, "radius", minimum=0.0)
    dr, b, db = real(radial_velocity, "radial_velocity"), real(field, "field"), real(field_rate, "field_rate")
    coil = positive(turns, "turns")
    emf: float = -coil * _flux_rate(r, dr, b, db)
    if not math.isfinite(emf):
        raise not_finite("back_emf", repr(emf))
    return emf


def _flux_rate(r: Any, dr: Any, b: Any, db: Any) -> Any:
    return math.pi * (r * r * db + 2.0 * r * dr * b)


def _radii(r: Vector) -> Vector:
    if (r < 0.0).any():
        place = int(np.argmax(r < 0.0))
        raise bad_value("radius", "non-negative", f"{r[place]} at index {place}")
    return r


def _steps(times: Vector) -> Vector:
    steps: Vector = np.diff(times)
    if not (steps > 0.0).all():
        place = int(np.argmin(steps > 0.0)) + 1
        raise bad_value("time", "strictly increasing", f"{times[place]} after {times[place - 1]} at index {place}")
    return steps
