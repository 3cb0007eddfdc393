"""The family `aer`: address-event representation, spikes as (address, time, polarity).

Events come in parts: what is known of the channels after one part goes in with the next.
"""

from memory import (
    Bytes,
    Failure,
    Floats,
    MALFORMED,
    OUT_OF_RANGE,
    Words,
    allocate,
    release,
)
from sincos import WIDTH
from task import Task, checked_product

comptime AER_DECODE_RATE = 9
comptime AER_DECODE_TEMPORAL = 10
comptime AER_DECODE_ISI = 11
comptime AER_LAST = AER_DECODE_ISI

comptime ONWARD = 1
"""Set in `count`: this part continues another, whose last time and channels come with it."""

comptime MORE = 2
"""Set in `count`: another part follows."""

comptime Times = SIMD[DType.uint64, WIDTH]
comptime SIGNS = 32
comptime Signs = SIMD[DType.uint8, SIGNS]


@fieldwise_init
struct Events(TrivialRegisterPassable):
    """The events inside the window, and the window."""

    var address: Words
    var times: Words
    var signs: Bytes
    var first: Int
    var last: Int
    var channels: UInt64
    var start: UInt64
    var window: UInt64


def known_of(kernel: Int) -> Int:
    """Return how many words are known of a channel between two parts."""
    return 3 if kernel == AER_DECODE_ISI else 1


