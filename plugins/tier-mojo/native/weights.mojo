"""Pauli weights: butterflies on blocks in base-4 order, where row and column bits alternate.

A block of 4**k numbers has four quarters for the two bits of its last qubit. Blocks are completed from the smallest
up, or down, so that most butterflies find their block in a cache. Real and imaginary parts lie in planes of their own.
"""

from std.bit import count_trailing_zeros

from memory import Failure, Floats, NOT_FINITE, OVERFLOW, allocate, release
from sincos import WIDTH, all_finite


def every_second(number: Int) -> Int:
    """Return bits 0, 2, 4 ... side by side."""
    var bits = UInt64(number) & 0x5555_5555_5555_5555
    bits = (bits | (bits >> 1)) & 0x3333_3333_3333_3333
    bits = (bits | (bits >> 2)) & 0x0F0F_0F0F_0F0F_0F0F
    bits = (bits | (bits >> 4)) & 0x00FF_00FF_00FF_00FF
    bits = (bits | (bits >> 8)) & 0x0000_FFFF_0000_FFFF
    bits = (bits | (bits >> 16)) & 0x0000_0000_FFFF_FFFF
    return Int(bits)


@always_inline
def butterflies[
    width: Int, to_weights: Bool
](re: Floats, im: Floats, quarter: Int):
    """Apply the butterfly of one block to its four quarters."""
    for at in range(0, quarter, width):
        var a = re.unsafe_load[width=width](at)
        var b = re.unsafe_load[width=width](quarter + at)
        var c = re.unsafe_load[width=width](2 * quarter + at)
        var d = re.unsafe_load[width=width](3 * quarter + at)
        var ai = im.unsafe_load[width=width](at)
        var bi = im.unsafe_load[width=width](quarter + at)
        var ci = im.unsafe_load[width=width](2 * quarter + at)
        var di = im.unsafe_load[width=width](3 * quarter + at)
        re.unsafe_store(at, a + d)
        im.unsafe_store(at, ai + di)
        re.unsafe_store(3 * quarter + at, a - d)
        im.unsafe_store(3 * quarter + at, ai - di)
        comptime if to_weights:
            re.unsafe_store(quarter + at, b + c)
            im.unsafe_store(quarter + at, bi + ci)
            re.unsafe_store(2 * quarter + at, ci - bi)
            im.unsafe_store(2 * quarter + at, b - c)
        else:
            re.unsafe_store(quarter + at, b + ci)
            im.unsafe_store(quarter + at, bi - c)
            re.unsafe_store(2 * quarter + at, b - ci)
            im.unsafe_store(2 * quarter + at, bi + c)


def block[to_weights: Bool](re: Floats, im: Floats, k: Int):
    """Apply the butterfly of a block of 4**k numbers."""
    if k == 1:
        butterflies[1, to_weights](re, im, 1)
    elif k == 2:
        butterflies[4, to_weights](re, im, 4)
    else:
        butterflies[WIDTH, to_weights](re, im, 1 << (2 * k - 2))


def corner(leaf: Int, d: Int) -> Int:
    """Return the place of the first of the four entries that a leaf holds."""
    return 2 * (2 * every_second(leaf >> 1) * d + 2 * every_second(leaf))


def decompose(n: Int, matrix: Floats, to: Floats) raises Failure:
    """Write the weights of a matrix on `n` qubits."""
    if n == 0:
        to[unsafe_offset=0] = matrix[unsafe_offset=0]
        to[unsafe_offset=1] = matrix[unsafe_offset=1]
    else:
        var size = 1 << (2 * n)
        var re = allocate(2 * size)
        weigh(n, matrix, re, re.unsafe_offset(size))
        for at in range(size):
            to[unsafe_offset=2 * at] = re[unsafe_offset=at]
            to[unsafe_offset=2 * at + 1] = re[unsafe_offset=size + at]
        release(re)
    if not all_finite(to, 2 << (2 * n)):
        raise Failure(NOT_FINITE)


def weigh(n: Int, matrix: Floats, re: Floats, im: Floats):
    """Fill the planes with weights, leaf by leaf, and complete each block behind its last leaf."""
    var d = 1 << n
    var scale = Float64(1)
    for _ in range(n):
        scale *= 0.5
    for leaf in range(1 << (2 * n - 2)):
        var from_entry = matrix.unsafe_offset(corner(leaf, d))
        for part in range(4):
            var entry = 2 * ((part >> 1) * d + (part & 1))
            re[unsafe_offset=4 * leaf + part] = (
                scale * from_entry[unsafe_offset=entry]
            )
            im[unsafe_offset=4 * leaf + part] = (
                scale * from_entry[unsafe_offset=entry + 1]
            )
        var end = 4 * (leaf + 1)
        for k in range(1, Int(count_trailing_zeros(end)) // 2 + 1):
            var start = end - (1 << (2 * k))
            block[True](re.unsafe_offset(start), im.unsafe_offset(start), k)


def reconstruct(n: Int, weights: Floats, to: Floats) raises Failure:
    """Write the matrix on `n` qubits that has these weights."""
    var size = 1 << (2 * n)
    if n == 0:
        to[unsafe_offset=0] = weights[unsafe_offset=0]
        to[unsafe_offset=1] = weights[unsafe_offset=1]
    else:
        var re = allocate(2 * size)
        for at in range(size):
            re[unsafe_offset=at] = weights[unsafe_offset=2 * at]
            re[unsafe_offset=size + at] = weights[unsafe_offset=2 * at + 1]
        spread(n, re, re.unsafe_offset(size), to)
        release(re)
    if not all_finite(to, 2 * size):
        if all_finite(weights, 2 * size):
            raise Failure(OVERFLOW)
        raise Failure(NOT_FINITE)


def spread(n: Int, re: Floats, im: Floats, to: Floats):
    """Take each block apart before its first leaf, and write the entries leaf by leaf."""
    var d = 1 << n
    for leaf in range(1 << (2 * n - 2)):
        var start = 4 * leaf
        var most = n if leaf == 0 else Int(count_trailing_zeros(start)) // 2
        for less in range(most):
            block[False](
                re.unsafe_offset(start), im.unsafe_offset(start), most - less
            )
        var to_entry = to.unsafe_offset(corner(leaf, d))
        for part in range(4):
            var entry = 2 * ((part >> 1) * d + (part & 1))
            to_entry[unsafe_offset=entry] = re[unsafe_offset=start + part]
            to_entry[unsafe_offset=entry + 1] = im[unsafe_offset=start + part]
