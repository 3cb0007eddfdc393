"""Workers as real processes: how they talk, crash, hang and end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from helpers_measure import GOOD, MODULE, install_pack

from polytier.measure import process
from polytier.measure.process import WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Installer

    Start = Callable[..., WorkerProcess]


@pytest.fixture
def start(install_tier: Installer) -> Iterator[Start]:
    """Start the worker of a tier with this source, its kernel already open."""
    install_pack(install_tier)
    started = []

    def begin(source: str, limit: float = 20.0) -> WorkerProcess:
        install_tier("tested", source)
        worker = WorkerProcess(limit)
        started.append(worker)
        assert worker.ask("open", kernel="pack_double", module=MODULE, tier="tested") == {}
        return worker

    yield begin
    for worker in started:
        worker.kill()


def calling(action: str) -> str:
    """Return the source of a tier that does something at its first call."""
    return f"""
import contextlib, ctypes, os, signal, subprocess, sys, time

def write_everywhere(data):
    for descriptor in range(3, 20):
        with contextlib.suppress(OSError):
            os.write(descriptor, data)

def pack_double(values):
    {action}
    return values * 2.0
"""


def is_running(pid: int) -> bool:
    """Say whether a process is there and no zombie."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def comes_true(condition: Callable[[], bool], within: float = 10.0) -> bool:
    """Wait for a condition."""
    end = time.monotonic() + within
    while time.monotonic() < end and not condition():
        time.sleep(0.02)
    return condition()


def test_a_worker_answers_and_ends(start: Start) -> None:
    """A worker that is asked answers, and is gone once it is closed; closing twice does no harm."""
    worker = start(GOOD)
    assert worker.ask("first")["seconds"] > 0
    worker.close()
    assert not is_running(worker.pid)
    worker.close()


def test_what_a_tier_prints_does_not_garble_the_protocol(start: Start) -> None:
    """Prints, writes to descriptor 1, and children that print all go elsewhere; stdin is empty for a tier."""
    speaking = (
        "print('{}', flush=True); os.write(1, b'{}'); subprocess.run(['echo', '{}']); assert not sys.stdin.read()"
    )
    assert start(calling(speaking)).ask("first")["seconds"] > 0


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (
            "os.kill(os.getpid(), signal.SIGSEGV)",
            "it was ended by signal SIGSEGV; its last words:\nFatal Python error: Se",
        ),
        ("ctypes.string_at(0)", "it was ended by signal SIGSEGV; its last words:\nFatal Python error: Segmentation"),
        ("os.abort()", "it was ended by signal SIGABRT; its last words:\nFatal Python error: Aborted"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "it was ended by signal SIGKILL"),
        ("os._exit(7)", "it ended itself with exit status 7"),
        ("os._exit(0)", "it ended itself with exit status 0"),
        ("write_everywhere(b'hello' + bytes([10]))", "it garbled the protocol: 'hello"),
        ("write_everywhere(b'12' + bytes([10]))", "it garbled the protocol: '12"),
    ],
)
def test_a_worker_that_dies_is_lost_with_the_reason(start: Start, action: str, reason: str) -> None:
    """A crash, an exit and a garbled protocol are told apart by name, with the last words on stderr."""
    worker = start(calling(action))
    assert worker.ask("first")["lost"].startswith(reason)
    assert not is_running(worker.pid)


def test_a_worker_killed_between_requests_is_lost(start: Start) -> None:
    """A worker that dies while nobody asks is reported at the next request."""
    worker = start(GOOD)
    os.kill(worker.pid, signal.SIGTERM)
    assert comes_true(lambda: not is_running(worker.pid))
    assert worker.ask("first") == {"lost": "it was ended by signal SIGTERM"}


def test_a_worker_that_lets_go_of_the_pipe_is_lost(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tier that closes all descriptors and goes on is not waited for."""
    worker = start(calling("os.closerange(0, 2); os.closerange(3, 50); time.sleep(60)"))
    monkeypatch.setattr(process, "_GRACE", 0.3)
    assert worker.ask("first")["lost"].startswith("it closed its end of the protocol")
    assert not is_running(worker.pid)


@pytest.mark.parametrize("action", ["time.sleep(60)", "\n    while True: pass", "ctypes.PyDLL(None).sleep(60)"])
def test_a_worker_that_hangs_is_lost_with_a_traceback(start: Start, action: str) -> None:
    """Sleeping, spinning, or holding the GIL in native code: the watchdog says where."""
    reason = start(calling(action), limit=1.0).ask("first")["lost"]
    assert reason.startswith("it gave no answer within 1 s; its last words:\nTimeout (0:00:01)!\nThread")
    assert "in pack_double" in reason


def test_a_worker_that_is_stopped_is_killed_from_outside(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose own watchdog cannot run is ended by the session."""
    worker = start(calling("os.kill(os.getpid(), signal.SIGSTOP)"), limit=1.5)
    monkeypatch.setattr(process, "_GRACE", 0.3)
    assert worker.ask("first") == {"lost": "it gave no answer within 1.5 s"}
    assert not is_running(worker.pid)


def test_endless_words_on_stderr_are_bounded(start: Start) -> None:
    """A tier that floods stderr, without any end of line, neither blocks nor fills the memory; the end is kept."""
    worker = start(calling("sys.stderr.write('x' * 5_000_000 + 'the end'); sys.stderr.flush(); os._exit(1)"))
    reason = worker.ask("first")["lost"]
    assert reason.endswith("the end")
    assert len(reason) < 5000


def test_what_a_tier_starts_is_ended_with_it(start: Start, tmp_path: Path) -> None:
    """A helper process of a tier does not outlive its worker."""
    pids = tmp_path / "pids"
    worker = start(calling(f"open({str(pids)!r}, 'w').write(str(subprocess.Popen(['sleep', '300']).pid))"))
    assert "seconds" in worker.ask("first")
    helper = int(pids.read_text())
    assert is_running(helper)
    worker.close()
    assert comes_true(lambda: not is_running(helper))


def test_a_worker_that_will_not_end_is_killed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tier that blocks the interpreter's exit is given little time."""
    worker = start(calling("import atexit; atexit.register(time.sleep, 60)"))
    monkeypatch.setattr(process, "_GRACE", 0.3)
    assert "seconds" in worker.ask("first")
    worker.close()
    assert not is_running(worker.pid)


def test_tiers_are_found_where_this_process_finds_them(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tier that is only on this process's sys.path is found by the worker, and '' means the current directory."""
    monkeypatch.delenv("PYTHONPATH")
    monkeypatch.syspath_prepend("")
    assert start(GOOD).ask("first")["seconds"] > 0


def test_signals_without_a_name_keep_their_number() -> None:
    """A real-time signal is reported by number."""
    assert process._signal_name(signal.SIGRTMIN + 3) == str(int(signal.SIGRTMIN) + 3)
