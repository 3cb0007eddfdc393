"""The Mojo tier and a worker that dies, hangs or talks nonsense: each a real process."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polytier
import polytier_mojo
from polytier_mojo import kuramoto
from polytier_mojo.runtime import Worker, timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THETA = np.linspace(-2.0, 2.0, 9)
LARGE = np.linspace(-2.0, 2.0, 100_000)
ANSWER = polytier.order_parameter.dispatch.floor(THETA)
PRELUDE = f"""\
#!{sys.executable} -IS
import os, signal, struct, sys, time
def greet(digest=b"{polytier_mojo.BUILD_DIGEST}"):
    os.write(1, struct.pack("<4sIQ64s", b"PTM1", 80, 4, digest))
def reply(status=0, number=None, size=40, magic=b"PTM1"):
    asked = struct.unpack_from("<Q", os.read(0, 4096), 8)[0]
    return struct.pack("<4sIQQdd", magic, size, asked if number is None else number, status, 9.0, 0.0)
"""
NONSENSE = {
    "garbage": ("greet(); reply(); os.write(1, b'\\xff' * 40); time.sleep(60)", "a frame of 40 bytes"),
    "half a frame": ("greet(); os.write(1, reply()[:17]); time.sleep(60)", "a frame of 17 bytes"),
    "too long a frame": ("greet(); os.write(1, reply() + bytes(4000)); time.sleep(60)", "a frame of 41 bytes"),
    "a frame that states another size": ("greet(); os.write(1, reply(size=48)); time.sleep(60)", "a frame of 40 bytes"),
    "the answer to another request": ("greet(); os.write(1, reply(number=7)); time.sleep(60)", "a frame of 40 bytes"),
    "another magic": ("greet(); os.write(1, reply(magic=b'ABCD')); time.sleep(60)", "b'ABCD"),
    "an unknown status": ("greet(); os.write(1, reply(status=3)); os.read(0, 1)", "status 3"),
    "nothing": ("greet(); time.sleep(60)", "no answer within 0.5 s"),
    "nothing at all": ("time.sleep(60)", "no answer within 0.5 s"),
    "an end": ("greet(); reply(); sys.exit(7)", "it ended with exit code 7"),
    "an end before the greeting": ("sys.exit(8)", "it ended with exit code 8"),
    "a signal": ("greet(); reply(); os.kill(os.getpid(), signal.SIGSEGV)", "it was killed by SIGSEGV"),
    "no greeting": ("os.write(1, b'Hello, world'); time.sleep(60)", "a frame of 12 bytes"),
}
"""What a worker may write instead of an answer: the program that does it, and what the error says of it."""


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """Put a fresh worker of the tier's own executable in the place of the tier's worker."""
    with placed(monkeypatch, Worker(kuramoto.executable, polytier_mojo.BUILD_DIGEST)) as worker:
        yield worker


@contextlib.contextmanager
def placed(monkeypatch: pytest.MonkeyPatch, worker: Worker) -> Iterator[Worker]:
    """Have the tier use this worker inside the block, and end it."""
    monkeypatch.setattr(kuramoto, "worker", worker)
    yield worker
    worker.stop()


@pytest.fixture
def dispatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have dispatch try the Mojo tier, measured or not, and no other."""
    monkeypatch.setenv("POLYTIER_TIERS", "mojo")
    monkeypatch.setenv("POLYTIER_UNMEASURED", "allow")
    polytier.refresh()
    yield
    monkeypatch.undo()
    polytier.refresh()


def program(folder: Path, body: str) -> Path:
    """Return an executable Python script that begins with the helpers of a worker."""
    path = folder / "worker"
    path.write_text(f"{PRELUDE}{body}\n", encoding="utf-8")
    path.chmod(0o700)
    return path


