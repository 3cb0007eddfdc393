"""One call from the command line of a kernel of the families after `kuramoto`: its numbers, its n, its answer."""

from aer import AER_DECODE_ISI, AER_DECODE_RATE, AER_DECODE_TEMPORAL, AER_LAST
from console import ArgV, is_same, parsed_count, parsed_number, write_all
from doppler import DOPPLER_KURAMOTO, DOPPLER_KURAMOTO_TRACE
from families import compute, lay_out
from faraday import FARADAY_BACK_EMF, FARADAY_RECOVERY
from memory import Bytes, Failure, Floats, OUT_OF_RANGE, Words, allocate
from operators import (
    COMMUTATOR_DENSE,
    DLA_DIMENSION,
    PAULI_DECOMPOSE,
    PAULI_EXPECTATIONS,
    PAULI_RECONSTRUCT,
    XY_HAMILTONIAN_DENSE,
)
from task import NUMBERS_MOST, Task, task_of

comptime NAMES: StaticString = (
    "aer_decode_rate aer_decode_temporal aer_decode_isi faraday_recovery"
    " faraday_back_emf doppler_kuramoto doppler_kuramoto_trace"
    " commutator_dense pauli_decompose pauli_reconstruct"
    " xy_hamiltonian_dense pauli_expectations dla_dimension "
)
"""The kernels in the order of their numbers, a blank behind each."""

comptime FIRST = "first"
"""The start of a window at its first event."""


def task_kernel_of(argument: Bytes) -> Int:
    """Return the number of the kernel that an argument names, or 0."""
    var kernel = AER_DECODE_RATE
    var at = 0
    var same = True
    var names: StaticString = NAMES
    var text = names.unsafe_ptr()
    for place in range(names.byte_length()):
        if text[unsafe_offset=place] == 32:
            if same and argument[unsafe_offset=at] == 0:
                return kernel
            kernel += 1
            at = 0
            same = True
        else:
            # Beyond its end an argument is not read.
            same = same and argument[unsafe_offset=at] == text[
                unsafe_offset=place
            ]
            at += 1 if same else 0
    return 0


def kinds_of(kernel: Int) -> StaticString:
    """Return the kinds of a kernel's numbers.

    c: a count; k: a count of at least 1; n: not negative; p: positive; r: any; s: a start; u: from 0 to 1.
    """
    if kernel <= AER_LAST:
        return "kks"
    if kernel == FARADAY_RECOVERY:
        return "ppu"
    if kernel == FARADAY_BACK_EMF:
        return "nrrrp"
    if kernel == DOPPLER_KURAMOTO:
        return "rrppn"
    if kernel == DOPPLER_KURAMOTO_TRACE:
        return "pcrrppn"
    if kernel == XY_HAMILTONIAN_DENSE:
        return "r"
    return "kkcp" if kernel == DLA_DIMENSION else ""


def is_in_range(number: Float64, kind: UInt8) -> Bool:
    """Say whether a number is finite and of its kind."""
    if not (abs(number) <= Float64.MAX_FINITE):
        return False
    if kind == 112:  # p
        return number > 0
    if kind == 110:  # n
        return number >= 0
    return kind != 117 or (number >= 0 and number <= 1)  # u


def parsed(kernel: Int, argv: ArgV, to: Words) -> Bool:
    """Take the numbers of the command line and say whether they can be used; a start at the first event is all ones."""
    var kinds = kinds_of(kernel)
    for at in range(kinds.byte_length()):
        var kind = kinds.unsafe_ptr()[unsafe_offset=at]
        var argument = argv[unsafe_offset=2 + at]
        if kind == 115 and is_same(argument, FIRST):  # s
            to[unsafe_offset=at] = 0xFFFF_FFFF_FFFF_FFFF
        elif kind == 99 or kind == 107 or kind == 115:  # c k s
            var count = parsed_count(argument)
            if count < (1 if kind == 107 else 0):
                return False
            to[unsafe_offset=at] = UInt64(count)
        else:
            var number = parsed_number(argument)
            if not is_in_range(number, kind):
                return False
            to.unsafe_bitcast[Float64]()[unsafe_offset=at] = number
    return True


def words_read(kernel: Int, n: Int, stack: Int) -> Int:
    """Return how many words of input a kernel reads."""
    if kernel <= AER_LAST:
        return 3 * n
    if kernel == FARADAY_RECOVERY:
        return 5 * n
    if kernel <= DOPPLER_KURAMOTO_TRACE:
        return n * n + 5 * n
    if kernel == COMMUTATOR_DENSE:
        return 4 * n * n
    if kernel <= PAULI_RECONSTRUCT:
        return 2 << (2 * n)
    if kernel == XY_HAMILTONIAN_DENSE:
        return n * n + n
    return 2 << n if kernel == PAULI_EXPECTATIONS else 2 * stack * n * n


