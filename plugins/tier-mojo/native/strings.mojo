"""Pauli strings as bit masks: the bracket of two is nothing, or a multiple of the string of their exclusive or."""

from std.bit import pop_count
from std.ffi import external_call, c_size_t

from memory import Failure, Floats, NO_MEMORY, Words, allocate, release
from network import hypot
from room import has_room

comptime MOST_QUBITS = 15
"""Most qubits of a string whose masks are a place in a table of 4**n bits."""


def magnitude(entry: Floats) -> Float64:
    """Return the magnitude of a complex number."""
    return hypot(entry[unsafe_offset=0], entry[unsafe_offset=1])


def mask_of(values: Floats, n: Int, small: Float64) -> Int:
    """Return `x | z << n` of the string that a matrix with a largest part of 1 is a multiple of, or -1."""
    var d = 1 << n
    var x = 0
    for column in range(1, d):
        if magnitude(values.unsafe_offset(2 * column)) > magnitude(
            values.unsafe_offset(2 * x)
        ):
            x = column
    var re = values[unsafe_offset=2 * x]
    var im = values[unsafe_offset=2 * x + 1]
    if hypot(re, im) <= small:
        return -1
    var z = 0
    for q in range(n):
        var row = 1 << q
        var entry = values.unsafe_offset(2 * (row * d + (row ^ x)))
        if entry[unsafe_offset=0] * re + entry[unsafe_offset=1] * im < 0:
            z |= row
    for row in range(d):
        var sign = -1.0 if pop_count(row & z) % 2 == 1 else 1.0
        for column in range(d):
            var entry = values.unsafe_offset(2 * (row * d + column))
            var away_re = entry[unsafe_offset=0]
            var away_im = entry[unsafe_offset=1]
            if column == row ^ x:
                away_re -= sign * re
                away_im -= sign * im
            # Almost always both are zero.
            if away_re != 0 or away_im != 0:
                if hypot(away_re, away_im) > small:
                    return -1
    return x | (z << n)


struct Strings(TrivialRegisterPassable):
    """The strings found so far in the order in which they were, and a table of bits that knows them."""

    var known: Words
    var found: Words
    var count: Int
    var room: Int

    def __init__(out self, n: Int) raises Failure:
        self.known = allocate(((1 << (2 * n)) + 63) // 64).unsafe_bitcast[
            UInt64
        ]()
        self.room = 1024
        self.count = 0
        self.found = Words.unsafe_dangling()
        try:
            self.found = allocate(self.room).unsafe_bitcast[UInt64]()
        except failure:
            release(self.known.unsafe_bitcast[Float64]())
            raise failure.copy()

    def take(mut self, string: UInt64) raises Failure:
        """Take a string in, if it is not known."""
        var word = Int(string >> 6)
        var bit = UInt64(1) << (string & 63)
        if self.known[unsafe_offset=word] & bit != 0:
            return
        self.known[unsafe_offset=word] |= bit
        if self.count == self.room:
            self.room *= 2
            if not has_room(8 * self.room):
                raise Failure(NO_MEMORY)
            var address = external_call["realloc", Int](
                self.found.unsafe_bitcast[UInt8](), c_size_t(8 * self.room)
            )
            if address == 0:
                raise Failure(NO_MEMORY)
            self.found = Words(unsafe_from_address=address)
        self.found[unsafe_offset=self.count] = string
        self.count += 1

    def end(self):
        """Give the memory back."""
        release(self.known.unsafe_bitcast[Float64]())
        release(self.found.unsafe_bitcast[Float64]())


def brackets(
    mut strings: Strings, generators: Words, count: Int, n: Int, element: UInt64
) raises Failure:
    """Take in the brackets of one string with all generators."""
    var low = (UInt64(1) << UInt64(n)) - 1
    for index in range(count):
        var string = generators[unsafe_offset=index]
        var mirror = (string >> UInt64(n)) | ((string & low) << UInt64(n))
        # Strings anticommute if an odd number of qubits has different letters of X, Y, Z.
        if pop_count(element & mirror) & 1 == 1:
            strings.take(element ^ string)


def close_strings(
    generators: Words, count: Int, n: Int, rounds: Int, most: Int
) raises Failure -> Int:
    """Return the dimension of the algebra that strings generate, negative if a limit stopped the search."""
    var strings = Strings(n)
    try:
        var answer = closure(strings, generators, count, n, rounds, most)
        strings.end()
        return answer
    except failure:
        strings.end()
        raise failure.copy()


def closure(
    mut strings: Strings,
    generators: Words,
    count: Int,
    n: Int,
    rounds: Int,
    most: Int,
) raises Failure -> Int:
    """Take in the generators and all their brackets; the answer is that of `close_strings`."""
    for index in range(count):
        strings.take(generators[unsafe_offset=index])
    var edge = 0
    var round = 0
    while True:
        var end = strings.count
        if most > 0 and end > most:
            return -most
        if edge == end:
            return end
        # After the last round one more only tells whether anything is left to find.
        var last = round == rounds
        for at in range(edge, end):
            brackets(
                strings, generators, count, n, strings.found[unsafe_offset=at]
            )
            if last and strings.count > end:
                return -end
        if last:
            return end
        round += 1
        edge = end
