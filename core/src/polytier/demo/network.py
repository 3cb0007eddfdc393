"""The IEEE 118-bus test system as a Kuramoto network: buses are oscillators, lines are couplings."""

# Language policy: exempt, it builds one small network from two tables, and the kernels integrate it.

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

BASE_MW = 100.0
"""The power base of the per-unit system, in MW."""

DAMPING = 1.0
"""Damping D of every bus, in per-unit power per rad/s; it only sets the unit of time."""


@dataclass(frozen=True)
class Network:
    """A power network as coupled oscillators.

    Without losses and with all voltages at 1 per unit, the phase of bus i follows
    ``D dtheta_i/dt = P_i + sum_j sin(theta_j - theta_i) / x_ij``:
    `frequencies` holds ``P_i / D`` in rad/s, `coupling` holds ``1 / (D x_ij)`` in rad/s.
    """

    branches: int
    frequencies: Vector
    coupling: Vector

    @property
    def buses(self) -> int:
        """The number of buses."""
        return len(self.frequencies)


def ieee118() -> Network:
    """Return the IEEE 118-bus test system; parallel branches add up."""
    injections = {int(bus): float(power) for bus, power in _rows("case118_buses.csv")}
    branches = [(int(i), int(j), float(x)) for i, j, x in _rows("case118_branches.csv")]
    return Network(len(branches), _frequencies(injections), _coupling(list(injections), branches))


def initial_phases(buses: int, seed: int = 43) -> Vector:
    """Return phases in rad, drawn evenly around the circle.

    From most seeds a sparse network ends in step too, but some end in a twisted state, where the phases wind once
    around a ring of lines and R stays below 1 however strong the lines are; seed 43 leads to no twist.
    """
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, buses)


def _rows(name: str) -> list[list[str]]:
    text = files("polytier.demo").joinpath(name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return list(csv.reader(lines[1:]))


def _frequencies(injections: dict[int, float]) -> Vector:
    power = np.array(list(injections.values())) / BASE_MW
    # What remains of the sum is the losses, which a lossless model must not keep: all phases would drift.
    frequencies: Vector = (power - power.mean()) / DAMPING
    return frequencies


def _coupling(buses: list[int], branches: list[tuple[int, int, float]]) -> Vector:
    place = {bus: i for i, bus in enumerate(buses)}
    coupling = np.zeros((len(buses), len(buses)))
    for one, other, reactance in branches:
        i, j = place[one], place[other]
        coupling[i, j] += 1.0 / (DAMPING * reactance)
        coupling[j, i] = coupling[i, j]
    return coupling
