"""The state of an integration, and its couplings packed so that a step needs no horizontal sums.

Arrays of oscillators have `rows` values: those beyond `n` belong to oscillators that stand still at 0 and pull nobody.
"""

from std.ffi import external_call

from memory import Failure, Floats, NOT_FINITE, allocate
from sincos import Vector, WIDTH, all_finite, first_lanes, load, sincos

comptime PANEL = 4
"""Vectors of rows that are summed together: as many sums as hide the latency of the products."""


@fieldwise_init
struct Network(TrivialRegisterPassable):
    """Addresses of the state; the block of memory begins at `theta`."""

    var n: Int
    var rows: Int
    var dt: Float64
    var theta: Floats
    var base: Floats
    var omega: Floats
    var slope: Floats
    var total: Floats
    var sine: Floats
    var cosine: Floats
    var packed: Floats


def pack(net: Network, coupling: Floats):
    """Lay the couplings out panel by panel, in a panel column by column, the diagonal zero."""
    for row in range(net.n):
        var panel = row // (PANEL * WIDTH) * (PANEL * WIDTH)
        var stride = min(PANEL * WIDTH, net.rows - panel)
        var to = net.packed.unsafe_offset(panel * net.n + row - panel)
        var from_row = coupling.unsafe_offset(row * net.n)
        for column in range(net.n):
            to[unsafe_offset=column * stride] = from_row[unsafe_offset=column]
        # The sum of angles cancels a huge diagonal up to its rounding error only.
        to[unsafe_offset=row * stride] = 0


def lay_out(
    n: Int, dt: Float64, theta: Floats, omega: Floats, coupling: Floats
) raises Failure -> Network:
    """Copy what an integration starts from into memory of its own; the caller releases `theta`."""
    if not (
        all_finite(theta, n)
        and all_finite(omega, n)
        and all_finite(coupling, n * n)
    ):
        raise Failure(NOT_FINITE)
    var rows = (n + WIDTH - 1) // WIDTH * WIDTH
    var start = allocate(7 * rows + rows * n)
    var net = Network(
        n,
        rows,
        dt,
        start,
        start.unsafe_offset(rows),
        start.unsafe_offset(2 * rows),
        start.unsafe_offset(3 * rows),
        start.unsafe_offset(4 * rows),
        start.unsafe_offset(5 * rows),
        start.unsafe_offset(6 * rows),
        start.unsafe_offset(7 * rows),
    )
    for at in range(n):
        net.theta[unsafe_offset=at] = theta[unsafe_offset=at]
        net.omega[unsafe_offset=at] = omega[unsafe_offset=at]
    pack(net, coupling)
    return net


@always_inline
def evaluate(net: Network, first: Int, last: Int):
    """Take sines and cosines of the phases from row `first` to row `last`."""
    for at in range(first, last, WIDTH):
        var pair = sincos(load(net.theta, at))
        net.sine.unsafe_store(at, pair.sin)
        net.cosine.unsafe_store(at, pair.cos)


@always_inline
def panel_slopes[vectors: Int](net: Network, first: Int):
    """Compute the slopes of `vectors` vectors of rows from `first` on."""
    # Few rows take several columns in turn, so that there are always several chains of sums.
    comptime TURNS = max(1, PANEL // vectors)
    comptime STRIDE = vectors * WIDTH
    var along_sine = Array[Vector, vectors * TURNS](fill=Vector(0))
    var along_cosine = Array[Vector, vectors * TURNS](fill=Vector(0))
    var packed = net.packed.unsafe_offset(first * net.n)
    var column = 0
    while column + TURNS <= net.n:
        comptime for turn in range(TURNS):
            var s = Vector(net.sine[unsafe_offset=column + turn])
            var c = Vector(net.cosine[unsafe_offset=column + turn])
            comptime for v in range(vectors):
                var k = load(packed, (column + turn) * STRIDE + v * WIDTH)
                along_sine[turn * vectors + v] = k.fma(
                    s, along_sine[turn * vectors + v]
                )
                along_cosine[turn * vectors + v] = k.fma(
                    c, along_cosine[turn * vectors + v]
                )
        column += TURNS
    while column < net.n:
        var s = Vector(net.sine[unsafe_offset=column])
        var c = Vector(net.cosine[unsafe_offset=column])
        comptime for v in range(vectors):
            var k = load(packed, column * STRIDE + v * WIDTH)
            along_sine[v] = k.fma(s, along_sine[v])
            along_cosine[v] = k.fma(c, along_cosine[v])
        column += 1
    comptime for v in range(vectors):
        comptime for turn in range(1, TURNS):
            along_sine[v] += along_sine[turn * vectors + v]
            along_cosine[v] += along_cosine[turn * vectors + v]
        var at = first + v * WIDTH
        var pull = load(net.cosine, at) * along_sine[v]
        pull -= load(net.sine, at) * along_cosine[v]
        net.slope.unsafe_store(at, load(net.omega, at) + pull)


def slopes(net: Network, first: Int, last: Int):
    """Compute the slopes from row `first`, which begins a panel, to row `last`."""
    var row = first
    while row + PANEL * WIDTH <= last:
        panel_slopes[PANEL](net, row)
        row += PANEL * WIDTH
    var left = (last - row) // WIDTH
    if left == 1:
        panel_slopes[1](net, row)
    elif left == 2:
        panel_slopes[2](net, row)
    elif left == 3:
        panel_slopes[3](net, row)


def order(net: Network) -> Float64:
    """Return the order parameter of the phases whose sines and cosines were taken last."""
    var cos_sum = Vector(0)
    var sin_sum = Vector(0)
    for at in range(0, net.rows - WIDTH, WIDTH):
        cos_sum += load(net.cosine, at)
        sin_sum += load(net.sine, at)
    var last = net.rows - WIDTH
    var real = first_lanes(net.n - last)
    cos_sum += real.select(load(net.cosine, last), Vector(0))
    sin_sum += load(net.sine, last)
    var c = cos_sum.reduce_add()
    var s = sin_sum.reduce_add()
    return hypot(c, s) / Float64(net.n)


def hypot(x: Float64, y: Float64) -> Float64:
    """Return the length of a vector, by libm."""
    return external_call["hypot", Float64](x, y)
