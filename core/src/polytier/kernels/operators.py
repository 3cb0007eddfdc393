"""The family `operators`: matrices that act on qubits, and the algebra that they generate.

Qubit 0 is the least significant bit of the basis index; a string of Pauli letters is written from qubit n-1 to qubit 0.
All quantities are dimensionless unless a kernel says otherwise; complex arrays are complex128 in C order.
"""

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
from polytier.errors import bad_value, told
from polytier.kernels.declaration import kernel
from polytier.kernels.operator_cases import (
    algebra_cases,
    commutator_cases,
    hamiltonian_cases,
    matrix_cases,
    state_cases,
    weight_cases,
)
from polytier.kernels.tolerance import Tolerance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]
    Complex = NDArray[np.complex128]
    Masks = NDArray[np.int64]

OPERATOR_TOLERANCE = Tolerance(atol=1e-10)
"""1e-15 is reached where the entries are of order 1."""

_WEIGHTS_OF_ENTRIES: Complex = np.array([[0.5, 0, 0, 0.5], [0, 0.5, 0.5, 0], [0, 0.5j, -0.5j, 0], [0.5, 0, 0, -0.5]])
"""Takes the entries 00 01 10 11 of a 2 x 2 matrix to its weights on I X Y Z."""
_ENTRIES_OF_WEIGHTS: Complex = 2 * _WEIGHTS_OF_ENTRIES.conj().T


def commutator_scale(a: ArrayLike, b: ArrayLike) -> float:
    """Return 100 + |a| |b| in Frobenius norms: a relative 1e-12 of it is an absolute 1e-10 for small operators."""
    return 100.0 + float(np.linalg.norm(np.asarray(a, complex)) * np.linalg.norm(np.asarray(b, complex)))


@kernel(size="len(a)", tolerance=Tolerance.scaled(1e-12, commutator_scale), cases=commutator_cases)
def commutator_dense(a: ArrayLike, b: ArrayLike) -> Complex:
    r"""Return the commutator of two dense matrices.

    .. math:: [a, b] = a b - b a

    Parameters
    ----------
    a, b : array_like of complex, shape (d, d)
        Square matrices of one size, d >= 1, finite.

    Returns
    -------
    ndarray of complex128, shape (d, d)
        The commutator.

    Raises
    ------
    ValueError
        If an argument is empty, not square, not of the other's size, or not finite,
        or if the answer is too large for float64.
    TypeError
        If an argument cannot become complex128.

    References
    ----------
    J. J. Sakurai, *Modern Quantum Mechanics*, Addison-Wesley, 1994, section 1.4.

    Examples
    --------
    >>> commutator_dense([[0, 1], [1, 0]], [[1, 0], [0, -1]])
    array([[ 0.+0.j, -2.+0.j],
           [ 2.+0.j,  0.+0.j]])
    """
    left = square_matrix(a, "a")
    right = square_matrix(b, "b", size=len(left))
    with np.errstate(over="ignore", invalid="ignore"):
        return finite_answer(left @ right - right @ left, "the commutator")


def _on_every_qubit(transform: Complex, digits: Complex, n: int) -> Complex:
    # Each product transforms the leading base-4 digit and moves it last, so that n of them restore the order.
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(n):
            digits = digits.reshape(4, -1).T @ transform.T
    return digits.reshape(-1)


@kernel(size="len(H) ** 2", tolerance=OPERATOR_TOLERANCE, cases=matrix_cases)
def pauli_decompose(H: ArrayLike) -> Complex:
    r"""Return the weights of a matrix in the basis of Pauli strings.

    .. math:: c_P = \frac{1}{2^n} \operatorname{Tr}(P^\dagger H), \qquad H = \sum_P c_P P

    Parameters
    ----------
    H : array_like of complex, shape (2**n, 2**n)
        Any square matrix on n qubits, n >= 0, finite.

    Returns
    -------
    ndarray of complex128, shape (4**n,)
        Weights; the index is a base-4 number whose most significant digit belongs to qubit n-1,
        with the digits I X Y Z = 0 1 2 3.
        They are real for a Hermitian matrix.

    Raises
    ------
    ValueError
        If `H` is empty, not square, not of a power of two, or not finite.
    TypeError
        If `H` cannot become complex128.

    References
    ----------
    M. A. Nielsen and I. L. Chuang, *Quantum Computation and Quantum Information*, Cambridge, 2000.

    Examples
    --------
    >>> pauli_decompose([[1, 2 - 3j], [2 + 3j, -1]]).real
    array([0., 2., 3., 1.])
    """
    matrix = square_matrix(H, "H")
    n = qubit_count(len(matrix), "H")
    row_and_column = [axis for qubit in range(n) for axis in (qubit, n + qubit)]
    digits = matrix.reshape((2,) * (2 * n)).transpose(row_and_column).flatten()
    return _on_every_qubit(_WEIGHTS_OF_ENTRIES, digits, n)


