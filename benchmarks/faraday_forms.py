"""Formulations of the family faraday in NumPy and one plain loop; numba compiles the loop, also in parallel."""

# ruff: noqa: PLR0913, PLR0917  the arguments of the kernel

from __future__ import annotations

import math
from typing import Any

import numpy as np

from contest import peer

numba, numba_absent = peer("numba")
prange: Any = getattr(numba, "prange", range)


def formulas(
    t: Any, r: Any, dr: Any, b: Any, db: Any, turns: float, load: float, eff: float, module: Any = np
) -> tuple[Any, ...]:
    """Write the formulas down."""
    flux, rate = math.pi * r * r * b, math.pi * (r * r * db + 2.0 * r * dr * b)
    emf = -turns * rate
    power = eff * emf * emf / load
    energy = (0.5 * (power[1:] + power[:-1]) * (t[1:] - t[:-1])).sum()
    return flux, rate, emf, power, energy, module.abs(emf).max(), power.max()


class Buffered:
    """The formulas without allocations: the answer lies in arrays that the next call overwrites."""

    def __init__(self, n: int) -> None:
        self.arrays = [np.empty(n) for _ in range(5)]

    def __call__(self, t: Any, r: Any, dr: Any, b: Any, db: Any, turns: float, load: float, eff: float) -> Any:
        """Compute into the arrays."""
        flux, rate, emf, power, spare = self.arrays
        np.multiply(r, math.pi, flux)
        np.multiply(flux, r, flux)
        np.multiply(flux, b, flux)
        np.multiply(r, r, rate)
        np.multiply(rate, db, rate)
        np.multiply(r, 2.0, spare)
        np.multiply(spare, dr, spare)
        np.multiply(spare, b, spare)
        np.add(rate, spare, rate)
        np.multiply(rate, math.pi, rate)
        np.multiply(rate, -turns, emf)
        np.multiply(emf, eff, power)
        np.multiply(power, emf, power)
        np.divide(power, load, power)
        energy = np.trapezoid(power, t)
        return flux, rate, emf, power, energy, np.abs(emf, out=spare).max(), power.max()


def one_pass(t: Any, r: Any, dr: Any, b: Any, db: Any, turns: float, load: float, eff: float) -> tuple[Any, ...]:
    """Compute sample by sample, as numba compiles it, also in parallel."""
    n = t.size
    flux, rate, emf, power = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    most_emf = most_power = energy = 0.0
    for i in prange(n):
        flux[i] = math.pi * r[i] * r[i] * b[i]
        rate[i] = math.pi * (r[i] * r[i] * db[i] + 2.0 * r[i] * dr[i] * b[i])
        emf[i] = -turns * rate[i]
        power[i] = eff * emf[i] * emf[i] / load
        most_emf = max(most_emf, abs(emf[i]))
        most_power = max(most_power, power[i])
    for i in prange(n - 1):
        energy += 0.5 * (power[i] + power[i + 1]) * (t[i + 1] - t[i])
    return flux, rate, emf, power, energy, most_emf, most_power