def size_read(kernel: Int, words: Int, stack: Int) raises Failure -> Int:
    """Return the n for which a kernel reads so many words."""
    if kernel == FARADAY_BACK_EMF:
        return 0
    var n = 0
    while words_read(kernel, n, stack) < words:
        n += 1
    if words_read(kernel, n, stack) != words:
        raise Failure(OUT_OF_RANGE)
    return n



def arranged(
    kernel: Int, given: Words, n: Int, input: Floats, to: Floats
) raises Failure -> Task:
    """Return the task with the numbers of the command line where the kernel expects them."""
    var count = kinds_of(kernel).byte_length()
    var task = task_of(kernel, n, 0, 0, given, count, to)
    if kernel <= AER_LAST:
        task.first = Int(given[unsafe_offset=0])
        var start = given[unsafe_offset=2]
        if start == 0xFFFF_FFFF_FFFF_FFFF:
            start = 0
            if n > 0:
                start = input.unsafe_bitcast[UInt64]()[unsafe_offset=n]
        given[unsafe_offset=0] = start
        given[unsafe_offset=2] = 0
    elif kernel == DOPPLER_KURAMOTO:
        task.first = 1
    elif kernel == DOPPLER_KURAMOTO_TRACE:
        task.first = 1
        task.count = Int(given[unsafe_offset=1])
        var dt = given[unsafe_offset=0]
        for at in range(5):
            given[unsafe_offset=at] = given[unsafe_offset=at + 2]
        given[unsafe_offset=5] = dt
        task.numbers_given = 6
    elif kernel == COMMUTATOR_DENSE:
        task.count = n
    elif kernel == XY_HAMILTONIAN_DENSE:
        if n > 20:
            raise Failure(OUT_OF_RANGE)
        task.count = 1 << n
    elif kernel == DLA_DIMENSION:
        task.count = Int(given[unsafe_offset=0])
        task.numbers = given.unsafe_offset(1)
        task.numbers_given = 3
    return task


def packed_signs(signs: Words, count: Int):
    """Make bytes of polarities, in place; what is neither +1 nor -1 becomes 0, which is refused."""
    var bytes = signs.unsafe_bitcast[UInt8]()
    for at in range(count):
        var sign = signs[unsafe_offset=at]
        var is_sign = sign == 1 or sign == 0xFFFF_FFFF_FFFF_FFFF
        bytes[unsafe_offset=at] = UInt8(sign & 0xFF) if is_sign else 0


def stack_of(kernel: Int, given: Words) -> Int:
    """Return how many generators there are."""
    return Int(given[unsafe_offset=0]) if kernel == DLA_DIMENSION else 0


def run_by_hand(
    kernel: Int, given: Words, input: Floats, words: Int
) raises Failure -> Task:
    """Run a kernel on numbers from the command line and so many words of input."""
    var n = size_read(kernel, words, stack_of(kernel, given))
    var task = arranged(kernel, given, n, input, input)
    lay_out(task)
    var at = 0
    for index in range(task.inputs_wanted):
        task.places[index] = Int64(Int(input.unsafe_offset(at)))
        at += Int(task.sizes[index])
    if kernel == AER_DECODE_RATE:
        packed_signs(task.words(3), n)
    task.to = allocate(task.answer + 1)
    compute(task)
    return task


def put_task(task: Task) raises Failure -> Bool:
    """Write the answer of a task as its kernel's caller expects it."""
    var to = task.to
    var count = task.answer
    if task.kernel == FARADAY_BACK_EMF or task.kernel == PAULI_EXPECTATIONS:
        to[unsafe_offset=count] = task.x
        count += 1
    elif task.kernel == DLA_DIMENSION:
        to = allocate(2)
        to[unsafe_offset=0] = task.x
        to[unsafe_offset=1] = task.y
        count = 2
    elif task.kernel == XY_HAMILTONIAN_DENSE:
        count = 2 << (2 * task.n)
        var entries = task.answer // 2
        var places = to.unsafe_offset(entries).unsafe_bitcast[UInt64]()
        to = allocate(count)
        for at in range(entries):
            to[unsafe_offset=Int(places[unsafe_offset=at])] = task.to[
                unsafe_offset=at
            ]
    return write_all(1, to.unsafe_bitcast[UInt8](), 8 * count)
