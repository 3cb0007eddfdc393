"""The sums over phases, repeated and timed where they are computed: what a boundary is measured against."""

from std.ffi import external_call, c_int

from memory import Failure, Floats
from sums import Sums, sums_of

comptime CLOCK_MONOTONIC = 1


def now() -> Float64:
    """Return the seconds on a clock that never runs backwards."""
    var time = Array[Int64, 2](fill=0)
    _ = external_call["clock_gettime", c_int](
        c_int(CLOCK_MONOTONIC),
        time.unsafe_ptr().unsafe_origin_cast[MutUntrackedOrigin](),
    )
    return Float64(time[0]) + 1e-9 * Float64(time[1])


def seconds_of_sums(theta: Floats, n: Int, calls: Int) raises Failure -> Float64:
    """Return the mean seconds of one of `calls` sums over `n` phases."""
    var last = Sums(0, 0)
    var start = now()
    for _ in range(calls):
        last = sums_of(theta, n)
        # A call that the compiler cannot look into: without it all repetitions but one are dropped.
        _ = external_call["pthread_self", UInt64]()
    var seconds = (now() - start) / Float64(calls)
    # The last sums are finite, so this adds zero; it keeps them computed.
    return seconds + 0.0 * last.cos
