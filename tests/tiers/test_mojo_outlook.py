"""The Mojo tier's calls look for their replies before they sleep, as long as that pays."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import polytier_mojo
from polytier.kernels.declaration import catalogue
from polytier_mojo import outlook
from polytier_mojo.frames import GREETING, REPLY, REQUEST, SOON
from polytier_mojo.outlook import REST_MOST, TURN, Outlook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytier_mojo.runtime import Worker

PROGRAM = Path(sys.executable).with_name("polytier-mojo-worker")


@pytest.fixture
def ends() -> Iterator[tuple[select.poll, int]]:
    """Return a poll of a pipe's reading end, and its writing end."""
    read, write = os.pipe()
    poll = select.poll()
    poll.register(read, select.POLLIN)
    yield poll, write
    os.close(read)
    os.close(write)


def turn(mine: Outlook, poll: select.poll) -> tuple[bool, int]:
    """Make calls until the next turn; return whether they looked, and how many they were."""
    looked = mine.asked() == SOON
    calls = 1
    while mine._left:
        if looked:
            mine.sees(poll)
        assert mine.asked() == (SOON if looked else 0)
        calls += 1
    if looked:
        mine.sees(poll)
    return looked, calls


def test_turns_in_vain_become_rare(ends: tuple[select.poll, int]) -> None:
    """Where no reply comes quickly, ever more calls sleep at once between two turns of calls that look."""
    mine = Outlook()
    found = [turn(mine, ends[0]) for _ in range(14)]
    rests = [TURN, 4 * TURN, 16 * TURN, 64 * TURN, REST_MOST, REST_MOST, REST_MOST]
    assert found == [one for rest in rests for one in ((True, TURN), (False, rest))]


def test_turns_go_on_while_replies_are_quick(ends: tuple[select.poll, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where replies come quickly all calls look; a turn of slow ones ends that, and quick ones begin it anew."""
    monkeypatch.setattr(outlook, "QUICK", 1.0)  # on a busy host even what is there already may take long
    mine = Outlook()
    os.write(ends[1], b"reply")
    assert [turn(mine, ends[0]) for _ in range(3)] == [(True, TURN)] * 3
    monkeypatch.setattr(outlook, "QUICK", 0.0)
    assert [turn(mine, ends[0]) for _ in range(3)] == [(True, TURN), (False, TURN), (True, TURN)]
    monkeypatch.setattr(outlook, "QUICK", 1.0)
    assert [turn(mine, ends[0]) for _ in range(3)] == [(False, 4 * TURN), (True, TURN), (True, TURN)]


def test_the_end_of_the_worker_is_seen() -> None:
    """A call that looks sees the end of the worker's output as it would see a reply."""
    read, write = os.pipe()
    poll = select.poll()
    poll.register(read, select.POLLIN)
    mine = Outlook()
    mine.asked()
    assert not mine.sees(poll)
    os.close(write)
    mine.asked()
    assert mine.sees(poll)
    os.close(read)


@pytest.mark.parametrize("seconds", [0.0, 60.0], ids=["never", "always"])
def test_answers_do_not_depend_on_the_turn(seconds: float, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that look and calls that sleep, of all sizes and kinds, have the same answers."""
    monkeypatch.setattr(outlook, "QUICK", seconds)
    monkeypatch.setattr(outlook, "BRIEF", seconds)  # on a busy host a reply may take longer than a call looks
    floor = catalogue["order_parameter"].floor
    for count in range(1, 200):
        theta = np.linspace(-2.0, 2.0, count**2)
        assert polytier_mojo.order_parameter(theta) == pytest.approx(floor(theta), abs=1e-12)
    assert worker._link is not None
    assert worker._link._outlook._rest == (TURN if seconds else 64 * TURN)


def test_a_worker_that_dies_under_a_look(worker: Worker) -> None:
    """The first call of a worker looks; it finds the death of the worker as one that sleeps does."""
    worker.start()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match="it was killed by SIGKILL"):
        polytier_mojo.order_parameter([0.0])
    assert polytier_mojo.order_parameter([0.0]) == 1.0


def test_the_worker_answers_what_comes_soon_and_what_does_not() -> None:
    """Requests that announce another are answered like those that do not, and the end of the input still ends it."""
    command = [PROGRAM, "--serve", "0", "0", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert len(process.stdout.read(GREETING.size)) == GREETING.size
        for number in range(1, 41):
            kernel = 1 | (SOON if number % 3 else 0)
            head = (b"PTM1", REQUEST.size + 8, number, kernel, 1, 0, 0, 0.0, 0.0, *[(1 << 64) - 1] * 4, 0, 0, 0)
            process.stdin.write(REQUEST.pack(*head) + bytes(8))
            found = REPLY.unpack(process.stdout.read(REPLY.size))
            assert found[2:] == (number, 0, 1.0, 0.0)
        process.stdin.close()
        assert process.wait(timeout=20) == 0
