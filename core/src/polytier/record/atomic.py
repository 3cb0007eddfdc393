"""The one bounded reader and the one atomic writer of text files."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING, Final

from polytier.errors import FileFormatError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST: Final = 16 * 2**20
"""Bytes above which a file is refused unread."""


def read_text(path: Path | str, what: str) -> str:
    """Return the text of a regular file of at most LARGEST bytes, or raise FileFormatError; `what` names its kind."""
    try:
        content = _read_bytes(path)
    except (OSError, ValueError) as failure:  # ValueError: a null byte in the path
        raise _refused(
            path, what, f"it cannot be read ({failure})", "check that it exists and is readable"
        ) from failure
    if content is None:
        raise _refused(path, what, "it is no regular file", f"name the {what}'s file itself")
    if len(content) > LARGEST:
        raise _refused(path, what, f"it is larger than {LARGEST} bytes", f"no {what} is so large: is it another file?")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as failure:
        line = content.count(b"\n", 0, failure.start) + 1
        found = f"byte {failure.start} is not UTF-8"
        raise FileFormatError.of(what, path, f"line {line}", found, "write it again as UTF-8") from None


def write_text(path: Path | str, text: str, what: str) -> None:
    """Replace the file's text at once and durably, or raise StorageError and leave what stood there untouched."""
    from pathlib import Path  # reading does without it: a first call waits for the reader

    try:
        target = Path(os.path.realpath(path))  # a symbolic link stays one
        _check_replaceable(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, text.encode("utf-8"))
        _sync_directory(target.parent)
    except OSError as failure:
        raise StorageError.of(what, path, failure) from failure


def _check_replaceable(target: Path) -> None:
    # os.replace would put a file in the place of a device or a named pipe.
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "what is in its place is no regular file", str(target))


def _replace(target: Path, content: bytes) -> None:
    passing = target.with_name(f".{target.name}.{os.urandom(6).hex()}.tmp")
    try:
        with passing.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        passing.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            passing.unlink()
        raise


def _sync_directory(directory: Path) -> None:
    # Makes the new name survive a power cut; where the system cannot do it, old or new text is there all the same.
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read_bytes(path: Path | str) -> bytes | None:
    # O_NONBLOCK: opening a named pipe that nobody writes to would wait for ever.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(LARGEST + 1)
    finally:
        os.close(handle)


def _refused(path: Path | str, what: str, found: str, hint: str) -> FileFormatError:
    return FileFormatError.of(what, path, "", found, hint)
