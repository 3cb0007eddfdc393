"""One session per output directory."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from polytier.errors import MeasureBusyError, StorageError, UnsupportedSystemError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = ".measure.lock"


@contextlib.contextmanager
def locked(output: Path) -> Iterator[None]:
    """Hold the directory, made if it is missing; another session there raises MeasureBusyError.

    A directory that cannot be written raises StorageError here, before anything is measured.
    """
    path = output / NAME
    try:
        output.mkdir(parents=True, exist_ok=True)
        handle = _taken(path)
    except OSError as failure:
        raise StorageError.of("records", output, failure) from failure
    if handle is None:
        raise MeasureBusyError.of(output, _holder(path))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(handle)


def _taken(path: Path) -> int | None:
    """Return the descriptor that holds the lock, None where somebody else holds it."""
    try:
        import fcntl  # only POSIX has it, and all but measuring does without
    except ImportError as failure:
        raise UnsupportedSystemError.of("measure", "file locks and process groups as POSIX has them") from failure
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(path, handle):
                os.ftruncate(handle, 0)
                os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
                return handle
        except BlockingIOError:
            os.close(handle)
            return None
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _is_still(path: Path, handle: int) -> bool:
    # The holder before us removed the file between our open and our lock: what we hold is nobody's lock any more.
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str:
    try:
        text = path.read_text().strip()
    except OSError:
        text = ""
    return f"process {text}" if text.isdecimal() else "another process"
