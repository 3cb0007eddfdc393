"""The family `faraday`: energy recovered by induction when a plasma expands against a magnetic field.

Products are never fused, and vectors have eight lanes on every CPU: the bits depend on nothing but the samples.
"""

from memory import Failure, Floats, NOT_FINITE, OUT_OF_RANGE, OVERFLOW
from sincos import all_finite
from task import Task

comptime FARADAY_RECOVERY = 12
comptime FARADAY_BACK_EMF = 13
comptime FARADAY_LAST = FARADAY_BACK_EMF

comptime PI: Float64 = 3.141592653589793
comptime LANES = 8
comptime Vector = SIMD[DType.float64, LANES]
comptime Bits = SIMD[DType.uint64, LANES]

comptime PASS = 256
"""Samples whose waves are still near the core when their energy is summed."""


@fieldwise_init
struct Samples(TrivialRegisterPassable):
    """The samples of a part, the coil, and where the waves go."""

    var n: Int
    var time: Floats
    var radius: Floats
    var velocity: Floats
    var field: Floats
    var rate: Floats
    var turns: Float64
    var load: Float64
    var efficiency: Float64
    var to: Floats

    def wave(self, which: Int) -> Floats:
        """Return the address of flux, flux rate, electromotive force or power: 0 to 3."""
        return self.to.unsafe_offset(which * self.n)


@fieldwise_init
struct Totals(TrivialRegisterPassable):
    """What the samples come to, lane by lane; `doubt` is zero unless something was not finite."""

    var energy: Vector
    var emf: Vector
    var power: Vector
    var doubt: Vector
    var wrong: SIMD[DType.bool, LANES]


def lay_out_faraday(mut task: Task) raises Failure:
    """Inputs: time, radius, radial velocity, field and its rate; numbers: turns, load and efficiency.

    The answer: flux, its rate, electromotive force and power of each sample, energy and the two peaks.
    For one electromotive force, which is the reply's first number, all are numbers.
    """
    if task.kernel == FARADAY_BACK_EMF:
        task.take_numbers(5)
        return
    task.take_numbers(3)
    if task.n < 2:
        raise Failure(OUT_OF_RANGE)
    for _ in range(5):
        task.want(task.n)
    task.answers(4 * task.n + 3)


@always_inline
def flux_rate[
    width: SIMDLength
](
    r: SIMD[DType.float64, width],
    dr: SIMD[DType.float64, width],
    b: SIMD[DType.float64, width],
    db: SIMD[DType.float64, width],
) -> SIMD[DType.float64, width]:
    """Return the rate of the flux, from left to right."""
    return PI * (((r * r) * db) + (((2.0 * r) * dr) * b))


@always_inline
def wave[width: SIMDLength](samples: Samples, at: Int, mut totals: Totals):
    """Compute the waves of `width` samples."""
    var r = samples.radius.unsafe_load[width=width](at)
    var dr = samples.velocity.unsafe_load[width=width](at)
    var b = samples.field.unsafe_load[width=width](at)
    var db = samples.rate.unsafe_load[width=width](at)
    var flux = ((PI * r) * r) * b
    var rate = flux_rate(r, dr, b, db)
    var emf = (-samples.turns) * rate
    var power = SIMD[DType.float64, width](0)
    if samples.efficiency != 0:
        power = ((samples.efficiency * emf) * emf) / samples.load
    samples.wave(0).unsafe_store(at, flux)
    samples.wave(1).unsafe_store(at, rate)
    samples.wave(2).unsafe_store(at, emf)
    samples.wave(3).unsafe_store(at, power)
    # The product with zero is zero, except of what is not finite.
    var doubt = flux * 0 + rate * 0 + (emf * 0 + power * 0)
    comptime if width == LANES:
        totals.doubt += rebind[Vector](doubt)
        totals.wrong = totals.wrong | rebind[Vector](r).lt(Vector(0))
        totals.emf = max(totals.emf, abs(rebind[Vector](emf)))
        totals.power = max(totals.power, rebind[Vector](power))
    else:
        totals.doubt[0] += doubt[0]
        totals.wrong[0] = totals.wrong[0] or r[0] < 0
        totals.emf[0] = max(totals.emf[0], abs(emf[0]))
        totals.power[0] = max(totals.power[0], power[0])