@kernel(size="len(c)", tolerance=OPERATOR_TOLERANCE, cases=weight_cases)
def pauli_reconstruct(c: ArrayLike) -> Complex:
    r"""Return the matrix that has these weights in the basis of Pauli strings: the inverse of `pauli_decompose`.

    .. math:: H = \sum_P c_P P

    Parameters
    ----------
    c : array_like of complex, shape (4**n,)
        Weights in the order of `pauli_decompose`, n >= 0, finite.

    Returns
    -------
    ndarray of complex128, shape (2**n, 2**n)
        The matrix.

    Raises
    ------
    ValueError
        If `c` is empty, not a vector, not of a power of four, or not finite,
        or if a sum of weights is too large for float64.
    TypeError
        If `c` cannot become complex128.

    Examples
    --------
    >>> pauli_reconstruct([0, 2, 3, 1])
    array([[ 1.+0.j,  2.-3.j],
           [ 2.+3.j, -1.+0.j]])
    """
    weights = complex_vector(c, "c")
    n = qubit_count(len(weights), "c", base=4)
    entries = _on_every_qubit(_ENTRIES_OF_WEIGHTS, weights.copy(), n).reshape((2,) * (2 * n))
    rows_then_columns = (*range(0, 2 * n, 2), *range(1, 2 * n, 2))
    matrix = np.ascontiguousarray(entries.transpose(rows_then_columns).reshape(2**n, 2**n))
    return finite_answer(matrix, "the matrix")


@kernel(size="4 ** len(omega)", tolerance=OPERATOR_TOLERANCE, cases=hamiltonian_cases)
def xy_hamiltonian_dense(K: ArrayLike, omega: ArrayLike, delta: float = 0.0) -> Complex:
    r"""Return the Hamiltonian of qubits with XY couplings, local fields and an optional ZZ coupling, as a dense matrix.

    .. math:: H = -\sum_q \omega_q Z_q - \sum_{i<j} S_{ij} (X_i X_j + Y_i Y_j + \Delta Z_i Z_j),
        \qquad S = \tfrac{1}{2} (K + K^T)

    Parameters
    ----------
    K : array_like of float, shape (n, n)
        Couplings in rad/s, finite; only the symmetric part acts, and the diagonal has no effect.
    omega : array_like of float, shape (n,)
        Local fields in rad/s, n >= 1, finite.
    delta : float
        Anisotropy, dimensionless, finite: the strength of ZZ beside XX and YY.

    Returns
    -------
    ndarray of complex128, shape (2**n, 2**n)
        The Hamiltonian in rad/s; its imaginary part is exactly 0.

    Raises
    ------
    ValueError
        If an argument is empty, of the wrong shape, or not finite,
        or if an entry is too large for float64.
    TypeError
        If an argument cannot become float64.
    MemoryError
        If the matrix would not fit into the memory that is available; nothing is allocated then.

    References
    ----------
    E. Lieb, T. Schultz and D. Mattis, Annals of Physics 16 (1961) 407-466.

    Examples
    --------
    >>> xy_hamiltonian_dense([[0.0, 0.5], [0.5, 0.0]], [1.0, 2.0]).real
    array([[-3.,  0.,  0.,  0.],
           [ 0., -1., -1.,  0.],
           [ 0., -1.,  1.,  0.],
           [ 0.,  0.,  0.,  3.]])
    """
    fields = float_vector(omega, "omega")
    n = len(fields)
    coupling, anisotropy = float_matrix(K, "K", shape=(n, n)), real(delta, "delta")
    hamiltonian = new_array(2**n, 2**n, dtype=np.complex128)
    i, j = np.triu_indices(n, 1)
    states = np.arange(2**n)
    spins = 1.0 - 2.0 * (states >> np.arange(n)[:, None] & 1)
    bonds = spins[i] * spins[j]
    with np.errstate(over="ignore", invalid="ignore"):
        strengths = 0.5 * coupling[i, j] + 0.5 * coupling[j, i]
        energies = -(fields @ spins) - anisotropy * (strengths @ bonds)
        hops = -2.0 * strengths
    hamiltonian[states, states] = finite_answer(energies, "the energies")
    pair, state = np.nonzero(bonds < 0.0)
    hamiltonian[state, state ^ (1 << i[pair]) ^ (1 << j[pair])] += finite_answer(hops, "the hops")[pair]
    return hamiltonian


