"""Chains of qubits: how much of the unitary group their generators reach, and which Pauli strings an operator holds."""

# Language policy: exempt, it makes the inputs of a demonstration, and dispatched kernels compute.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytier.demo.scenario import Call, Check, Scenario, Table
from polytier.kernels.operator_cases import X, Y, Z, ising_generators, on, xy_generators
from polytier.kernels.operators import dla_dimension, pauli_decompose, xy_hamiltonian_dense

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrices = list[NDArray[np.complex128]]

LENGTHS = (2, 3, 4, 5)
QUBITS = 4
ANISOTROPY = 0.3
NEGLIGIBLE = 1e-12


class Control(NamedTuple):
    """A set of generators for chains of every length, and the dimension that is known of its algebra."""

    name: str
    generators: Callable[[int], Any]
    formula: str
    dimension: Callable[[int], int]


def fields(n: int, letter: NDArray[np.complex128]) -> Matrices:
    """Return one letter on each qubit."""
    return [on(n, (q, letter)) for q in range(n)]


def bonds(n: int, letter: NDArray[np.complex128]) -> Matrices:
    """Return one letter on each pair of neighbours of an open chain."""
    return [on(n, (q, letter), (q + 1, letter)) for q in range(n - 1)]


def exchange(n: int) -> Matrices:
    """Return the fields, and for each pair of neighbours the sum that moves an excitation between them."""
    return fields(n, Z) + [x + y for x, y in zip(bonds(n, X), bonds(n, Y), strict=True)]


CONTROLS = (
    Control("Ising: sum of ZZ, sum of X", ising_generators, "n^2", lambda n: n * n),
    Control("Ising: each ZZ, each X", lambda n: bonds(n, Z) + fields(n, X), "n (2n - 1)", lambda n: n * (2 * n - 1)),
    Control("Ising: each ZZ, X, Z", lambda n: bonds(n, Z) + fields(n, X) + fields(n, Z), "4^n - 1", lambda n: 4**n - 1),
    Control("XY: each XX + YY, each Z", exchange, "n^2", lambda n: n * n),
    Control(
        "XY: each XX, YY, Z",
        lambda n: bonds(n, X) + bonds(n, Y) + fields(n, Z),
        "n (2n - 1)",
        lambda n: n * (2 * n - 1),
    ),
    Control("XY: the same, all pairs", xy_generators, "2^(2n-1) - 2", lambda n: 2 ** (2 * n - 1) - 2),
)


def reach() -> Table:
    """Return the dimension of every algebra, and its share of su(2^n), whose dimension is 4^n - 1."""
    rows = []
    for control in CONTROLS:
        for n in LENGTHS:
            found = dla_dimension(np.array(control.generators(n)))
            share = round(100.0 * found / (4**n - 1), 2)
            rows.append((control.name, n, found, control.formula, control.dimension(n), share))
    head = ("generators", "n", "dimension", "formula", "known", "% of su(2^n)")
    return Table("Lie algebras of chains of n qubits, open, neighbours unless it says all pairs", head, rows)


def chain(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return the couplings of neighbours, the fields and the anisotropy of an XY chain."""
    strengths = 1.0 / np.arange(1, n, dtype=np.float64)
    coupling = np.diag(strengths, 1) + np.diag(strengths, -1)
    omega = 1.0 + 0.25 * np.arange(n, dtype=np.float64)
    return coupling, omega, ANISOTROPY


def known_weights(n: int) -> dict[str, float]:
    """Return the weights of the Hamiltonian of `chain`, as its definition gives them."""
    coupling, omega, anisotropy = chain(n)
    weights = {_label(n, "Z", q): -float(omega[q]) for q in range(n)}
    for q in range(n - 1):
        for letter, factor in (("X", 1.0), ("Y", 1.0), ("Z", anisotropy)):
            weights[_label(n, letter, q, q + 1)] = -factor * float(coupling[q, q + 1])
    return weights


def _label(n: int, letter: str, *qubits: int) -> str:
    # Written from qubit n-1 to qubit 0.
    return "".join(letter if q in qubits else "I" for q in reversed(range(n)))


def weights() -> Table:
    """Return the Pauli strings of the Hamiltonian of an XY chain, with their weights."""
    known, found = known_weights(QUBITS), pauli_decompose(xy_hamiltonian_dense(*chain(QUBITS)))
    rows = []
    for index in np.flatnonzero(np.abs(found) > NEGLIGIBLE).tolist():
        label = "".join("IXYZ"[index >> 2 * q & 3] for q in reversed(range(QUBITS)))
        rows.append((label, float(found[index].real), known.get(label, 0.0)))
    return Table(f"Pauli strings of the XY chain of {QUBITS} qubits", ("string", "weight", "known"), rows)


def operators() -> Scenario:
    """Return algebras and Pauli weights of Ising and XY chains."""
    tables: list[Table] = []

    def checks() -> list[Check]:
        algebras, strings = reach(), weights()
        tables[:] = [algebras, strings]
        hamiltonian = xy_hamiltonian_dense(*chain(QUBITS))
        found = np.array([row[1] for row in strings.rows])
        return [
            Check("dimensions as known", sum(row[2] == row[4] for row in algebras.rows), len(algebras.rows)),
            Check("weights as known", _close(strings), len(known_weights(QUBITS))),
            Check(
                "sum |c|^2, known: |H|^2 / 2^n",
                float((found**2).sum()),
                float(np.linalg.norm(hamiltonian) ** 2 / len(hamiltonian)),
            ),
        ]

    return Scenario(checks, large(6, 8), lambda: tables)


def _close(strings: Table) -> int:
    return sum(abs(found - known) <= NEGLIGIBLE for _, found, known in strings.rows)


def large(algebra: int, qubits: int) -> tuple[Call, ...]:
    """Return calls long enough to time: an algebra of so many qubits, a Hamiltonian of so many, and its weights."""
    hamiltonian = xy_hamiltonian_dense.dispatch.floor(*chain(qubits))
    return (
        Call(f"XY algebra of all pairs of {algebra} qubits", dla_dimension, (xy_generators(algebra),), {}),
        Call(f"XY Hamiltonian of {qubits} qubits", xy_hamiltonian_dense, chain(qubits), {}),
        Call(f"its {4**qubits} Pauli weights", pauli_decompose, (hamiltonian,), {}),
    )
