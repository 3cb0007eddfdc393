"""Closure of a Lie algebra: exactly on Pauli strings, and by orthonormal bases on matrices."""

# Language policy: exempt, it is the part of the floor of `dla_dimension` that its family's file has no room for.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays import new_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Complex = NDArray[np.complex128]
    Masks = NDArray[np.int64]

NEW = 1e-8
"""How much of a bracket must lie outside the span for it to be new: far above rounding, far below any real part."""

_MOST_QUBITS = 15  # the two masks of a string share an index that is also a place in a table of 4**n


def strings_of(operators: Complex, small: float) -> tuple[Masks, int] | None:
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


def close_strings(strings: Masks, n: int, rounds: int, most: int | None) -> tuple[int, bool]:
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


def close_matrices(operators: Complex, rounds: int, most: int | None, small: float) -> tuple[int, bool]:
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
        traced = (np.abs(np.trace(generators, axis1=1, axis2=2)) > NEW * d**0.5).any()
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
        for candidate in candidates[np.linalg.norm(self._outside(candidates), axis=1) > NEW]:
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
        if length <= NEW:
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
