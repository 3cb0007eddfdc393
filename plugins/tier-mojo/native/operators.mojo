"""The family `operators`: matrices that act on qubits, and the algebra that they generate."""

from algebra import Limits, dimension
from commutator import commutator
from hamiltonian import Qubits, hamiltonian, row_entries
from memory import Failure, MALFORMED
from network import hypot
from spins import expectations
from task import Task, checked_product
from weights import decompose, reconstruct

comptime COMMUTATOR_DENSE = 16
comptime PAULI_DECOMPOSE = 17
comptime PAULI_RECONSTRUCT = 18
comptime XY_HAMILTONIAN_DENSE = 19
comptime PAULI_EXPECTATIONS = 20
comptime DLA_DIMENSION = 21
comptime OPERATORS_LAST = DLA_DIMENSION

comptime MOST_QUBITS = 40
comptime MOST_SIZE = 1 << 20
comptime MOST_STACK = 1 << 24


def lay_out_operators(mut task: Task) raises Failure:
    """Arrays hold complex numbers as pairs; `n` is the size of matrices, else the number of qubits.

    Of the commutator and of the Hamiltonian `count` rows from `first` on are wanted; of generators there are `count`.
    The Hamiltonian is answered as its entries that are not zero: first all values, then all places.
    """
    if task.kernel == COMMUTATOR_DENSE:
        lay_out_commutator(task)
        return
    if task.kernel == DLA_DIMENSION:
        if task.n < 1 or task.n > MOST_SIZE or task.count > MOST_STACK:
            raise Failure(MALFORMED)
        task.take_numbers(3)
        task.want(checked_product(2 * task.n * task.n, task.count))
        return
    if task.n > MOST_QUBITS:
        raise Failure(MALFORMED)
    if task.kernel == XY_HAMILTONIAN_DENSE:
        lay_out_hamiltonian(task)
    elif task.kernel == PAULI_EXPECTATIONS:
        task.take_numbers(0)
        task.want(2 << task.n)
        task.answers(3 * task.n)
    else:
        task.take_numbers(0)
        if task.n > MOST_QUBITS // 2:
            raise Failure(MALFORMED)
        task.want(2 << (2 * task.n))
        task.answers(2 << (2 * task.n))


def lay_out_commutator(mut task: Task) raises Failure:
    """Two matrices, no numbers."""
    var d = task.n
    if d < 1 or d > MOST_SIZE or task.first + task.count > d:
        raise Failure(MALFORMED)
    task.take_numbers(0)
    task.want(2 * d * d)
    task.want(2 * d * d)
    task.answers(2 * d * task.count)


def lay_out_hamiltonian(mut task: Task) raises Failure:
    """Couplings, fields, and the strength of ZZ."""
    if task.n < 1 or task.first + task.count > 1 << task.n:
        raise Failure(MALFORMED)
    task.take_numbers(1)
    task.want(task.n * task.n)
    task.want(task.n)
    task.answers(checked_product(2 * row_entries(task.n), task.count))


def operators(mut task: Task) raises Failure:
    """Run a kernel of this family."""
    var n = task.n
    if task.kernel == COMMUTATOR_DENSE:
        commutator(
            n, task.input(0), task.input(1), task.first, task.count, task.to
        )
    elif task.kernel == PAULI_DECOMPOSE:
        decompose(n, task.input(0), task.to)
    elif task.kernel == PAULI_RECONSTRUCT:
        reconstruct(n, task.input(0), task.to)
    elif task.kernel == XY_HAMILTONIAN_DENSE:
        var qubits = Qubits(n, task.input(0), task.input(1), task.number(0))
        hamiltonian(qubits, task.first, task.count, task.to)
    elif task.kernel == PAULI_EXPECTATIONS:
        expectations(n, task.input(0), task.to)
        task.x = coherence(task)
    else:
        close(task)


def coherence(task: Task) -> Float64:
    """Return the coherence of the expectation values that are answered."""
    var x = Float64(0)
    var y = Float64(0)
    for q in range(task.n):
        x += task.to[unsafe_offset=q] / Float64(task.n)
        y += task.to[unsafe_offset=task.n + q] / Float64(task.n)
    return hypot(x, y)


def close(mut task: Task) raises Failure:
    """Reply with the dimension, and with 1 if no limit stopped the search."""
    var limits = Limits(Int(task.word(0)), Int(task.word(1)), task.number(2))
    var found = dimension(task.count, task.n, task.input(0), limits)
    task.x = Float64(found.dimension)
    task.y = 1.0 if found.complete else 0.0
