# ruff: noqa: D401 - a claim's docstring is a sentence about the kernel, and messages quote it

"""Claims of the family `operators`."""

# Language policy: exempt, it draws inputs and states what holds of the answers, apart from every tier.

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from polytier.kernels.declaration import catalogue
from polytier.kernels.operator_cases import ising_generators, turned, xy_generators
from polytier.kernels.operators import OPERATOR_TOLERANCE
from polytier.kernels.tolerance import Tolerance
from polytier.testing.claims import Family, agree, insist

if TYPE_CHECKING:
    from polytier.testing.selection import Kernels

Complex = NDArray[np.complex128]
Network = tuple[NDArray[np.float64], NDArray[np.float64], float]

family = Family()

numbers = st.complex_numbers(max_magnitude=4.0, allow_subnormal=False)
sizes = st.integers(1, 24)
qubits = st.integers(0, 4)
LETTERS = "IXYZ"


def squares(size: int) -> st.SearchStrategy[Complex]:
    """Return a strategy for complex matrices of one size."""
    return arrays(np.complex128, (size, size), elements=numbers)


pairs = sizes.flatmap(lambda d: st.tuples(squares(d), squares(d)))
triples = st.integers(1, 8).flatmap(lambda d: st.tuples(squares(d), squares(d), squares(d)))
matrices = qubits.flatmap(lambda n: squares(2**n))
weights = qubits.flatmap(lambda n: arrays(np.complex128, 4**n, elements=numbers))
states = st.integers(1, 8).flatmap(lambda n: arrays(np.complex128, 2**n, elements=numbers))


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Draw the arguments of `xy_hamiltonian_dense`."""
    n, values = draw(st.integers(1, 6)), st.floats(-5.0, 5.0)
    return draw(arrays(np.float64, (n, n), elements=values)), draw(arrays(np.float64, n, elements=values)), draw(values)


def _floor(kernel: str, *arguments: Any) -> Any:
    return catalogue[kernel].floor(*arguments)


def _near(*factors: Complex) -> Tolerance:
    """Return the tolerance for brackets of these matrices."""
    return Tolerance(atol=1e-12 * (100.0 + float(np.prod([np.linalg.norm(factor) for factor in factors]))))


def _hermitian(matrix: Complex) -> Complex:
    return np.asarray(matrix + matrix.conj().T)


@family.claim("commutator_dense", pair=pairs)
def agrees_with_the_floor_on_drawn_pairs(tier: Kernels, pair: tuple[Complex, Complex]) -> None:
    """The commutator agrees with the floor's on any pair."""
    agree(tier.commutator_dense(*pair), _floor("commutator_dense", *pair), _near(*pair), "the floor")


@family.claim("commutator_dense", pair=pairs)
def agrees_with_the_floor_on_hermitian_pairs(tier: Kernels, pair: tuple[Complex, Complex]) -> None:
    """The commutator agrees with the floor's where both matrices are Hermitian, for which there are shorter ways."""
    a, b = (_hermitian(matrix) for matrix in pair)
    agree(tier.commutator_dense(a, b), _floor("commutator_dense", a, b), _near(a, b), "the floor")


@family.claim("commutator_dense", pair=pairs)
def is_antisymmetric(tier: Kernels, pair: tuple[Complex, Complex]) -> None:
    """Exchanging the matrices changes the sign."""
    a, b = pair
    agree(tier.commutator_dense(a, b), -tier.commutator_dense(b, a), _near(a, b), "the exchanged one")


@family.claim("commutator_dense", pair=pairs)
def has_no_trace(tier: Kernels, pair: tuple[Complex, Complex]) -> None:
    """The trace of a commutator is 0."""
    agree(np.trace(tier.commutator_dense(*pair)), np.complex128(0.0), _near(*pair), "the law")


@family.claim("commutator_dense", triple=triples)
def fulfils_jacobis_identity(tier: Kernels, triple: tuple[Complex, Complex, Complex]) -> None:
    """The three nested commutators of any three matrices sum to 0."""
    a, b, c = triple
    bracket = tier.commutator_dense
    total = bracket(a, bracket(b, c)) + bracket(b, bracket(c, a)) + bracket(c, bracket(a, b))
    agree(total, np.zeros_like(total), _near(*triple), "the law")