@kernel(size="len(psi)", tolerance=OPERATOR_TOLERANCE, cases=state_cases)
def pauli_expectations(psi: ArrayLike) -> tuple[Vector, Vector, Vector, float]:
    r"""Return each qubit's expectation values of X, Y and Z, and the coherence of the qubits.

    .. math:: R = \left| \frac{1}{n} \sum_q \left( \langle X_q \rangle + i \langle Y_q \rangle \right) \right|

    Parameters
    ----------
    psi : array_like of complex, shape (2**n,)
        State of n qubits, n >= 1, finite; it is not normalised.

    Returns
    -------
    ex, ey, ez : ndarray of float64, shape (n,)
        Expectation values, qubit 0 first; between -1 and 1 where `psi` has norm 1.
    R : float
        The coherence; 1 where all qubits point in one direction of the equator.

    Raises
    ------
    ValueError
        If `psi` is not a vector, not of a power of two, shorter than 2, or not finite,
        or if an expectation value is too large for float64.
    TypeError
        If `psi` cannot become complex128.

    Examples
    --------
    >>> ex, ey, ez, R = pauli_expectations([0.5**0.5, 0.5**0.5 * 1j])
    >>> [round(float(value), 12) + 0.0 for value in (ex[0], ey[0], ez[0], R)]
    [0.0, 1.0, 0.0, 1.0]
    """
    state = complex_vector(psi, "psi")
    n = qubit_count(len(state), "psi")
    if n == 0:
        raise bad_value("psi", "a state of at least one qubit", "length 1")
    ex, ey, ez = np.empty(n), np.empty(n), np.empty(n)
    with np.errstate(over="ignore", invalid="ignore"):
        density = state.real**2 + state.imag**2  # of the qubits up to q
        for q in reversed(range(n)):
            pairs = state.reshape(-1, 2, 2**q)
            overlap = 2.0 * np.vdot(pairs[:, 0], pairs[:, 1])
            up, down = density.reshape(2, -1)
            ex[q], ey[q], ez[q] = overlap.real, overlap.imag, up.sum() - down.sum()
            density = up + down
    finite_answer(np.array([ex, ey, ez]), "the expectation values")
    return ex, ey, ez, math.hypot(ex.mean(), ey.mean())


