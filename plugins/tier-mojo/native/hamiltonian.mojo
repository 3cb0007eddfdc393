"""The entries of the XY Hamiltonian that are not zero, row by row: far fewer than the matrix has."""

from std.bit import pop_count

from memory import Failure, Floats, NOT_FINITE, OVERFLOW, Words
from sincos import all_finite


@fieldwise_init
struct Qubits(TrivialRegisterPassable):
    """Couplings, fields, and the strength of ZZ."""

    var n: Int
    var coupling: Floats
    var omega: Floats
    var delta: Float64

    def strength(self, i: Int, j: Int) -> Float64:
        """Return the symmetric coupling of two qubits."""
        return (
            0.5 * self.coupling[unsafe_offset=i * self.n + j]
            + 0.5 * self.coupling[unsafe_offset=j * self.n + i]
        )

    def energy(self, state: Int) -> Float64:
        """Return the diagonal entry of a state."""
        var fields = Float64(0)
        var bonds = Float64(0)
        for i in range(self.n):
            var one = (state >> i) & 1
            var field = self.omega[unsafe_offset=i]
            fields += -field if one == 1 else field
            for j in range(i + 1, self.n):
                var bond = self.strength(i, j)
                bonds += -bond if (state >> j) & 1 != one else bond
        return -fields - self.delta * bonds


def row_entries(n: Int) -> Int:
    """Return the most entries that a row has: its own, and one for each pair of unlike qubits."""
    return 1 + (n // 2) * (n - n // 2)


def hamiltonian(
    qubits: Qubits, first: Int, count: Int, to: Floats
) raises Failure:
    """Write the entries of some rows, then the places of their real parts; a short row repeats its own entry."""
    var n = qubits.n
    var width = row_entries(n)
    var places = to.unsafe_offset(count * width).unsafe_bitcast[UInt64]()
    for row in range(count):
        var state = first + row
        var energy = qubits.energy(state)
        var at = row * width
        for entry in range(at, at + width):
            to[unsafe_offset=entry] = energy
            places[unsafe_offset=entry] = UInt64(2 * ((state << n) + state))
        for i in range(n):
            for j in range(i + 1, n):
                var mask = (1 << i) | (1 << j)
                if pop_count(state & mask) == 1:
                    at += 1
                    to[unsafe_offset=at] = 0.0 - 2.0 * qubits.strength(i, j)
                    places[unsafe_offset=at] = UInt64(
                        2 * ((state << n) + (state ^ mask))
                    )
    if not all_finite(to, count * width):
        if all_finite(qubits.omega, n) and all_finite(qubits.coupling, n * n):
            raise Failure(OVERFLOW)
        raise Failure(NOT_FINITE)
    # The diagonal does not act, but it must be finite.
    for i in range(n):
        if qubits.coupling[unsafe_offset=i * (n + 1)] * 0 != 0:
            raise Failure(NOT_FINITE)