def lay_out_aer(mut task: Task) raises Failure:
    """Inputs: addresses, times, what is known, polarities as bytes for the rate; numbers: start, window, last time.

    `n` counts events, `first` channels; `count` says whether parts come before and after.
    """
    var channels = task.first
    var between = checked_product(known_of(task.kernel), channels)
    if channels < 1 or task.count > ONWARD + MORE:
        raise Failure(MALFORMED)
    task.take_numbers(3)
    task.want(task.n)
    task.want(task.n)
    task.want(between if task.count & ONWARD != 0 else 0)
    # Last, as the only one that may end inside a word.
    task.want((task.n + 7) // 8 if task.kernel == AER_DECODE_RATE else 0)
    task.answers(between if task.count & MORE != 0 else channels)
    if task.word(1) == 0 or task.word(0) + task.word(1) < task.word(0):
        raise Failure(MALFORMED)


def falls(times: Words, count: Int, before: UInt64) -> Bool:
    """Say whether a time is less than the one before it."""
    if count == 0:
        return False
    var found = times[unsafe_offset=0] < before
    var at = 1
    var any = SIMD[DType.bool, WIDTH](fill=False)
    while at + WIDTH <= count:
        var one = times.unsafe_load[width=WIDTH](at - 1)
        any = any | times.unsafe_load[width=WIDTH](at).lt(one)
        at += WIDTH
    while at < count:
        found = found | (times[unsafe_offset=at] < times[unsafe_offset=at - 1])
        at += 1
    return found or any.reduce_or()


def odd_signs(signs: Bytes, count: Int) -> Bool:
    """Say whether a polarity is neither +1 nor -1: of those, and of nothing else, one more is 2 or 0."""
    var found = Signs(0)
    var at = 0
    while at + SIGNS <= count:
        found |= (signs.unsafe_load[width=SIGNS](at) + 1) & 0xFD
        at += SIGNS
    var rest = UInt8(0)
    while at < count:
        rest |= (signs[unsafe_offset=at] + 1) & 0xFD
        at += 1
    return rest != 0 or found.reduce_or() != 0


def place_of(times: Words, count: Int, time: UInt64) -> Int:
    """Return how many of the times, which do not fall, are less than a time."""
    var low = 0
    var high = count
    while low < high:
        var middle = (low + high) // 2
        if times[unsafe_offset=middle] < time:
            low = middle + 1
        else:
            high = middle
    return low


def events_of(task: Task) raises Failure -> Events:
    """Return the events, having looked at their order and, for the rate, at every polarity."""
    var times = task.words(1)
    var signs = task.input(3).unsafe_bitcast[UInt8]()
    var start = task.word(0)
    if falls(times, task.n, task.word(2)):
        raise Failure(OUT_OF_RANGE)
    if task.kernel == AER_DECODE_RATE and odd_signs(signs, task.n):
        raise Failure(OUT_OF_RANGE)
    return Events(
        task.words(0),
        times,
        signs,
        place_of(times, task.n, start),
        place_of(times, task.n, start + task.word(1)),
        UInt64(task.first),
        start,
        task.word(1),
    )


def begun(task: Task, to: Floats):
    """Begin with what is known of the channels."""
    var known = task.input(2)
    for at in range(known_of(task.kernel) * task.first):
        to[unsafe_offset=at] = (
            known[unsafe_offset=at] if task.count & ONWARD != 0 else 0.0
        )


def rate(events: Events, to: Floats) raises Failure:
    """Add up the addends in their order, one rounding after each."""
    var weight = 1.0 / Float64(events.window)
    var signs = events.signs.unsafe_bitcast[Int8]()
    for at in range(events.first, events.last):
        # Read once: an array that lasts may change under another thread's hands.
        var channel = events.address[unsafe_offset=at]
        if channel >= events.channels:
            raise Failure(OUT_OF_RANGE)
        # A product, not a choice: the processor cannot foresee which of two it is.
        var sign = Float64(signs[unsafe_offset=at])
        to[unsafe_offset=Int(channel)] += sign * weight


def temporal(events: Events, to: Floats) raises Failure:
    """Set each channel that is still 0 by its first event; a later one than one that gives 0 gives 0 too."""
    var window = Float64(events.window)
    for at in range(events.first, events.last):
        var channel = events.address[unsafe_offset=at]
        if channel >= events.channels:
            raise Failure(OUT_OF_RANGE)
        if to[unsafe_offset=Int(channel)] == 0:
            var since = events.times[unsafe_offset=at] - events.start
            to[unsafe_offset=Int(channel)] = 1.0 - Float64(since) / window


def extremes(events: Events, known: Words) raises Failure:
    """Count the events of each channel, and note the first and the last time."""
    for at in range(events.first, events.last):
        var channel = events.address[unsafe_offset=at]
        if channel >= events.channels:
            raise Failure(OUT_OF_RANGE)
        var place = 3 * Int(channel)
        var time = events.times[unsafe_offset=at]
        if known[unsafe_offset=place] == 0:
            known[unsafe_offset=place + 1] = time
        known[unsafe_offset=place] += 1
        known[unsafe_offset=place + 2] = time


def intervals(known: Words, channels: Int, to: Floats):
    """Write the inverse mean interval of each channel, 0 where there is none."""
    for channel in range(channels):
        var count = known[unsafe_offset=3 * channel]
        var span = known[unsafe_offset=3 * channel + 2]
        span -= known[unsafe_offset=3 * channel + 1]
        var found = 0.0
        if count > 1 and span > 0:
            found = Float64(count - 1) / Float64(span)
        to[unsafe_offset=channel] = found


def isi(task: Task, events: Events) raises Failure:
    """Write what is known of the channels, or after the last part their rates."""
    if task.count & MORE != 0:
        begun(task, task.to)
        extremes(events, task.to.unsafe_bitcast[UInt64]())
        return
    var memory = allocate(3 * task.first)
    begun(task, memory)
    var known = memory.unsafe_bitcast[UInt64]()
    try:
        extremes(events, known)
    except failure:
        release(memory)
        raise failure.copy()
    intervals(known, task.first, task.to)
    release(memory)


def aer(task: Task) raises Failure:
    """Run a kernel of this family."""
    var events = events_of(task)
    if task.kernel == AER_DECODE_ISI:
        isi(task, events)
        return
    begun(task, task.to)
    if task.kernel == AER_DECODE_RATE:
        rate(events, task.to)
    else:
        temporal(events, task.to)
