"""Some rows of the commutator of two matrices, by one or two threads with the same bits."""

from std.ffi import external_call, c_int
from std.sys import size_of

from memory import Failure, Floats, NOT_FINITE, OVERFLOW, allocate, release
from product import multiply, pack, packed_values, panels_of
from sincos import all_finite

comptime SHARED_LEAST = 96
"""Size from which a second thread pays for its start."""


@fieldwise_init
struct Pair(TrivialRegisterPassable):
    """Two matrices, both also packed, and where `count` rows of their commutator from `first` on go."""

    var d: Int
    var a: Floats
    var b: Floats
    var packed_a: Floats
    var packed_b: Floats
    var first: Int
    var count: Int
    var to: Floats


def stretch(pair: Pair, first: Int, last: Int):
    """Write the panels from `first` to `last`."""
    var skipped = 2 * pair.first * pair.d
    var a = pair.a.unsafe_offset(skipped)
    var b = pair.b.unsafe_offset(skipped)
    multiply[False](a, pair.count, pair.packed_b, pair.d, pair.to, first, last)
    multiply[True](b, pair.count, pair.packed_a, pair.d, pair.to, first, last)


def second_half(pair: Pointer[Pair, MutUntrackedOrigin]) abi("C") -> Int:
    """Body of the second thread."""
    var panels = panels_of(pair[].d)
    stretch(pair[], panels // 2, panels)
    return 0


def share(pair: Pair) raises Failure:
    """Compute all panels with a second thread."""
    # In memory of libc: of a local variable the compiler may drop what only the thread will read.
    var memory = allocate(size_of[Pair]() // 8)
    var handed = memory.unsafe_bitcast[Pair]()
    handed[] = pair
    var thread = UInt64(0)
    var refused = external_call["pthread_create", c_int](
        Pointer(to=thread), Int(0), second_half, handed
    )
    if refused != 0:
        _ = second_half(handed)
    stretch(pair, 0, panels_of(pair.d) // 2)
    if refused == 0:
        _ = external_call["pthread_join", c_int](thread, Int(0))
    release(memory)


def commutator(
    d: Int, a: Floats, b: Floats, first: Int, count: Int, to: Floats
) raises Failure:
    """Write `count` rows of the commutator from `first` on."""
    var memory = allocate(2 * packed_values(d))
    var pair = Pair(
        d,
        a,
        b,
        memory,
        memory.unsafe_offset(packed_values(d)),
        first,
        count,
        to,
    )
    pack(a, d, pair.packed_a)
    pack(b, d, pair.packed_b)
    if d < SHARED_LEAST:
        stretch(pair, 0, panels_of(d))
    else:
        share(pair)
    release(memory)
    if not all_finite(to, 2 * d * count):
        if all_finite(a, 2 * d * d) and all_finite(b, 2 * d * d):
            raise Failure(OVERFLOW)
        raise Failure(NOT_FINITE)
