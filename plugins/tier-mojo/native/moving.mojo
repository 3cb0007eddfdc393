"""The state of moving oscillators: arrays of `rows` values, whole vectors, of which those beyond `n` are zero."""

from std.math import cos, sin

from drift import Model
from memory import Failure, Floats, allocate
from sincos import WIDTH

comptime ARRAYS = 12
"""Arrays of one value for each row; three matrices by columns follow them."""


@fieldwise_init
struct Work(TrivialRegisterPassable):
    """Addresses of the state; the block of memory begins at `theta`."""

    var model: Model
    var rows: Int
    var theta: Floats
    var stage: Floats
    var position: Floats
    var middle: Floats
    var end: Floats
    var velocity: Floats
    var omega: Floats
    var rate: Floats
    var sine: Floats
    var cosine: Floats
    var slope: Floats
    var total: Floats
    var coupling: Floats
    var now: Floats
    var half: Floats
    var lag_sine: Float64
    var lag_cosine: Float64


def lay_out_work(model: Model) raises Failure -> Work:
    """Copy what a path starts from into memory of its own; the caller releases `theta`."""
    var n = model.n
    var rows = (n + WIDTH - 1) // WIDTH * WIDTH
    var start = allocate(ARRAYS * rows + 3 * rows * n)
    var panels = start.unsafe_offset(ARRAYS * rows)
    var work = Work(
        model,
        rows,
        start,
        start.unsafe_offset(rows),
        start.unsafe_offset(2 * rows),
        start.unsafe_offset(3 * rows),
        start.unsafe_offset(4 * rows),
        start.unsafe_offset(5 * rows),
        start.unsafe_offset(6 * rows),
        start.unsafe_offset(7 * rows),
        start.unsafe_offset(8 * rows),
        start.unsafe_offset(9 * rows),
        start.unsafe_offset(10 * rows),
        start.unsafe_offset(11 * rows),
        panels,
        panels.unsafe_offset(rows * n),
        panels.unsafe_offset(2 * rows * n),
        sin(model.lag),
        cos(model.lag),
    )
    fill(work)
    return work


def fill(work: Work):
    """Copy the arguments, the constant pushes joined to the frequencies, the couplings by columns."""
    var model = work.model
    copy(model.theta, work.theta, model.n)
    copy(model.position, work.position, model.n)
    copy(model.velocity, work.velocity, model.n)
    if model.rated:
        copy(model.rate, work.rate, model.n)
    for i in range(model.n):
        var pushes = Float64(0)
        for j in range(model.n):
            if j != i:
                pushes += model.pushed(i, j)
                work.coupling[unsafe_offset=j * work.rows + i] = model.coupling[
                    unsafe_offset=i * model.n + j
                ]
        work.omega[unsafe_offset=i] = model.omega[unsafe_offset=i] + pushes


def copy(source: Floats, to: Floats, count: Int):
    """Copy `count` values."""
    for at in range(count):
        to[unsafe_offset=at] = source[unsafe_offset=at]
