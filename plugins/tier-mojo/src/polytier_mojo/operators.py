"""The family `operators`: each kernel takes what the floor takes, and has the worker compute."""

# Language policy: exempt, it adapts: it checks arguments and makes room for answers, and the Mojo worker computes.

from __future__ import annotations

import warnings
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

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
from polytier.errors import bad_value, not_finite, told
from polytier_mojo.adapting import COMPLEX, changed, is_plain, parts_of
from polytier_mojo.kuramoto import ANSWER_MOST, WORK_MOST, worker
from polytier_mojo.runtime import AnswerOverflowError, NotFiniteError, OutOfRangeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]
    Complex = NDArray[np.complex128]

COMMUTATOR, DECOMPOSE, RECONSTRUCT, HAMILTONIAN, EXPECTATIONS, DIMENSION = range(16, 22)

_ROUNDS_MOST: Final = 1 << 40
"""More rounds than any search takes."""

_one: Final = Struct("<d").pack
_limits: Final = Struct("<2Qd").pack


def _asked(name: str, check: Callable[[], Any], *request: Any) -> tuple[float, float]:
    """Ask the worker; where it refuses an argument the check says which, and an overflow is one of what `name` says."""
    try:
        return worker.task(*request)
    except NotFiniteError:
        check()
        raise changed() from None
    except AnswerOverflowError:
        raise not_finite(name, "a sum beyond float64") from None


def commutator_dense(a: ArrayLike, b: ArrayLike) -> Complex:
    """Return the commutator of two dense matrices."""

    def check() -> tuple[Complex, Complex]:
        left = square_matrix(a, "a")
        return left, square_matrix(b, "b", size=len(left))

    plain = is_plain(a, 2, COMPLEX) and is_plain(b, 2, COMPLEX) and a.shape == b.shape  # type: ignore[union-attr]
    left, right = (a, b) if plain and len(a) == a.shape[1] > 0 else check()  # type: ignore[arg-type, union-attr]
    d = len(left)  # type: ignore[arg-type]
    answer: Complex = np.empty((d, d), complex)
    for first, count in parts_of(0, d, min(ANSWER_MOST // d, 4 * WORK_MOST // (d * d))):
        rows = answer[first : first + count]
        _asked("the commutator", check, COMMUTATOR, (d, first, count), b"", (left, right), (rows,))
    return answer


def pauli_decompose(H: ArrayLike) -> Complex:
    """Return the weights of a matrix in the basis of Pauli strings."""
    plain = is_plain(H, 2, COMPLEX) and 0 < len(H) == H.shape[1]  # type: ignore[arg-type, union-attr]
    matrix: Any = H if plain else square_matrix(H, "H")
    n = qubit_count(len(matrix), "H")
    weights: Complex = np.empty(4**n, complex)
    _asked("the weights", lambda: square_matrix(H, "H"), DECOMPOSE, (n, 0, 0), b"", (matrix,), (weights,))
    return weights


def pauli_reconstruct(c: ArrayLike) -> Complex:
    """Return the matrix that has these weights in the basis of Pauli strings: the inverse of `pauli_decompose`."""
    weights: Any = c if is_plain(c, 1, COMPLEX) and len(c) else complex_vector(c, "c")  # type: ignore[arg-type]
    n = qubit_count(len(weights), "c", base=4)
    matrix: Complex = np.empty((2**n, 2**n), complex)
    _asked("the matrix", lambda: complex_vector(c, "c"), RECONSTRUCT, (n, 0, 0), b"", (weights,), (matrix,))
    return matrix


def xy_hamiltonian_dense(K: ArrayLike, omega: ArrayLike, delta: float = 0.0) -> Complex:
    """Return the Hamiltonian of qubits with XY couplings, local fields and an optional ZZ coupling, as a dense matrix.

    The worker answers the entries that are not zero, which are put into zeros here.
    """

    def check() -> tuple[Vector, Vector]:
        fields = float_vector(omega, "omega")
        return fields, float_matrix(K, "K", shape=(len(fields), len(fields)))

    n = len(omega) if is_plain(omega, 1) else 0  # type: ignore[arg-type]
    plain = n and is_plain(K, 2) and K.shape == (n, n)  # type: ignore[union-attr]
    fields, coupling = (omega, K) if plain else check()
    n, numbers = len(fields), _one(real(delta, "delta"))  # type: ignore[arg-type]
    hamiltonian: Complex = new_array(2**n, 2**n, dtype=np.complex128)
    parts = hamiltonian.reshape(-1).view(np.float64)
    width = 1 + (n // 2) * (n - n // 2)
    for first, count in parts_of(0, 2**n, ANSWER_MOST // (2 * width)):
        values, places = np.empty(count * width), np.empty(count * width, np.int64)
        request = (HAMILTONIAN, (n, first, count), numbers, (coupling, fields), (values, places))
        _asked("an entry", check, *request)
        parts[places] = values
    return hamiltonian


def pauli_expectations(psi: ArrayLike) -> tuple[Vector, Vector, Vector, float]:
    """Return each qubit's expectation values of X, Y and Z, and the coherence of the qubits."""
    state: Any = psi if is_plain(psi, 1, COMPLEX) and len(psi) else complex_vector(psi, "psi")  # type: ignore[arg-type]
    n = qubit_count(len(state), "psi")
    if n == 0:
        raise bad_value("psi", "a state of at least one qubit", "length 1")
    ex, ey, ez = np.empty(n), np.empty(n), np.empty(n)
    request = (EXPECTATIONS, (n, 0, 0), b"", (state,), (ex, ey, ez))
    coherence, _ = _asked("the expectation values", lambda: complex_vector(psi, "psi"), *request)
    return ex, ey, ez, coherence


def dla_dimension(
    generators: ArrayLike, max_iterations: int = 50, max_dimension: int | None = None, tol: float = 1e-10
) -> int:
    """Return the dimension of the real Lie algebra that Hermitian generators span."""
    plain = is_plain(generators, 3, COMPLEX)
    stack: Any = generators if plain else square_matrices(generators, "generators")
    if not stack.size or stack.shape[1] != stack.shape[2]:
        stack = square_matrices(generators, "generators")
    rounds = integer(max_iterations, "max_iterations", minimum=1)
    most = None if max_dimension is None else integer(max_dimension, "max_dimension", minimum=1)
    small = positive(tol, "tol")
    numbers = _limits(min(rounds, _ROUNDS_MOST), min(most or 0, _ROUNDS_MOST), small)
    request = (DIMENSION, (stack.shape[1], 0, len(stack)), numbers, (stack,), ())
    try:
        found, complete = _asked("the dimension", lambda: square_matrices(generators, "generators"), *request)
    except OutOfRangeError:
        raise bad_value("generators", "Hermitian", "a matrix that is not") from None
    dimension = int(found)
    if not complete:
        stop = f"stopped at dimension {dimension} by max_iterations={rounds} or max_dimension={most}"
        warnings.warn(told("close the Lie algebra", stop, "raise the limit"), RuntimeWarning, stacklevel=2)
    return dimension
