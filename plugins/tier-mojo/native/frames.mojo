"""The frames of a worker: requests and replies of at most 4096 bytes, which a pipe takes and gives whole.

PROTOCOL.md describes each word.
"""

from std.ffi import external_call, c_int, c_size_t

from kuramoto import (
    Call,
    MOST,
    answer_values,
    coupling_values,
    is_bad,
    run,
    omega_values,
    theta_values,
)
from families import compute, lay_out
from memory import Bytes, Failure, Floats, MALFORMED, NO_MEMORY, Words
from task import INPUTS_MOST, LEAST_TASK, Task, task_of

comptime FRAME_MOST = 4096
comptime REQUEST_WORDS = 15
comptime REPLY_WORDS = 5
comptime MAGIC: UInt64 = 0x314D5450
"""The first four bytes of every frame, PTM1; its size in bytes follows in four more."""

comptime INLINE: UInt64 = 0xFFFF_FFFF_FFFF_FFFF
"""The place of an array that stands in the frame itself."""

comptime LASTING: UInt64 = 1 << 62
"""Set in the place of an array that lies in the lasting segment."""


struct Segment(TrivialRegisterPassable):
    """Memory shared with the caller, mapped as far as the caller says it reaches."""

    var fd: Int
    var writes: Bool
    var base: Bytes
    var size: Int

    def __init__(out self, fd: Int, writes: Bool):
        self.fd = fd
        self.writes = writes
        self.base = Bytes.unsafe_dangling()
        self.size = 0

    def fit(mut self, size: Int) raises Failure:
        """Map `size` bytes, if that is not what is mapped."""
        if size == self.size:
            return
        if self.size > 0:
            _ = external_call["munmap", c_int](
                self.base, c_size_t(self.size)
            )
            self.size = 0
        if size == 0:
            return
        # PROT_READ, with PROT_WRITE for answers only; MAP_SHARED.
        var protection = c_int(3) if self.writes else c_int(1)
        var address = external_call["mmap", Int](
            Int(0), c_size_t(size), protection, c_int(1), c_int(self.fd), Int(0)
        )
        if address == -1:
            raise Failure(NO_MEMORY)
        self.base = Bytes(unsafe_from_address=address)
        self.size = size

    def values(self, offset: UInt64, count: Int) raises Failure -> Floats:
        """Return the address of `count` values inside the segment."""
        if offset % 8 != 0 or offset > UInt64(self.size):
            raise Failure(MALFORMED)
        if count > (self.size - Int(offset)) // 8:
            raise Failure(MALFORMED)
        return self.base.unsafe_offset(Int(offset)).unsafe_bitcast[Float64]()


struct Segments(TrivialRegisterPassable):
    """The three kinds: inputs of one call, answers of one call, and inputs that last."""

    var inputs: Segment
    var answers: Segment
    var lasting: Segment

    def __init__(out self, inputs: Int, answers: Int, lasting: Int):
        self.inputs = Segment(inputs, False)
        self.answers = Segment(answers, True)
        self.lasting = Segment(lasting, False)

    def input(self, place: UInt64, count: Int) raises Failure -> Floats:
        """Return the address of an input that does not stand in the frame."""
        if place & LASTING != 0:
            return self.lasting.values(place ^ LASTING, count)
        return self.inputs.values(place, count)


@fieldwise_init
struct Inline(TrivialRegisterPassable):
    """What follows the words of a frame: the next value, and how many are left."""

    var next: Floats
    var left: Int

    def take(mut self, count: Int) raises Failure -> Floats:
        """Return the address of the next `count` values."""
        if count > self.left:
            raise Failure(MALFORMED)
        var values = self.next
        self.next = self.next.unsafe_offset(count)
        self.left -= count
        return values


def located(
    segments: Segments, mut rest: Inline, place: UInt64, count: Int
) raises Failure -> Floats:
    """Return the address of an input of `count` values."""
    if place == INLINE or count == 0:
        return rest.take(count)
    return segments.input(place, count)


def placed(
    mut segments: Segments, mut rest: Inline, words: Words, mut call: Call
) raises Failure:
    """Find where the arrays of a call lie, having mapped the segments as far as the request says."""
    segments.inputs.fit(size_in(words, 12))
    segments.answers.fit(size_in(words, 13))
    segments.lasting.fit(size_in(words, 14))
    call.theta = located(
        segments, rest, words[unsafe_offset=8], theta_values(call)
    )
    call.omega = located(
        segments, rest, words[unsafe_offset=9], omega_values(call)
    )
    call.coupling = located(
        segments, rest, words[unsafe_offset=10], coupling_values(call)
    )
    if words[unsafe_offset=11] != INLINE:
        call.to = segments.answers.values(
            words[unsafe_offset=11], answer_values(call)
        )
    elif answer_values(call) > (FRAME_MOST - 8 * REPLY_WORDS) // 8:
        raise Failure(MALFORMED)


