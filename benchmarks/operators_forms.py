"""Formulations of the family operators in NumPy and plain loops; numba compiles the loops, also in parallel."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from contest import peer

numba, numba_absent = peer("numba")
prange: Any = getattr(numba, "prange", range)

PAULI = np.array([[0.5, 0, 0, 0.5], [0, 0.5, 0.5, 0], [0, 0.5j, -0.5j, 0], [0.5, 0, 0, -0.5]])


def commutator_products(a: Any, b: Any) -> Any:
    """Compute as NumPy's users write it."""
    return a @ b - b @ a


def commutator_adjoint(a: Any, b: Any) -> Any:
    """Compute one product, which is enough where both matrices are Hermitian."""
    product = a @ b
    return product - product.conj().T


def commutator_dot(a: Any, b: Any) -> Any:
    """Compute with BLAS products, as numba compiles them."""
    return np.dot(a, b) - np.dot(b, a)


def commutator_loops(a: Any, b: Any) -> Any:
    """Compute in loops, as numba compiles them."""
    n = len(a)
    out = np.zeros((n, n), dtype=np.complex128)
    for i in range(n):
        for k in range(n):
            p, q = a[i, k], b[i, k]
            for j in range(n):
                out[i, j] += p * b[k, j] - q * a[k, j]
    return out


@cache
def hadamard(n: int) -> Any:
    """Return the 2^n x 2^n matrix of signs (-1)^popcount(i & j)."""
    matrix = np.ones((1, 1))
    for _ in range(n):
        matrix = np.kron(np.array([[1.0, 1.0], [1.0, -1.0]]), matrix)
    return matrix


@cache
def order(n: int) -> tuple[Any, Any, Any]:
    """Return rows, columns and factors that take the diagonals' transforms to the order and phases of the weights."""
    index = np.arange(4**n)
    x, z, ys = np.zeros_like(index), np.zeros_like(index), np.zeros_like(index)
    for q in range(n):
        digit = index >> (2 * q) & 3
        x |= ((digit == 1) | (digit == 2)).astype(np.int64) << q  # noqa: PLR2004  the digits of X and Y
        z |= (digit >= 2).astype(np.int64) << q  # noqa: PLR2004  the digits of Y and Z
        ys += digit == 2  # noqa: PLR2004  the digit of Y
    return z, x, (1j**ys) / 2**n


@cache
def diagonals(n: int) -> tuple[Any, Any]:
    """Return rows and columns of the matrix's diagonals, one diagonal per pattern of flipped bits."""
    rows = np.arange(2**n)
    return rows[:, None], rows[:, None] ^ rows


def pauli_tensors(H: Any) -> Any:
    """Compute qubit by qubit with a 4 x 4 matrix."""
    n = len(H).bit_length() - 1
    axes = [axis for q in range(n) for axis in (q, n + q)]
    digits = H.reshape((2,) * (2 * n)).transpose(axes).reshape(-1)
    for _ in range(n):
        digits = digits.reshape(4, -1).T @ PAULI.T
    return digits.reshape(-1)


def pauli_hadamard(H: Any) -> Any:
    """Gather the diagonals and multiply them with a matrix of signs: O(8^n), in one BLAS product."""
    n = len(H).bit_length() - 1
    gathered = H[diagonals(n)]
    transformed = (hadamard(n) @ gathered.view(np.float64)).view(np.complex128)
    z, x, factors = order(n)
    return transformed[z, x] * factors


def pauli_hadamard_split(H: Any) -> Any:
    """Compute as `pauli_hadamard` does, in two products with matrices of signs of half the qubits: O(4^n 2^(n/2))."""
    n = len(H).bit_length() - 1
    low = n // 2
    gathered = H[diagonals(n)].view(np.float64).reshape(2 ** (n - low), 2**low, -1)
    half = np.matmul(hadamard(low), gathered).reshape(2 ** (n - low), -1)
    transformed = (hadamard(n - low) @ half).reshape(2**n, -1).view(np.complex128)
    z, x, factors = order(n)
    return transformed[z, x] * factors


