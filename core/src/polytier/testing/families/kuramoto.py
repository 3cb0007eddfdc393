# ruff: noqa: D401 - a claim's docstring is a sentence about the kernel, and messages quote it
# ruff: noqa: PLR2004 - a claim states its figures where it uses them
"""Claims of the family `kuramoto`."""

# Language policy: exempt, it draws inputs and states what holds of the answers, apart from every tier.

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from polytier.kernels.declaration import catalogue
from polytier.kernels.kuramoto import PHASE_TOLERANCE
from polytier.kernels.tolerance import Tolerance
from polytier.testing.claims import Family, agree, insist

if TYPE_CHECKING:
    from polytier.testing.selection import Kernels

Vector = NDArray[np.float64]
Network = tuple[Vector, Vector, Vector, float, int]

family = Family()

ANGLE = Tolerance.circular(1e-10)
CALIBRATED = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 6), (0, 15))
INTEGRATORS = ("kuramoto_euler", "kuramoto_phases", "kuramoto_trajectory", "kuramoto_rk4")

lengths = st.integers(1, 40)
angles = st.floats(-20.0, 20.0, width=64)
phases = lengths.flatmap(lambda n: arrays(np.float64, n, elements=angles))
counts = st.integers(0, 25)
steps = st.floats(1e-3, 0.05)


@st.composite
def coupled(draw: st.DrawFn, *, symmetric: bool = False) -> tuple[Vector, Vector]:
    """Draw phases and a coupling matrix K >= 0 whose rows sum to a few rad/s: such networks are not chaotic."""
    theta = draw(phases)
    n = len(theta)
    K = draw(arrays(np.float64, (n, n), elements=st.floats(0.0, 2.0 / n)))
    return theta, (K + K.T) / 2 if symmetric else K


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Draw the arguments of an integrator."""
    theta, K = draw(coupled())
    omega = draw(arrays(np.float64, len(theta), elements=st.floats(-3.0, 3.0)))
    return theta, omega, K, draw(steps), draw(counts)


def _floor(kernel: str, *arguments: Any) -> Any:
    return catalogue[kernel].floor(*arguments)


def _coherent(theta: Vector) -> bool:
    """Say whether the mean phase is well-conditioned: it is not defined where the order parameter is 0."""
    return bool(_floor("order_parameter", theta) > 1e-3)


@family.claim("order_parameter", theta=phases)
def lies_between_0_and_1(tier: Kernels, theta: Vector) -> None:
    """The order parameter lies between 0 and 1 + 1e-12."""
    R = tier.order_parameter(theta)
    insist(0.0 <= R <= 1.0 + 1e-12, f"R is {R!r}")


@family.claim("order_parameter", theta=phases, shift=angles)
def is_unchanged_by_a_common_shift(tier: Kernels, theta: Vector, shift: float) -> None:
    """The order parameter does not change when all phases are shifted alike."""
    agree(tier.order_parameter(theta + shift), tier.order_parameter(theta), PHASE_TOLERANCE, "the unshifted one")


@family.claim("order_parameter", theta=phases, seed=st.integers(0, 99))
def is_unchanged_by_a_permutation(tier: Kernels, theta: Vector, seed: int) -> None:
    """The order parameter does not change when the oscillators change places."""
    moved = np.random.default_rng(seed).permutation(theta)
    agree(tier.order_parameter(moved), tier.order_parameter(theta), PHASE_TOLERANCE, "the order before")


@family.claim("order_parameter", theta=phases)
def is_unchanged_by_a_change_of_all_signs(tier: Kernels, theta: Vector) -> None:
    """The order parameter does not change when all phases change their signs."""
    agree(tier.order_parameter(-theta), tier.order_parameter(theta), PHASE_TOLERANCE, "the sign before")


@family.claim("order_parameter", "mean_phase", theta=phases)
def agrees_with_the_floor_on_drawn_phases(tier: Kernels, kernel: str, theta: Vector) -> None:
    """The answer agrees with the floor's on any phases that define it."""
    assume(kernel == "order_parameter" or _coherent(theta))
    agree(getattr(tier, kernel)(theta), _floor(kernel, theta), catalogue[kernel].tolerance, "the floor")


