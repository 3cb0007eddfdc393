"""What a path says of the phases on the circle: how much in order they are, and how far apart."""

from std.ffi import external_call
from std.math import cos, sin

from drift import Model
from memory import Floats
from moving import Work, copy
from network import hypot
from sincos import Vector, WIDTH, first_lanes, load

comptime PI: Float64 = 3.141592653589793
comptime TURN: Float64 = 6.283185307179586


@always_inline
def wrapped(angle: Float64) -> Float64:
    """Return the angle between -pi and pi, by the definition."""
    var shifted = angle + PI
    if shifted >= 0 and shifted < TURN:
        return shifted - PI
    var rest = external_call["fmod", Float64](shifted, TURN)
    if rest < 0:
        rest += TURN
    return rest - PI


def order(work: Work) -> Float64:
    """Return the order parameter of the phases whose sines and cosines are at hand."""
    var n = work.model.n
    var sines = Vector(0)
    var cosines = Vector(0)
    for at in range(0, work.rows, WIDTH):
        var real = first_lanes(n - at)
        sines += real.select(load(work.sine, at), Vector(0))
        cosines += real.select(load(work.cosine, at), Vector(0))
    return hypot(cosines.reduce_add(), sines.reduce_add()) / Float64(n)


def lock(work: Work) -> Float64:
    """Return the largest distance between two phases on the circle, all of them wrapped."""
    var n = work.model.n
    copy(work.theta, work.stage, n)
    for at in range(n, work.rows):
        work.stage[unsafe_offset=at] = work.theta[unsafe_offset=0]
    var most = Vector(0)
    for i in range(n):
        var angle = Vector(work.stage[unsafe_offset=i])
        for at in range(i // WIDTH * WIDTH, work.rows, WIDTH):
            var apart = abs(load(work.stage, at) - angle)
            most = max(most, min(apart, Vector(TURN) - apart))
    for at in range(n, work.rows):
        work.stage[unsafe_offset=at] = 0
    return most.reduce_max()


def raw_lock(model: Model) -> Float64:
    """Return the lock error of phases that are not wrapped."""
    var most = Float64(0)
    for i in range(model.n):
        for j in range(model.n):
            var apart = model.theta[unsafe_offset=j]
            apart -= model.theta[unsafe_offset=i]
            most = max(most, abs(wrapped(apart)))
    return most


def raw_order(work: Work) -> Float64:
    """Return the order parameter of the phases as they are, by libm."""
    var sines = Float64(0)
    var cosines = Float64(0)
    for at in range(work.model.n):
        sines += sin(work.theta[unsafe_offset=at])
        cosines += cos(work.theta[unsafe_offset=at])
    return hypot(cosines, sines) / Float64(work.model.n)
