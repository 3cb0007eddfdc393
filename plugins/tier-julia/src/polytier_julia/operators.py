"""The family `operators`: adapters with the floors' signatures, around the functions compiled by Julia."""

# Language policy: exempt, it adapts, and Julia computes; of huge states alone it takes the coherence.

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays import (
    complex_vector,
    finite_answer,
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
from polytier.errors import bad_value, not_finite, told
from polytier_julia.algebra import closed
from polytier_julia.answers import fresh, room, zeros
from polytier_julia.dtypes import COMPLEX128, FLOAT64, plain
from polytier_julia.runtime import GOOD, UNSUITABLE, defect, kernels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]
    Complex = NDArray[np.complex128]

_PANELS = 16
"""Numbers of working memory for each row of a commutator: two panels of four complex columns."""
_FEW = 12
"""Qubits of a Hamiltonian for which there is memory."""


def commutator_dense(a: ArrayLike, b: ArrayLike) -> Complex:
    """Return the commutator of two dense matrices."""
    if type(a) is np.ndarray and a.ndim == 2 and a.shape[0] == a.shape[1]:  # noqa: PLR2004 - a matrix
        d = a.shape[0]
        answer, work = room(d, d), fresh(_PANELS * d)
        if kernels.commutator_dense(id(a), id(b), id(answer), id(work)) == GOOD:
            return answer
    left = plain(square_matrix(a, "a"), COMPLEX128)
    right = plain(square_matrix(b, "b", size=len(left)), COMPLEX128)
    answer, work = room(*left.shape), fresh(_PANELS * len(left))
    status = kernels.commutator_dense(id(left), id(right), id(answer), id(work))
    return _finite(status, answer, "the commutator")


def pauli_decompose(H: ArrayLike) -> Complex:
    """Return the weights of a matrix in the basis of Pauli strings."""
    if type(H) is np.ndarray and H.size:
        n = (H.size.bit_length() - 1) // 2
        if H.shape == (1 << n, 1 << n):
            weights = room(1 << 2 * n)
            if kernels.pauli_decompose(id(H), n, id(weights)) == GOOD:
                return weights
    matrix = plain(square_matrix(H, "H"), COMPLEX128)
    n = qubit_count(len(matrix), "H")
    weights = room(1 << 2 * n)
    kernels.pauli_decompose(id(matrix), n, id(weights))
    return weights


def pauli_reconstruct(c: ArrayLike) -> Complex:
    """Return the matrix that has these weights in the basis of Pauli strings: the inverse of `pauli_decompose`."""
    if type(c) is np.ndarray and c.size:
        n = (c.size.bit_length() - 1) // 2
        if c.shape == (1 << 2 * n,):
            matrix, work = room(1 << n, 1 << n), fresh(2 * c.size)
            if kernels.pauli_reconstruct(id(c), n, id(matrix), id(work)) == GOOD:
                return matrix
    weights = plain(complex_vector(c, "c"), COMPLEX128)
    n = qubit_count(len(weights), "c", base=4)
    matrix, work = room(1 << n, 1 << n), fresh(2 * len(weights))
    status = kernels.pauli_reconstruct(id(weights), n, id(matrix), id(work))
    return _finite(status, matrix, "the matrix")


def xy_hamiltonian_dense(K: ArrayLike, omega: ArrayLike, delta: float = 0.0) -> Complex:
    """Return the dense Hamiltonian of qubits with XY couplings, local fields and an optional ZZ coupling."""
    if type(K) is type(omega) is np.ndarray and 0 < omega.size <= _FEW and K.shape == (omega.size, omega.size):
        try:
            status, answer = _hamiltonian(K, omega, delta)
        except (TypeError, ValueError, OverflowError):  # delta is no number; the check below says so
            status = UNSUITABLE
        if status == GOOD:
            return answer
    fields = plain(float_vector(omega, "omega"), FLOAT64)
    coupling = plain(float_matrix(K, "K", shape=(len(fields), len(fields))), FLOAT64)
    status, answer = _hamiltonian(coupling, fields, real(delta, "delta"))
    if status != GOOD:
        raise not_finite("the Hamiltonian", "a value beyond float64")
    return answer


def pauli_expectations(psi: ArrayLike) -> tuple[Vector, Vector, Vector, float]:
    """Return each qubit's expectation values of X, Y and Z, and the coherence of the qubits."""
    if type(psi) is np.ndarray and psi.size > 1:
        n = psi.size.bit_length() - 1
        ex, ey, ez = np.empty(n), np.empty(n), np.empty(n)
        coherence = kernels.pauli_expectations(id(psi), id(ex), id(ey), id(ez))
        if coherence <= 1e150:  # noqa: PLR2004 - no square has overflowed
            return ex, ey, ez, coherence
    state = plain(complex_vector(psi, "psi"), COMPLEX128)
    n = qubit_count(len(state), "psi")
    if n == 0:
        raise bad_value("psi", "a state of at least one qubit", "length 1")
    ex, ey, ez = np.empty(n), np.empty(n), np.empty(n)
    kernels.pauli_expectations(id(state), id(ex), id(ey), id(ez))
    finite_answer(np.array([ex, ey, ez]), "the expectation values")
    with np.errstate(over="ignore"):
        return ex, ey, ez, math.hypot(ex.mean(), ey.mean())


def dla_dimension(
    generators: ArrayLike, max_iterations: int = 50, max_dimension: int | None = None, tol: float = 1e-10
) -> int:
    """Return the dimension of the real Lie algebra that Hermitian generators span: how much of the group they reach."""
    matrices = generators
    if not (type(matrices) is np.ndarray and matrices.dtype is COMPLEX128 and _stacked(matrices)):
        matrices = plain(square_matrices(generators, "generators"), COMPLEX128)
    rounds = integer(max_iterations, "max_iterations", minimum=1)
    most = None if max_dimension is None else integer(max_dimension, "max_dimension", minimum=1)
    dimension, complete = closed(matrices, (rounds, most), positive(tol, "tol"))
    if not complete:
        found = f"stopped at dimension {dimension} by max_iterations={rounds} or max_dimension={most}"
        warnings.warn(told("close the Lie algebra", found, "raise the limit"), RuntimeWarning, stacklevel=3)
    return dimension


def _hamiltonian(coupling: Vector, fields: Vector, delta: Any) -> tuple[int, Complex]:
    n = len(fields)
    answer = zeros(1 << n, 1 << n, dtype=COMPLEX128) if n <= _FEW else new_array(2**n, 2**n, dtype=COMPLEX128)
    work = fresh(n * n)
    return kernels.xy_hamiltonian_dense(id(coupling), id(fields), delta, id(answer), id(work)), answer


def _finite(status: int, answer: Complex, name: str) -> Complex:
    if status == UNSUITABLE:
        raise defect("arrays that polytier's checks took were refused")
    return finite_answer(answer, name)


def _stacked(matrices: NDArray[Any]) -> bool:
    square = matrices.ndim == 3 and matrices.shape[1] == matrices.shape[2]  # noqa: PLR2004 - a stack of matrices
    return square and matrices.size > 0 and matrices.flags.c_contiguous
