"""One worker process with its pipes and its shared memory, and the exchange of one request for one reply."""

# Language policy: exempt, it copies arrays to and from the worker.

from __future__ import annotations

import os
import select
from struct import pack
from typing import TYPE_CHECKING, Any, Final

from polytier.errors import told
from polytier_mojo.crossing import Crossing
from polytier_mojo.frames import DONE, GREETING, INLINE, INLINE_ANSWER, MAGIC, REPLY, REQUEST
from polytier_mojo.outlook import Outlook
from polytier_mojo.process import ending, started

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import Popen

    import numpy as np
    from numpy.typing import NDArray

    from polytier_mojo.shared import Arena

    Array = NDArray[np.float64]
    AnyArray = NDArray[Any]
    Counts = tuple[int, int, int]
    Numbers = tuple[int, int, int, float, float]
    Reply = tuple[int, float, float]

INLINE_MOST: Final = 1024
"""Bytes of arrays that travel in the frame; more lie in shared memory, where a copy is cheaper than through a pipe."""

GRACE: Final = 500
"""Milliseconds that a worker has to end by itself when its pipe is closed."""

_BARE: Final = REQUEST.size
_NOWHERE: Final = [pack(f"<{count}Q", *[INLINE] * count) for count in range(9)]
_NO_SEGMENTS: Final = (INLINE, 0, 0, 0)
_pack, _unpack = REQUEST.pack, REPLY.unpack_from
_ASKED: Final = "ask the mojo worker"
_AGAIN: Final = "the next call has a fresh worker; report it if it happens again"


