"""The pull of the network, straight from the caller's couplings: one use of K does not pay for packing it."""

from std.ffi import external_call, c_int
from std.sys import size_of

from memory import Failure, Floats, NOT_FINITE, allocate, release
from sincos import (
    Lanes,
    Vector,
    WIDTH,
    all_finite,
    load,
    load_first,
    sincos,
)

comptime ROWS = 4
"""Rows taken together, for each of which two sums are in registers."""

comptime SHARED_LEAST = 256
"""Oscillators from which a second thread pays for its start."""


@fieldwise_init
struct Field(TrivialRegisterPassable):
    """Couplings, sines and cosines (zeros beyond `n`), and where the forces go."""

    var n: Int
    var coupling: Floats
    var sine: Floats
    var cosine: Floats
    var to: Floats


@always_inline
def without(k: Vector, lane: Int) -> Vector:
    """Return the vector with one lane zero, if it has that lane: the diagonal must not act, however large."""
    var lanes = Lanes(0)
    comptime for at in range(WIDTH):
        lanes[at] = Int64(at)
    return lanes.eq(Lanes(Int64(lane))).select(Vector(0), k)


@always_inline
def some_rows[count: Int](field: Field, first: Int):
    """Compute the forces of `count` rows from `first` on."""
    var n = field.n
    var along_sine = Array[Vector, count](fill=Vector(0))
    var along_cosine = Array[Vector, count](fill=Vector(0))
    var at = 0
    while at < n:
        var s = load(field.sine, at)
        var c = load(field.cosine, at)
        var whole = at + WIDTH <= n
        var diagonal = at < first + count and at + WIDTH > first
        comptime for row in range(count):
            var place = (first + row) * n + at
            var k: Vector
            if whole:
                k = load(field.coupling, place)
            else:
                k = load_first(field.coupling, place, n - at)
            if diagonal:
                k = without(k, first + row - at)
            along_sine[row] = k.fma(s, along_sine[row])
            along_cosine[row] = k.fma(c, along_cosine[row])
        at += WIDTH
    comptime for row in range(count):
        var i = first + row
        field.to[unsafe_offset=i] = (
            field.cosine[unsafe_offset=i] * along_sine[row].reduce_add()
            - field.sine[unsafe_offset=i] * along_cosine[row].reduce_add()
        )


def rows_of(field: Field, first: Int, last: Int):
    """Compute the forces from row `first` to row `last`."""
    var row = first
    while row + ROWS <= last:
        some_rows[ROWS](field, row)
        row += ROWS
    while row < last:
        some_rows[1](field, row)
        row += 1


def second_half(field: Pointer[Field, MutUntrackedOrigin]) abi("C") -> Int:
    """Body of the second thread."""
    rows_of(field[], middle_of(field[].n), field[].n)
    return 0


def middle_of(n: Int) -> Int:
    """Return the first row of the second half."""
    return n // 2 // ROWS * ROWS


def share(field: Field) raises Failure:
    """Compute all rows with a second thread; each row is summed alike by either."""
    # In memory of libc: of a local variable the compiler may drop what only the thread will read.
    var memory = allocate(size_of[Field]() // 8)
    var handed = memory.unsafe_bitcast[Field]()
    handed[] = field
    var thread = UInt64(0)
    var refused = external_call["pthread_create", c_int](
        Pointer(to=thread), Int(0), second_half, handed
    )
    if refused != 0:
        _ = second_half(handed)
    rows_of(field, 0, middle_of(field.n))
    if refused == 0:
        _ = external_call["pthread_join", c_int](thread, Int(0))
    release(memory)


def force(n: Int, theta: Floats, coupling: Floats, to: Floats) raises Failure:
    """Write the `n` forces to `to`."""
    var room = (n + WIDTH - 1) // WIDTH * WIDTH
    var memory = allocate(2 * room)
    var field = Field(
        n, coupling, memory, memory.unsafe_offset(room), to
    )
    for at in range(0, n, WIDTH):
        var pair = sincos(load_first(theta, at, min(WIDTH, n - at)))
        field.sine.unsafe_store(at, pair.sin)
        field.cosine.unsafe_store(at, pair.cos)
    for at in range(n, room):
        field.cosine[unsafe_offset=at] = 0
    if n < SHARED_LEAST:
        rows_of(field, 0, n)
    else:
        share(field)
    release(memory)
    # What is not finite leaves its mark in its row, the diagonal excepted; a force may also overflow by itself.
    var sound = all_finite(to, n)
    for row in range(n):
        sound = sound and coupling[unsafe_offset=row * (n + 1)] * 0 == 0
    if not sound and not (
        all_finite(theta, n) and all_finite(coupling, n * n)
    ):
        raise Failure(NOT_FINITE)
