"""Expectation values of single qubits, all from one pass over blocks of the state."""

from memory import Failure, Floats, NOT_FINITE, OVERFLOW, allocate, release
from sincos import Vector, WIDTH, all_finite, load

comptime LOW = 3 if WIDTH == 8 else 2
"""Qubits whose pairs lie inside one vector of amplitudes."""

comptime BLOCK = 10
"""Qubits of a block whose pairs are visited while it is near the core."""

comptime Amplitudes = SIMD[DType.float64, 2 * WIDTH]


@fieldwise_init
struct Spins(TrivialRegisterPassable):
    """Three vectors of sums for each qubit: overlap, real and imaginary, and polarity."""

    var sums: Floats

    @always_inline
    def add(self, q: Int, real: Vector, imaginary: Vector, polarity: Vector):
        """Add to the sums of a qubit."""
        var at = 3 * WIDTH * q
        self.sums.unsafe_store(at, load(self.sums, at) + real)
        at += WIDTH
        self.sums.unsafe_store(at, load(self.sums, at) + imaginary)
        at += WIDTH
        self.sums.unsafe_store(at, load(self.sums, at) + polarity)

    def write(self, n: Int, to: Floats):
        """Write the expectation values of X, of Y and of Z, qubit 0 first."""
        for q in range(n):
            var at = 3 * WIDTH * q
            to[unsafe_offset=q] = 2.0 * load(self.sums, at).reduce_add()
            to[unsafe_offset=n + q] = (
                2.0 * load(self.sums, at + WIDTH).reduce_add()
            )
            to[unsafe_offset=2 * n + q] = load(
                self.sums, at + 2 * WIDTH
            ).reduce_add()


@always_inline
def amplitudes(state: Floats, at: Int) -> Tuple[Vector, Vector]:
    """Return the real and the imaginary parts of a vector of amplitudes from number `at` on."""
    var both = state.unsafe_load[width = 2 * WIDTH](2 * at).deinterleave()
    return (rebind[Vector](both[0]), rebind[Vector](both[1]))


def low(state: Floats, first: Int, count: Int, spins: Spins):
    """Add the pairs inside the vectors of a block."""
    comptime for q in range(LOW):
        # Lanes in which the qubit is up meet their partners; the others are masked away.
        var up = Vector(0)
        comptime for lane in range(WIDTH):
            if (lane >> q) & 1 == 0:
                up[lane] = 1
        var real = Vector(0)
        var imaginary = Vector(0)
        var polarity = Vector(0)
        for at in range(first, first + count, WIDTH):
            var a, b = amplitudes(state, at)
            var c = a.rotate_left[1 << q]()
            var d = b.rotate_left[1 << q]()
            real = a.fma(c, b.fma(d, real))
            imaginary = a.fma(d, (-b).fma(c, imaginary))
            polarity = a.fma(a, b.fma(b, polarity))
        spins.add(q, masked(real, up), masked(imaginary, up), signed(polarity, up))


@always_inline
def masked(sums: Vector, up: Vector) -> Vector:
    """Return the sums of the lanes that are up."""
    return up.gt(Vector(0)).select(sums, Vector(0))


@always_inline
def signed(sums: Vector, up: Vector) -> Vector:
    """Return the sums, those of the lanes that are down negative."""
    return up.gt(Vector(0)).select(sums, -sums)


def halves(state: Floats, up: Int, down: Int, count: Int, q: Int, spins: Spins):
    """Add the pairs of two stretches in which a qubit is up and down."""
    var real = Vector(0)
    var imaginary = Vector(0)
    var polarity = Vector(0)
    for at in range(0, count, WIDTH):
        var a, b = amplitudes(state, up + at)
        var c, d = amplitudes(state, down + at)
        real = a.fma(c, b.fma(d, real))
        imaginary = a.fma(d, (-b).fma(c, imaginary))
        polarity += a.fma(a, b * b) - c.fma(c, d * d)
    spins.add(q, real, imaginary, polarity)


def visit(state: Floats, n: Int, spins: Spins):
    """Add all pairs: the lower qubits block by block, then the others over pairs of blocks."""
    var size = min(n, BLOCK)
    for at in range(1 << (n - size)):
        var start = at << size
        low(state, start, 1 << size, spins)
        for q in range(LOW, size):
            for pair in range(1 << (size - q - 1)):
                var up = start + (pair << (q + 1))
                halves(state, up, up + (1 << q), 1 << q, q, spins)
        # A block pairs with all that differ in one higher bit and come before it.
        for q in range(size, n):
            if (at >> (q - size)) & 1 == 1:
                var partner = start ^ (1 << q)
                halves(state, partner, start, 1 << size, q, spins)


def few(state: Floats, n: Int, to: Floats):
    """Write the expectation values of a state shorter than a vector."""
    for q in range(n):
        var x = Float64(0)
        var y = Float64(0)
        var z = Float64(0)
        for k in range(1 << n):
            if (k >> q) & 1 == 0:
                var partner = k | (1 << q)
                var a = state[unsafe_offset=2 * k]
                var b = state[unsafe_offset=2 * k + 1]
                var c = state[unsafe_offset=2 * partner]
                var d = state[unsafe_offset=2 * partner + 1]
                x += a * c + b * d
                y += a * d - b * c
                z += (a * a + b * b) - (c * c + d * d)
        to[unsafe_offset=q] = 2.0 * x
        to[unsafe_offset=n + q] = 2.0 * y
        to[unsafe_offset=2 * n + q] = z


def expectations(n: Int, state: Floats, to: Floats) raises Failure:
    """Write the expectation values of X, of Y and of Z of `n` qubits."""
    if n < 3:
        few(state, n, to)
    else:
        var spins = Spins(allocate(3 * WIDTH * n))
        visit(state, n, spins)
        spins.write(n, to)
        release(spins.sums)
    if not all_finite(to, 3 * n):
        if all_finite(state, 2 << n):
            raise Failure(OVERFLOW)
        raise Failure(NOT_FINITE)
