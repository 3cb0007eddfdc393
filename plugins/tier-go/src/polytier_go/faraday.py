"""The family `faraday`: each function first tries the arguments as they are, and checks them where that fails."""

# Language policy: exempt, it adapts: it checks arguments and makes room for answers, and the Go library computes.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays import float_vector, positive, real, require_memory
from polytier.errors import bad_value
from polytier_go.runtime import link, no_number, result_class
from polytier_go.tasks import Task, plain, room

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_LEAST = 2  # samples, for one interval
_LARGE = 1 << 20
"""Samples from which an answer may not fit into memory."""


def faraday_recovery(  # noqa: PLR0913, PLR0917 - the kernel's parameters
    time: ArrayLike,
    radius: ArrayLike,
    radial_velocity: ArrayLike,
    field: ArrayLike,
    field_rate: ArrayLike,
    turns: float,
    load_resistance: float,
    coupling_efficiency: float = 1.0,
) -> Any:
    """Return what a coil around a conducting column recovers while the column moves in a changing field."""
    if (
        type(time) is np.ndarray
        and time.ndim == 1
        and type(turns) is float
        and type(load_resistance) is float
        and type(coupling_efficiency) is float
        and len(time) < _LARGE
    ):
        n = len(time)
        flux, rate, emf, power, totals = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(3)
        waveform = id(time), id(radius), id(radial_velocity), id(field), id(field_rate)
        answers = id(flux), id(rate), id(emf), id(power), id(totals)
        if link.faraday_recovery(*waveform, turns, load_resistance, coupling_efficiency, *answers) == 0:
            parts = flux, rate, emf, power, *totals.tolist()
            return tuple.__new__(result_class("FaradayRecovery"), parts)
    numbers = turns, load_resistance, coupling_efficiency
    return _checked(
        time, radius, {"radial_velocity": radial_velocity, "field": field, "field_rate": field_rate}, numbers
    )


def _checked(time: Any, radius: Any, others: dict[str, Any], numbers: tuple[Any, Any, Any]) -> Any:
    times = float_vector(time, "time")
    n = len(times)
    if n < _LEAST:
        raise bad_value("time", f"a vector of at least {_LEAST} samples", f"{n} element")
    arrays = {"time": plain(times), "radius": plain(float_vector(radius, "radius", length=n))}
    arrays |= {name: plain(float_vector(value, name, length=n)) for name, value in others.items()}
    checked = {
        "turns": positive(numbers[0], "turns"),
        "load_resistance": positive(numbers[1], "load_resistance"),
        "coupling_efficiency": real(numbers[2], "coupling_efficiency", minimum=0.0, maximum=1.0),
    }
    require_memory("the answer", (4, n), np.float64)  # of all parts together
    answers = {name: room(n) for name in ("flux", "flux_rate", "back_emf", "power")} | {"totals": room(3)}
    link.solve(Task("faraday_recovery", arrays, checked, answers))
    *waves, totals = answers.values()
    return result_class("FaradayRecovery")(*waves, *totals.tolist())


def faraday_back_emf(radius: float, radial_velocity: float, field: float, field_rate: float, turns: float) -> float:
    """Return the electromotive force of `faraday_recovery` at one moment."""
    try:
        emf = link.faraday_back_emf(radius, radial_velocity, field, field_rate, turns)
    except (TypeError, OverflowError):  # what cffi does not take for a float may still be a number to the checks
        emf = no_number()
    return emf if emf == emf else _checked_emf(radius, radial_velocity, field, field_rate, turns)  # noqa: PLR0124


def _checked_emf(*given: Any) -> float:
    names = ("radius", "radial_velocity", "field", "field_rate", "turns")
    r = real(given[0], "radius", minimum=0.0)
    rest = [real(value, name) for value, name in zip(given[1:4], names[1:4], strict=True)]
    checked = dict(zip(names, (r, *rest, positive(given[4], "turns")), strict=True))
    found = room(1)
    link.solve(Task("faraday_back_emf", {}, checked, {"emf": found}))
    return float(found[0])
