"""The family operators against Qiskit's quantum_info and SciPy, which share no code with it."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector, random_hermitian, random_statevector
from scipy.linalg import expm, svd

import polytier

LETTERS = "IXYZ"


def labels(n: int) -> list[str]:
    """Return the strings in the order of the weights: base-4 numbers, qubit n-1 first."""
    return ["".join(LETTERS[index >> (2 * q) & 3] for q in reversed(range(n))) for index in range(4**n)]


def normal(*shape: int, seed: int) -> np.ndarray:
    """Return an array of complex normal numbers."""
    real, imaginary = np.random.default_rng(seed).normal(size=(2, *shape))
    return real + 1j * imaginary


def summed(n: int, terms: list[tuple[str, list[int], float]]) -> np.ndarray:
    """Return the matrix of a sum of strings that Qiskit builds."""
    return SparsePauliOp.from_sparse_list(terms, n).to_matrix()


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_weights_are_qiskits(n: int) -> None:
    """SparsePauliOp finds the same weight for every label of a matrix without symmetry."""
    H = normal(2**n, 2**n, seed=n)
    found = dict(zip(labels(n), polytier.pauli_decompose(H), strict=True))
    wanted = SparsePauliOp.from_operator(Operator(H), atol=0.0, rtol=0.0)
    assert len(wanted) == 4**n
    for label, weight in wanted.to_list():
        assert found[label] == pytest.approx(weight, abs=1e-13)


@pytest.mark.parametrize("n", [2, 4, 6])
def test_a_sum_of_qiskits_strings_gives_its_weights_back(n: int) -> None:
    """Of an operator that Qiskit builds from a few strings, these have their weights and all others have none."""
    rng = np.random.default_rng(n)
    chosen = dict(zip(rng.choice(labels(n), 5, replace=False), rng.normal(size=5), strict=True))
    built = SparsePauliOp.from_list([(str(label), weight) for label, weight in chosen.items()])
    found = polytier.pauli_decompose(built.to_matrix())
    np.testing.assert_allclose(found, [chosen.get(label, 0.0) for label in labels(n)], rtol=0, atol=1e-14)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_matrices_are_qiskits(n: int) -> None:
    """SparsePauliOp builds the same matrix from labels and weights."""
    c = normal(4**n, seed=n)
    wanted = SparsePauliOp(labels(n), c).to_matrix()
    np.testing.assert_allclose(polytier.pauli_reconstruct(c), wanted, atol=1e-12)


@pytest.mark.parametrize("n", [1, 3, 6])
def test_the_hamiltonian_is_qiskits(n: int) -> None:
    """A SparsePauliOp of fields and couplings has the same matrix, and it has no other strings."""
    rng = np.random.default_rng(n)
    K, omega = rng.normal(size=(n, n)), rng.normal(size=n)
    terms = [("Z", [q], -omega[q]) for q in range(n)]
    for j in range(n):
        for i in range(j):
            strength = -(K[i, j] + K[j, i]) / 2
            terms += [("XX", [i, j], strength), ("YY", [i, j], strength), ("ZZ", [i, j], 0.3 * strength)]
    found = polytier.xy_hamiltonian_dense(K, omega, 0.3)
    np.testing.assert_allclose(found, summed(n, terms), atol=1e-12)
    assert len(SparsePauliOp.from_operator(Operator(found), atol=1e-12)) == len(terms)


@pytest.mark.parametrize("n", [1, 4, 7])
def test_expectation_values_are_qiskits(n: int) -> None:
    """Statevector finds the same expectation values of each qubit, whatever the norm, and from them the coherence."""
    for psi in (random_statevector(2**n, seed=n).data, normal(2**n, seed=n)):
        state = Statevector(psi)
        *found, coherence = polytier.pauli_expectations(psi)
        wanted = np.array([[state.expectation_value(SparsePauliOp(P), [q]).real for q in range(n)] for P in "XYZ"])
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-14 * n * np.vdot(psi, psi).real)
        assert coherence == pytest.approx(abs(np.mean(wanted[0] + 1j * wanted[1])), rel=1e-11)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_the_commutator_is_qiskits(n: int) -> None:
    """Operators composed in both orders differ by the commutator."""
    one, other = random_hermitian(2**n, seed=n), Operator(normal(2**n, 2**n, seed=n))
    one = Operator(one)
    wanted = (one @ other - other @ one).data
    np.testing.assert_allclose(polytier.commutator_dense(one.data, other.data), wanted, atol=1e-11)


def test_the_commutator_of_strings_is_qiskits() -> None:
    """Sparse sums of strings, which never become matrices in Qiskit, have the same commutator."""
    one = SparsePauliOp.from_sparse_list([("XY", [0, 3], 1.5), ("Z", [2], -0.5), ("ZZX", [0, 1, 2], 2.0)], 4)
    other = SparsePauliOp.from_sparse_list([("Y", [3], 0.25), ("XZ", [1, 2], 1.0), ("YY", [0, 2], -3.0)], 4)
    wanted = (one @ other - other @ one).simplify().to_matrix()
    np.testing.assert_allclose(polytier.commutator_dense(one.to_matrix(), other.to_matrix()), wanted, atol=1e-13)


def xy(n: int) -> np.ndarray:
    """Return Z_i, X_i X_j and Y_i Y_j, each a single string of Qiskit's."""
    pairs = [[i, j] for j in range(n) for i in range(j)]
    terms = [("Z", [q]) for q in range(n)] + [(letters, pair) for letters in ("XX", "YY") for pair in pairs]
    return np.array([summed(n, [(letters, qubits, 1.0)]) for letters, qubits in terms])


