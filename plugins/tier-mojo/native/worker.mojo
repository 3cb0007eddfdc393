"""The program: `--serve` answers frames until its input ends, a kernel's name runs that kernel once."""

from std.ffi import external_call, c_int
from std.sys import get_defined_string

from console import (
    ArgV,
    FAILED_IO,
    USED_WRONGLY,
    guard_output,
    help,
    is_same,
    parsed_count,
    read_some,
    say,
    write_all,
    write_text,
)
from frames import (
    FRAME_MOST,
    REQUEST_WORDS,
    Segments,
    answer,
    head,
)
from memory import Bytes, Words
from once import once
from sincos import WIDTH
from waiting import is_soon, look

comptime BUILD_DIGEST = get_defined_string["BUILD_DIGEST", ""]()
comptime GREETING_WORDS = 2
comptime SIGINT = 2
comptime SIG_IGN = 1


def greet(output: Int, frame: Words) -> Bool:
    """Send the frame that states the lanes of a vector and the build digest."""
    var digest: StaticString = BUILD_DIGEST
    var size = 8 * GREETING_WORDS + digest.byte_length()
    frame[unsafe_offset=0] = head(size)
    frame[unsafe_offset=1] = UInt64(WIDTH)
    var text = frame.unsafe_offset(GREETING_WORDS).unsafe_bitcast[UInt8]()
    for at in range(digest.byte_length()):
        text[unsafe_offset=at] = digest.unsafe_ptr()[unsafe_offset=at]
    return write_all(output, frame.unsafe_bitcast[UInt8](), size)


def next_request(frame: Words) -> Int:
    """Read a request and return its size: 0 at the end of the input, -1 if it is no request."""
    var bytes = frame.unsafe_bitcast[UInt8]()
    var got = read_some(0, bytes, FRAME_MOST)
    if got == 0:
        return 0
    var wanted = 8 * REQUEST_WORDS
    while got < wanted:
        var more = read_some(0, bytes.unsafe_offset(got), FRAME_MOST - got)
        if more <= 0:
            return -1
        got += more
        wanted = max(wanted, Int(frame[unsafe_offset=0] >> 32))
    return got if frame[unsafe_offset=0] == head(got) else -1


def serve(segments: Segments) -> Int:
    """Answer requests until the input ends."""
    # Ctrl-C in a terminal reaches every process of the group: what it means here is the caller's to say.
    _ = external_call["signal", Int](c_int(SIGINT), Int(SIG_IGN))
    var output = guard_output()
    var shared = segments
    var request = Array[UInt64, FRAME_MOST // 8](fill=0)
    var reply = Array[UInt64, FRAME_MOST // 8](fill=0)
    var words = request.unsafe_ptr().unsafe_origin_cast[MutUntrackedOrigin]()
    var answers = reply.unsafe_ptr().unsafe_origin_cast[MutUntrackedOrigin]()
    var entry = Array[UInt64, 1](fill=0)
    var place = entry.unsafe_ptr().unsafe_origin_cast[MutUntrackedOrigin]()
    var soon = False
    var status = 0
    if not greet(output, answers):
        status = FAILED_IO
    while status == 0:
        if soon:
            look(place)
        var size = next_request(words)
        if size == 0:
            break
        if size < 0:
            say("polytier-mojo-worker: serve: found what is no frame\n")
            say("hint: --serve is for the tier; name a kernel instead\n")
            status = USED_WRONGLY
            break
        soon = is_soon(words)
        var length = answer(shared, words, size, answers)
        if not write_all(output, answers.unsafe_bitcast[UInt8](), length):
            status = FAILED_IO
    _ = request[0] + reply[0] + entry[0]  # all live as long as their addresses
    return status


@export("worker_main")
def worker_main(argc: c_int, argv: ArgV) abi("C") -> c_int:
    """Choose what to do by the first argument."""
    var count = Int(argc)
    if count < 2:
        say("polytier-mojo-worker: run: found no kernel's name\n")
        say("hint: polytier-mojo-worker --help\n")
        return USED_WRONGLY
    var first = argv[unsafe_offset=1]
    if is_same(first, "--help"):
        return c_int(help(count))
    if is_same(first, "--digest"):
        return c_int(0 if write_text(BUILD_DIGEST) and write_text("\n") else FAILED_IO)
    if is_same(first, "--serve") and count == 5:
        return c_int(
            serve(
                Segments(
                    parsed_count(argv[unsafe_offset=2]),
                    parsed_count(argv[unsafe_offset=3]),
                    parsed_count(argv[unsafe_offset=4]),
                )
            )
        )
    return c_int(once(count, argv))
