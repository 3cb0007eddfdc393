"""Closure of a Lie algebra: exactly on Pauli strings as bit masks, and by an orthonormal basis on matrices."""

from memory import (
    Failure,
    Floats,
    NOT_FINITE,
    OUT_OF_RANGE,
    Words,
    allocate,
    release,
)
from network import hypot
from sincos import all_finite
from span import close_matrices
from strings import MOST_QUBITS, close_strings, mask_of


@fieldwise_init
struct Limits(TrivialRegisterPassable):
    """What stops the search, 0 for no bound of the dimension, and what counts as zero."""

    var rounds: Int
    var most: Int
    var small: Float64


@fieldwise_init
struct Found(TrivialRegisterPassable):
    """The dimension, and whether no limit stopped the search."""

    var dimension: Int
    var complete: Bool


def largest(values: Floats, count: Int) -> Float64:
    """Return the largest magnitude."""
    var most = Float64(0)
    for at in range(count):
        most = max(most, abs(values[unsafe_offset=at]))
    return most


def is_hermitian(
    values: Floats, d: Int, scale: Float64, small: Float64
) -> Bool:
    """Say whether a matrix differs from its adjoint by less than `small` of its largest part."""
    for i in range(d):
        for j in range(i, d):
            var one = values.unsafe_offset(2 * (i * d + j))
            var other = values.unsafe_offset(2 * (j * d + i))
            # Divided first: the difference of huge parts would overflow.
            var re = one[unsafe_offset=0] / scale
            re -= other[unsafe_offset=0] / scale
            var im = one[unsafe_offset=1] / scale
            im += other[unsafe_offset=1] / scale
            if hypot(re, im) > small:
                return False
    return True


def scaled(values: Floats, d: Int, scale: Float64, to: Floats):
    """Write the Hermitian part of a matrix, with a largest part of 1."""
    for i in range(d):
        for j in range(d):
            var one = values.unsafe_offset(2 * (i * d + j))
            var other = values.unsafe_offset(2 * (j * d + i))
            var place = to.unsafe_offset(2 * (i * d + j))
            place[unsafe_offset=0] = 0.5 * (
                one[unsafe_offset=0] / scale + other[unsafe_offset=0] / scale
            )
            place[unsafe_offset=1] = 0.5 * (
                one[unsafe_offset=1] / scale - other[unsafe_offset=1] / scale
            )


def kept(
    count: Int, d: Int, stack: Floats, small: Float64, to: Floats
) raises Failure -> Int:
    """Write the generators that are not zero, each with a largest part of 1, and return how many they are."""
    var values = 2 * d * d
    if not all_finite(stack, count * values):
        raise Failure(NOT_FINITE)
    var top = largest(stack, count * values)
    var found = 0
    for index in range(count):
        var matrix = stack.unsafe_offset(index * values)
        var scale = largest(matrix, values)
        if scale > 0 and scale / top > small:
            if not is_hermitian(matrix, d, scale, small):
                raise Failure(OUT_OF_RANGE)
            scaled(matrix, d, scale, to.unsafe_offset(found * values))
            found += 1
    return found


def qubits_of(d: Int) -> Int:
    """Return the qubits of matrices of size `d`, -1 where it is no power of two."""
    var n = 0
    while 1 << n < d:
        n += 1
    return n if 1 << n == d else -1


def all_strings(
    count: Int, n: Int, generators: Floats, small: Float64, masks: Words
) -> Bool:
    """Write the masks of the strings that matrices are multiples of, and say whether all are."""
    for index in range(count):
        var matrix = generators.unsafe_offset(2 * index * (1 << (2 * n)))
        var mask = mask_of(matrix, n, small)
        if mask < 0:
            return False
        masks[unsafe_offset=index] = UInt64(mask)
    return True


def closed(
    count: Int, d: Int, generators: Floats, limits: Limits
) raises Failure -> Found:
    """Return the dimension of the algebra of generators that are not zero."""
    if count == 0:
        return Found(0, True)
    var n = qubits_of(d)
    if n >= 0 and n <= MOST_QUBITS:
        var memory = allocate(count)
        try:
            var masks = memory.unsafe_bitcast[UInt64]()
            var found = 0
            if all_strings(count, n, generators, limits.small, masks):
                found = close_strings(
                    masks, count, n, limits.rounds, limits.most
                )
            release(memory)
            if found != 0:
                return Found(abs(found), found > 0)
        except failure:
            release(memory)
            raise failure.copy()
    var found = close_matrices(
        generators, count, d, limits.rounds, limits.most, limits.small
    )
    return Found(abs(found), found > 0)


def dimension(
    count: Int, d: Int, stack: Floats, limits: Limits
) raises Failure -> Found:
    """Return the dimension of the algebra that Hermitian matrices generate."""
    var memory = allocate(2 * count * d * d)
    try:
        var found = closed(
            kept(count, d, stack, limits.small, memory), d, memory, limits
        )
        release(memory)
        return found
    except failure:
        release(memory)
        raise failure.copy()