@kernel(size="len(generators) * len(generators[0]) ** 2", tolerance=Tolerance.bit_exact(), cases=algebra_cases)
def dla_dimension(
    generators: ArrayLike, max_iterations: int = 50, max_dimension: int | None = None, tol: float = 1e-10
) -> int:
    r"""Return the dimension of the real Lie algebra that Hermitian generators span: how much of the group they reach.

    The algebra is spanned by the right-nested commutators :math:`[i H_a, [i H_b, \dots [i H_y, i H_z]]]`,
    so each new element is bracketed with the generators only.

    Parameters
    ----------
    generators : array_like of complex, shape (g, d, d)
        Hermitian matrices H, g >= 1, d >= 1, finite.
    max_iterations : int
        Rounds of brackets at most, >= 1.
    max_dimension : int, optional
        Dimensions counted at most, >= 1.
    tol : float
        What is so much smaller than its own scale counts as zero, > 0: a generator beside the largest one,
        the anti-Hermitian part beside its generator, and a bracket beside the two elements it is of.

    Returns
    -------
    int
        The dimension; 0 if all generators are zero, `d * d` if they generate all of u(d).

    Raises
    ------
    ValueError
        If `generators` is empty, not square, not Hermitian, or not finite, or another argument is out of its range.
    TypeError
        If an argument is not of its kind.
    MemoryError
        If a basis of the algebra would not fit into the memory that is available.

    Warns
    -----
    RuntimeWarning
        If `max_iterations` or `max_dimension` stopped the search: the answer is then a lower bound.

    Notes
    -----
    Where every generator is a multiple of one Pauli string, the strings are bit masks and no rounding occurs.
    Otherwise an element is new if at least 1e-8 of it lies outside the span of those before it.

    References
    ----------
    D. D'Alessandro, *Introduction to Quantum Control and Dynamics*, CRC Press, 2007.

    Examples
    --------
    >>> X, Y = [[0, 1], [1, 0]], [[0, -1j], [1j, 0]]
    >>> dla_dimension([X, Y]), dla_dimension([Y])
    (3, 1)
    """
    matrices = square_matrices(generators, "generators")
    rounds = integer(max_iterations, "max_iterations", minimum=1)
    most = None if max_dimension is None else integer(max_dimension, "max_dimension", minimum=1)
    small = positive(tol, "tol")
    operators = _hermitian(matrices, small)
    strings = _strings_of(operators, small)
    if strings is not None:
        dimension, complete = _close_strings(*strings, rounds, most)
    else:
        dimension, complete = _close_matrices(operators, rounds, most, small)
    if not complete:
        found = f"stopped at dimension {dimension} by max_iterations={rounds} or max_dimension={most}"
        warnings.warn(told("close the Lie algebra", found, "raise the limit"), RuntimeWarning, stacklevel=3)
    return dimension


def _hermitian(matrices: Complex, small: float) -> Complex:
    """Return the generators that are not zero, each with a largest part of 1."""
    parts = np.abs(matrices.view(np.float64))
    scales = parts.max(axis=(1, 2))
    kept = (scales > 0.0) & (scales / (scales.max() or 1.0) > small)
    # Divided part by part: complex division would form 1 / scale, which overflows for subnormal scales.
    scaled = (matrices[kept].view(np.float64) / scales[kept, None, None]).view(np.complex128)
    adjoint = scaled.conj().swapaxes(1, 2)
    if (np.abs(scaled - adjoint) > small).any():
        place = int(np.flatnonzero(kept)[(np.abs(scaled - adjoint) > small).any(axis=(1, 2))][0])
        raise bad_value("generators", "Hermitian", f"a matrix that is not, at index {place}")
    return np.asarray(0.5 * (scaled + adjoint))


# The closure of a Lie algebra: exactly on Pauli strings, and by orthonormal bases on matrices ------------------------

_NEW = 1e-8
"""How much of a bracket must lie outside the span for it to be new: far above rounding, far below any real part."""

_MOST_QUBITS = 15  # the two masks of a string share an index that is also a place in a table of 4**n


def _strings_of(operators: Complex, small: float) -> tuple[Masks, int] | None:
    """Return the Pauli strings that Hermitian matrices with a largest part of 1 are multiples of, and the qubits.

    A string is `x | z << n` with a bit of x where it flips a qubit and a bit of z where it signs one.
    The answer is None unless every matrix is a multiple of one string.
    """
    d = operators.shape[1]
    n = d.bit_length() - 1
    if d != 1 << n or n > _MOST_QUBITS:
        return None
    rows, every = np.arange(d), np.arange(len(operators))[:, None]
    x = np.abs(operators[:, 0]).argmax(axis=1)[:, None]
    entries = operators[every, rows, rows ^ x]
    leading = entries[:, :1]
    flips = (entries[:, 1 << np.arange(n)] * leading.conj()).real < 0.0
    z = (flips << np.arange(n)).sum(axis=1, dtype=np.int64)[:, None]
    rest = operators.copy()
    rest[every, rows, rows ^ x] -= leading * np.where(_odd(rows & z), -1.0, 1.0)
    if (np.abs(rest) > small).any() or (np.abs(leading) <= small).any():
        return None
    return np.asarray((x | z << n)[:, 0], dtype=np.int64), n


