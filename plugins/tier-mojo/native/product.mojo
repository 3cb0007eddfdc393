"""Products of complex matrices, whose right factor is packed into panels of one vector of real and one of imaginary
parts for each row: what a tile of the product reads lies side by side."""

from memory import Floats
from sincos import Vector, WIDTH, load

comptime TALL = 4
"""Rows of a tile, for each of which two sums are in registers."""


def panels_of(columns: Int) -> Int:
    """Return how many panels the columns make."""
    return (columns + WIDTH - 1) // WIDTH


def packed_values(d: Int) -> Int:
    """Return the values of a packed matrix of size `d`."""
    return 2 * WIDTH * d * panels_of(d)


def pack(source: Floats, d: Int, to: Floats):
    """Pack a matrix of interleaved parts; `to` is all zeros."""
    for panel in range(panels_of(d)):
        var count = min(WIDTH, d - panel * WIDTH)
        for k in range(d):
            var row = source.unsafe_offset(2 * (k * d + panel * WIDTH))
            var place = to.unsafe_offset(2 * WIDTH * (panel * d + k))
            for lane in range(count):
                place[unsafe_offset=lane] = row[unsafe_offset=2 * lane]
                place[unsafe_offset=WIDTH + lane] = row[
                    unsafe_offset=2 * lane + 1
                ]


@always_inline
def tile[
    tall: Int, less: Bool
](left: Floats, panel: Floats, d: Int, to: Floats, count: Int):
    """Write `tall` rows of `count` columns of a product, or subtract them from what is there."""
    var real = Array[Vector, tall](fill=Vector(0))
    var imaginary = Array[Vector, tall](fill=Vector(0))
    for k in range(d):
        var re = load(panel, 2 * WIDTH * k)
        var im = load(panel, 2 * WIDTH * k + WIDTH)
        comptime for row in range(tall):
            var a = Vector(left[unsafe_offset=2 * (row * d + k)])
            var b = Vector(left[unsafe_offset=2 * (row * d + k) + 1])
            real[row] = a.fma(re, real[row])
            real[row] = (-b).fma(im, real[row])
            imaginary[row] = a.fma(im, imaginary[row])
            imaginary[row] = b.fma(re, imaginary[row])
    comptime for row in range(tall):
        var place = to.unsafe_offset(2 * row * d)
        for lane in range(count):
            comptime if less:
                place[unsafe_offset=2 * lane] -= real[row][lane]
                place[unsafe_offset=2 * lane + 1] -= imaginary[row][lane]
            else:
                place[unsafe_offset=2 * lane] = real[row][lane]
                place[unsafe_offset=2 * lane + 1] = imaginary[row][lane]


def multiply[
    less: Bool
](left: Floats, rows: Int, packed: Floats, d: Int, to: Floats, first: Int, last: Int):
    """Write the panels from `first` to `last` of `rows` rows of a product, or subtract them from what is there."""
    for panel in range(first, last):
        var columns = packed.unsafe_offset(2 * WIDTH * panel * d)
        var count = min(WIDTH, d - panel * WIDTH)
        var row = 0
        while row < rows:
            var source = left.unsafe_offset(2 * row * d)
            var place = to.unsafe_offset(2 * (row * d + panel * WIDTH))
            if row + TALL <= rows:
                tile[TALL, less](source, columns, d, place, count)
                row += TALL
            else:
                tile[1, less](source, columns, d, place, count)
                row += 1
