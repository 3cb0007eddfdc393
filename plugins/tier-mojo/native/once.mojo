"""One call from the command line: arrays from standard input, the answer to standard output."""

from std.ffi import external_call, c_size_t

from by_hand import (
    kinds_of,
    parsed,
    put_task,
    run_by_hand,
    task_kernel_of,
)
from console import (
    ArgV,
    FAILED_IO,
    FAILED_MEMORY,
    REFUSED,
    USED_WRONGLY,
    is_same,
    parsed_count,
    parsed_number,
    read_some,
    say,
    write_all,
)
from kuramoto import (
    BUILD_KNM,
    Call,
    KURAMOTO_EULER,
    KURAMOTO_PHASES,
    KURAMOTO_RK4,
    KURAMOTO_TRAJECTORY,
    MEAN_PHASE,
    MOST,
    NETWORKED_FORCE,
    ORDER_PARAMETER,
    answer_values,
    coupling_values,
    is_bad,
    mean_phase,
    omega_values,
    order_parameter,
    run,
    theta_values,
)
from memory import (
    Bytes,
    Failure,
    Floats,
    MALFORMED,
    NO_MEMORY,
    OVERFLOW,
    OUT_OF_RANGE,
    allocate,
)
from faraday import FARADAY_BACK_EMF
from task import NUMBERS_MOST

comptime FIRST_ROOM = 65536


@fieldwise_init
struct Input(TrivialRegisterPassable):
    """All that standard input held: values, or -1 if it could not be read or ends inside a value."""

    var values: Floats
    var count: Int


