"""The sums of cosines and sines over many phases, by one or two threads with the same bits."""

from std.ffi import external_call, c_int
from std.math import cos, isfinite, sin
from std.sys import size_of

from memory import Failure, Floats, NOT_FINITE, allocate, release
from sincos import (
    Mask,
    Vector,
    WIDTH,
    fast_sincos,
    first_lanes,
    is_fast,
    load,
    load_first,
)

comptime BLOCK = 4096
"""Phases that are summed before a look at whether all of them suited the fast reduction."""

comptime SHARED_LEAST = 65536
"""Phases from which a second thread pays for its start."""


@fieldwise_init
struct Sums(TrivialRegisterPassable):
    """Sum of cosines and sum of sines."""

    var cos: Float64
    var sin: Float64


def library_sums(theta: Floats, count: Int) -> Sums:
    """Sum by libm: for any magnitude, and slow; NaN where a phase is not finite."""
    var sums = Sums(0, 0)
    for at in range(count):
        sums.cos += cos(theta[unsafe_offset=at])
        sums.sin += sin(theta[unsafe_offset=at])
    return sums


@always_inline
def block_sums(theta: Floats, count: Int) -> Sums:
    """Sum one block; NaN where a phase is not finite."""
    var cos0 = Vector(0)
    var sin0 = Vector(0)
    var cos1 = Vector(0)
    var sin1 = Vector(0)
    var fast = Mask(fill=True)
    var at = 0
    while at + 2 * WIDTH <= count:
        var x = load(theta, at)
        var y = load(theta, at + WIDTH)
        fast = fast & is_fast(x) & is_fast(y)
        var p = fast_sincos(x)
        var q = fast_sincos(y)
        cos0 += p.cos
        sin0 += p.sin
        cos1 += q.cos
        sin1 += q.sin
        at += 2 * WIDTH
    while at < count:
        var lanes = min(WIDTH, count - at)
        var x = load_first(theta, at, lanes)
        fast = fast & is_fast(x)
        var p = fast_sincos(x)
        cos0 += first_lanes(lanes).select(p.cos, Vector(0))
        sin0 += p.sin
        at += WIDTH
    if not fast.reduce_and():
        return library_sums(theta, count)
    return Sums((cos0 + cos1).reduce_add(), (sin0 + sin1).reduce_add())


def range_sums(theta: Floats, count: Int) -> Sums:
    """Sum block after block."""
    var all = Sums(0, 0)
    var at = 0
    while at < count:
        var one = block_sums(theta.unsafe_offset(at), min(BLOCK, count - at))
        all.cos += one.cos
        all.sin += one.sin
        at += BLOCK
    return all


@fieldwise_init
struct Half(TrivialRegisterPassable):
    """What the second thread sums, and what it found."""

    var theta: Floats
    var count: Int
    var sums: Sums


def sum_half(half: Pointer[Half, MutUntrackedOrigin]) abi("C") -> Int:
    """Body of the second thread."""
    half[].sums = range_sums(half[].theta, half[].count)
    return 0


def shared_sums(theta: Floats, count: Int) raises Failure -> Sums:
    """Sum two halves by two threads; the halves are the same where a thread cannot be had."""
    var middle = count // 2 // BLOCK * BLOCK
    # In memory of libc: of a local variable the compiler may drop what only the thread will read.
    var memory = allocate(size_of[Half]() // 8)
    var second = memory.unsafe_bitcast[Half]()
    second[] = Half(theta.unsafe_offset(middle), count - middle, Sums(0, 0))
    var thread = UInt64(0)
    var refused = external_call["pthread_create", c_int](
        Pointer(to=thread), Int(0), sum_half, second
    )
    if refused != 0:
        _ = sum_half(second)
    var first = range_sums(theta, middle)
    if refused == 0:
        _ = external_call["pthread_join", c_int](thread, Int(0))
    var other = second[].sums
    release(memory)
    return Sums(first.cos + other.cos, first.sin + other.sin)


def sums_of(theta: Floats, count: Int) raises Failure -> Sums:
    """Sum over all phases."""
    var all: Sums
    if count < SHARED_LEAST:
        all = range_sums(theta, count)
    else:
        all = shared_sums(theta, count)
    if not isfinite(all.cos + all.sin):
        raise Failure(NOT_FINITE)
    return all