class Link:
    """A running worker."""

    def __init__(self, executable: Path, digest: str, timeout: float, arena: Arena) -> None:
        self._milliseconds = max(1, round(timeout * 1000))
        self._crossing = Crossing(arena)
        self._number = 0
        self._outlook = Outlook()
        self._head, self._excess = bytearray(REPLY.size), bytearray(1)
        self._fds: list[int] = []
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
        return self._crossing.size

    def _open(self, executable: Path) -> None:
        """Make pipes and shared memory, and start the worker with them."""
        # The end of the requests that the worker reads stays open here too: a write then finds a reader even when
        # the worker is dead, and no SIGPIPE can end a program that has given this signal its default action back.
        read, self._requests = self._pipe()
        self._replies, written = self._pipe()
        self._process = started(executable, read, written, self._crossing.open())
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

    # Every small call passes here: this function and `_reply` are written out rather than divided.
    def exchange(self, kernel: int, numbers: Numbers, inputs: tuple[Array, ...], answer: Array | None) -> Reply:
        """Send a request and return status, x and y of its reply; what else it brings is written to `answer`."""
        n, first, count, a, b = numbers
        self._number = number = self._number + 1
        size = 0
        for array in inputs:
            size += array.nbytes
        if size > INLINE_MOST or (answer is not None and answer.nbytes > INLINE_ANSWER):
            return self._large(kernel, numbers, inputs, answer)
        kernel |= self._outlook.asked()
        head = _pack(
            MAGIC, _BARE + size, number, kernel, n, first, count, a, b, INLINE, INLINE, INLINE, INLINE, 0, 0, 0
        )
        os.write(self._requests, b"".join((head, *inputs)))  # type: ignore[arg-type]  # mypy knows no buffer protocol of arrays
        return self._reply(() if answer is None else (answer,))

    def task(
        self, kernel: int, counts: Counts, numbers: bytes, inputs: tuple[AnyArray, ...], answers: tuple[AnyArray, ...]
    ) -> Reply:
        """Send a request whose numbers and arrays are listed one by one; its answer fills `answers` in their order.

        Of the inputs only the last may end inside a word.
        """
        self._number += 1
        taken = sum(array.nbytes for array in inputs)
        if taken > INLINE_MOST or sum(array.nbytes for array in answers) > INLINE_ANSWER:
            return self._large_task(kernel, counts, numbers, inputs, answers)
        self._send_task(kernel, counts, (numbers, _NOWHERE[len(inputs)], *inputs, bytes(-taken % 8)), len(inputs))
        return self._reply(answers)

    def _send_task(
        self, kernel: int, counts: Counts, parts: tuple[Any, ...], inputs: int, tail: tuple[int, ...] = _NO_SEGMENTS
    ) -> None:
        body = b"".join(parts)
        n, first, count = counts
        numbers = len(parts[0]) // 8
        kernel |= self._outlook.asked()
        size = _BARE + len(body)
        head = _pack(MAGIC, size, self._number, kernel, n, first, count, 0.0, 0.0, numbers, inputs, INLINE, *tail)
        os.write(self._requests, head + body)

    def _large_task(
        self, kernel: int, counts: Counts, numbers: bytes, inputs: tuple[AnyArray, ...], answers: tuple[AnyArray, ...]
    ) -> Reply:
        """Exchange with the arrays in shared memory."""
        crossing = self._crossing
        places = crossing.put(inputs)
        wanted = sum(array.nbytes for array in answers)
        shared = wanted > INLINE_ANSWER
        if shared:
            crossing.make_room(wanted)
        tail = (0 if shared else INLINE, *crossing.sizes)
        self._send_task(kernel, counts, (numbers, pack(f"<{len(places)}Q", *places)), len(inputs), tail)
        reply = self._reply(() if shared else answers)
        if shared and reply[0] == DONE:
            crossing.fetch(answers)
        crossing.trim()
        return reply

    def _large(self, kernel: int, numbers: Numbers, inputs: tuple[Array, ...], answer: Array | None) -> Reply:
        """Exchange with the arrays in shared memory."""
        crossing = self._crossing
        places = crossing.put(inputs)
        if len(places) == 2:  # noqa: PLR2004 - phases and couplings: no frequencies between them
            places.insert(1, INLINE)
        places += [INLINE] * (3 - len(places))
        shared = answer is not None and answer.nbytes > INLINE_ANSWER
        if shared:
            crossing.make_room(answer.nbytes)  # type: ignore[union-attr]
        tail = (*places, 0 if shared else INLINE, *crossing.sizes)
        n, first, count, a, b = numbers
        kernel |= self._outlook.asked()
        os.write(self._requests, _pack(MAGIC, _BARE, self._number, kernel, n, first, count, a, b, *tail))
        answers = () if answer is None else (answer,)
        reply = self._reply(() if shared else answers)
        if shared and reply[0] == DONE:
            crossing.fetch(answers)
        crossing.trim()
        return reply

    def _reply(self, answers: tuple[AnyArray, ...]) -> Reply:
        """Read a reply whose values, if it has any, go to `answers`."""
        outlook = self._outlook
        if not (outlook.looks and outlook.sees(self._poll)) and not self._poll.poll(self._milliseconds):
            raise self._late()
        whole = REPLY.size
        if not answers:
            head: bytes | bytearray = os.read(self._replies, REPLY.size + 1)
            got = len(head)
        else:
            head = self._head
            got = os.readv(self._replies, (head, *answers, self._excess))  # type: ignore[arg-type]  # as above
        if got < whole:
            raise self._garbled(got, bytes(head[:got]), whole)
        magic, size, number, status, x, y = _unpack(head, 0)
        if status == DONE:
            for answer in answers:
                whole += answer.nbytes
        if got != whole or size != whole or magic != MAGIC or number != self._number:
            raise self._garbled(got, bytes(head), whole)
        return status, x, y

    def _late(self) -> RuntimeError:
        hint = "raise POLYTIER_MOJO_TIMEOUT if the host is slow; the next call has a fresh worker"
        return RuntimeError(told(_ASKED, f"no answer within {self._milliseconds / 1000:g} s", hint))

    def _garbled(self, got: int, begin: bytes, whole: int) -> RuntimeError:
        if got == 0 and self._process is not None:
            self._process.kill()
            return RuntimeError(told(_ASKED, ending(self._process.wait()), _AGAIN))
        found = f"a frame of {got} bytes that begins with {begin[:16]!r}, where {whole} bytes were due"
        return RuntimeError(told(_ASKED, found, _AGAIN))

    def _greeted(self, digest: str) -> None:
        if not self._poll.poll(self._milliseconds):
            raise self._late()
        greeting = os.read(self._replies, GREETING.size + 1)
        if len(greeting) != GREETING.size or greeting[:8] != GREETING.pack(MAGIC, GREETING.size, 0, b"")[:8]:
            raise self._garbled(len(greeting), greeting, GREETING.size)
        found = GREETING.unpack(greeting)[3]
        if found.decode("ascii", "replace") != digest:
            hint = "reinstall polytier-mojo: its files come from two builds"
            raise ImportError(told("start the mojo worker", f"it is of another build ({found[:16]!r})", hint))

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
        self._crossing.close()