def pauli_walsh(H: Any) -> Any:
    """Gather each diagonal, transform it in place, and put the weights where they belong, as numba compiles it."""
    d = len(H)
    n = 0
    while 1 << n < d:
        n += 1
    out = np.empty(d * d, dtype=np.complex128)
    factors = np.array([1.0, 1.0j, -1.0, -1.0j]) / d
    for x in prange(d):
        line = np.empty(d, dtype=np.complex128)
        for row in range(d):
            line[row] = H[row, row ^ x]
        step = 1
        while step < d:
            for start in range(0, d, 2 * step):
                for i in range(start, start + step):
                    above, below = line[i], line[i + step]
                    line[i], line[i + step] = above + below, above - below
            step *= 2
        for z in range(d):
            place, turns = 0, 0
            for q in range(n):
                flip, sign = x >> q & 1, z >> q & 1
                place |= (2 * sign + (flip ^ sign)) << (2 * q)
                turns += flip & sign
            out[place] = line[z] * factors[turns & 3]
    return out


def expectations_reshaped(psi: Any) -> Any:
    """Compute each qubit from two views of the state."""
    n = len(psi).bit_length() - 1
    ex, ey, ez = np.empty(n), np.empty(n), np.empty(n)
    for q in range(n):
        pairs = psi.reshape(-1, 2, 2**q)
        up, down = pairs[:, 0], pairs[:, 1]
        overlap = 2.0 * (up.conj() * down).sum()
        ex[q], ey[q] = overlap.real, overlap.imag
        ez[q] = (np.abs(up) ** 2).sum() - (np.abs(down) ** 2).sum()
    return ex, ey, ez, float(abs(ex.mean() + 1j * ey.mean()))


def expectations_loops(psi: Any) -> Any:
    """Compute each qubit in a loop over pairs, as numba compiles it."""
    n = 0
    while 1 << n < len(psi):
        n += 1
    ex, ey, ez = np.empty(n), np.empty(n), np.empty(n)
    for q in range(n):
        x = y = z = 0.0
        for pair in range(len(psi) // 2):
            k = (pair >> q << (q + 1)) | (pair & ((1 << q) - 1))
            a, b = psi[k], psi[k | 1 << q]
            x += a.real * b.real + a.imag * b.imag
            y += a.real * b.imag - a.imag * b.real
            z += a.real**2 + a.imag**2 - b.real**2 - b.imag**2
        ex[q], ey[q], ez[q] = 2.0 * x, 2.0 * y, z
    return ex, ey, ez, np.hypot(ex.mean(), ey.mean())


def hamiltonian_loops(K: Any, omega: Any, delta: float) -> Any:
    """Compute state by state and pair by pair, as numba compiles it."""
    n = len(omega)
    out = np.zeros((1 << n, 1 << n), dtype=np.complex128)
    for state in range(1 << n):
        energy = 0.0
        for j in range(n):
            z = 1.0 - 2.0 * (state >> j & 1)
            energy -= omega[j] * z
            for i in range(j):
                mean = 0.5 * (K[i, j] + K[j, i])
                other = 1.0 - 2.0 * (state >> i & 1)
                energy -= delta * mean * z * other
                if z != other:
                    out[state, state ^ (1 << i) ^ (1 << j)] -= 2.0 * mean
        out[state, state] = energy
    return out


def dimension_dense(generators: Any) -> int:
    """Close the algebra one bracket at a time, with an orthonormal basis of matrices."""
    unit = [g / np.linalg.norm(g) for g in generators]
    basis = np.empty((0, unit[0].size), dtype=np.complex128)
    work = list(unit)
    while work:
        found = []
        for candidate in work:
            rest = candidate.ravel()
            for _ in range(2):
                rest = rest - (basis.conj() @ rest).real @ basis
            if np.linalg.norm(rest) > 1e-8:  # noqa: PLR2004  far above rounding
                basis = np.vstack([basis, rest / np.linalg.norm(rest)])
                found.append(basis[-1].reshape(unit[0].shape))
        brackets = [1j * (g @ b - b @ g) for b in found for g in unit]
        work = [c / np.linalg.norm(c) for c in brackets if np.linalg.norm(c) > 1e-10]  # noqa: PLR2004  not zero
    return len(basis)
