"""The family operators against Qiskit's quantum_info and SciPy, which share no code with it."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector
from scipy.linalg import expm

import polytier
from polytier.kernels.operator_cases import dense, hermitian, network, xy_generators

LETTERS = "IXYZ"


def labels(n: int) -> list[str]:
    """Return the strings in the order of the weights: base-4 numbers, qubit n-1 first."""
    return ["".join(LETTERS[index >> (2 * q) & 3] for q in reversed(range(n))) for index in range(4**n)]


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_weights_are_qiskits(n: int) -> None:
    """SparsePauliOp finds the same weight for every label."""
    H = dense(2**n, 2**n, seed=n)
    found = dict(zip(labels(n), polytier.pauli_decompose(H), strict=True))
    wanted = SparsePauliOp.from_operator(Operator(H), atol=0.0, rtol=0.0)
    assert len(wanted) == 4**n
    for label, weight in wanted.to_list():
        assert found[label] == pytest.approx(weight, abs=1e-13)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_matrices_are_qiskits(n: int) -> None:
    """SparsePauliOp builds the same matrix from labels and weights."""
    c = dense(4**n, seed=n)
    wanted = SparsePauliOp(labels(n), c).to_matrix()
    np.testing.assert_allclose(polytier.pauli_reconstruct(c), wanted, atol=1e-12)


@pytest.mark.parametrize("n", [1, 3, 6])
def test_the_hamiltonian_is_qiskits(n: int) -> None:
    """A SparsePauliOp of fields and couplings has the same matrix."""
    K, omega = network(n, n)
    terms = [("Z", [q], -omega[q]) for q in range(n)]
    for j in range(n):
        for i in range(j):
            strength = -(K[i, j] + K[j, i]) / 2
            terms += [("XX", [i, j], strength), ("YY", [i, j], strength), ("ZZ", [i, j], 0.3 * strength)]
    wanted = SparsePauliOp.from_sparse_list(terms, n).to_matrix()
    np.testing.assert_allclose(polytier.xy_hamiltonian_dense(K, omega, 0.3), wanted, atol=1e-12)


@pytest.mark.parametrize("n", [1, 4, 7])
def test_expectation_values_are_qiskits(n: int) -> None:
    """Statevector finds the same expectation values of each qubit."""
    psi = dense(2**n, seed=n)
    state = Statevector(psi)
    for letter, found in zip("XYZ", polytier.pauli_expectations(psi)[:3], strict=True):
        for q in range(n):
            wanted = state.expectation_value(SparsePauliOp(letter), [q])
            assert found[q] == pytest.approx(wanted.real, abs=1e-11)


def test_the_commutator_is_qiskits() -> None:
    """Operators composed in both orders differ by the commutator."""
    a, b = hermitian(16, 1), dense(16, 16, seed=2)
    one, other = Operator(a), Operator(b)
    np.testing.assert_allclose(polytier.commutator_dense(a, b), (one @ other - other @ one).data, atol=1e-11)


@pytest.mark.parametrize("n", [2, 3])
def test_the_algebra_is_the_span_of_turned_generators(n: int) -> None:
    """Turning generators into each other by exponentials spans the same space, found by its rank."""
    generators = xy_generators(n)
    rng = np.random.default_rng(n)
    rows = []
    for _ in range(150):
        turn = np.eye(2**n)
        for _ in range(8):
            turn = expm(1j * rng.normal() * generators[rng.integers(len(generators))]) @ turn
        moved = turn @ generators[rng.integers(len(generators))] @ turn.conj().T
        rows.append(np.ascontiguousarray(moved).ravel().view(float))
    assert np.linalg.matrix_rank(np.array(rows), tol=1e-8) == polytier.dla_dimension(generators)
