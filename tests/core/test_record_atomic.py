"""Tests of `polytier.record.atomic`: bounded reading, and writing that leaves the old text or the new one."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from polytier.errors import FileFormatError, StorageError
from polytier.record import atomic
from polytier.record.atomic import LARGEST, read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

posix = pytest.mark.skipif(os.name != "posix", reason="named pipes, signals and user ids are POSIX's")


@pytest.fixture
def ordinary() -> Iterator[Path]:
    """Give the test a directory of its own and no more rights than an ordinary user has."""
    with tempfile.TemporaryDirectory() as name:  # tmp_path lies where only root may look, if root runs the tests
        if os.geteuid() != 0:
            yield Path(name)
            return
        os.chown(name, 65534, 65534)
        os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            os.seteuid(0)


def names(directory: Path) -> list[str]:
    """Return the names of everything in the directory."""
    return sorted(path.name for path in directory.iterdir())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A text comes back character for character, line ends included, and directories are made on the way."""
    path = tmp_path / "new" / "place" / "file.txt"
    write_text(path, "a\r\nb\nµ", "table")
    assert path.read_bytes() == b"a\r\nb\n\xc2\xb5"
    assert read_text(str(path), "table") == "a\r\nb\nµ"
    assert names(path.parent) == ["file.txt"]


@posix
def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    """A written file is as readable for others as any other file of the user."""
    write_text(tmp_path / "file", "text", "table")
    (tmp_path / "plain").touch()
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "plain").stat().st_mode


@posix
def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    """Writing to a link replaces the text of the file behind it."""
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_text(tmp_path / "link", "text", "table")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text("utf-8") == "text"


def test_a_missing_file_is_refused_with_its_cause(tmp_path: Path) -> None:
    """The error names the file, says what the system said, and keeps it as the cause."""
    with pytest.raises(FileFormatError, match=r"(?s)read table '.*absent': it cannot be read .*hint: check") as caught:
        read_text(tmp_path / "absent", "table")
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_a_path_that_no_file_can_have_is_refused() -> None:
    """A null byte in a path is told like any other unreadable path."""
    with pytest.raises(FileFormatError, match="it cannot be read"):
        read_text("a\0b", "table")


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    """A directory in the place of a file is refused for reading and for writing."""
    with pytest.raises(FileFormatError, match=r"(?s)it is no regular file\nhint: name the record's file itself"):
        read_text(tmp_path, "record")
    with pytest.raises(StorageError, match=r"(?s)write record .*no regular file.*\nhint: choose a writable place"):
        write_text(tmp_path, "text", "record")


@posix
def test_a_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    """A named pipe is neither waited for nor replaced by a file."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileFormatError, match="it is no regular file"):
        read_text(tmp_path / "pipe", "record")
    with pytest.raises(StorageError, match="no regular file"):
        write_text(tmp_path / "pipe", "text", "record")
    assert (tmp_path / "pipe").is_fifo()


def test_a_device_is_left_alone() -> None:
    """A device is never replaced by a file, however many rights the user has."""
    with pytest.raises(StorageError, match="no regular file"):
        write_text(os.devnull, "text", "table")
    assert not Path(os.devnull).is_file()


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    """A file above the bound is refused, one of exactly the bound is read."""
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(FileFormatError, match=f"it is larger than {LARGEST} bytes"):
        read_text(tmp_path / "huge", "record")
    os.truncate(tmp_path / "huge", LARGEST)
    assert len(read_text(tmp_path / "huge", "record")) == LARGEST


def test_what_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    """The error says on which line the first wrong byte stands."""
    (tmp_path / "file").write_bytes(b"one\ntwo \xff\n")
    with pytest.raises(FileFormatError, match=r"line 2: byte 8 is not UTF-8\nhint: write it again as UTF-8"):
        read_text(tmp_path / "file", "table")


@posix
def test_a_forbidden_file_is_refused(ordinary: Path) -> None:
    """A file without read permission is told as such."""
    path = ordinary / "file"
    path.touch(mode=0)
    with pytest.raises(FileFormatError, match=r"(?i)it cannot be read .*permission denied"):
        read_text(path, "table")


@posix
def test_a_read_only_directory_keeps_its_file(ordinary: Path) -> None:
    """Where nothing may be made the old text stays, and the error is an OSError too."""
    (ordinary / "file").write_text("old", "utf-8")
    ordinary.chmod(0o500)
    with pytest.raises(OSError, match=r"(?i)permission denied") as caught:
        write_text(ordinary / "file", "new", "table")
    assert isinstance(caught.value, StorageError)
    assert (ordinary / "file").read_text("utf-8") == "old"
    assert names(ordinary) == ["file"]


def test_a_file_in_the_way_of_a_directory_is_told(tmp_path: Path) -> None:
    """A directory that cannot be made is a StorageError like any other."""
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="write table"):
        write_text(tmp_path / "file" / "below", "text", "table")


def test_where_directories_cannot_be_synced_text_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that cannot sync a directory, as Windows, writes all the same."""

    def closed(*_: object) -> int:
        raise PermissionError(errno.EACCES, "directories cannot be opened here")

    monkeypatch.setattr(atomic.os, "open", closed)
    write_text(tmp_path / "file", "text", "table")
    assert (tmp_path / "file").read_bytes() == b"text"


