"""A process whose threads still run after a call, and one at rest."""

from __future__ import annotations

import sys
import threading
import time
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from polytier.measure.settling import running_threads, settle

if TYPE_CHECKING:
    from pathlib import Path


def test_a_process_at_rest_settles() -> None:
    """Nothing runs beside the thread that waits."""
    assert settle(bound=30.0)


def test_threads_that_run_on_are_waited_for() -> None:
    """The wait is over when none is left."""
    left = iter([2, 1, 1, 0])
    assert settle(bound=30.0, running=lambda: next(left))
    assert not list(left)


def test_a_process_that_never_rests_is_left_alone() -> None:
    """It is asked once for each nap, and once before."""
    asked = []
    assert not settle(bound=0.01, running=lambda: len(asked.append(None) or asked))
    assert len(asked) == 1 + 10


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what threads do")
def test_a_running_thread_is_seen() -> None:
    """A thread that works is found working, or about to, at some time; this one works for as long as it takes."""
    over = threading.Event()

    def hash_on() -> None:
        while not over.is_set():
            sha256(bytes(1 << 20))  # without the interpreter's lock

    work = threading.Thread(target=hash_on)
    work.start()
    try:
        deadline = time.monotonic() + 60.0
        while not running_threads():
            assert time.monotonic() < deadline
    finally:
        over.set()
        work.join()


def test_states_are_read_as_the_system_writes_them(tmp_path: Path) -> None:
    """A name may hold what looks like a state; a thread that has ended is none, and without the folder none are."""
    assert running_threads(tmp_path / "missing") == 0
    for number, line in enumerate(("1 (python) R 0 1", "2 (a) S) R 0 1", "3 (R) S 0 1")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "stat").write_text(line, encoding="utf-8")
    (tmp_path / "gone").mkdir()
    assert running_threads(tmp_path) == 1
