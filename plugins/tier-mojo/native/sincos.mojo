"""Sine and cosine of whole vectors: one of 4 or 8 lanes, as the target CPU has."""

from std.math import cos, fma, isfinite, sin
from std.sys import simd_width_of

from memory import Floats

comptime WIDTH = simd_width_of[DType.float64]()
comptime Vector = SIMD[DType.float64, WIDTH]
comptime Mask = SIMD[DType.bool, WIDTH]
comptime Lanes = SIMD[DType.int64, WIDTH]

comptime FAST_MOST: Float64 = 1e9
"""The largest magnitude that `fast_sincos` serves: 1.5 * 2**52 leaves room for more, the reduction does not."""


@fieldwise_init
struct Pair(TrivialRegisterPassable):
    """A vector of sines and one of cosines."""

    var sin: Vector
    var cos: Vector


@always_inline
def fast_sincos(x: Vector) -> Pair:
    """Sine and cosine within 1.5 ulp for magnitudes up to FAST_MOST: quarter turns off, then Taylor series."""
    # Adding and taking off 1.5 * 2**52 rounds to the nearest integer.
    var magic = Vector(6755399441055744.0)
    var turns = x.fma(Vector(0.6366197723675814), magic) - magic
    var quarter = turns.cast[DType.int64]()
    # pi/2 in three parts: the first product is exact inside a fused multiply-add.
    var r = turns.fma(Vector(-1.5707963267948966), x)
    r = turns.fma(Vector(-6.123233995736766e-17), r)
    r = turns.fma(Vector(1.4973849048591833e-33), r)
    var z = r * r
    var s = Vector(-7.647163731819816e-13)
    s = s.fma(z, Vector(1.6059043836821613e-10))
    s = s.fma(z, Vector(-2.505210838544172e-08))
    s = s.fma(z, Vector(2.7557319223985893e-06))
    s = s.fma(z, Vector(-0.0001984126984126984))
    s = s.fma(z, Vector(0.008333333333333333))
    s = s.fma(z, Vector(-0.16666666666666666))
    s = (s * z).fma(r, r)
    var c = Vector(4.779477332387385e-14)
    c = c.fma(z, Vector(-1.1470745597729725e-11))
    c = c.fma(z, Vector(2.08767569878681e-09))
    c = c.fma(z, Vector(-2.755731922398589e-07))
    c = c.fma(z, Vector(2.48015873015873e-05))
    c = c.fma(z, Vector(-0.001388888888888889))
    c = c.fma(z, Vector(0.041666666666666664))
    var half = 0.5 * z
    var rest = Vector(1.0) - half
    c = rest + ((Vector(1.0) - rest - half) + z * z * c)
    var odd = (quarter & 1).ne(0)
    var sine = odd.select(c, s)
    var cosine = odd.select(s, c)
    sine = (quarter & 2).ne(0).select(-sine, sine)
    cosine = ((quarter + 1) & 2).ne(0).select(-cosine, cosine)
    return Pair(sine, cosine)


@always_inline
def is_fast(x: Vector) -> Mask:
    """Say for each lane whether `fast_sincos` serves it; an infinity or a NaN is never served."""
    return abs(x).le(Vector(FAST_MOST))


def library_sincos(x: Vector) -> Pair:
    """Sine and cosine of any finite magnitude by libm, lane by lane."""
    var pair = Pair(Vector(0), Vector(0))
    comptime for lane in range(WIDTH):
        pair.sin[lane] = sin(x[lane])
        pair.cos[lane] = cos(x[lane])
    return pair


@always_inline
def sincos(x: Vector) -> Pair:
    """Sine and cosine of any finite magnitude; NaN of what is not finite."""
    if is_fast(x).reduce_and():
        return fast_sincos(x)
    return library_sincos(x)


@always_inline
def load(values: Floats, at: Int) -> Vector:
    """Return the whole vector that begins at `at`."""
    return values.unsafe_load[width=WIDTH](at)


def load_first(values: Floats, at: Int, count: Int) -> Vector:
    """Return a vector of which only the first `count` lanes are read, the others being zero."""
    var vector = Vector(0)
    comptime for lane in range(WIDTH):
        if lane < count:
            vector[lane] = values[unsafe_offset=at + lane]
    return vector


@always_inline
def first_lanes(count: Int) -> Mask:
    """Return the mask of the first `count` lanes."""
    var lanes = Lanes(0)
    comptime for lane in range(WIDTH):
        lanes[lane] = Int64(lane)
    return lanes.lt(Lanes(Int64(count)))


def all_finite(values: Floats, count: Int) -> Bool:
    """Say whether all of `count` values are finite: the product with zero is zero, except of what is not."""
    var sum0 = Vector(0)
    var sum1 = Vector(0)
    var at = 0
    while at + 2 * WIDTH <= count:
        sum0 = load(values, at).fma(Vector(0), sum0)
        sum1 = load(values, at + WIDTH).fma(Vector(0), sum1)
        at += 2 * WIDTH
    var total = (sum0 + sum1).reduce_add()
    while at < count:
        total = fma(values[unsafe_offset=at], 0.0, total)
        at += 1
    return total == 0
