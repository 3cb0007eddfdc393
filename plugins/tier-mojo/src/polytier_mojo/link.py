"""One worker process with its pipes and its shared memory, and the exchange of one request for one reply."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING, Any, Final

from polytier.errors import told
from polytier_mojo.frames import DONE, GREETING, INLINE, INLINE_ANSWER, LASTING, MAGIC, REPLY, REQUEST
from polytier_mojo.process import ending, started
from polytier_mojo.shared import Segment

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import Popen

    import numpy as np
    from numpy.typing import NDArray

    from polytier_mojo.shared import Arena

    Array = NDArray[np.float64]

INLINE_MOST: Final = 1024
"""Bytes of arrays that travel in the frame; more lie in shared memory, where a copy is cheaper than through a pipe."""

GRACE: Final = 500
"""Milliseconds that a worker has to end by itself when its pipe is closed."""

_ALIGNED: Final = 64
_ASKED: Final = "ask the mojo worker"
_AGAIN: Final = "the next call has a fresh worker; report it if it happens again"


class Link:
    """A running worker."""

    def __init__(self, executable: Path, digest: str, timeout: float, arena: Arena) -> None:
        self._milliseconds = max(1, round(timeout * 1000))
        self._arena = arena
        self._number = 0
        self._head, self._excess = bytearray(REPLY.size), bytearray(1)
        self._fds: list[int] = []
        self._segments: tuple[Segment, ...] = ()
        self._process: Popen[bytes] | None = None
        self._poll = select.poll()
        try:
            self._open(executable)
            self._greeted(digest)
        except OSError as failure:
            self.end(grace=0)
            hint = "close some files, free some memory, or end some processes"
            raise RuntimeError(told("start the mojo worker", str(failure), hint)) from failure
        except BaseException:
            self.end(grace=0)
            raise

    @property
    def shared_bytes(self) -> int:
        """The shared memory that is kept between calls, what lasts aside."""
        return sum(segment.size for segment in self._segments)

    def _open(self, executable: Path) -> None:
        """Make pipes and shared memory, and start the worker with them."""
        # The end of the requests that the worker reads stays open here too: a write then finds a reader even when
        # the worker is dead, and no SIGPIPE can end a program that has given this signal its default action back.
        read, self._requests = self._pipe()
        self._replies, written = self._pipe()
        self._segments, self._shortage = _segments()
        shared = (*(segment.fd for segment in self._segments), self._arena.fd) if self._segments else ()
        self._process = started(executable, read, written, shared)
        # Here the writing end would hide the worker's end.
        self._fds.remove(written)
        os.close(written)
        self._poll.register(self._replies, select.POLLIN)

    def _pipe(self) -> tuple[int, int]:
        ends = os.pipe()
        self._fds += ends
        return ends

    @property
    def pid(self) -> int:
        """The process id of the worker."""
        return self._process.pid if self._process else 0

    def exchange(
        self, kernel: int, numbers: tuple[Any, ...], inputs: tuple[Array, ...], answer: Array | None
    ) -> tuple[int, float, float]:
        """Send a request and return status, x and y of its reply; what else it brings is written to `answer`."""
        n, first, count, a, b = numbers
        self._number += 1
        size = wanted = 0
        for array in inputs:
            size += array.nbytes
        if answer is not None:
            wanted = answer.nbytes
        if size <= INLINE_MOST and wanted <= INLINE_ANSWER:
            frame = (MAGIC, REQUEST.size + size, self._number, kernel, n, first, count, a, b, *_NOWHERE)
            parts: list[Any] = [REQUEST.pack(*frame), *inputs]
            os.writev(self._requests, parts)
            return self._reply(answer)
        return self._large(kernel, numbers, inputs, answer)

    def _large(
        self, kernel: int, numbers: tuple[Any, ...], inputs: tuple[Array, ...], answer: Array | None
    ) -> tuple[int, float, float]:
        """Exchange with the arrays in shared memory."""
        places, sizes = self._put(inputs, answer)
        n, first, count, a, b = numbers
        frame = (MAGIC, REQUEST.size, self._number, kernel, n, first, count, a, b, *places, *sizes)
        os.write(self._requests, REQUEST.pack(*frame))
        if answer is None or places[3] == INLINE:
            reply = self._reply(answer)
        else:
            reply = self._reply(None)
            if reply[0] == DONE:
                answer.reshape(-1)[:] = self._segments[1].values[: answer.size]
        for segment in self._segments:
            segment.trim()
        return reply

    def _reply(self, answer: Array | None) -> tuple[int, float, float]:
        """Read a reply whose values, if it has any, go to `answer`."""
        into = (self._head, self._excess) if answer is None else (self._head, answer, self._excess)
        got = self._read(into)
        magic, size, number, status, x, y = REPLY.unpack(self._head)
        whole = REPLY.size + (0 if answer is None or status else answer.nbytes)
        if got != whole or size != whole or magic != MAGIC or number != self._number:
            found = f"a reply of {got} bytes that begins with {bytes(self._head[:16])!r}, where {whole} bytes were due"
            raise RuntimeError(told(_ASKED, found, _AGAIN))
        return status, x, y

    def _read(self, into: Any) -> int:
        """Read one frame and return its size; a time-out and the end of the worker are errors."""
        if not self._poll.poll(self._milliseconds):
            hint = "raise POLYTIER_MOJO_TIMEOUT if the host is slow; the next call has a fresh worker"
            found = f"no answer within {self._milliseconds / 1000:g} s"
            raise RuntimeError(told(_ASKED, found, hint))
        got = os.readv(self._replies, into)
        if got == 0:
            assert self._process is not None  # noqa: S101 - what was read from was started
            self._process.kill()
            raise RuntimeError(told(_ASKED, ending(self._process.wait()), _AGAIN))
        return got

    def _greeted(self, digest: str) -> None:
        greeting = bytearray(GREETING.size)
        got = self._read([greeting, self._excess])
        magic, size, _, found = GREETING.unpack(greeting)
        if magic != MAGIC or size != got or got != GREETING.size:
            found = f"a greeting of {got} bytes that begins with {bytes(greeting[:16])!r}"
            raise RuntimeError(told("start the mojo worker", found, _AGAIN))
        if found.decode("ascii", "replace") != digest:
            hint = "reinstall polytier-mojo: its files come from two builds"
            raise ImportError(told("start the mojo worker", f"it is of another build ({found[:16]!r})", hint))

    def _put(self, inputs: tuple[Array, ...], answer: Array | None) -> tuple[list[int], tuple[int, int, int]]:
        """Put the arrays where the worker sees them, and return their places and the sizes of the segments."""
        if not self._segments:
            hint = "memfd_create must be allowed; small calls work without it"
            raise RuntimeError(told("share memory with the mojo worker", str(self._shortage), hint))
        ours, answers = self._segments
        lasting = [self._arena.place(array) for array in inputs]
        room = sum(
            -(-array.nbytes // _ALIGNED) * _ALIGNED for array, at in zip(inputs, lasting, strict=True) if at is None
        )
        self._reserve(ours, room)
        places, end = [], 0
        for array, at in zip(inputs, lasting, strict=True):
            if at is None:
                ours.values[end // 8 : end // 8 + array.size] = array.reshape(-1)
                places.append(end)
                end += _aligned(array)
            else:
                places.append(at | LASTING)
        if len(places) == 2:  # noqa: PLR2004 - phases and couplings: no frequencies between them
            places.insert(1, INLINE)
        places += [INLINE] * (3 - len(places))
        if answer is not None and answer.nbytes > INLINE_ANSWER:
            self._reserve(answers, answer.nbytes)
            places.append(0)
        else:
            places.append(INLINE)
        return places, (ours.size, answers.size, self._arena.size)

    def _reserve(self, segment: Segment, nbytes: int) -> None:
        try:
            segment.reserve(nbytes)
        except OSError as failure:
            hint = "free some memory, or raise the limit on the size of files; small calls work without it"
            found = f"{nbytes} bytes cannot be had ({failure})"
            raise RuntimeError(told("share memory with the mojo worker", found, hint)) from failure

    def kill(self) -> None:
        """Kill the worker; whoever waits for its answer finds it dead."""
        if self._process is not None:
            self._process.kill()

    def end(self, grace: int = GRACE) -> None:
        """End the worker and let go of all that it had; without grace it is killed at once."""
        try:
            if self._process is not None:
                if grace:
                    self._hang_up()
                    self._poll.poll(grace)  # the end of its output is the end of the process
                self._process.kill()
                self._process.wait()
        finally:
            self._close()

    def abandon(self) -> None:
        """Let go of a worker that another process started, without a word to it."""
        if self._process is not None:
            # It is no child of this process: there is nothing to wait for, and nothing to warn of.
            self._process.returncode = 0
        self._close()

    def _hang_up(self) -> None:
        self._fds.remove(self._requests)
        os.close(self._requests)

    def _close(self) -> None:
        while self._fds:
            os.close(self._fds.pop())
        for segment in self._segments:
            segment.close()
        self._segments = ()


_NOWHERE: Final = (INLINE, INLINE, INLINE, INLINE, 0, 0, 0)


def _aligned(array: Array) -> int:
    """Return the bytes that an array takes in a segment."""
    return -(-array.nbytes // _ALIGNED) * _ALIGNED


def _segments() -> tuple[tuple[Segment, ...], OSError | None]:
    """Return the two segments, or none and the reason: without shared memory small calls still work."""
    made: list[Segment] = []
    try:
        made.append(Segment("polytier-mojo-inputs"))
        made.append(Segment("polytier-mojo-answers"))
    except OSError as failure:
        for segment in made:
            segment.close()
        return (), failure
    return tuple(made), None