def ising(n: int) -> np.ndarray:
    """Return the summed Z_i Z_i+1 of an open chain and its summed X_i: no single strings."""
    bonds = [("ZZ", [q, q + 1], 1.0) for q in range(n - 1)]
    return np.array([summed(n, bonds), summed(n, [("X", [q], 1.0) for q in range(n)])])


def rows(matrices: np.ndarray) -> np.ndarray:
    """Return matrices as vectors of real numbers."""
    return np.ascontiguousarray(matrices).reshape(len(matrices), -1).view(float)


def span(vectors: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis, whose length is the rank: that of the singular values above 1e-9 of the largest."""
    _, values, basis = svd(vectors, full_matrices=False)
    return basis[values > 1e-9 * values[0]]


def dense_dimension(generators: np.ndarray) -> int:
    """Return the rank of all brackets of everything with everything, until it grows no more."""
    basis = span(rows(1j * generators))
    while True:
        known = basis.view(complex).reshape(len(basis), *generators.shape[1:])
        products = np.einsum("aij,bjk->abik", known, known)
        brackets = (products - products.swapaxes(0, 1)).reshape(-1, *generators.shape[1:])
        grown = span(np.vstack([basis, rows(brackets)]))
        if len(grown) == len(basis):
            return len(basis)
        basis = grown


@pytest.mark.parametrize(
    ("generators", "dimension"),
    [
        pytest.param(xy(2), 6, id="xy, 2 qubits"),
        pytest.param(xy(3), 30, id="xy, 3 qubits"),
        pytest.param(ising(2), 4, id="Ising, 2 qubits"),
        pytest.param(ising(3), 9, id="Ising, 3 qubits"),
        pytest.param(ising(4), 16, id="Ising, 4 qubits"),
        pytest.param(np.array([random_hermitian(5, seed=s).data for s in (1, 2)]), 25, id="two drawn, d=5"),
        pytest.param(np.array([np.diag([1.0, 2.0, 3.0]), np.eye(3)]).astype(complex), 2, id="commuting"),
    ],
)
def test_the_dimension_is_a_dense_rank(generators: np.ndarray, dimension: int) -> None:
    """SciPy's singular values find the same rank, in the strings' own basis and in one where there are no strings."""
    assert polytier.dla_dimension(generators) == dense_dimension(generators) == dimension
    turn = expm(1j * random_hermitian(generators.shape[1], seed=3).data)
    moved = turn @ generators @ turn.conj().T
    moved = (moved + moved.conj().swapaxes(1, 2)) / 2
    assert polytier.dla_dimension(moved) == dense_dimension(moved) == dimension


@pytest.mark.parametrize("n", [2, 3])
def test_the_algebra_is_the_span_of_turned_generators(n: int) -> None:
    """Turning generators into each other by exponentials spans the same space: no bracket is formed."""
    generators, rng = xy(n), np.random.default_rng(n)
    moved = generators[rng.integers(len(generators), size=150)]
    for _ in range(8):
        turn = expm(1j * rng.normal(size=(150, 1, 1)) * generators[rng.integers(len(generators), size=150)])
        moved = turn @ moved @ turn.conj().swapaxes(1, 2)
    assert len(span(rows(moved))) == polytier.dla_dimension(generators)
