"""The cases of the family `operators`."""

# Language policy: exempt, it makes the inputs of cases.

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from polytier.kernels.cases import (
    around,
    complex_inputs,
    count_inputs,
    matrix_inputs,
    positive_inputs,
    refused,
    square_inputs,
    timed,
    vector_inputs,
)
from polytier.kernels.declaration import Case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from polytier.kernels.cases import Arguments, Inputs

    Vector = NDArray[np.float64]
    Complex = NDArray[np.complex128]

X, Y, Z = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
TOO_MANY_QUBITS = 24
"""A Hamiltonian of so many qubits takes 4 PiB."""


def dense(*shape: int, seed: int) -> Complex:
    """Return an array of complex normal numbers."""
    real, imaginary = np.random.default_rng(seed).normal(size=(2, *shape))
    return np.asarray(real + 1j * imaginary)


def hermitian(d: int, seed: int) -> Complex:
    """Return a Hermitian matrix."""
    matrix = dense(d, d, seed=seed)
    return matrix + matrix.conj().T


def state(n: int, seed: int) -> Complex:
    """Return a normalised state of n qubits."""
    amplitudes = dense(2**n, seed=seed)
    return np.asarray(amplitudes / np.linalg.norm(amplitudes))


def network(n: int, seed: int) -> tuple[Vector, Vector]:
    """Return couplings that are not symmetric, with a diagonal that must not act, and fields."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, n)), rng.normal(size=n)


def on(n: int, *letters: tuple[int, Complex]) -> Complex:
    """Return the operator on n qubits that has these letters on these qubits and the identity elsewhere."""
    placed = dict(letters)
    return reduce(lambda above, q: np.kron(placed.get(q, np.eye(2)), above), range(n), np.eye(1, dtype=complex))


def xy_generators(n: int) -> Complex:
    """Return Z_i, X_i X_j and Y_i Y_j: each a Pauli string."""
    pairs = [(i, j) for j in range(n) for i in range(j)]
    fields = [on(n, (i, Z)) for i in range(n)]
    return np.array(fields + [on(n, (i, P), (j, P)) for P in (X, Y) for i, j in pairs])


def ising_generators(n: int) -> Complex:
    """Return the summed Z_i Z_i+1 of an open chain and its summed X_i: no Pauli string."""
    return np.array([sum(on(n, (i, Z), (i + 1, Z)) for i in range(n - 1)), sum(on(n, (i, X)) for i in range(n))])


def turned(generators: Complex, seed: int) -> Complex:
    """Return the generators in a random basis, where none is a Pauli string."""
    basis, _ = np.linalg.qr(dense(*generators.shape[1:], seed=seed))
    rotated = basis @ generators @ basis.conj().T
    return np.asarray((rotated + rotated.conj().swapaxes(1, 2)) / 2)


def commutator_cases() -> Iterator[Case]:
    """Yield the cases of `commutator_dense`."""
    for d in (2, 4, 8, 16, 32, 64, 128, 256, 512):
        yield timed(f"d={d}", lambda d=d: (dense(d, d, seed=d), dense(d, d, seed=d + 1)), seed=d)  # type: ignore[misc]
    for d in (1, 3, 5, 17, 33, 67):
        yield Case(f"d={d}", lambda d=d: (dense(d, d, seed=d), dense(d, d, seed=d + 1)))  # type: ignore[misc]
    for d in (5, 64, 96):
        yield Case(f"Hermitian, d={d}", lambda d=d: (hermitian(d, d), hermitian(d, d + 1)))  # type: ignore[misc]
        yield Case(f"one Hermitian, d={d}", lambda d=d: (hermitian(d, d), dense(d, d, seed=d)))  # type: ignore[misc]
        yield Case(f"anti-Hermitian, d={d}", lambda d=d: (1j * hermitian(d, 1), 1j * hermitian(d, 2)))  # type: ignore[misc]
    yield Case("a commutes with itself", lambda: (dense(9, 9, seed=3),) * 2)
    yield Case("far apart in size", lambda: (1e150 * dense(6, 6, seed=1), 1e-150 * dense(6, 6, seed=2)))
    yield Case("huge parts that cancel", lambda: (np.full((4, 4), 1e308 + 1e308j), 1e-10 * dense(4, 4, seed=2)))
    yield refused("overflow", lambda: (1e200 * dense(4, 4, seed=1), 1e200 * dense(4, 4, seed=2)), ValueError)
    yield refused("sizes differ", lambda: (dense(4, 4, seed=1), dense(5, 5, seed=1)), ValueError)
    for place, name in enumerate("ab"):
        good = lambda: (dense(6, 6, seed=1), dense(6, 6, seed=2))  # noqa: E731
        yield from around(place, name, good, lambda: square_inputs(dense(6, 6, seed=3)))


def matrix_cases() -> Iterator[Case]:
    """Yield the cases of `pauli_decompose`."""
    for n in (1, 2, 3, 4, 5, 6, 7, 8, 10):
        yield timed(f"n={n}", lambda n=n: (dense(2**n, 2**n, seed=n),), seed=n)  # type: ignore[misc]
    yield Case("no qubit", lambda: ([[2.5 - 1j]],))
    yield Case("n=9", lambda: (dense(512, 512, seed=9),))
    yield Case("one string", lambda: (on(5, (0, Y), (3, X), (4, Z)),))
    yield Case("Hermitian", lambda: (hermitian(16, 4),))
    yield refused("not a power of two", lambda: (dense(6, 6, seed=1),), ValueError)
    yield refused("no dimension", lambda: (np.array(3.0),), ValueError)
    yield Case("the largest numbers", lambda: (np.full((8, 8), 1.5e308 + 1.5e308j),))
    yield from around(0, "H", lambda: (dense(8, 8, seed=3),), lambda: square_inputs(dense(8, 8, seed=3)))


def weight_cases() -> Iterator[Case]:
    """Yield the cases of `pauli_reconstruct`."""
    for n in (1, 2, 3, 4, 5, 6, 7, 8, 10):
        yield timed(f"n={n}", lambda n=n: (dense(4**n, seed=n),), seed=n)  # type: ignore[misc]
    yield Case("no qubit", lambda: ([2.5 - 1j],))
    yield Case("n=9", lambda: (dense(4**9, seed=9),))
    yield Case("one string", lambda: (np.eye(1, 4**4, 0b11_01_10_00)[0],))
    yield refused("a power of two", lambda: (dense(8, seed=1),), ValueError)
    yield refused("no dimension", lambda: (np.array(3.0),), ValueError)
    yield refused("not a power of two", lambda: (dense(48, seed=1),), ValueError)
    yield refused("overflow", lambda: (np.full(16, 1.5e308),), ValueError)
    yield from around(0, "c", lambda: (dense(16, seed=3),), lambda: complex_inputs(dense(16, seed=3)))


def hamiltonian_cases() -> Iterator[Case]:
    """Yield the cases of `xy_hamiltonian_dense`."""
    for n in (1, 2, 4, 6, 8, 10, 11):
        yield timed(f"n={n}", lambda n=n: (*network(n, n), 0.3), seed=n)  # type: ignore[misc]
    for n in (3, 5, 7):
        yield Case(f"n={n}, no anisotropy", lambda n=n: network(n, n))  # type: ignore[misc]
    yield Case("no coupling", lambda: (np.zeros((4, 4)), network(4, 1)[1]))
    yield Case("halves that would overflow together", lambda: (np.full((2, 2), 8e307), [0.0, 1.0]))
    yield refused("overflow", lambda: (np.full((3, 3), 1e308), np.zeros(3)), ValueError)
    yield refused("overflow of the fields", lambda: (np.zeros((3, 3)), np.full(3, 1e308)), ValueError)
    yield refused("more than the memory", lambda: _huge(TOO_MANY_QUBITS), MemoryError)
    yield refused("more than all addresses", lambda: _huge(80), MemoryError)
    yield refused("K larger than omega", lambda: (np.zeros((4, 4)), np.zeros(3)), ValueError)
    good = lambda: (*network(5, 5), 0.5)  # noqa: E731
    yield from around(0, "K", good, lambda: matrix_inputs(network(5, 5)[0]))
    yield from around(1, "omega", good, lambda: vector_inputs(network(5, 5)[1]))
    yield from around(2, "delta", good, _real_inputs)


def _huge(n: int) -> Arguments:
    return np.zeros((n, n)), np.zeros(n)


def _real_inputs() -> Inputs:
    yield "negative", -2.5, None
    yield "integer", 2, None
    yield "numpy float32", np.float32(0.25), None
    for value in (np.nan, np.inf):
        yield repr(float(value)), value, ValueError
    yield "None", None, TypeError
    yield "text", "0.1", TypeError
    yield "complex", 1j, TypeError


def state_cases() -> Iterator[Case]:
    """Yield the cases of `pauli_expectations`."""
    for n in (1, 2, 4, 6, 8, 10, 12, 16, 20):
        yield timed(f"n={n}", lambda n=n: (state(n, n),), seed=n)  # type: ignore[misc]
    for n in (3, 5, 7, 13):
        yield Case(f"n={n}", lambda n=n: (state(n, n),))  # type: ignore[misc]
    yield Case("along Y", lambda: ([0.5**0.5, 0.5**0.5 * 1j],))
    yield Case("not normalised", lambda: (dense(32, seed=1),))
    yield Case("no amplitude", lambda: (np.zeros(8),))
    yield refused("no qubit", lambda: ([1.0],), ValueError)
    yield refused("not a power of two", lambda: (dense(6, seed=1),), ValueError)
    yield refused("overflow", lambda: (np.full(8, 1e200),), ValueError)
    yield from around(0, "psi", lambda: (state(4, 3),), lambda: complex_inputs(state(4, 3)))


def algebra_cases() -> Iterator[Case]:
    """Yield the cases of `dla_dimension`."""
    for label, make, n in (
        ("XY", xy_generators, 1),
        ("XY", xy_generators, 2),
        ("Ising", ising_generators, 3),
        ("Ising", ising_generators, 4),
        ("XY", xy_generators, 3),
        ("Ising", ising_generators, 5),
        ("XY", xy_generators, 4),
        ("Ising", ising_generators, 6),
        ("XY", xy_generators, 5),
        ("XY", xy_generators, 6),
        ("XY", xy_generators, 7),
    ):
        yield timed(f"{label}, n={n}", lambda make=make, n=n: (make(n),), seed=n)  # type: ignore[misc]
    yield from _small_algebras()
    yield from _refused_generators()
    pair = lambda: (np.array([X, Y]), 50, None, 1e-10)  # noqa: E731
    yield from around(0, "generators", pair, _hermitian_inputs)
    yield from around(1, "max_iterations", pair, lambda: count_inputs(1))
    yield from around(2, "max_dimension", pair, lambda: (i for i in count_inputs(1) if i[0] != "None"))
    yield from around(3, "tol", pair, lambda: (i for i in positive_inputs() if i[0] != "integer"))


def _small_algebras() -> Iterator[Case]:
    pair = [0.7 * X + 0.3 * Z, 0.2 * X + 1.1 * Z]
    yield Case("two directions", lambda: (pair,))
    yield Case("two directions, small", lambda: (1e-6 * np.array(pair),))
    yield Case("two directions, one large", lambda: ([pair[0], 1e4 * pair[1]],))
    yield Case("two directions, subnormal", lambda: (1e-320 * np.array([X, X + Z]),))
    yield Case("two directions, huge", lambda: (1e307 * np.array(pair),))
    yield Case("X and Y", lambda: ([X, Y],))
    yield Case("Y alone", lambda: ([Y],))
    yield Case("the same twice", lambda: ([Y, -2.0 * Y],))
    yield Case("zeros beside X", lambda: ([np.zeros((2, 2)), X],))
    yield Case("only zeros", lambda: (np.zeros((3, 2, 2)),))
    yield Case("identity and X + Z", lambda: ([np.eye(2), X + Z],))
    yield Case("all of u(2)", lambda: ([X + np.eye(2), Z],))
    yield Case("no qubit", lambda: ([[[2.0]]],))
    yield Case("three levels", lambda: (np.array([hermitian(3, 1), hermitian(3, 2)]),))
    yield Case("almost a string", lambda: ([X + 1e-13 * Z, Y],))
    yield Case("XY of 3 qubits in another basis", lambda: (turned(xy_generators(3), 1),))
    yield Case("XY of 4 qubits in another basis", lambda: (turned(xy_generators(4), 1),))
    yield Case("two of 4 levels", lambda: (np.array([hermitian(4, 5), hermitian(4, 6)]),))
    yield Case("exactly max_dimension", lambda: (xy_generators(3),), {"max_dimension": 30})
    yield Case("exactly max_dimension, dense", lambda: (ising_generators(3),), {"max_dimension": 9})


def _refused_generators() -> Iterator[Case]:
    yield refused("not Hermitian", lambda: ([X, X + 1e-3j * Z],), ValueError)
    yield refused("not symmetric", lambda: ([[[0.0, 1.0], [0.0, 0.0]]],), ValueError)
    yield refused("different sizes", lambda: ([X, np.eye(3)],), ValueError)
    yield refused("one matrix", lambda: (X,), ValueError)


def _hermitian_inputs() -> Inputs:
    good = np.array([X, Y + Z])
    kept = {"real", "integers", "uint64 beyond int64", "booleans", "subnormal"}
    yield from (one for one in complex_inputs(good) if one[0] not in kept)
    yield "Fortran order", np.asfortranarray(good), None
    yield "not square", good[:, :, :1].copy(), ValueError
    yield "integers", np.array([X, Z]).real.astype(np.int8), None
    yield "uint64 beyond int64", np.array([X]).real.astype(np.uint64) << np.uint64(63), None
    yield "booleans", np.array([X]).real > 0, None
