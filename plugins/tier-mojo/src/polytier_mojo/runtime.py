"""The worker's life: started at the first call, asked one call at a time, ended and renewed when it fails."""

# Language policy: exempt, of math it asks alone whether a figure is finite.

from __future__ import annotations

import atexit
import os
import threading
import weakref
from math import isfinite
from typing import TYPE_CHECKING, Any

from polytier.errors import told
from polytier_mojo.frames import DONE, NO_MEMORY, NOT_FINITE, OUT_OF_RANGE, OVERFLOW
from polytier_mojo.link import GRACE, Link
from polytier_mojo.shared import Arena

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    AnyArray = NDArray[Any]
    Counts = tuple[int, int, int]
    Numbers = tuple[int, int, int, float, float]

TIMEOUT = "POLYTIER_MOJO_TIMEOUT"
DEFAULT_TIMEOUT = 30.0
LONGEST = 1_000_000
"""Seconds whose milliseconds still fit into the int of 32 bits that a poll counts in."""

PATIENCE = 1.0
"""Seconds that the end of the interpreter waits for another thread's call."""

_workers: weakref.WeakSet[Worker] = weakref.WeakSet()


def timeout() -> float:
    """Return the seconds that one exchange may take; ImportError if the environment states nonsense."""
    text = os.environ.get(TIMEOUT, "").strip()
    if not text:
        return DEFAULT_TIMEOUT
    try:
        seconds = float(text)
    except ValueError:
        seconds = float("nan")
    if isfinite(seconds) and 0 < seconds <= LONGEST:
        return seconds
    hint = f"set it to a number of seconds between 0 and {LONGEST}, or unset it for {DEFAULT_TIMEOUT:g}"
    raise ImportError(told(f"read {TIMEOUT}", f"{text!r} is no such number", hint))


class NotFiniteError(ValueError):
    """An argument holds a value that is not finite; the caller knows which, and says so in place of this."""


class OutOfRangeError(ValueError):
    """An argument holds a value that the kernel refuses; the caller finds it, and says so in place of this."""


class AnswerOverflowError(OverflowError):
    """The answer is not finite; the caller says which part of it, in place of this."""


def refusal(status: int) -> Exception:
    """Return the exception for a reply without an answer."""
    if status == NOT_FINITE:
        return NotFiniteError(told("run a kernel", "an argument is not finite", "check it with numpy.isfinite"))
    if status == NO_MEMORY:
        hint = "ask for fewer oscillators or steps"
        return MemoryError(told("run a kernel on the mojo worker", "it cannot have the memory for this call", hint))
    if status == OUT_OF_RANGE:
        return OutOfRangeError(told("run a kernel", "an argument is out of its range", "see the kernel's parameters"))
    if status == OVERFLOW:
        return AnswerOverflowError(told("run a kernel", "the answer is beyond float64", "scale the arguments down"))
    hint = "report it with the arguments of the call"
    return RuntimeError(told("run a kernel on the mojo worker", f"it refused the request with status {status}", hint))


class Worker:
    """A process that computes for this one; a call from a second thread waits for the first."""

    def __init__(self, executable: Callable[[], Path], digest: str) -> None:
        self._executable = executable
        self._digest = digest
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._owner = os.getpid()
        self.arena = Arena()
        _workers.add(self)

    @property
    def pid(self) -> int | None:
        """The process id of the worker, if one was started."""
        return self._link.pid if self._link else None

    @property
    def shared_bytes(self) -> int:
        """The shared memory that is kept between calls, what lasts aside."""
        return self._link.shared_bytes if self._link else 0

    def start(self) -> None:
        """Start the worker unless it runs."""
        with self._lock:
            self._ready()

    def task(
        self,
        kernel: int,
        counts: Counts,
        numbers: bytes,
        inputs: tuple[AnyArray, ...],
        answers: tuple[AnyArray, ...],
    ) -> tuple[float, float]:
        """Run a kernel on any number of arrays and return (x, y); the rest of its answer fills `answers`."""
        with self._lock:
            link = self._link
            if link is None or self._owner != os.getpid():
                link = self._ready()
            try:
                status, x, y = link.task(kernel, counts, numbers, inputs, answers)
            except BaseException:
                self.stop(grace=0)  # as in `call`
                raise
        if status == DONE:
            return x, y
        raise refusal(status)

    def call(
        self, kernel: int, numbers: Numbers, inputs: tuple[Array, ...], answer: Array | None
    ) -> tuple[float, float]:
        """Run a kernel on `inputs` and return (x, y); what else it answers is written to `answer`."""
        with self._lock:
            link = self._link
            if link is None or self._owner != os.getpid():
                link = self._ready()
            try:
                status, x, y = link.exchange(kernel, numbers, inputs, answer)
            except BaseException:
                # Whatever it was, Ctrl-C included: an answer may still be on its way, and nobody would read it.
                self.stop(grace=0)
                raise
        if status == DONE:
            return x, y
        raise refusal(status)

    def _ready(self) -> Link:
        if self._owner != os.getpid():
            self.forget()
        if self._link is None:
            self._link = Link(self._executable(), self._digest, timeout(), self.arena)
        return self._link

    def stop(self, grace: int = GRACE) -> None:
        """End the worker, if there is one; the next call starts another."""
        link, self._link = self._link, None
        if link is not None:
            link.end(grace)

    def forget(self) -> None:
        """Leave the worker to the process that started it: a fork inherits descriptors and memory."""
        link, self._link = self._link, None
        self._owner = os.getpid()
        self.arena.leave()
        if link is not None:
            link.abandon()

    def after_fork(self) -> None:
        """Begin anew in the child of a fork, where a lock that another thread held stays held for ever."""
        self._lock = threading.Lock()
        self.forget()

    def at_exit(self) -> None:
        """End the worker with the interpreter, and with it a call that another thread waits for."""
        if self._lock.acquire(timeout=PATIENCE):
            try:
                self.stop()
            finally:
                self._lock.release()
        elif self._link is not None:
            self._link.kill()


def _after_fork() -> None:
    for worker in list(_workers):
        worker.after_fork()


def _at_exit() -> None:
    for worker in list(_workers):
        worker.at_exit()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
