"""The derivative as it is defined: pair by pair, one rounding after each operation, each lane a row."""

from std.ffi import external_call, c_int
from std.math import sin
from std.sys import size_of

from memory import (
    Failure,
    Floats,
    NOT_FINITE,
    OVERFLOW,
    allocate,
    release,
)
from sincos import (
    Mask,
    Vector,
    WIDTH,
    all_finite,
    fast_sincos,
    is_fast,
    load_first,
)
from task import Task

comptime SHARED_LEAST = 128
"""Oscillators from which a second thread pays for its start."""


@fieldwise_init
struct Model(TrivialRegisterPassable):
    """The oscillators, and the moment: `rate` is looked at only where `rated` says so."""

    var n: Int
    var theta: Floats
    var position: Floats
    var velocity: Floats
    var omega: Floats
    var coupling: Floats
    var rate: Floats
    var rated: Bool
    var lag: Float64
    var push: Float64
    var epsilon: Float64
    var scale: Float64
    var time: Float64

    def frequency(self, i: Int) -> Float64:
        """Return the natural frequency of an oscillator at the time."""
        var rate = self.rate[unsafe_offset=i] if self.rated else 0.0
        return self.omega[unsafe_offset=i] + self.time * rate

    def pushed(self, i: Int, j: Int) -> Float64:
        """Return the push of oscillator `j` on `i`."""
        var one = self.velocity[unsafe_offset=i]
        var other = self.velocity[unsafe_offset=j]
        var mean = 0.5 * (abs(one) + abs(other)) + self.epsilon
        return self.push * ((one - other) / mean)

    def plain(self, i: Int) -> Float64:
        """Return the derivative of one phase, by libm."""
        var theta = self.theta[unsafe_offset=i]
        var z = self.position[unsafe_offset=i]
        var slope = self.frequency(i)
        for j in range(self.n):
            if j == i:
                continue
            var apart = abs(z - self.position[unsafe_offset=j])
            var weight = 1.0 + apart / self.scale
            var angle = (self.theta[unsafe_offset=j] - theta) - self.lag
            var pull = self.coupling[unsafe_offset=i * self.n + j] / weight
            slope += pull * sin(angle)
            slope += self.pushed(i, j)
        return slope


def model_of(task: Task) raises Failure -> Model:
    """Return the oscillators of a task, provided that all about them is finite."""
    var n = task.n
    var sound = all_finite(task.input(4), n * n)
    for at in range(4):
        sound = sound and all_finite(task.input(at), n)
    if task.first == 1:
        sound = sound and all_finite(task.input(5), n)
    if not sound:
        raise Failure(NOT_FINITE)
    return Model(
        n,
        task.input(0),
        task.input(1),
        task.input(2),
        task.input(3),
        task.input(4),
        task.input(5),
        task.first == 1,
        task.number(0),
        task.number(1),
        task.number(2),
        task.number(3),
        task.number(4),
    )


@always_inline
def column(model: Model, first: Int, count: Int, j: Int) -> Vector:
    """Return the couplings of `count` rows with oscillator `j`, the diagonal zero."""
    var pulls = Vector(0)
    comptime for lane in range(WIDTH):
        if lane < count and first + lane != j:
            var place = (first + lane) * model.n + j
            pulls[lane] = model.coupling[unsafe_offset=place]
    return pulls


def some_rows(model: Model, first: Int, count: Int, to: Floats):
    """Compute the derivatives of `count` rows, one in each lane."""
    var theta = load_first(model.theta, first, count)
    var z = load_first(model.position, first, count)
    var velocity = load_first(model.velocity, first, count)
    var speed = abs(velocity)
    var slope = load_first(model.omega, first, count)
    var rate = Vector(0)
    if model.rated:
        rate = load_first(model.rate, first, count)
    slope = slope + Vector(model.time) * rate
    var fast = Mask(fill=True)
    for j in range(model.n):
        var apart = abs(z - Vector(model.position[unsafe_offset=j]))
        var weight = 1.0 + apart / Vector(model.scale)
        var pull = column(model, first, count, j) / weight
        var angle = (Vector(model.theta[unsafe_offset=j]) - theta) - Vector(
            model.lag
        )
        fast = fast & is_fast(angle)
        slope = slope + pull * fast_sincos(angle).sin
        var other = Vector(model.velocity[unsafe_offset=j])
        var mean = 0.5 * (speed + abs(other)) + Vector(model.epsilon)
        # Of a row with itself the difference is zero, and adding that changes nothing.
        slope = slope + Vector(model.push) * ((velocity - other) / mean)
    var all_fast = fast.reduce_and()
    for lane in range(count):
        to[unsafe_offset=first + lane] = (
            slope[lane] if all_fast else model.plain(first + lane)
        )


@fieldwise_init
struct Share(TrivialRegisterPassable):
    """The rows of the second thread."""

    var model: Model
    var first: Int
    var to: Floats


def rows(model: Model, first: Int, last: Int, to: Floats):
    """Compute the derivatives from row `first` to row `last`."""
    for row in range(first, last, WIDTH):
        some_rows(model, row, min(WIDTH, last - row), to)


def second_half(share: Pointer[Share, MutUntrackedOrigin]) abi("C") -> Int:
    """Body of the second thread."""
    rows(share[].model, share[].first, share[].model.n, share[].to)
    return 0


def shared(model: Model, to: Floats) raises Failure:
    """Compute all rows with a second thread; each row has the same bits by either."""
    var middle = model.n // 2 // WIDTH * WIDTH
    # In memory of libc: of a local variable the compiler may drop what only the thread will read.
    var memory = allocate(size_of[Share]() // 8 + 1)
    var handed = memory.unsafe_bitcast[Share]()
    handed[] = Share(model, middle, to)
    var thread = UInt64(0)
    var refused = external_call["pthread_create", c_int](
        Pointer(to=thread), Int(0), second_half, handed
    )
    if refused != 0:
        _ = second_half(handed)
    rows(model, 0, middle, to)
    if refused == 0:
        _ = external_call["pthread_join", c_int](thread, Int(0))
    release(memory)


def derivative(model: Model, to: Floats) raises Failure:
    """Write all derivatives."""
    if model.n < SHARED_LEAST:
        rows(model, 0, model.n, to)
    else:
        shared(model, to)
    if not all_finite(to, model.n):
        raise Failure(OVERFLOW)