@family.claim("pauli_decompose", H=matrices)
def agrees_with_the_floor_on_drawn_matrices(tier: Kernels, H: Complex) -> None:
    """The weights agree with the floor's on any matrix."""
    agree(tier.pauli_decompose(H), _floor("pauli_decompose", H), OPERATOR_TOLERANCE, "the floor")


@family.claim("pauli_decompose", H=matrices)
def keeps_the_norm(tier: Kernels, H: Complex) -> None:
    """The squares of the weights sum to the squared norm of the matrix, divided by its size."""
    agree(np.sum(np.abs(tier.pauli_decompose(H)) ** 2), np.sum(np.abs(H) ** 2) / len(H), Tolerance(1e-10, 1e-12))


@family.claim("pauli_decompose", H=matrices)
def is_real_for_hermitian_matrices(tier: Kernels, H: Complex) -> None:
    """The weights of a Hermitian matrix are real."""
    found = tier.pauli_decompose(_hermitian(H))
    agree(found.imag.copy(), np.zeros(len(found)), OPERATOR_TOLERANCE, "the law")


@family.claim("pauli_decompose", letters=st.text(LETTERS, max_size=5))
def finds_a_single_string(tier: Kernels, letters: str) -> None:
    """A Pauli string has weight 1 at the base-4 number of its letters, I X Y Z = 0 1 2 3, and 0 elsewhere."""
    wanted = np.zeros(4 ** len(letters), dtype=complex)
    wanted[int("0" + "".join(str(LETTERS.index(letter)) for letter in letters), 4)] = 1.0
    agree(tier.pauli_decompose(_string(letters)), wanted, OPERATOR_TOLERANCE, "the string")


def _string(letters: str) -> Complex:
    parts = {"I": np.eye(2), "X": [[0, 1], [1, 0]], "Y": [[0, -1j], [1j, 0]], "Z": np.diag([1, -1])}
    matrix = np.eye(1, dtype=complex)
    for letter in letters:
        matrix = np.kron(matrix, np.asarray(parts[letter], dtype=complex))
    return matrix


@family.claim("pauli_reconstruct", c=weights)
def agrees_with_the_floor_on_drawn_weights(tier: Kernels, c: Complex) -> None:
    """The matrix agrees with the floor's on any weights."""
    agree(tier.pauli_reconstruct(c), _floor("pauli_reconstruct", c), OPERATOR_TOLERANCE, "the floor")


@family.claim("pauli_reconstruct", c=weights)
def is_undone_by_decomposition(tier: Kernels, c: Complex) -> None:
    """The weights of the matrix are the given ones."""
    agree(tier.pauli_decompose(tier.pauli_reconstruct(c)), c, OPERATOR_TOLERANCE, "the given weights")


@family.claim("xy_hamiltonian_dense", network=networks())
def agrees_with_the_floor_on_drawn_networks(tier: Kernels, network: Network) -> None:
    """The Hamiltonian agrees with the floor's on any network."""
    wanted = _floor("xy_hamiltonian_dense", *network)
    agree(tier.xy_hamiltonian_dense(*network), wanted, OPERATOR_TOLERANCE, "the floor")


@family.claim("xy_hamiltonian_dense", network=networks(), diagonal=st.floats(-1e6, 1e6))
def takes_the_symmetric_part(tier: Kernels, network: Network, diagonal: float) -> None:
    """Only the symmetric part of K acts, and its diagonal does not; the matrix is real symmetric."""
    K, omega, delta = network
    found = tier.xy_hamiltonian_dense(K.T + np.diag(np.full(len(K), diagonal)), omega, delta)
    agree(found, tier.xy_hamiltonian_dense(K, omega, delta), OPERATOR_TOLERANCE, "the transpose of K")
    agree(found, np.ascontiguousarray(found.T), OPERATOR_TOLERANCE, "its transpose")
    insist(not found.imag.any(), "an imaginary part is not 0")


@family.claim("xy_hamiltonian_dense", network=networks())
def conserves_excitations(tier: Kernels, network: Network) -> None:
    """Entries between states with different numbers of set bits are 0."""
    found = tier.xy_hamiltonian_dense(*network)
    counts = np.array([state.bit_count() for state in range(len(found))])
    insist(not found[counts[:, None] != counts].any(), "it connects states with different numbers of set bits")


@family.claim("pauli_expectations", psi=states)
def agrees_with_the_floor_on_drawn_states(tier: Kernels, psi: Complex) -> None:
    """The expectation values agree with the floor's on any state."""
    tolerance = Tolerance(atol=1e-10, rtol=1e-12)
    agree(tier.pauli_expectations(psi), _floor("pauli_expectations", psi), tolerance, "the floor")


