"""What a program needs of its surroundings: arguments, messages, whole reads and writes."""

from std.ffi import external_call, c_int, c_size_t, c_ssize_t

from memory import Bytes

comptime ArgV = Pointer[Bytes, MutUntrackedOrigin]

comptime REFUSED = 1
comptime USED_WRONGLY = 2
comptime FAILED_MEMORY = 3
comptime FAILED_IO = 4


def guard_output() -> Int:
    """Return a descriptor of its own for the output: what is printed by chance goes to standard error instead."""
    var output = external_call["dup", c_int](c_int(1))
    _ = external_call["dup2", c_int](c_int(2), c_int(1))
    return Int(output)


def read_some(fd: Int, to: Bytes, most: Int) -> Int:
    """Read up to `most` bytes: 0 at the end, negative on an error."""
    return external_call["read", c_ssize_t](c_int(fd), to, c_size_t(most))


def write_all(fd: Int, source: Bytes, size: Int) -> Bool:
    """Write `size` bytes and say whether all of them went."""
    var put = 0
    while put < size:
        var k = external_call["write", c_ssize_t](
            c_int(fd), source.unsafe_offset(put), c_size_t(size - put)
        )
        if k <= 0:
            return False
        put += k
    return True


def write_to(fd: Int, text: StaticString) -> Bool:
    """Write a text to a descriptor."""
    var address = Int(text.unsafe_ptr())
    return write_all(
        fd, Bytes(unsafe_from_address=address), text.byte_length()
    )


def write_text(text: StaticString) -> Bool:
    """Write a text to standard output."""
    return write_to(1, text)


def say(text: StaticString):
    """Write a text to standard error."""
    _ = write_to(2, text)


def is_same(argument: Bytes, text: StaticString) -> Bool:
    """Say whether an argument of the command line is this text."""
    for at in range(text.byte_length()):
        if argument[unsafe_offset=at] != text.unsafe_ptr()[unsafe_offset=at]:
            return False
    return argument[unsafe_offset=text.byte_length()] == 0


def parsed_count(argument: Bytes) -> Int:
    """Return the number that an argument states in decimal digits, or -1."""
    var number = 0
    var at = 0
    while argument[unsafe_offset=at] != 0:
        var digit = Int(argument[unsafe_offset=at]) - 48
        if digit < 0 or digit > 9 or at > 17:
            return -1
        number = 10 * number + digit
        at += 1
    return number if at > 0 else -1


def parsed_number(argument: Bytes) -> Float64:
    """Return the number that an argument states, or NaN."""
    var end = Int(0)
    var number = external_call["strtod", Float64](argument, Pointer(to=end))
    var stop = end - Int(argument)
    if stop == 0 or argument[unsafe_offset=stop] != 0:
        return Float64.MAX - Float64.MAX
    return number


comptime HELP: StaticString = """usage: polytier-mojo-worker KERNEL [NUMBER ...] < arguments > answer

Runs one kernel. Arrays are read from standard input one after the other, and
written to standard output, as little-endian 64-bit floats without any header;
their length follows from their number.

  order_parameter                    theta            -> R
  mean_phase                         theta            -> phase in rad
  build_knm N K_BASE ALPHA                            -> K, N x N
  networked_force                    theta K          -> forces, n
  kuramoto_euler DT N_STEPS          theta0 omega K   -> phases, n
  kuramoto_phases DT N_STEPS         theta0 omega K   -> phases, (N_STEPS + 1) x n
  kuramoto_trajectory DT N_STEPS     theta0 omega K   -> times and R, N_STEPS + 1 each
  kuramoto_rk4 DT N_STEPS            theta0 omega K   -> phases, n

  aer_decode_rate N WINDOW START     address t polarity     -> rates, N
  aer_decode_temporal N WINDOW START   as above             -> values, N
  aer_decode_isi N WINDOW START        as above             -> rates, N
  commutator_dense                   a b                    -> matrix, d x d
  dla_dimension G ROUNDS MOST TOL    G generators           -> dimension, 1 if whole
  doppler_kuramoto LAG PUSH EPSILON SCALE TIME
               theta z v omega K rate                       -> slopes, n
  doppler_kuramoto_trace DT N_STEPS LAG PUSH EPSILON SCALE TIME
               as above     -> times, phases, positions, R and lock errors
  faraday_back_emf R DR B DB TURNS                          -> one force
  faraday_recovery TURNS LOAD EFFICIENCY
               time r dr B dB   -> flux, its rate, force, power, n each; energy
                                   and both peaks
  pauli_decompose                    H                      -> weights, 4^n
  pauli_expectations                 psi                    -> X, Y, Z, n each; R
  pauli_reconstruct                  weights                -> matrix
  xy_hamiltonian_dense DELTA         K omega                -> matrix

  Complex numbers are pairs. Events are 64-bit integers instead of floats; START
  may be the word first. MOST is 0 for no limit.

  --help      this text
  --digest    the digest of the sources it was built from

exit codes: 0 done, 1 arguments refused, 2 used wrongly, 3 no memory, 4 reading
or writing failed
"""


def help(count: Int) -> Int:
    """Write the help text."""
    return 0 if write_text(HELP) else FAILED_IO
