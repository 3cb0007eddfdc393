"""The experiment: the coherence of a network at rising coupling strengths, by several implementations in turn."""

# Language policy: exempt, it compares the curves that dispatched kernels computed.

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polytier.demo.network import Network, initial_phases

Vector = NDArray[np.float64]
Trajectory = Callable[[Vector, Vector, Vector, float, int], tuple[Vector, Vector]]

STEP_SECONDS = 0.003
"""Euler step; the stiffest mode of the network, 291 rad/s at the greatest strength, is stable below 0.0068 s."""

GREATEST_STRENGTH = 0.5
"""End of the sweep, as a fraction of the lines' real strength: the network falls into step well below it."""


@dataclass(frozen=True)
class Run:
    """What one implementation found: the mean order parameter at each strength, and the seconds all calls took."""

    coherence: tuple[float, ...]
    seconds: float


def strengths(points: int) -> Vector:
    """Return `points` even coupling strengths up to the greatest, as fractions of the lines' real strength."""
    return GREATEST_STRENGTH * np.arange(1, points + 1) / points


def sweep(
    implementations: Mapping[str, Trajectory],
    network: Network,
    points: int,
    steps: int,
    done: Callable[[int], None],
) -> dict[str, Run]:
    """Run every implementation at every strength, turn and turn about; `done` hears of each finished strength.

    The order changes from one strength to the next, so that a drift of the clock rate favours nobody.
    """
    names = list(implementations)
    coherence: dict[str, list[float]] = {name: [] for name in names}
    seconds = dict.fromkeys(names, 0.0)
    for place, strength in enumerate(strengths(points)):
        for name in names if place % 2 == 0 else reversed(names):
            began = time.perf_counter()
            coherence[name].append(settled(implementations[name], network, float(strength), steps))
            seconds[name] += time.perf_counter() - began
        done(place + 1)
    return {name: Run(tuple(coherence[name]), seconds[name]) for name in names}


def settled(trajectory: Trajectory, network: Network, strength: float, steps: int) -> float:
    """Return the order parameter at one strength, averaged over the second half of the steps."""
    phases = initial_phases(network.buses)
    _, history = trajectory(phases, network.frequencies, strength * network.coupling, STEP_SECONDS, steps)
    return float(history[steps // 2 :].mean())


def crossing(values: Vector, coherence: tuple[float, ...], level: float) -> float | None:
    """Return the first strength from which on the order parameter stays above `level`; None if it ends below."""
    below = np.flatnonzero(np.asarray(coherence) <= level)
    first = int(below[-1]) + 1 if len(below) else 0
    return float(values[first]) if first < len(values) else None


def largest_difference(one: Run, other: Run) -> float:
    """Return the largest difference between the order parameters of two runs."""
    return float(np.abs(np.subtract(one.coherence, other.coherence)).max())
