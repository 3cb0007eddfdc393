"""A worker as the session sees it: asked in turn, ended by name when it crashes or hangs."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from typing import IO, TYPE_CHECKING, Any, Final

from polytier.measure.protocol import command, received, send

if TYPE_CHECKING:
    from collections.abc import Iterator

_GRACE: Final = 5.0  # seconds; the worker's own watchdog comes first and leaves a traceback
_KEPT: Final = 4000  # characters of stderr


class WorkerProcess:
    """A fresh process for one tier at one kernel."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._process = subprocess.Popen(  # noqa: S603
            command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            # Ctrl-C is for the session, which then ends its workers; and what a tier starts can be ended with them.
            start_new_session=True,
        )
        self._replies: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._words = ""
        self._gone = False
        self._readers = [_started(self._read_replies), _started(self._read_words)]

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def ask(self, what: str, **request: Any) -> dict[str, Any]:
        """Return the reply to one request, or the reason why there is none as `{"lost": reason}`."""
        with contextlib.suppress(OSError):  # it is gone: there will be no reply
            send(self._stdin, {"ask": what, "limit": self._limit, **request})
        try:
            line = self._replies.get(timeout=self._limit + _GRACE)
        except queue.Empty:
            return self._lost(f"it gave no answer within {self._limit:g} s")
        if not line:
            return self._lost(self._end())
        reply = received(line)
        return self._lost(f"it garbled the protocol: {line[:100]!r}") if reply is None else reply

    def close(self) -> None:
        """End the process in good order."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self.kill()

    def kill(self) -> None:
        """End the process, and what it started, at once."""
        if self._gone:  # the number may be somebody else's by now
            return
        self._gone = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for reader in self._readers:
            reader.join(_GRACE)
        with contextlib.suppress(OSError):
            self._stdin.close()

    @property
    def _stdin(self) -> IO[str]:
        return _present(self._process.stdin)

    def _end(self) -> str:
        """Return how the process ended, which it does or has done."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self._readers[1].join(_GRACE)
        code = self._process.returncode
        if code is None:
            return "it closed its end of the protocol"
        if "Timeout (" in self._words:
            return f"it gave no answer within {self._limit:g} s"
        if code < 0:
            return f"it was ended by signal {_signal_name(-code)}"
        return f"it ended itself with exit status {code}"

    def _lost(self, reason: str) -> dict[str, Any]:
        self.kill()
        words = self._words.strip()
        return {"lost": f"{reason}; its last words:\n{words}" if words else reason}

    def _read_replies(self) -> None:
        with _present(self._process.stdout) as stream:
            for line in stream:
                self._replies.put(line)
        self._replies.put("")

    def _read_words(self) -> None:
        with _present(self._process.stderr) as stream:
            for piece in _pieces(stream):
                self._words = (self._words + piece)[-_KEPT:]


def _pieces(stream: IO[str]) -> Iterator[str]:
    # By size, not by line: a tier may write a gigabyte without an end of line.
    while piece := stream.read(1024):
        yield piece


def _started(work: Any) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def _present(stream: IO[str] | None) -> IO[str]:
    assert stream is not None  # noqa: S101 - Popen was asked for all three pipes
    return stream


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
