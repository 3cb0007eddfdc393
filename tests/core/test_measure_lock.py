"""One session per directory: the lock and what happens around it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from polytier.errors import MeasureBusyError, StorageError, UnsupportedSystemError
from polytier.measure import lock
from polytier.measure.lock import NAME, locked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_the_directory_is_made_and_left_clean(tmp_path: Path) -> None:
    """The lock makes missing directories, names its holder, and leaves no file behind."""
    output = tmp_path / "a" / "b"
    with locked(output):
        assert (output / NAME).read_text() == f"{os.getpid()}\n"
    assert list(output.iterdir()) == []


def test_a_second_session_is_told_who_measures(tmp_path: Path) -> None:
    """The second holder is refused with the process id of the first, and may come once that is gone."""
    with locked(tmp_path), pytest.raises(MeasureBusyError) as caught, locked(tmp_path):
        pass
    assert str(caught.value) == (
        f"measure into {str(tmp_path)!r}: process {os.getpid()} is measuring there\n"
        "hint: wait for it, or choose another --output"
    )
    with locked(tmp_path):
        pass


def test_the_lock_is_released_when_the_session_fails(tmp_path: Path) -> None:
    """An exception inside releases the lock, even if somebody removed its file meanwhile."""

    def fail() -> None:
        with locked(tmp_path):
            (tmp_path / NAME).unlink()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with locked(tmp_path):
        pass


def test_a_stale_file_does_not_lock(tmp_path: Path) -> None:
    """A file left by a killed session holds nothing, whatever it says."""
    (tmp_path / NAME).write_text("999999999\nand more\n")
    with locked(tmp_path):
        assert (tmp_path / NAME).read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("content", [None, "", "not a number", "12\n13"])
def test_an_unknown_holder_is_another_process(tmp_path: Path, content: str | None) -> None:
    """A lock file that does not name a process gives no number to be misled by."""
    path = tmp_path / NAME
    if content is not None:
        path.write_text(content)
    assert lock._holder(path) == "another process"


def test_a_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A place that cannot hold records is a StorageError at once."""
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StorageError, match=r"(?s)write records .*hint: choose a writable place"),
        locked(tmp_path / "file"),
    ):
        pass


@pytest.mark.parametrize("renewed", [False, True])
def test_a_lock_on_a_removed_file_is_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renewed: bool
) -> None:
    """A holder that ends between our open and our lock takes the file away, and we must lock the next one."""
    path, real = tmp_path / NAME, fcntl.flock
    actions: list[Callable[[], object]] = [path.unlink, *([path.touch] if renewed else [])]

    def late(handle: int, operation: int) -> None:
        while actions:
            actions.pop(0)()
        real(handle, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with locked(tmp_path), pytest.raises(MeasureBusyError), locked(tmp_path):
        pass


def test_a_system_without_locks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the operating system has no such locks the package can be imported, and measuring says why it cannot."""
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(UnsupportedSystemError) as caught, locked(tmp_path):
        pass
    assert str(caught.value) == (
        "measure: this operating system has no file locks and process groups as POSIX has them\n"
        "hint: do it under Linux or macOS; `polytier freeze` and POLYTIER_TABLE carry the ranks over"
    )
    code = "import sys; sys.modules['fcntl'] = None; import polytier.measure.session"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_file_system_without_locks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where files cannot be locked, measuring does not begin."""

    def refuse(_handle: int, _operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StorageError, match="No locks available"), locked(tmp_path):
        pass
