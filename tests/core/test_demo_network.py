"""The demonstration's network: the published test system, as coupled oscillators."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from polytier.demo import network

MODEL = network.ieee118()


def test_size() -> None:
    """The test system has 118 buses and 186 branches."""
    assert (MODEL.buses, MODEL.branches) == (118, 186)


def test_every_branch_joins_two_known_buses() -> None:
    """No branch leads to itself or to a bus that is not listed, and every reactance is positive."""
    buses = {row[0] for row in network._rows("case118_buses.csv")}
    branches = network._rows("case118_branches.csv")
    assert len(buses) == 118
    assert all(i != j and {i, j} <= buses and float(x) > 0 for i, j, x in branches)


def test_injections_sum_to_the_published_losses() -> None:
    """Generation of 4377.4 MW less the load of 4242 MW is what the buses inject."""
    power = [float(row[1]) for row in network._rows("case118_buses.csv")]
    assert sum(power) == pytest.approx(4377.4 - 4242.0)


def test_parallel_branches_add_up() -> None:
    """The two lines between buses 42 and 49 couple twice as much as one; 186 branches are 179 couplings."""
    pairs = Counter(frozenset(row[:2]) for row in network._rows("case118_branches.csv"))
    assert sum(number > 1 for number in pairs.values()) == 7
    assert np.count_nonzero(MODEL.coupling) == 2 * 179
    assert MODEL.coupling[41, 48] == pytest.approx(2 / 0.323)


def test_coupling_is_symmetric_and_has_no_diagonal() -> None:
    """A branch pulls on both its ends alike."""
    assert np.array_equal(MODEL.coupling, MODEL.coupling.T)
    assert not MODEL.coupling.diagonal().any()


def test_network_is_connected() -> None:
    """The graph's Laplacian has exactly one zero mode: every bus can be reached."""
    laplacian = np.diag(MODEL.coupling.sum(axis=1)) - MODEL.coupling
    assert np.count_nonzero(np.linalg.eigvalsh(laplacian) < 1e-9) == 1


def test_frequencies_are_balanced_injections() -> None:
    """Frequencies sum to zero and differ as the injections per unit do."""
    assert MODEL.frequencies.sum() == pytest.approx(0.0, abs=1e-12)
    assert MODEL.frequencies[1] - MODEL.frequencies[0] == pytest.approx((-20 + 51) / 100)


def test_initial_phases_are_fixed_by_the_seed() -> None:
    """Equal seeds give equal phases, within half a turn either way, and others give others."""
    phases = network.initial_phases(118)
    assert np.array_equal(phases, network.initial_phases(118, seed=43))
    assert not np.array_equal(phases, network.initial_phases(118, seed=44))
    assert np.abs(phases).max() <= np.pi
