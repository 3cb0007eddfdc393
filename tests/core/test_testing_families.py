"""The claims about the core's families: the floor keeps them all, and each is refuted by a fault of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from polytier.kernels.declaration import catalogue
from polytier.testing.claims import claims_of, search
from polytier.testing.families import aer, doppler, faraday, kuramoto, operators
from polytier.testing.selection import Kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytier.testing.claims import Claim

CLAIMS = [claim for module in (aer, doppler, faraday, kuramoto, operators) for claim in module.family.claims]
FLOORS = {kernel.name: kernel.floor for kernel in catalogue}


def _unchanged(theta0: Any, *_: Any) -> Any:
    return theta0


def _shifted_path(*network: Any) -> Any:
    return FLOORS["kuramoto_phases"](*network) + 1e-6


def _hurried(theta0: Any, omega: Any, K: Any, dt: float, n_steps: int) -> Any:
    return FLOORS["kuramoto_euler"](theta0, omega, K, 1.1 * dt, n_steps)


def _shifted_coherence(*network: Any) -> Any:
    times, R = FLOORS["kuramoto_trajectory"](*network)
    return times, R + 1e-6


def _shifted(kernel: str) -> Callable[..., Any]:
    return lambda *arguments: FLOORS[kernel](*arguments) + 1e-6


def _product(a: Any, b: Any) -> Any:
    return a @ b


def _first_digit_last(H: Any) -> Any:
    n = len(H).bit_length() - 1
    return FLOORS["pauli_decompose"](H).reshape((4,) * n).transpose().flatten()


def _lower_triangle(K: Any, omega: Any, delta: float = 0.0) -> Any:
    return FLOORS["xy_hamiltonian_dense"](2 * np.tril(K), omega, delta)


def _complex_fields(*network: Any) -> Any:
    return FLOORS["xy_hamiltonian_dense"](*network)[::-1].copy() + 1e-3


def _qubits_reversed(psi: Any) -> Any:
    ex, ey, ez, R = FLOORS["pauli_expectations"](psi)
    return ex[::-1].copy(), ey[::-1].copy() + 1e-6, ez[::-1].copy(), R


def _first_amplitude(psi: Any) -> Any:
    ex, ey, ez, R = FLOORS["pauli_expectations"](psi)
    return ex + psi[0].real, ey, ez, R


def _too_long(psi: Any) -> Any:
    ex, ey, ez, R = FLOORS["pauli_expectations"](psi)
    return ex, ey, ez, R + float(np.sum(np.abs(psi) ** 2)) + 1e-6


def _reversed_channels(address: Any, t_ns: Any, polarity: Any, n: int, window: int) -> Any:
    return FLOORS["aer_decode_rate"](address, t_ns, polarity, n, window)[::-1] + 1e-9


def _since_the_epoch(_address: Any, t_ns: Any, *_rest: Any) -> Any:
    return np.array([float(t_ns[0])])


def _with_more_energy(*waveform: Any) -> Any:
    found = FLOORS["faraday_recovery"](*waveform)
    return found._replace(energy=found.energy + 1.0)


def _moved_on(*swarm: Any, **options: Any) -> Any:
    found = FLOORS["doppler_kuramoto_trace"](*swarm, **options)
    return found._replace(phases=found.phases + 1e-6, time=found.time + 1e-6)


FAULTS: dict[str, Callable[..., Any]] = {
    "agrees_with_the_floor_on_drawn_pairs": _shifted("commutator_dense"),
    "agrees_with_the_floor_on_hermitian_pairs": _shifted("commutator_dense"),
    "is_antisymmetric": _product,
    "has_no_trace": _product,
    "fulfils_jacobis_identity": _product,
    "agrees_with_the_floor_on_drawn_matrices": _shifted("pauli_decompose"),
    "keeps_the_norm": _shifted("pauli_decompose"),
    "is_real_for_hermitian_matrices": lambda H: 1j * FLOORS["pauli_decompose"](H),
    "finds_a_single_string": _first_digit_last,
    "agrees_with_the_floor_on_drawn_weights": _shifted("pauli_reconstruct"),
    "is_undone_by_decomposition": _shifted("pauli_reconstruct"),
    "takes_the_symmetric_part": _lower_triangle,
    "conserves_excitations": _complex_fields,
    "agrees_with_the_floor_on_drawn_states": _qubits_reversed,
    "is_unchanged_by_a_phase": _first_amplitude,
    "stays_inside_the_sphere": _too_long,
    "follows_product_states": _qubits_reversed,
    "is_unchanged_by_order_and_scale": len,
    "is_unchanged_by_a_change_of_basis": len,
    "agrees_with_the_floor_on_drawn_strings": len,
    "stops_at_max_dimension": lambda *_, **__: 9,
    "lies_between_0_and_1": lambda *_: 1.5,
    "is_unchanged_by_a_common_shift": lambda theta: abs(float(np.cos(theta).mean())),
    "is_unchanged_by_a_permutation": lambda theta: float(theta[0]),
    "is_unchanged_by_a_change_of_all_signs": lambda theta: float(theta.sum()),
    "agrees_with_the_floor_on_drawn_phases": lambda *_: 0.5,
    "follows_a_common_shift": lambda *_: 0.5,
    "follows_a_change_of_all_signs": lambda *_: 0.5,
    "lies_between_minus_pi_and_pi": lambda *_: 4.0,
    "decays_from_the_diagonal": lambda n, k_base, *_: np.full((n, n), k_base),
    "agrees_with_the_floor_on_drawn_templates": lambda n, k_base, *_: np.full((n, n), k_base),
    "agrees_with_the_floor_on_drawn_networks": lambda theta, *_: np.ones_like(theta),
    "balances_for_symmetric_couplings": lambda theta, *_: np.ones_like(theta),
    "vanishes_for_equal_phases": lambda theta, *_: np.ones_like(theta),
    "ignores_the_diagonal": lambda _, K: np.diag(K).copy(),
    "agrees_with_the_floor_on_drawn_runs": _unchanged,
    "is_exact_without_coupling": _unchanged,
    "copies_when_there_is_no_step": _unchanged,
    "has_the_rows_of_euler": _shifted_path,
    "has_the_coherence_of_the_path": _shifted_coherence,
    "converges_with_order_4": FLOORS["kuramoto_euler"],
    "converges_with_order_1": _hurried,
    "agrees_with_the_floor_on_drawn_events": _reversed_channels,
    "is_unchanged_by_a_delay": _since_the_epoch,
    "agrees_with_the_floor_on_drawn_waveforms": _with_more_energy,
    "quadruples_with_twice_the_turns": _with_more_energy,
    "is_the_waveform_at_one_moment": lambda *moment: FLOORS["faraday_back_emf"](*moment) + 1.0,
    "agrees_with_the_floor_on_drawn_oscillators": lambda phases, *_, **__: np.ones_like(phases) * 77.0,
    "is_unchanged_by_a_turn_of_all_phases": lambda phases, *_, **__: phases.copy(),
    "agrees_with_the_floor_on_drawn_swarms": _moved_on,
    "begins_with_what_is_given": _moved_on,
}
"""For each claim an implementation of which it is false."""


def _said(claim: Claim) -> str:
    return f"{claim.kernel}-{claim.label}"


@pytest.mark.parametrize("claim", CLAIMS, ids=_said)
def test_the_floor_keeps_the_claim(claim: Claim) -> None:
    """Every example holds for the floor."""
    assert search(claim, Kernels(FLOORS), 5) >= 1


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.parametrize("claim", CLAIMS, ids=_said)
def test_the_fault_is_found(claim: Claim) -> None:
    """An implementation of which the claim is false is found out."""
    faulty = Kernels(FLOORS | {claim.kernel: FAULTS[claim.label]})

    @settings(max_examples=20, phases=[Phase.generate], deadline=None, derandomize=True, database=None)
    @given(drawn=claim.inputs)
    def hold(drawn: dict[str, Any]) -> None:
        claim.check(faulty, **drawn)

    with pytest.raises(AssertionError):
        hold()


def test_every_kernel_has_claims() -> None:
    """The family says something about each of its kernels, and a kernel gets its own claims only."""
    for kernel in catalogue:
        claims = claims_of(kernel)
        assert len(claims) > 1
        assert {claim.kernel for claim in claims} == {kernel.name}
