"""Whether the host has memory to spare: libc promises more than there is."""

from std.ffi import external_call, c_int

from console import read_some
from memory import Bytes

comptime UNASKED = 1 << 26
"""Bytes up to which nobody asks."""

comptime TEXT_MOST = 512


def has_room(size: Int) -> Bool:
    """Say whether so many bytes are available, as far as the system says."""
    if size <= UNASKED:
        return True
    var text = Array[UInt8, TEXT_MOST](fill=0)
    var bytes = text.unsafe_ptr().unsafe_origin_cast[MutUntrackedOrigin]()
    var path: StaticString = "/proc/meminfo"
    var fd = external_call["open", c_int](Int(path.unsafe_ptr()), c_int(0))
    if fd < 0:
        return True
    var got = read_some(Int(fd), bytes, TEXT_MOST - 1)
    _ = external_call["close", c_int](fd)
    var kib = figure_after(bytes, got, "MemAvailable:")
    _ = text[0]  # it lives as long as its address
    return kib < 0 or size <= 1024 * kib


def figure_after(text: Bytes, size: Int, name: StaticString) -> Int:
    """Return the number that follows a name, or -1."""
    var length = name.byte_length()
    for at in range(size - length):
        var same = True
        for place in range(length):
            if (
                text[unsafe_offset=at + place]
                != name.unsafe_ptr()[unsafe_offset=place]
            ):
                same = False
                break
        if same:
            return digits(text.unsafe_offset(at + length))
    return -1


def digits(text: Bytes) -> Int:
    """Return the number that follows some blanks; the text ends with a zero."""
    var at = 0
    while text[unsafe_offset=at] == 32:
        at += 1
    var number = 0
    while text[unsafe_offset=at] >= 48 and text[unsafe_offset=at] <= 57:
        number = 10 * number + Int(text[unsafe_offset=at]) - 48
        at += 1
    return number
