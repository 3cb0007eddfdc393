"""Memory: the pointer types, and aligned memory from libc, so that no runtime library is needed."""

from std.ffi import external_call, c_size_t

from room import has_room

comptime Bytes = Pointer[UInt8, MutUntrackedOrigin]
comptime Floats = Pointer[Float64, MutUntrackedOrigin]
comptime Words = Pointer[UInt64, MutUntrackedOrigin]

comptime ALIGNMENT = 64


@fieldwise_init
struct Failure(Copyable):
    """Why a call has no answer: the status that its reply carries."""

    var status: UInt64


comptime DONE: UInt64 = 0
comptime NOT_FINITE: UInt64 = 1
comptime NO_MEMORY: UInt64 = 2
comptime MALFORMED: UInt64 = 3
comptime OUT_OF_RANGE: UInt64 = 4
comptime OVERFLOW: UInt64 = 5


def allocate(count: Int) raises Failure -> Floats:
    """Return room for `count` values, all zero, at an address that is a multiple of 64."""
    var size = (max(count, 1) * 8 + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
    if not has_room(size):
        raise Failure(NO_MEMORY)
    var address = external_call["aligned_alloc", Int](
        c_size_t(ALIGNMENT), c_size_t(size)
    )
    if address == 0:
        raise Failure(NO_MEMORY)
    _ = external_call["memset", Int](address, Int32(0), c_size_t(size))
    return Floats(unsafe_from_address=address)


def release(memory: Floats):
    """Give back what `allocate` returned."""
    external_call["free", NoneType](memory)
