"""The path of moving oscillators, from n sines and cosines and two products a stage.

sin((y - a) - x) = sin(y - a) cos x - cos(y - a) sin x: the sums over the pairs become products with a matrix of
pulls, laid out by columns so that each lane holds a row. The pulls depend on the time alone, and those at the end of
a step are those at the start of the next.
"""

from std.math import cos, sin

from circle import lock, order, raw_lock, raw_order, wrapped
from drift import Model
from memory import Failure, Floats, OVERFLOW, release
from moving import Work, copy, lay_out_work
from sincos import Mask, Vector, WIDTH, all_finite, fast_sincos, load

comptime NEAR: Float64 = 64.0
"""The largest phase or lag from whose sine and cosine those of differences are made: beyond, the rounding of the
difference, which the definition wants, would be missed."""

comptime CALM: Float64 = 8.0
"""The largest turn of a step whose slopes need not have the bits of the definition: each stage of a longer one
magnifies the rounding of the stage before."""


def moved(work: Work, to: Floats, time: Float64):
    """Write the positions after some time."""
    for at in range(0, work.rows, WIDTH):
        var there = load(work.position, at)
        to.unsafe_store(at, there + Vector(time) * load(work.velocity, at))


def pulls(work: Work, to: Floats, position: Floats):
    """Write the pulls at some positions."""
    for j in range(work.model.n):
        var other = Vector(position[unsafe_offset=j])
        for at in range(0, work.rows, WIDTH):
            var apart = abs(load(position, at) - other)
            var weight = 1.0 + apart / Vector(work.model.scale)
            var place = j * work.rows + at
            to.unsafe_store(place, load(work.coupling, place) / weight)


def is_calm(work: Work, h: Float64) -> Bool:
    """Say whether no phase turns far in a step at the present slopes."""
    var calm = Mask(fill=True)
    for at in range(0, work.rows, WIDTH):
        var turn = abs(load(work.slope, at) * Vector(h))
        calm = calm & turn.le(Vector(CALM))
    return calm.reduce_and()


def slopes(
    work: Work, pulls: Floats, position: Floats, time: Float64, calm: Bool
):
    """Write the slopes at the stage's phases, and their sines and cosines."""
    var near = Mask(fill=calm and abs(work.model.lag) <= NEAR)
    for at in range(0, work.rows, WIDTH):
        var angle = load(work.stage, at)
        near = near & abs(angle).le(Vector(NEAR))
        var pair = fast_sincos(angle)
        work.sine.unsafe_store(at, pair.sin)
        work.cosine.unsafe_store(at, pair.cos)
    if not near.reduce_and():
        plain_slopes(work, position, time)
        return
    var at = 0
    while at + 4 * WIDTH <= work.rows:
        some_slopes[4](work, pulls, time, at)
        at += 4 * WIDTH
    while at + 2 * WIDTH <= work.rows:
        some_slopes[2](work, pulls, time, at)
        at += 2 * WIDTH
    while at < work.rows:
        some_slopes[1](work, pulls, time, at)
        at += WIDTH


@always_inline
def some_slopes[
    vectors: Int
](work: Work, pulls: Floats, time: Float64, first: Int):
    """Write the slopes of some vectors of rows."""
    var along_sine = Array[Vector, vectors](fill=Vector(0))
    var along_cosine = Array[Vector, vectors](fill=Vector(0))
    for j in range(work.model.n):
        var s = Vector(work.sine[unsafe_offset=j])
        var c = Vector(work.cosine[unsafe_offset=j])
        comptime for v in range(vectors):
            var pull = load(pulls, j * work.rows + first + v * WIDTH)
            along_sine[v] = pull.fma(s, along_sine[v])
            along_cosine[v] = pull.fma(c, along_cosine[v])
    comptime for v in range(vectors):
        var at = first + v * WIDTH
        var late_sine = along_sine[v] * Vector(work.lag_cosine)
        late_sine -= along_cosine[v] * Vector(work.lag_sine)
        var late_cosine = along_cosine[v] * Vector(work.lag_cosine)
        late_cosine += along_sine[v] * Vector(work.lag_sine)
        var free = load(work.omega, at) + Vector(time) * load(work.rate, at)
        var pull = load(work.cosine, at) * late_sine
        pull -= load(work.sine, at) * late_cosine
        work.slope.unsafe_store(at, free + pull)


