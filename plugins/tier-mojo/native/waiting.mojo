"""Waiting for requests: where the caller says that the next one comes soon, the worker looks for it before it sleeps.

To wake a sleeping processor takes longer than most calls: see the README for the times.
"""

from std.ffi import external_call, c_int

from bare import now
from memory import Words

comptime SOON: UInt64 = 1 << 62
"""Set in the kernel of a request that another is likely to follow at once."""

comptime BRIEF: Float64 = 50e-6
"""Seconds that the worker looks for such a request."""

comptime ENTRY: UInt64 = 1 << 32
"""What poll() is asked: descriptor 0 in the lower half, POLLIN in the half above."""


def is_soon(request: Words) -> Bool:
    """Say whether another request is likely to follow, and leave the mere kernel in this one."""
    var kernel = request[unsafe_offset=2]
    request[unsafe_offset=2] = kernel & ~SOON
    return kernel & SOON != 0


def look(entry: Words):
    """Return when there is something to read, be it the end or an error, or when it pays to sleep until then."""
    entry[unsafe_offset=0] = ENTRY
    var end = now() + BRIEF
    while external_call["poll", c_int](entry, UInt64(1), c_int(0)) == 0:
        if now() > end:
            return
