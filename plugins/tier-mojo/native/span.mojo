"""An orthonormal basis of Hermitian matrices as real vectors: the diagonal, then the upper triangle."""

from std.math import sqrt

from memory import Failure, Floats, allocate, release
from product import multiply, pack, packed_values, panels_of
from sincos import Vector, WIDTH, load

comptime NEW: Float64 = 1e-8
"""How much of a bracket must lie outside the span for it to be new: above rounding, below any real part."""

comptime ROOT: Float64 = 1.4142135623730951
comptime HALF: Float64 = 0.7071067811865476


struct Basis(TrivialRegisterPassable):
    """Rows of `length` values, whole vectors; `ends` is where nothing is left to take in."""

    var d: Int
    var length: Int
    var rows: Floats
    var room: Int
    var count: Int
    var ends: Int
    var most: Int
    var small: Float64
    var limited: Bool

    def __init__(out self, d: Int, ends: Int, most: Int, small: Float64) raises Failure:
        self.d = d
        self.length = (d * d + WIDTH - 1) // WIDTH * WIDTH
        self.rows = allocate(0)
        self.room = 0
        self.count = 0
        self.ends = ends
        self.most = ends if most == 0 else min(most, ends)
        self.small = small
        self.limited = False

    def is_ended(self) -> Bool:
        """Say whether no further element will be taken in."""
        return self.limited or self.count == self.ends

    def row(self, index: Int) -> Floats:
        """Return the address of an element."""
        return self.rows.unsafe_offset(index * self.length)

    def take(mut self, vector: Floats) raises Failure:
        """Take in the direction of a vector if it is new; the vector is used up."""
        if self.is_ended():
            return
        var size = norm(vector, self.length)
        if size <= self.small:
            return
        divide(vector, self.length, size)
        var rest = Float64(1)
        # Once leaves the rounding errors of a long vector.
        for _ in range(2):
            for index in range(self.count):
                project(self.row(index), vector, self.length)
            rest = norm(vector, self.length)
            if rest <= NEW:
                return
        if self.count == self.most:
            self.limited = True
            return
        self.make_room()
        divide(vector, self.length, rest)
        copy(vector, self.row(self.count), self.length)
        self.count += 1

    def make_room(mut self) raises Failure:
        """Double the room where it is used up."""
        if self.count < self.room:
            return
        var room = min(2 * self.count + 8, self.ends)
        var rows = allocate(room * self.length)
        copy(self.rows, rows, self.count * self.length)
        release(self.rows)
        self.rows = rows
        self.room = room


def copy(source: Floats, to: Floats, count: Int):
    """Copy `count` values."""
    for at in range(count):
        to[unsafe_offset=at] = source[unsafe_offset=at]


def norm(vector: Floats, length: Int) -> Float64:
    """Return the norm of a vector."""
    var sum = Vector(0)
    for at in range(0, length, WIDTH):
        var value = load(vector, at)
        sum = value.fma(value, sum)
    return sqrt(sum.reduce_add())


def divide(vector: Floats, length: Int, by: Float64):
    """Divide a vector by a number."""
    for at in range(0, length, WIDTH):
        vector.unsafe_store(at, load(vector, at) / Vector(by))


def project(row: Floats, vector: Floats, length: Int):
    """Subtract from a vector what one row spans of it."""
    var sum = Vector(0)
    for at in range(0, length, WIDTH):
        sum = load(row, at).fma(load(vector, at), sum)
    var factor = Vector(-sum.reduce_add())
    for at in range(0, length, WIDTH):
        vector.unsafe_store(at, factor.fma(load(row, at), load(vector, at)))