def waves(samples: Samples, first: Int, last: Int, mut totals: Totals):
    """Compute the waves of some samples."""
    var at = first
    while at + LANES <= last:
        wave[LANES](samples, at, totals)
        at += LANES
    while at < last:
        wave[1](samples, at, totals)
        at += 1


def intervals(samples: Samples, first: Int, last: Int, mut totals: Totals):
    """Add the energies of the intervals that end in some samples."""
    var power = samples.wave(3)
    var at = first
    while at + LANES <= last:
        var before = samples.time.unsafe_load[width=LANES](at - 1)
        var now = samples.time.unsafe_load[width=LANES](at)
        var mean = 0.5 * (
            power.unsafe_load[width=LANES](at - 1)
            + power.unsafe_load[width=LANES](at)
        )
        totals.energy += mean * (now - before)
        totals.wrong = totals.wrong | now.le(before)
        at += LANES
    while at < last:
        var before = samples.time[unsafe_offset=at - 1]
        var now = samples.time[unsafe_offset=at]
        var mean = 0.5 * (
            power[unsafe_offset=at - 1] + power[unsafe_offset=at]
        )
        totals.energy[0] += mean * (now - before)
        totals.wrong[0] = totals.wrong[0] or now <= before
        at += 1


def recover(samples: Samples) raises Failure:
    """Compute the waves, then the energy and the peaks behind them."""
    var totals = Totals(
        Vector(0),
        Vector(0),
        Vector(0),
        Vector(0),
        SIMD[DType.bool, LANES](fill=False),
    )
    for first in range(0, samples.n, PASS):
        var last = min(first + PASS, samples.n)
        waves(samples, first, last, totals)
        intervals(samples, max(first, 1), last, totals)
    var energy = totals.energy.reduce_add()
    var doubt = totals.doubt.reduce_add() + energy * 0
    # Of times in order only the first and the last can be infinite.
    var ends = samples.time[unsafe_offset=0] * 0
    ends += samples.time[unsafe_offset=samples.n - 1] * 0
    if not (doubt + ends == 0) or totals.wrong.reduce_or():
        raise blame(samples)
    var rest = samples.wave(4)
    rest[unsafe_offset=0] = energy
    rest[unsafe_offset=1] = totals.emf.reduce_max()
    rest[unsafe_offset=2] = totals.power.reduce_max()


def blame(samples: Samples) -> Failure:
    """Return why there is no answer: what the caller's checks refuse comes first."""
    var finite = all_finite(samples.time, samples.n)
    finite = finite and all_finite(samples.radius, samples.n)
    finite = finite and all_finite(samples.velocity, samples.n)
    finite = finite and all_finite(samples.field, samples.n)
    if not (finite and all_finite(samples.rate, samples.n)):
        return Failure(NOT_FINITE)
    for at in range(samples.n):
        if samples.radius[unsafe_offset=at] < 0:
            return Failure(OUT_OF_RANGE)
    for at in range(1, samples.n):
        if (
            samples.time[unsafe_offset=at]
            <= samples.time[unsafe_offset=at - 1]
        ):
            return Failure(OUT_OF_RANGE)
    return Failure(OVERFLOW)


def faraday(mut task: Task) raises Failure:
    """Run a kernel of this family."""
    if task.kernel == FARADAY_BACK_EMF:
        task.x = (-task.number(4)) * flux_rate[1](
            task.number(0), task.number(1), task.number(2), task.number(3)
        )
        return
    recover(
        Samples(
            task.n,
            task.input(0),
            task.input(1),
            task.input(2),
            task.input(3),
            task.input(4),
            task.number(0),
            task.number(1),
            task.number(2),
            task.to,
        )
    )