def read_input() raises Failure -> Input:
    """Read standard input to its end."""
    var room = FIRST_ROOM
    var address = Int(allocate(room // 8))
    var got = 0
    while True:
        var bytes = Bytes(unsafe_from_address=address)
        var k = read_some(0, bytes.unsafe_offset(got), room - got)
        if k <= 0:
            var whole = k == 0 and got % 8 == 0
            return Input(
                bytes.unsafe_bitcast[Float64](), got // 8 if whole else -1
            )
        got += k
        if got == room:
            room *= 2
            address = external_call["realloc", Int](bytes, c_size_t(room))
            if address == 0:
                raise Failure(NO_MEMORY)


def kernel_of(argument: Bytes) -> Int:
    """Return the number of the kernel that an argument names, or 0."""
    if is_same(argument, "order_parameter"):
        return ORDER_PARAMETER
    if is_same(argument, "mean_phase"):
        return MEAN_PHASE
    if is_same(argument, "build_knm"):
        return BUILD_KNM
    if is_same(argument, "networked_force"):
        return NETWORKED_FORCE
    if is_same(argument, "kuramoto_euler"):
        return KURAMOTO_EULER
    if is_same(argument, "kuramoto_phases"):
        return KURAMOTO_PHASES
    if is_same(argument, "kuramoto_trajectory"):
        return KURAMOTO_TRAJECTORY
    if is_same(argument, "kuramoto_rk4"):
        return KURAMOTO_RK4
    return 0


def numbers_of(kernel: Int) -> Int:
    """Return how many numbers follow the kernel's name on the command line."""
    if kernel == BUILD_KNM:
        return 3
    return 2 if kernel >= KURAMOTO_EULER else 0


def is_positive(number: Float64) -> Bool:
    """Say whether a number is finite and greater than zero."""
    return number > 0 and number <= Float64.MAX_FINITE


def size_for(call: Call, count: Int) -> Int:
    """Return the n for which the call reads `count` values, or 0."""
    if call.kernel <= MEAN_PHASE:
        return count
    var n = 0
    var at = call
    while n * n <= count:
        at.n = n
        if reads(at) == count:
            return n
        n += 1
    return 0


def reads(call: Call) -> Int:
    """Return how many values a call reads."""
    return theta_values(call) + omega_values(call) + coupling_values(call)


def numbered(mut call: Call, argv: ArgV) -> Bool:
    """Take the numbers of the command line into the call and say whether they can be used."""
    if call.kernel == BUILD_KNM:
        call.n = parsed_count(argv[unsafe_offset=2])
        call.count = call.n
        call.a = parsed_number(argv[unsafe_offset=3])
        call.b = parsed_number(argv[unsafe_offset=4])
        return call.n >= 1 and is_positive(call.a) and is_positive(call.b)
    if call.kernel >= KURAMOTO_EULER:
        call.a = parsed_number(argv[unsafe_offset=2])
        call.count = parsed_count(argv[unsafe_offset=3])
        return call.count >= 0 and is_positive(call.a)
    return True


def supplied(mut call: Call) raises Failure:
    """Read the arrays of a call from standard input, and find room for its answer."""
    if call.kernel != BUILD_KNM:
        var input = read_input()
        call.n = 0 if input.count < 0 else size_for(call, input.count)
        call.theta = input.values
        call.omega = input.values.unsafe_offset(call.n)
        call.coupling = call.omega.unsafe_offset(omega_values(call))
    if is_bad(call):
        raise Failure(MALFORMED)
    call.to = allocate(max(1, answer_values(call)))


def put(values: Floats, count: Int) -> Bool:
    """Write values to standard output."""
    return write_all(1, values.unsafe_bitcast[UInt8](), 8 * count)


def put_number(room: Floats, number: Float64) -> Bool:
    """Write one value to standard output, from memory of libc: a local variable may end before it is read."""
    room[unsafe_offset=0] = number
    return put(room, 1)


def put_times(call: Call) raises Failure -> Bool:
    """Write the times of a trajectory, each a product."""
    var times = allocate(call.count + 1)
    for step in range(call.count + 1):
        times[unsafe_offset=step] = Float64(step) * call.a
    return put(times, call.count + 1)


def put_answer(call: Call) raises Failure -> Bool:
    """Write the answer of a call as its kernel's caller expects it."""
    if call.kernel == ORDER_PARAMETER:
        return put_number(call.to, order_parameter(call))
    if call.kernel == MEAN_PHASE:
        return put_number(call.to, mean_phase(call))
    if call.kernel == KURAMOTO_PHASES:
        if not put(call.theta, call.n):
            return False
    if call.kernel == KURAMOTO_TRAJECTORY:
        return put_times(call) and put(call.to, call.count + 1)
    return put(call.to, answer_values(call))


def wrong_number() -> Int:
    """Say that a number cannot be used, and return the exit code."""
    say("polytier-mojo-worker: run: found a number out of its range\n")
    say("hint: counts are whole, all else is finite, and > 0 where it must\n")
    return REFUSED


def once_task(kernel: Int, argv: ArgV) -> Int:
    """Run a kernel of the families after `kuramoto`, and return the exit code."""
    try:
        var given = allocate(NUMBERS_MOST).unsafe_bitcast[UInt64]()
        if not parsed(kernel, argv, given):
            return wrong_number()
        var input = Input(allocate(1), 0)
        if kernel != FARADAY_BACK_EMF:
            input = read_input()
        if input.count < 0:
            raise Failure(MALFORMED)
        var task = run_by_hand(kernel, given, input.values, input.count)
        return 0 if put_task(task) else FAILED_IO
    except failure:
        return told(failure)


def once(count: Int, argv: ArgV) -> Int:
    """Run the kernel that the command line names, and return the exit code."""
    var later = task_kernel_of(argv[unsafe_offset=1])
    if later != 0 and count == 2 + kinds_of(later).byte_length():
        return once_task(later, argv)
    var nowhere = Floats.unsafe_dangling()
    var kernel = kernel_of(argv[unsafe_offset=1])
    if kernel == 0 or count != 2 + numbers_of(kernel):
        say("polytier-mojo-worker: run: found no kernel with these numbers\n")
        say("hint: polytier-mojo-worker --help lists kernels and numbers\n")
        return USED_WRONGLY
    var call = Call(
        kernel, 0, 0, 0, 0, 0, nowhere, nowhere, nowhere, nowhere, 0, 0
    )
    if not numbered(call, argv):
        return wrong_number()
    try:
        supplied(call)
        run(call)
        return 0 if put_answer(call) else FAILED_IO
    except failure:
        return told(failure)


def told(failure: Failure) -> Int:
    """Say why there is no answer, and return the exit code."""
    if failure.status == NO_MEMORY:
        say("polytier-mojo-worker: run: found no memory\n")
        say("hint: ask for less\n")
        return FAILED_MEMORY
    if failure.status == OVERFLOW:
        say("polytier-mojo-worker: run: found an answer beyond float64\n")
        say("hint: scale the arguments down\n")
        return REFUSED
    if failure.status == OUT_OF_RANGE:
        say("polytier-mojo-worker: run: found input out of its range\n")
        say("hint: the reference of the kernel states the ranges\n")
        return REFUSED
    say("polytier-mojo-worker: run: found input of a wrong length or not finite\n")
    say("hint: the arrays follow each other, as 64-bit floats: see --help\n")
    return REFUSED