def falls_through(caplog: pytest.LogCaptureFixture, theta: Any = THETA) -> str:
    """Call a kernel that the tier fails on; the floor must answer, and one warning must tell of it."""
    caplog.clear()
    with caplog.at_level(logging.WARNING), polytier.trace() as calls:
        answer = polytier.order_parameter(theta)
    assert answer == polytier.order_parameter.dispatch.floor(theta)
    assert calls[0].tier == "floor"
    assert [name for name, _ in calls[0].fell_through] == ["mojo"]
    (record,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert record.levelno == logging.WARNING
    return record.getMessage()


def is_running(pid: int) -> bool:
    """Say whether a process runs; one that ended and that nobody waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Wait until a condition holds and say whether it does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


@pytest.mark.parametrize("fault", NONSENSE)
def test_nonsense_is_a_runtime_error(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dispatch: None, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker that does not answer as it must makes the call fall through, and does not live on."""
    body, found = NONSENSE[fault]
    monkeypatch.setenv("POLYTIER_MOJO_TIMEOUT", "0.5" if found.startswith("no answer") else "20")
    script = program(tmp_path, f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n{body}")
    with placed(monkeypatch, Worker(lambda: script, polytier_mojo.BUILD_DIGEST)) as worker:
        assert found in falls_through(caplog)
        assert worker.pid is None or fault == "an unknown status"
    started = tmp_path / "pid"
    # A loaded host may take longer than the time-out to start the script at all.
    assert not started.exists() or not started.read_text() or not is_running(int(started.read_text()))


def test_the_message_has_the_house_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what was asked, what was found, and what to do."""
    script = program(tmp_path, "greet(); reply(); sys.exit(7)")
    wanted = r"^ask the mojo worker: it ended with exit code 7\nhint: the next call has a fresh worker"
    with (
        placed(monkeypatch, Worker(lambda: script, polytier_mojo.BUILD_DIGEST)),
        pytest.raises(RuntimeError, match=wanted),
    ):
        polytier_mojo.order_parameter(THETA)


def test_a_worker_of_another_build_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that states another digest is an ImportError: files of two builds lie together."""
    script = program(tmp_path, "greet(b'0' * 64); time.sleep(60)")
    with (
        placed(monkeypatch, Worker(lambda: script, polytier_mojo.BUILD_DIGEST)),
        pytest.raises(ImportError, match="another build"),
    ):
        polytier_mojo.order_parameter(THETA)


def test_a_worker_killed_between_calls(worker: Worker, dispatch: None, caplog: pytest.LogCaptureFixture) -> None:
    """The call after kill -9 falls through, and the one after that has a fresh worker."""
    assert polytier_mojo.order_parameter(THETA) == pytest.approx(ANSWER, abs=1e-15)
    first = worker.pid
    os.kill(first, signal.SIGKILL)
    assert until(lambda: not is_running(first))
    assert "killed by SIGKILL" in falls_through(caplog)
    with polytier.trace() as calls:
        polytier.order_parameter(THETA)
    assert calls[0].tier == "mojo"
    assert worker.pid not in {None, first}


@pytest.mark.parametrize("theta", [THETA, LARGE], ids=["in the frame", "in shared memory"])
def test_a_worker_killed_in_mid_call(
    worker: Worker, dispatch: None, caplog: pytest.LogCaptureFixture, theta: Any
) -> None:
    """The call whose worker is killed before it answers falls through."""
    worker.start()
    first = worker.pid
    os.kill(first, signal.SIGSTOP)
    killer = threading.Timer(0.2, os.kill, (first, signal.SIGKILL))
    killer.start()
    assert "killed by SIGKILL" in falls_through(caplog, theta)
    killer.join()
    assert polytier_mojo.order_parameter(THETA) == pytest.approx(ANSWER, abs=1e-15)


def test_a_stopped_worker_times_out(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is stopped, not dead, is killed when the time is over."""
    monkeypatch.setenv("POLYTIER_MOJO_TIMEOUT", "0.2")
    worker.start()
    first = worker.pid
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(RuntimeError, match=r"no answer within 0\.2 s\nhint: raise POLYTIER_MOJO_TIMEOUT"):
        polytier_mojo.order_parameter(THETA)
    assert not is_running(first)
    assert polytier_mojo.order_parameter(THETA) == pytest.approx(ANSWER, abs=1e-15)


def test_ctrl_c_in_mid_call_leaves_nothing_half_read(worker: Worker) -> None:
    """KeyboardInterrupt ends the call and the worker; the next call is answered by another."""
    worker.start()
    first = worker.pid
    os.kill(first, signal.SIGSTOP)
    interrupter = threading.Timer(0.2, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
    interrupter.start()
    with pytest.raises(KeyboardInterrupt):
        polytier_mojo.order_parameter(THETA)
    interrupter.join()
    assert not is_running(first)
    assert polytier_mojo.order_parameter(THETA) == pytest.approx(ANSWER, abs=1e-15)


def test_ctrl_c_in_a_terminal_spares_the_idle_worker(worker: Worker) -> None:
    """An idle worker ignores the SIGINT that a terminal sends to every process."""
    worker.start()
    first = worker.pid
    os.kill(first, signal.SIGINT)
    assert polytier_mojo.order_parameter(THETA) == pytest.approx(ANSWER, abs=1e-15)
    assert worker.pid == first


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf", "1e9"])
def test_a_time_out_that_is_none(text: str, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A time-out that cannot be used is an error that names the variable, the value and the remedy."""
    monkeypatch.setenv("POLYTIER_MOJO_TIMEOUT", text)
    with pytest.raises(ImportError, match=rf"^read POLYTIER_MOJO_TIMEOUT: '{text}' is no such number\nhint: set it"):
        polytier_mojo.order_parameter(THETA)
    monkeypatch.setenv("POLYTIER_MOJO_TIMEOUT", " 2.5 ")
    assert timeout() == 2.5