@family.claim("mean_phase", theta=phases, shift=angles)
def follows_a_common_shift(tier: Kernels, theta: Vector, shift: float) -> None:
    """The mean phase turns by as much as all phases are shifted."""
    assume(_coherent(theta))
    agree(tier.mean_phase(theta + shift), tier.mean_phase(theta) + shift, ANGLE, "the shifted mean phase")


@family.claim("mean_phase", theta=phases)
def follows_a_change_of_all_signs(tier: Kernels, theta: Vector) -> None:
    """The mean phase changes its sign with all phases."""
    assume(_coherent(theta))
    agree(tier.mean_phase(-theta), -tier.mean_phase(theta), ANGLE, "the mirrored mean phase")


@family.claim("mean_phase", theta=phases)
def lies_between_minus_pi_and_pi(tier: Kernels, theta: Vector) -> None:
    """The mean phase lies between -pi and pi."""
    psi = tier.mean_phase(theta)
    insist(-math.pi <= psi <= math.pi, f"the mean phase is {psi!r}")


@family.claim("build_knm", n=lengths, k_base=st.floats(1e-3, 10.0), alpha=st.floats(1e-3, 5.0))
def decays_from_the_diagonal(tier: Kernels, n: int, k_base: float, alpha: float) -> None:
    """The template is symmetric and, outside the calibrated pairs, is k_base exp(-alpha |i - j|)."""
    K = tier.build_knm(n, k_base, alpha)
    agree(K, np.ascontiguousarray(K.T), Tolerance.bit_exact(), "its transpose")
    wanted = k_base * np.exp(-alpha * np.abs(np.subtract.outer(np.arange(n), np.arange(n))))
    for pair in CALIBRATED:
        if pair[1] < n:
            wanted[pair] = wanted[pair[::-1]] = K[pair]
    agree(K, wanted, Tolerance(atol=1e-12), "the formula")


@family.claim("build_knm", n=lengths, k_base=st.floats(1e-3, 10.0), alpha=st.floats(1e-3, 5.0))
def agrees_with_the_floor_on_drawn_templates(tier: Kernels, n: int, k_base: float, alpha: float) -> None:
    """The template agrees with the floor's, calibrated pairs included."""
    wanted = _floor("build_knm", n, k_base, alpha)
    agree(tier.build_knm(n, k_base, alpha), wanted, Tolerance(atol=1e-12), "the floor")


@family.claim("networked_force", network=coupled())
def agrees_with_the_floor_on_drawn_networks(tier: Kernels, network: tuple[Vector, Vector]) -> None:
    """The forces agree with the floor's on any network."""
    agree(tier.networked_force(*network), _floor("networked_force", *network), PHASE_TOLERANCE, "the floor")


@family.claim("networked_force", network=coupled(symmetric=True))
def balances_for_symmetric_couplings(tier: Kernels, network: tuple[Vector, Vector]) -> None:
    """Where K is symmetric the forces sum to zero: each pull has its counter-pull."""
    total = float(np.sum(tier.networked_force(*network)))
    insist(abs(total) <= 1e-10, f"the forces sum to {total!r}, 1e-10 was allowed")


@family.claim("networked_force", network=coupled(), phase=angles)
def vanishes_for_equal_phases(tier: Kernels, network: tuple[Vector, Vector], phase: float) -> None:
    """Where all phases are equal nothing pulls."""
    theta = np.full(len(network[0]), phase)
    agree(tier.networked_force(theta, network[1]), np.zeros_like(theta), PHASE_TOLERANCE, "equality")


@family.claim("networked_force", network=coupled(), diagonal=st.floats(-1e6, 1e6))
def ignores_the_diagonal(tier: Kernels, network: tuple[Vector, Vector], diagonal: float) -> None:
    """The diagonal of K has no effect, however large."""
    theta, K = network
    changed = K + np.diag(np.full(len(theta), diagonal))
    agree(tier.networked_force(theta, changed), tier.networked_force(theta, K), PHASE_TOLERANCE, "the other diagonal")


@family.claim(*INTEGRATORS, network=networks())
def agrees_with_the_floor_on_drawn_runs(tier: Kernels, kernel: str, network: Network) -> None:
    """The integration agrees with the floor's on any network that does not turn chaotic."""
    agree(getattr(tier, kernel)(*network), _floor(kernel, *network), PHASE_TOLERANCE, "the floor")


