"""The family `operators`: each function first tries the arguments as they are, and checks them where that fails."""

# Language policy: exempt, it adapts: it checks arguments and makes room for answers, and the Go library computes.

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays import (
    complex_vector,
    float_matrix,
    float_vector,
    integer,
    new_array,
    positive,
    qubit_count,
    real,
    square_matrices,
    square_matrix,
)
from polytier.errors import bad_value, told
from polytier_go.runtime import link
from polytier_go.tasks import ENDLESS, Task, plain, room

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]
    Complex = NDArray[np.complex128]

# Size up to which a commutator ends within some 10 ms and is not waited for bit by bit.
BRIEF = 192

# Numbers, and qubits, from which an answer may not fit into memory.
_LARGE = 1 << 22
_MOST_QUBITS = 10


def commutator_dense(a: ArrayLike, b: ArrayLike) -> Complex:
    """Return the commutator of two dense matrices."""
    if type(a) is np.ndarray and a.ndim == 2 and len(a) <= BRIEF and a.size < _LARGE:  # noqa: PLR2004 - two axes
        difference = np.empty(a.shape, np.complex128)
        if link.commutator(id(a), id(b), id(difference), 0) == 0:
            return difference
    left = plain(square_matrix(a, "a"))
    d = len(left)
    right = plain(square_matrix(b, "b", size=d))
    difference = room(d, d, dtype=np.complex128)
    link.solve(Task("commutator_dense", {"a": left, "b": right}, {}, {"commutator": difference}))
    return difference


def pauli_decompose(H: ArrayLike) -> Complex:
    """Return the weights of a matrix in the basis of Pauli strings."""
    if type(H) is np.ndarray and H.size < _LARGE:
        weights = np.empty(H.size, np.complex128)
        if link.pauli(0, id(H), id(weights)) == 0:
            return weights
    matrix = plain(square_matrix(H, "H"))
    n = qubit_count(len(matrix), "H")
    weights = room(4**n, dtype=np.complex128)
    link.solve(Task("pauli_decompose", {"H": matrix}, {}, {"c": weights}))
    return weights


def pauli_reconstruct(c: ArrayLike) -> Complex:
    """Return the matrix that has these weights in the basis of Pauli strings."""
    if type(c) is np.ndarray and c.size < _LARGE:
        d = 1 << (c.size.bit_length() >> 1)
        matrix = np.empty((d, d), np.complex128)
        if link.pauli(1, id(c), id(matrix)) == 0:
            return matrix
    weights = plain(complex_vector(c, "c"))
    n = qubit_count(len(weights), "c", base=4)
    matrix = room(2**n, 2**n, dtype=np.complex128)
    link.solve(Task("pauli_reconstruct", {"c": weights}, {}, {"H": matrix}))
    return matrix


def xy_hamiltonian_dense(K: ArrayLike, omega: ArrayLike, delta: float = 0.0) -> Complex:
    """Return the Hamiltonian of qubits with XY couplings, local fields and an optional ZZ coupling."""
    if type(omega) is np.ndarray and 0 < omega.size <= _MOST_QUBITS and type(delta) is float:
        d = 1 << omega.size
        matrix: Complex = np.zeros((d, d), np.complex128)
        if link.hamiltonian(id(K), id(omega), delta, id(matrix)) == 0:
            return matrix
    fields = plain(float_vector(omega, "omega"))
    n = len(fields)
    arrays = {"K": plain(float_matrix(K, "K", shape=(n, n))), "omega": fields}
    numbers = {"delta": real(delta, "delta")}
    matrix = new_array(2**n, 2**n, dtype=np.complex128)
    link.solve(Task("xy_hamiltonian_dense", arrays, numbers, {"H": matrix}))
    return matrix


def pauli_expectations(psi: ArrayLike) -> tuple[Vector, Vector, Vector, float]:
    """Return each qubit's expectation values of X, Y and Z, and the coherence of the qubits."""
    if type(psi) is np.ndarray and psi.size > 1:
        n = psi.size.bit_length() - 1
        ex, ey, ez, coherence = np.empty(n), np.empty(n), np.empty(n), np.empty(1)
        if link.expectations(id(psi), id(ex), id(ey), id(ez), id(coherence)) == 0:
            return ex, ey, ez, float(coherence[0])
    state = plain(complex_vector(psi, "psi"))
    n = qubit_count(len(state), "psi")
    if n == 0:
        raise bad_value("psi", "a state of at least one qubit", "length 1")
    ex, ey, ez, coherence = room(n), room(n), room(n), room(1)
    answers = {"ex": ex, "ey": ey, "ez": ez, "R": coherence}
    link.solve(Task("pauli_expectations", {"psi": state}, {}, answers))
    return ex, ey, ez, float(coherence[0])


def dla_dimension(
    generators: ArrayLike, max_iterations: int = 50, max_dimension: int | None = None, tol: float = 1e-10
) -> int:
    """Return the dimension of the real Lie algebra that Hermitian generators span."""
    matrices = plain(square_matrices(generators, "generators"))
    rounds = integer(max_iterations, "max_iterations", minimum=1)
    most = None if max_dimension is None else integer(max_dimension, "max_dimension", minimum=1)
    found = room(2)
    numbers: dict[str, Any] = {
        "max_iterations": min(rounds, ENDLESS),
        "max_dimension": ENDLESS if most is None else min(most, ENDLESS),
        "tol": positive(tol, "tol"),
    }
    link.solve(Task("dla_dimension", {"generators": matrices}, numbers, {"found": found}))
    dimension = int(found[0])
    if not found[1]:
        stopped = f"stopped at dimension {dimension} by max_iterations={rounds} or max_dimension={most}"
        warnings.warn(told("close the Lie algebra", stopped, "raise the limit"), RuntimeWarning, stacklevel=3)
    return dimension
