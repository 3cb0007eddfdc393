"""The family `faraday`: adapters with the floors' signatures, around the functions compiled by Julia."""

# Language policy: exempt, it adapts: it checks arguments and makes room for answers, and Julia computes.

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays import finite_answer, float_vector, positive, real
from polytier.errors import bad_value, not_finite
from polytier_julia.answers import fresh, of_class
from polytier_julia.dtypes import FLOAT64, plain
from polytier_julia.runtime import GOOD, UNSUITABLE, kernels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]
    FaradayRecovery = Any  # polytier's class: a tier imports nothing of it but the checks

_LEAST = 2  # samples, for one interval
_WAVEFORMS = ("flux", "flux_rate", "back_emf", "power")


def faraday_recovery(  # noqa: PLR0913, PLR0917 - the floor's signature
    time: ArrayLike,
    radius: ArrayLike,
    radial_velocity: ArrayLike,
    field: ArrayLike,
    field_rate: ArrayLike,
    turns: float,
    load_resistance: float,
    coupling_efficiency: float = 1.0,
) -> FaradayRecovery:
    """Return what a coil around a conducting column recovers while the column moves in a changing field."""
    arrays = (time, radius, radial_velocity, field, field_rate)
    numbers = (turns, load_resistance, coupling_efficiency)
    if type(time) is np.ndarray:
        try:
            status, answer = _recovered(arrays, numbers)
        except (TypeError, ValueError, OverflowError):  # a number is none; the checks below say which
            status = UNSUITABLE
        if status == GOOD:
            return answer
    arrays, numbers = _checked(arrays, numbers)
    status, answer = _recovered(arrays, numbers)
    if status != GOOD:
        raise _unsound(arrays, answer)
    return answer


def faraday_back_emf(radius: float, radial_velocity: float, field: float, field_rate: float, turns: float) -> float:
    """Return the electromotive force of `faraday_recovery` at one moment."""
    try:
        emf = kernels.faraday_back_emf(radius, radial_velocity, field, field_rate, turns)
    except (TypeError, ValueError, OverflowError):  # an argument is no number; the checks below say which
        emf = np.nan
    if isfinite(emf):
        return emf  # type: ignore[no-any-return]
    r = real(radius, "radius", minimum=0.0)
    dr, b, db = real(radial_velocity, "radial_velocity"), real(field, "field"), real(field_rate, "field_rate")
    emf = kernels.faraday_back_emf(r, dr, b, db, positive(turns, "turns"))
    if not isfinite(emf):
        raise not_finite("back_emf", repr(emf))
    return emf  # type: ignore[no-any-return]


def _recovered(arrays: tuple[Any, ...], numbers: tuple[Any, ...]) -> tuple[int, FaradayRecovery]:
    n = arrays[0].size
    flux, rate, emf, power, totals = fresh(n), fresh(n), fresh(n), fresh(n), np.empty(3)
    status = kernels.faraday_recovery(*map(id, arrays), *numbers, id(flux), id(rate), id(emf), id(power), id(totals))
    return status, of_class("FaradayRecovery", flux, rate, emf, power, *totals.tolist())


def _checked(arrays: tuple[Any, ...], numbers: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    time = plain(float_vector(arrays[0], "time"), FLOAT64)
    if len(time) < _LEAST:
        raise bad_value("time", f"a vector of at least {_LEAST} samples", f"{len(time)} element")
    names = ("radius", "radial_velocity", "field", "field_rate")
    others = [
        plain(float_vector(array, name, length=len(time)), FLOAT64)
        for array, name in zip(arrays[1:], names, strict=True)
    ]
    turns, load = positive(numbers[0], "turns"), positive(numbers[1], "load_resistance")
    efficiency = real(numbers[2], "coupling_efficiency", minimum=0.0, maximum=1.0)
    return (time, *others), (turns, load, efficiency)


def _unsound(arrays: tuple[Any, ...], answer: FaradayRecovery) -> ValueError:
    """Return the error for what the floor finds first."""
    time, radius = arrays[:2]
    if (inward := np.flatnonzero(radius < 0.0)).size:
        return bad_value("radius", "non-negative", f"{radius[inward[0]]} at index {inward[0]}")
    if (stuck := np.flatnonzero(time[1:] <= time[:-1])).size:
        at = int(stuck[0]) + 1
        return bad_value("time", "strictly increasing", f"{time[at]} after {time[at - 1]} at index {at}")
    for name in _WAVEFORMS:
        finite_answer(getattr(answer, name), name)
    return not_finite("energy", repr(answer.energy))