@family.claim("pauli_expectations", psi=states, phase=st.floats(-4.0, 4.0))
def is_unchanged_by_a_phase(tier: Kernels, psi: Complex, phase: float) -> None:
    """A phase of the whole state changes nothing."""
    tolerance = Tolerance(atol=1e-10, rtol=1e-11)
    turned_values, values = tier.pauli_expectations(psi * np.exp(1j * phase)), tier.pauli_expectations(psi)
    agree(turned_values, values, tolerance, "the state before")


@family.claim("pauli_expectations", psi=states)
def stays_inside_the_sphere(tier: Kernels, psi: Complex) -> None:
    """No qubit's vector is longer than the squared norm of the state, nor is the coherence."""
    ex, ey, ez, R = tier.pauli_expectations(psi)
    longest = max(float(np.sqrt(ex**2 + ey**2 + ez**2).max()), R)
    insist(longest <= np.sum(np.abs(psi) ** 2) + 1e-10, f"a vector is {longest!r} long")


@family.claim("pauli_expectations", angles=st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=7))
def follows_product_states(tier: Kernels, angles: list[float]) -> None:
    """A product of qubits on the equator has the cosines and sines of their angles, qubit 0 first."""
    psi = np.ones(1, dtype=complex)
    for angle in angles:
        psi = np.kron([0.5**0.5, 0.5**0.5 * np.exp(1j * angle)], psi)
    cos, sin = np.cos(angles), np.sin(angles)
    wanted = (cos, sin, np.zeros(len(angles)), float(np.hypot(cos.mean(), sin.mean())))
    agree(tier.pauli_expectations(psi), wanted, OPERATOR_TOLERANCE, "the product state")


@family.claim("dla_dimension", n=st.integers(1, 4), scale=st.sampled_from([1e-6, 1.0, 1e4]), kept=st.data())
def is_unchanged_by_order_and_scale(tier: Kernels, n: int, scale: float, kept: st.DataObject) -> None:
    """Order, signs and scales of the generators do not matter: XY spans 2^(2n-1) - 2 dimensions from 2 qubits on."""
    generators = xy_generators(n)
    order = kept.draw(st.permutations(range(len(generators))))
    factors = np.array([scale * (-1) ** (place % 2) for place in order])
    found = tier.dla_dimension(generators[list(order)] * factors[:, None, None])
    wanted = 1 if n == 1 else 2 ** (2 * n - 1) - 2
    insist(found == wanted, f"the dimension is {found}, {wanted} is known")


@family.claim("dla_dimension", n=st.integers(1, 3), seed=st.integers(0, 99), dense=st.booleans())
def is_unchanged_by_a_change_of_basis(tier: Kernels, n: int, seed: int, dense: bool) -> None:
    """The algebra is as large in any basis, whether its generators are Pauli strings or not."""
    generators = ising_generators(n + 1) if dense else xy_generators(n)
    found, wanted = tier.dla_dimension(turned(generators, seed)), _floor("dla_dimension", generators)
    insist(found == wanted, f"the dimension is {found} in another basis, {wanted} in the first")


@family.claim("dla_dimension", letters=st.lists(st.text(LETTERS, min_size=3, max_size=3), min_size=1, max_size=5))
def agrees_with_the_floor_on_drawn_strings(tier: Kernels, letters: list[str]) -> None:
    """The dimension is the floor's for any Pauli strings."""
    generators = np.array([_string(string) for string in letters])
    found, wanted = tier.dla_dimension(generators), _floor("dla_dimension", generators)
    insist(found == wanted, f"the dimension is {found}, the floor says {wanted}")


@family.claim("dla_dimension", limit=st.integers(1, 40), dense=st.booleans())
def stops_at_max_dimension(tier: Kernels, limit: int, dense: bool) -> None:
    """Where the algebra is larger than `max_dimension` the answer is that limit, with a RuntimeWarning; else none."""
    generators, full = (ising_generators(3), 9) if dense else (xy_generators(3), 30)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = tier.dla_dimension(generators, max_dimension=limit)
    insist(found == min(limit, full), f"the dimension is {found}, the algebra has {full}")
    said = [warning.category for warning in caught]
    insist(said == [RuntimeWarning] * (limit < full), f"the warnings are {said}")