def coordinates(matrix: Floats, d: Int, bracket: Bool, to: Floats):
    """Write the coordinates of a Hermitian matrix h, or of i (p - p*) where p* is the adjoint of p."""
    for i in range(d):
        var at = 2 * i * (d + 1)
        to[unsafe_offset=i] = (
            -2 * matrix[unsafe_offset=at + 1] if bracket else matrix[
                unsafe_offset=at
            ]
        )
    var next = d
    for i in range(d):
        for j in range(i + 1, d):
            var one = matrix.unsafe_offset(2 * (i * d + j))
            var other = matrix.unsafe_offset(2 * (j * d + i))
            var re = one[unsafe_offset=0]
            var im = one[unsafe_offset=1]
            if bracket:
                im = re - other[unsafe_offset=0]
                re = -(one[unsafe_offset=1] + other[unsafe_offset=1])
            to[unsafe_offset=next] = ROOT * re
            to[unsafe_offset=next + 1] = ROOT * im
            next += 2


def matrix_of(row: Floats, d: Int, to: Floats):
    """Write the matrix that has these coordinates."""
    var next = d
    for i in range(d):
        to[unsafe_offset=2 * i * (d + 1)] = row[unsafe_offset=i]
        to[unsafe_offset=2 * i * (d + 1) + 1] = 0
        for j in range(i + 1, d):
            var re = HALF * row[unsafe_offset=next]
            var im = HALF * row[unsafe_offset=next + 1]
            to[unsafe_offset=2 * (i * d + j)] = re
            to[unsafe_offset=2 * (i * d + j) + 1] = im
            to[unsafe_offset=2 * (j * d + i)] = re
            to[unsafe_offset=2 * (j * d + i) + 1] = -im
            next += 2


def has_trace(generators: Floats, count: Int, d: Int) -> Bool:
    """Say whether a generator of norm 1 has a trace: without one the identity is out of reach of brackets."""
    for index in range(count):
        var trace = Float64(0)
        for i in range(d):
            trace += generators[unsafe_offset=2 * (index * d * d + i * (d + 1))]
        if abs(trace) > NEW * sqrt(Float64(d)):
            return True
    return False


def normalise(generators: Floats, count: Int, d: Int):
    """Give every generator a norm of 1."""
    var values = 2 * d * d
    for index in range(count):
        var matrix = generators.unsafe_offset(index * values)
        var sum = Float64(0)
        for at in range(values):
            sum += matrix[unsafe_offset=at] * matrix[unsafe_offset=at]
        for at in range(values):
            matrix[unsafe_offset=at] /= sqrt(sum)


def close_matrices(
    generators: Floats, count: Int, d: Int, rounds: Int, most: Int, small: Float64
) raises Failure -> Int:
    """Return the dimension of the algebra that matrices generate, negative if a limit stopped the search."""
    normalise(generators, count, d)
    var ends = d * d - (0 if has_trace(generators, count, d) else 1)
    var basis = Basis(d, ends, most, small)
    var values = 2 * d * d
    var memory = allocate(basis.length + values + packed_values(d) + count * values)
    try:
        var edge = searched(basis, generators, count, rounds, memory)
        release(memory)
        release(basis.rows)
        var complete = not basis.limited and (
            basis.count == basis.ends or edge == basis.count
        )
        return basis.count if complete else -basis.count
    except failure:
        release(memory)
        release(basis.rows)
        raise failure.copy()


def searched(
    mut basis: Basis, generators: Floats, count: Int, rounds: Int, memory: Floats
) raises Failure -> Int:
    """Take in the generators and their brackets; return the first element that has not been bracketed."""
    var d = basis.d
    var values = 2 * d * d
    var vector = memory
    var element = vector.unsafe_offset(basis.length)
    var packed = element.unsafe_offset(values)
    var products = packed.unsafe_offset(packed_values(d))
    for index in range(count):
        coordinates(generators.unsafe_offset(index * values), d, False, vector)
        basis.take(vector)
    var edge = 0
    var round = 0
    while edge < basis.count and not basis.is_ended() and round < rounds:
        var end = basis.count
        while edge < end and not basis.is_ended():
            matrix_of(basis.row(edge), d, element)
            pack(element, d, packed)
            multiply[False](
                generators, count * d, packed, d, products, 0, panels_of(d)
            )
            for index in range(count):
                var product = products.unsafe_offset(index * values)
                coordinates(product, d, True, vector)
                # What lies beyond the last coordinate is zero for good.
                basis.take(vector)
            edge += 1
        round += 1
    return edge