def plain_slopes(work: Work, position: Floats, time: Float64):
    """As `slopes`, by the definition: for phases or a lag far from zero."""
    var there = work.model
    there.theta = work.stage
    there.position = position
    there.time = time
    for i in range(there.n):
        var angle = work.stage[unsafe_offset=i]
        work.sine[unsafe_offset=i] = sin(angle)
        work.cosine[unsafe_offset=i] = cos(angle)
        work.slope[unsafe_offset=i] = there.plain(i)


def advance(work: Work, time: Float64, weight: Float64):
    """Add the slopes to their sum, `weight` times, and move the stage on from the step's start."""
    for at in range(0, work.rows, WIDTH):
        var slope = load(work.slope, at)
        var total = load(work.total, at) + Vector(weight) * slope
        work.total.unsafe_store(at, total)
        var there = load(work.theta, at) + Vector(time) * slope
        work.stage.unsafe_store(at, there)


def finish(work: Work, sixth: Float64):
    """Take the step and wrap the phases."""
    for at in range(work.model.n):
        var total = (
            work.total[unsafe_offset=at] + work.slope[unsafe_offset=at]
        )
        work.theta[unsafe_offset=at] = wrapped(
            work.theta[unsafe_offset=at] + sixth * total
        )


def step(work: Work, time: Float64, h: Float64) -> Float64:
    """Take one step and return the order parameter before it."""
    moved(work, work.middle, 0.5 * h)
    moved(work, work.end, h)
    pulls(work, work.half, work.middle)
    copy(work.theta, work.stage, work.model.n)
    for at in range(work.rows):
        work.total[unsafe_offset=at] = 0
    slopes(work, work.now, work.position, time, True)
    var calm = is_calm(work, h)
    if not calm:
        plain_slopes(work, work.position, time)
    var before = order(work)
    advance(work, 0.5 * h, 1)
    slopes(work, work.half, work.middle, time + 0.5 * h, calm)
    advance(work, 0.5 * h, 2)
    slopes(work, work.half, work.middle, time + 0.5 * h, calm)
    advance(work, h, 2)
    pulls(work, work.now, work.end)
    slopes(work, work.now, work.end, time + h, calm)
    finish(work, h / 6.0)
    copy(work.end, work.position, work.model.n)
    return before


def trace(model: Model, h: Float64, steps: Int, to: Floats) raises Failure:
    """Write times, phases, positions, order parameters and lock errors before the first and after every step."""
    var n = model.n
    var rows = steps + 1
    var phases = to.unsafe_offset(rows)
    var positions = phases.unsafe_offset(rows * n)
    var orders = positions.unsafe_offset(rows * n)
    var locks = orders.unsafe_offset(rows)
    var work = lay_out_work(model)
    pulls(work, work.now, work.position)
    to[unsafe_offset=0] = model.time
    copy(model.theta, phases, n)
    copy(model.position, positions, n)
    locks[unsafe_offset=0] = raw_lock(model)
    for at in range(steps):
        var time = to[unsafe_offset=at]
        orders[unsafe_offset=at] = step(work, time, h)
        to[unsafe_offset=at + 1] = time + h
        copy(work.theta, phases.unsafe_offset((at + 1) * n), n)
        copy(work.position, positions.unsafe_offset((at + 1) * n), n)
        locks[unsafe_offset=at + 1] = lock(work)
    orders[unsafe_offset=steps] = raw_order(work)
    release(work.theta)
    if not all_finite(to, rows * (2 * n + 3)):
        raise Failure(OVERFLOW)