def _close_strings(strings: Masks, n: int, rounds: int, most: int | None) -> tuple[int, bool]:
    """Return the dimension of the algebra that strings generate, and whether no limit stopped the search.

    Two strings either commute or their bracket is a multiple of their product, whose masks are the exclusive or.
    """
    mirrored = strings >> n | (strings & ((1 << n) - 1)) << n
    known = np.zeros(4**n, dtype=bool)
    edge, dimension = np.unique(strings), 0
    for _ in range(rounds + 1):
        dimension += len(edge)
        if most is not None and dimension > most:
            return most, False
        if len(edge) == 0:
            return dimension, True
        known[edge] = True
        reached = np.zeros_like(known)
        for string, mirror in zip(strings, mirrored, strict=True):
            reached[edge[_odd(edge & mirror)] ^ string] = True
        edge = np.flatnonzero(reached & ~known)
    return dimension, len(edge) == 0


def _close_matrices(operators: Complex, rounds: int, most: int | None, small: float) -> tuple[int, bool]:
    """Return the dimension of the algebra that Hermitian matrices generate, and whether no limit stopped the search."""
    generators = operators / np.linalg.norm(operators, axis=(1, 2), keepdims=True)
    span = _Span(generators, most, small)
    edge = span.take(generators)
    for _ in range(rounds):
        if len(edge) == 0 or span.full or span.limited:
            break
        edge = np.concatenate([span.take(_brackets(generators, element)) for element in edge])
    return span.dimension, not span.limited and (span.full or len(edge) == 0)


def _brackets(generators: Complex, element: Complex) -> Complex:
    # For Hermitian factors b a is the adjoint of a b: one product instead of two.
    products = generators @ element
    return np.asarray(1j * (products - products.conj().swapaxes(1, 2)))


def _odd(masks: Masks) -> NDArray[np.bool_]:
    """Say which masks have an odd number of bits."""
    for shift in (16, 8, 4, 2, 1):
        masks = masks ^ masks >> shift
    return (masks & 1).astype(bool)


class _Span:
    """An orthonormal basis of Hermitian matrices under Re Tr(A B), which takes in what it does not span yet."""

    def __init__(self, generators: Complex, most: int | None, small: float) -> None:
        d = generators.shape[1]
        # Brackets have no trace: unless a generator has one, the identity is out of reach.
        traced = (np.abs(np.trace(generators, axis1=1, axis2=2)) > _NEW * d**0.5).any()
        self.ends: int = d * d - (0 if traced else 1)
        self.most = self.ends if most is None else most
        self.small, self.dimension, self.limited = small, 0, False
        self.rows: Vector = np.empty((0, 2 * d * d))

    @property
    def full(self) -> bool:
        """Whether there is nothing left to take in."""
        return self.dimension == self.ends

    def take(self, matrices: Complex) -> Complex:
        """Take in what is new and return the new elements of the basis."""
        before, shape = self.dimension, matrices.shape[1:]
        vectors = np.ascontiguousarray(matrices).reshape(len(matrices), -1).view(np.float64)
        lengths = np.linalg.norm(vectors, axis=1)
        candidates = vectors[lengths > self.small] / lengths[lengths > self.small, None]
        for candidate in candidates[np.linalg.norm(self._outside(candidates), axis=1) > _NEW]:
            self._take_one(candidate)
        return self.rows[before : self.dimension].view(np.complex128).reshape(-1, *shape)

    def _outside(self, vectors: Any) -> Any:
        basis = self.rows[: self.dimension]
        return vectors - (vectors @ basis.T) @ basis

    def _take_one(self, candidate: Vector) -> None:
        if self.full or self.limited:
            return
        rest = self._outside(self._outside(candidate))  # once leaves the rounding errors of a long candidate
        length = np.linalg.norm(rest)
        if length <= _NEW:
            return
        if self.dimension == self.most:
            self.limited = True
            return
        self._make_room()
        self.rows[self.dimension] = rest / length
        self.dimension += 1

    def _make_room(self) -> None:
        if self.dimension == len(self.rows):
            shape = (min(2 * self.dimension + 8, self.ends), self.rows.shape[1])
            grown = new_array(*shape, name="the basis of the Lie algebra")
            grown[: self.dimension] = self.rows
            self.rows = grown
