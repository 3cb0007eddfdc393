"""The coupling template of a stack of layers."""

from std.ffi import external_call

from memory import Failure, Floats, allocate, release
from integrate import copy


@fieldwise_init
struct Rows(TrivialRegisterPassable):
    """Rows `first` to `first + count` of a matrix of `n` columns, as they lie at `to`."""

    var n: Int
    var first: Int
    var count: Int
    var to: Floats

    def holds(self, i: Int, j: Int) -> Bool:
        """Say whether the entry is among these rows."""
        return i >= self.first and i < self.first + self.count and j < self.n

    def put(self, i: Int, j: Int, strength: Float64):
        """Set an entry, if it is here."""
        if self.holds(i, j):
            self.to[unsafe_offset=(i - self.first) * self.n + j] = strength

    def raise_to(self, i: Int, j: Int, strength: Float64):
        """Set an entry to at least `strength`, if it is here."""
        if self.holds(i, j):
            var at = (i - self.first) * self.n + j
            self.to[unsafe_offset=at] = max(
                self.to[unsafe_offset=at], strength
            )


def template(rows: Rows, base: Float64, decay: Float64) raises Failure:
    """Fill the rows: every row is a window of one line of 2 n - 1 couplings, symmetric about its middle."""
    var n = rows.n
    var line = allocate(2 * n)
    for apart in range(n):
        # The library's exponential: the one of Mojo's standard library is single precision.
        var k = base * external_call["exp", Float64](-decay * Float64(apart))
        line[unsafe_offset=n - 1 - apart] = k
        line[unsafe_offset=n - 1 + apart] = k
    for row in range(rows.count):
        var window = line.unsafe_offset(n - 1 - rows.first - row)
        copy(window, rows.to.unsafe_offset(row * n), n)
    release(line)
    calibrate(rows)


def calibrate(rows: Rows):
    """Overwrite the calibrated pairs that lie in the matrix, and raise the two weak ones."""
    var strengths = SIMD[DType.float64, 4](0.302, 0.201, 0.252, 0.154)
    comptime for i in range(4):
        if rows.n > i + 1:
            rows.put(i, i + 1, strengths[i])
            rows.put(i + 1, i, strengths[i])
    if rows.n > 6:
        rows.raise_to(4, 6, 0.15)
        rows.raise_to(6, 4, 0.15)
    if rows.n > 15:
        rows.raise_to(0, 15, 0.05)
        rows.raise_to(15, 0, 0.05)
