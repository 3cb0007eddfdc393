"""The demonstration's sweep: the network falls into step, whoever computes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from polytier import kuramoto_trajectory
from polytier.demo import network, sweep

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODEL = network.ieee118()
FLOOR = kuramoto_trajectory.dispatch.floor


def test_strengths_are_even_and_end_at_the_greatest() -> None:
    """Strengths rise in equal steps from one step above zero."""
    assert sweep.strengths(4).tolist() == [0.125, 0.25, 0.375, 0.5]
    assert sweep.strengths(1).tolist() == [0.5]


def test_step_is_stable_at_the_greatest_strength() -> None:
    """The Euler step stays below twice the time of the stiffest mode."""
    coupling = sweep.GREATEST_STRENGTH * MODEL.coupling
    stiffest = np.linalg.eigvalsh(np.diag(coupling.sum(axis=1)) - coupling)[-1]
    assert sweep.STEP_SECONDS * stiffest < 1.0
    assert stiffest == pytest.approx(291.3, abs=0.1)


def test_network_falls_into_step() -> None:
    """At little strength R stays near 0.1; at half the real strength it passes 0.95."""
    assert sweep.settled(FLOOR, MODEL, 0.0125, 4000) < 0.12
    assert sweep.settled(FLOOR, MODEL, 0.5, 4000) > 0.95


def test_average_does_not_hang_on_rounding() -> None:
    """A change of the initial phases by 1e-12 moves an average in the transition by less than 1e-9."""
    phases = network.initial_phases(118)

    def mean(start: NDArray[np.float64]) -> float:
        _, history = FLOOR(start, MODEL.frequencies, 0.1375 * MODEL.coupling, sweep.STEP_SECONDS, 4000)
        return float(history[2000:].mean())

    noise = np.random.default_rng(0).normal(scale=1e-12, size=118)
    assert mean(phases + noise) == pytest.approx(mean(phases), abs=1e-9)


def test_average_is_over_the_second_half() -> None:
    """The first half of the steps does not count."""

    def trajectory(*_: object) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return np.arange(5.0), np.array([9.0, 9.0, 1.0, 2.0, 3.0])

    assert sweep.settled(trajectory, MODEL, 1.0, 4) == 2.0


def test_implementations_take_turns() -> None:
    """Every strength is run by all implementations, and the one that comes first changes."""
    order: list[str] = []
    done: list[int] = []

    def named(name: str) -> sweep.Trajectory:
        def trajectory(*_: object) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            order.append(name)
            return np.zeros(3), np.full(3, len(order) / 10)

        return trajectory

    runs = sweep.sweep({"a": named("a"), "b": named("b")}, MODEL, 3, 2, done.append)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert done == [1, 2, 3]
    assert runs["a"].coherence == pytest.approx((0.1, 0.4, 0.5))
    assert all(run.seconds >= 0 for run in runs.values())


def test_crossing_is_the_last_rise_through_a_level() -> None:
    """The crossing is where the curve goes above the level for good; there is none if it ends below."""
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert sweep.crossing(values, (0.1, 0.7, 0.4, 0.9), 0.5) == 4.0
    assert sweep.crossing(values, (0.6, 0.7, 0.8, 0.9), 0.5) == 1.0
    assert sweep.crossing(values, (0.6, 0.7, 0.8, 0.2), 0.5) is None


def test_largest_difference() -> None:
    """Two runs are compared strength by strength."""
    one, other = sweep.Run((0.1, 0.9), 1.0), sweep.Run((0.2, 0.6), 2.0)
    assert sweep.largest_difference(one, other) == pytest.approx(0.3)