def size_in(words: Words, at: Int) raises Failure -> Int:
    """Return the size of a segment that a word states."""
    var size = words[unsafe_offset=at]
    if size > 1 << 47:
        raise Failure(MALFORMED)
    return Int(size)


def count_in(words: Words, at: Int) raises Failure -> Int:
    """Return the count that a word states."""
    var count = words[unsafe_offset=at]
    if count > UInt64(MOST):
        raise Failure(MALFORMED)
    return Int(count)


def read_call(
    mut segments: Segments, words: Words, size: Int, reply: Words
) raises Failure -> Call:
    """Return the call that a request of `size` bytes asks for; its answer goes to a segment or into the reply."""
    var numbers = words.unsafe_bitcast[Float64]()
    var nowhere = reply.unsafe_offset(REPLY_WORDS).unsafe_bitcast[Float64]()
    var call = Call(
        count_in(words, 2),
        count_in(words, 3),
        count_in(words, 4),
        count_in(words, 5),
        numbers[unsafe_offset=6],
        numbers[unsafe_offset=7],
        nowhere,
        nowhere,
        nowhere,
        nowhere,
        0,
        0,
    )
    if is_bad(call):
        raise Failure(MALFORMED)
    var rest = Inline(
        words.unsafe_offset(REQUEST_WORDS).unsafe_bitcast[Float64](),
        (size - 8 * REQUEST_WORDS) // 8,
    )
    placed(segments, rest, words, call)
    return call


def read_task(
    mut segments: Segments, words: Words, size: Int, reply: Words
) raises Failure -> Task:
    """Return the task that a request of `size` bytes asks for: numbers and places follow its words, then arrays."""
    var rest = Inline(
        words.unsafe_offset(REQUEST_WORDS).unsafe_bitcast[Float64](),
        (size - 8 * REQUEST_WORDS) // 8,
    )
    var numbers = count_in(words, 8)
    var inputs = count_in(words, 9)
    var task = task_of(
        count_in(words, 2),
        count_in(words, 3),
        count_in(words, 4),
        count_in(words, 5),
        rest.take(numbers).unsafe_bitcast[UInt64](),
        numbers,
        reply.unsafe_offset(REPLY_WORDS).unsafe_bitcast[Float64](),
    )
    if inputs > INPUTS_MOST:
        raise Failure(MALFORMED)
    var places = rest.take(inputs).unsafe_bitcast[UInt64]()
    lay_out(task)
    if inputs != task.inputs_wanted:
        raise Failure(MALFORMED)
    segments.inputs.fit(size_in(words, 12))
    segments.answers.fit(size_in(words, 13))
    segments.lasting.fit(size_in(words, 14))
    for at in range(inputs):
        var array = located(
            segments, rest, places[unsafe_offset=at], Int(task.sizes[at])
        )
        task.places[at] = Int64(Int(array))
    if words[unsafe_offset=11] != INLINE:
        task.to = segments.answers.values(words[unsafe_offset=11], task.answer)
    elif task.answer > (FRAME_MOST - 8 * REPLY_WORDS) // 8:
        raise Failure(MALFORMED)
    return task


def head(size: Int) -> UInt64:
    """Return the first word of a frame of `size` bytes."""
    return MAGIC | (UInt64(size) << 32)


def answer(mut segments: Segments, words: Words, size: Int, reply: Words) -> Int:
    """Serve one request and return the size of the reply."""
    var numbers = reply.unsafe_bitcast[Float64]()
    var length = 8 * REPLY_WORDS
    reply[unsafe_offset=1] = words[unsafe_offset=1]
    reply[unsafe_offset=2] = 0
    try:
        if words[unsafe_offset=2] >= UInt64(LEAST_TASK):
            var task = read_task(segments, words, size, reply)
            compute(task)
            numbers[unsafe_offset=3] = task.x
            numbers[unsafe_offset=4] = task.y
            if words[unsafe_offset=11] == INLINE:
                length += 8 * task.answer
            reply[unsafe_offset=0] = head(length)
            return length
        var call = read_call(segments, words, size, reply)
        run(call)
        numbers[unsafe_offset=3] = call.x
        numbers[unsafe_offset=4] = call.y
        if words[unsafe_offset=11] == INLINE:
            length += 8 * answer_values(call)
    except failure:
        reply[unsafe_offset=2] = failure.status
    reply[unsafe_offset=0] = head(length)
    return length