def fresh(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a fresh Python that runs `code` with the arguments as strings."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


FULL = """
import resource, sys
from polytier.record.atomic import write_text
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
write_text(sys.argv[1], "new " * 5000, "record")
"""


@posix
def test_a_full_disk_leaves_the_old_text_and_nothing_else(tmp_path: Path) -> None:
    """When the system refuses to take more bytes, the file is as before and the half-written one is gone."""
    (tmp_path / "file").write_text("old", "utf-8")
    with fresh(FULL, tmp_path / "file") as process:
        said, _ = process.communicate(timeout=60)
    assert "polytier.errors.StorageError: write record" in said
    assert os.strerror(errno.EFBIG) in said
    assert (tmp_path / "file").read_text("utf-8") == "old"
    assert names(tmp_path) == ["file"]


CUT = """
import os, sys, time
from polytier.record import atomic
def wait(*_):
    print("written", flush=True)
    time.sleep(60)
os.fsync = wait
atomic.write_text(sys.argv[1], "new", "record")
"""


def cut(path: Path, how: int) -> str:
    """Stop a writer by a signal when its bytes are written but not yet in place; return what it said."""
    with fresh(CUT, path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.send_signal(how)
        return process.communicate(timeout=60)[0]


@posix
def test_a_writer_killed_before_the_rename_leaves_the_old_text(tmp_path: Path) -> None:
    """After a power cut the old text is there, and what is left behind is never taken for a record."""
    path = tmp_path / "file.json"
    path.write_text("old", "utf-8")
    cut(path, signal.SIGKILL)
    assert path.read_text("utf-8") == "old"
    assert [entry.name for entry in tmp_path.glob("*.json")] == ["file.json"]
    write_text(path, "newer", "record")
    assert path.read_text("utf-8") == "newer"


@posix
def test_an_interrupted_writer_cleans_up(tmp_path: Path) -> None:
    """Ctrl-C while writing leaves the old text and nothing else."""
    path = tmp_path / "file.json"
    path.write_text("old", "utf-8")
    assert "KeyboardInterrupt" in cut(path, signal.SIGINT)
    assert path.read_text("utf-8") == "old"
    assert names(tmp_path) == ["file.json"]


def in_threads(*tasks: Callable[[], None]) -> None:
    """Run the tasks at once and wait for all."""
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_writers_at_once_never_mix(tmp_path: Path) -> None:
    """Readers see the whole text of one writer or of the other, never a mixture or a part."""
    path = tmp_path / "file"
    texts = ["a" * 300_000, "b" * 200_000]
    write_text(path, texts[0], "table")
    end = time.monotonic() + 0.5
    seen: set[str] = set()

    def write(text: str) -> None:
        while time.monotonic() < end:
            write_text(path, text, "table")

    def read() -> None:
        while time.monotonic() < end:
            seen.add(read_text(path, "table"))

    in_threads(lambda: write(texts[0]), lambda: write(texts[1]), read)
    assert seen <= set(texts)
    assert names(tmp_path) == ["file"]
