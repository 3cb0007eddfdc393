"""The frames that go to a worker and come back: at most 4096 bytes, which a pipe takes and gives whole."""

from __future__ import annotations

from struct import Struct
from typing import Final

MAGIC: Final = b"PTM1"
FRAME_MOST: Final = 4096
"""What POSIX calls PIPE_BUF on Linux: a write of so much is atomic, and never blocks on an empty pipe."""

REQUEST: Final = Struct("<4sI5Qdd7Q")
"""Magic, size; number, kernel, n, first, count; a, b; places of theta, omega, K, answer; sizes of the segments."""

REPLY: Final = Struct("<4sIQQdd")
"""Magic, size; number of the request, status; x, y."""

GREETING: Final = Struct("<4sIQ64s")
"""Magic, size; lanes of a vector; build digest."""

INLINE: Final = (1 << 64) - 1
"""The place of an array that stands in the frame itself."""

LASTING: Final = 1 << 62
"""Set in the place of an array that lies in the lasting segment."""

SOON: Final = 1 << 62
"""Set in the kernel of a request that another is likely to follow at once: the worker looks for it before it sleeps."""

INLINE_ANSWER: Final = FRAME_MOST - REPLY.size
"""Bytes of an answer that fit into a reply."""

DONE, NOT_FINITE, NO_MEMORY, MALFORMED, OUT_OF_RANGE, OVERFLOW = range(6)
