"""The family `faraday`: each kernel takes what the floor takes, and has the worker compute."""

# Language policy: exempt, it adapts: it checks arguments and makes room for answers, and the Mojo worker computes.

from __future__ import annotations

from math import inf, isfinite
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from polytier.arrays import float_vector, positive, real
from polytier.errors import bad_value, not_finite
from polytier_mojo.adapting import changed, is_plain, parts_of, result_class
from polytier_mojo.kuramoto import worker
from polytier_mojo.runtime import AnswerOverflowError, NotFiniteError, OutOfRangeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]
    Samples = tuple[Vector, Vector, Vector, Vector, Vector]
    Checked = tuple[Samples, float, float, float]

RECOVERY, BACK_EMF = 12, 13

SAMPLES_MOST: Final = 1 << 15
"""Samples that one exchange computes: their copies are still in a cache when the worker reads them."""

_WAVES: Final = ("flux", "flux_rate", "back_emf", "power")
_coil: Final = Struct("<3d").pack
_moment: Final = Struct("<5d").pack


def faraday_recovery(  # noqa: PLR0913, PLR0917 - the kernel's own arguments
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
    arguments = (time, radius, radial_velocity, field, field_rate, turns, load_resistance, coupling_efficiency)
    checked = _taken(*arguments)
    n = len(checked[0][0])
    waves = tuple(np.empty(n) for _ in _WAVES)
    try:
        return result_class("FaradayRecovery")(*waves, *_recovered(checked, waves))
    except (NotFiniteError, OutOfRangeError):
        samples = _checked(*arguments)[0]
        _check_order(samples)
        raise changed() from None
    except AnswerOverflowError:
        raise _overflowed(checked) from None


def _recovered(checked: Checked, waves: tuple[Vector, ...]) -> tuple[float, float, float]:
    """Fill the waves part by part, neighbours sharing a sample; return energy, peak force and peak power."""
    samples, *coil = checked
    numbers, energy, force, power = _coil(*coil), 0.0, 0.0, 0.0
    for first, count in parts_of(0, len(samples[0]) - 1, SAMPLES_MOST):
        last, totals = first + count + 1, np.empty(3)
        inputs = tuple(part[first:last] for part in samples)
        answers = (*(wave[first:last] for wave in waves), totals)
        worker.task(RECOVERY, (count + 1, 0, 0), numbers, inputs, answers)
        found = totals.tolist()
        energy, force, power = energy + found[0], max(force, found[1]), max(power, found[2])
    if not isfinite(energy):
        raise not_finite("energy", repr(energy))
    return energy, force, power


def _taken(*arguments: Any) -> Checked:
    """Return the arguments as they are where they can be sent so, else checked."""
    *samples, turns, load, efficiency = arguments
    n = len(samples[0]) if is_plain(samples[0], 1) else 0
    plain = n > 1 and all(is_plain(part, 1) and len(part) == n for part in samples)
    floats = type(turns) is type(load) is type(efficiency) is float
    if plain and floats and 0.0 < turns < inf and 0.0 < load < inf and 0.0 <= efficiency <= 1.0:
        return tuple(samples), turns, load, efficiency
    return _checked(*arguments)


def _checked(  # noqa: PLR0913, PLR0917 - the kernel's own arguments
    time: ArrayLike,
    radius: ArrayLike,
    velocity: ArrayLike,
    field: ArrayLike,
    field_rate: ArrayLike,
    turns: float,
    load: float,
    efficiency: float,
) -> Checked:
    """Return the arguments as the floor converts them."""
    times = float_vector(time, "time")
    n = len(times)
    if n == 1:
        raise bad_value("time", "a vector of at least 2 samples", "1 element")
    samples = (
        times,
        float_vector(radius, "radius", length=n),
        float_vector(velocity, "radial_velocity", length=n),
        float_vector(field, "field", length=n),
        float_vector(field_rate, "field_rate", length=n),
    )
    part = real(efficiency, "coupling_efficiency", minimum=0.0, maximum=1.0)
    return samples, positive(turns, "turns"), positive(load, "load_resistance"), part


def _check_order(samples: Samples) -> None:
    """Raise the ValueError for a negative radius, or for times that do not increase."""
    times, radius = samples[:2]
    below = np.flatnonzero(radius < 0.0)
    if len(below):
        raise bad_value("radius", "non-negative", f"{radius[below[0]]} at index {int(below[0])}")
    stuck = np.flatnonzero(times[1:] <= times[:-1])
    if len(stuck):
        place = int(stuck[0]) + 1
        raise bad_value("time", "strictly increasing", f"{times[place]} after {times[place - 1]} at index {place}")


def _overflowed(checked: Checked) -> ValueError:
    """Return the ValueError for the first wave that is not finite, else for the energy."""
    (_, r, dr, b, db), turns, load, efficiency = checked
    with np.errstate(all="ignore"):
        rate = np.pi * (r * r * db + 2.0 * r * dr * b)
        power = efficiency * (turns * rate) * (turns * rate) / load if efficiency else np.zeros_like(rate)
        for name, wave in zip(_WAVES, (np.pi * r * r * b, rate, -turns * rate, power), strict=True):
            stray = np.flatnonzero(~np.isfinite(wave))
            if len(stray):
                return not_finite(name, f"{wave[stray[0]]} at index {int(stray[0])}")
    return not_finite("energy", "a sum beyond float64")


def faraday_back_emf(radius: float, radial_velocity: float, field: float, field_rate: float, turns: float) -> float:
    """Return the electromotive force of `faraday_recovery` at one moment."""
    moment = (
        real(radius, "radius", minimum=0.0),
        real(radial_velocity, "radial_velocity"),
        real(field, "field"),
        real(field_rate, "field_rate"),
        positive(turns, "turns"),
    )
    emf = worker.task(BACK_EMF, (0, 0, 0), _moment(*moment), (), ())[0]
    if not isfinite(emf):
        raise not_finite("back_emf", repr(emf))
    return emf