@family.claim("kuramoto_euler", "kuramoto_rk4", network=networks())
def is_exact_without_coupling(tier: Kernels, kernel: str, network: Network) -> None:
    """Where K is 0 the phases after n steps are theta0 + n dt omega."""
    theta, omega, K, dt, n_steps = network
    found = getattr(tier, kernel)(theta, omega, np.zeros_like(K), dt, n_steps)
    agree(found, theta + n_steps * dt * omega, PHASE_TOLERANCE, "the exact solution")


@family.claim("kuramoto_euler", "kuramoto_rk4", network=networks())
def copies_when_there_is_no_step(tier: Kernels, kernel: str, network: Network) -> None:
    """With n_steps = 0 the answer is a copy of theta0: equal bits, memory of its own."""
    theta = network[0]
    found = getattr(tier, kernel)(*network[:4], 0)
    agree(found, theta, Tolerance.bit_exact(), "theta0")
    insist(not np.shares_memory(found, theta), "the answer shares memory with theta0")


@family.claim("kuramoto_phases", network=networks())
def has_the_rows_of_euler(tier: Kernels, network: Network) -> None:
    """Row k of the path is what `kuramoto_euler` gives after k steps."""
    path = tier.kuramoto_phases(*network)
    insist(path.shape == (network[4] + 1, len(network[0])), f"the path has shape {path.shape}")
    for k, row in enumerate(path):
        agree(row.copy(), tier.kuramoto_euler(*network[:4], k), PHASE_TOLERANCE, f"kuramoto_euler after {k} steps")


@family.claim("kuramoto_trajectory", network=networks())
def has_the_coherence_of_the_path(tier: Kernels, network: Network) -> None:
    """R[k] is the order parameter of row k of `kuramoto_phases`, and times[k] is k dt as a product."""
    times, R = tier.kuramoto_trajectory(*network)
    agree(times, np.arange(network[4] + 1) * network[3], Tolerance.bit_exact(), "k dt")
    path = tier.kuramoto_phases(*network)
    agree(R, np.array([tier.order_parameter(row) for row in path]), PHASE_TOLERANCE, "the path")


@family.claim("kuramoto_rk4", phase=st.floats(0.4, 2.4), strength=st.floats(0.5, 1.5), common=st.floats(-2.0, 2.0))
def converges_with_order_4(tier: Kernels, phase: float, strength: float, common: float) -> None:
    """Halving dt divides the error by 16, against the closed form for two oscillators of equal frequency."""
    errors = [abs(_gap(tier.kuramoto_rk4, phase, strength, common, n) - _exact(phase, strength)) for n in (8, 16)]
    assume(errors[0] > 1e-8)  # the leading term of the error passes through 0
    order = math.log2(errors[0] / errors[1])
    insist(order > 3.3, f"the errors at dt = 1/8 and 1/16 are {errors[0]:.3g} and {errors[1]:.3g}: order {order:.2f}")


@family.claim("kuramoto_euler", phase=st.floats(0.4, 2.4), strength=st.floats(0.5, 1.5), common=st.floats(-2.0, 2.0))
def converges_with_order_1(tier: Kernels, phase: float, strength: float, common: float) -> None:
    """Halving dt halves the error, against the closed form for two oscillators of equal frequency."""
    errors = [abs(_gap(tier.kuramoto_euler, phase, strength, common, n) - _exact(phase, strength)) for n in (256, 512)]
    assume(errors[0] > 1e-4)
    order = math.log2(errors[0] / errors[1])
    insist(0.8 < order < 1.2, f"the errors at dt = 1/256 and 1/512 are {errors[0]:.3g} and {errors[1]:.3g}")


def _gap(integrate: Any, phase: float, strength: float, common: float, n_steps: int) -> float:
    K = np.array([[0.0, strength], [strength, 0.0]])
    found = integrate(np.array([0.0, phase]), np.full(2, common), K, 1.0 / n_steps, n_steps)
    return float(found[1] - found[0])


def _exact(phase: float, strength: float) -> float:
    """Return the gap after 1 s: its half-angle's tangent decays with the rate 2 K."""
    return 2.0 * math.atan(math.tan(phase / 2.0) * math.exp(-2.0 * strength))
