"""Sessions that end before their time: interrupted, killed, or out of disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from helpers_measure import GOOD, SHORT, install_pack

from polytier.errors import MeasureInterruptedError
from polytier.measure import Progress, run, session
from polytier.measure.lock import NAME
from polytier.record.records import read_record
from polytier.record.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Installer

    from polytier.record.records import Record

SCRIPT = """
import dataclasses, importlib, json, pathlib, resource, sys
path, output, names, largest = json.loads(sys.argv[1])
sys.path[:] = path
import polytier
from helpers_measure import MODULE, SHORT
importlib.import_module(MODULE)
from polytier.errors import PolytierError
from polytier.kernels.declaration import catalogue
from polytier.measure import run, session
session.FULL = dataclasses.replace(SHORT, limit=6.0)
try:
    if largest is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    run([catalogue[name] for name in names], ["slow"], output=pathlib.Path(output),
        progress=lambda progress: print(progress.kernel, flush=True))
except (PolytierError, KeyboardInterrupt) as failure:
    print(failure, file=sys.stderr)
    raise SystemExit(130)
"""

SLOW = """
import os, subprocess, time
subprocess.Popen(["sleep", "300"])

def pack_double(values):
    return values * 2.0

def pack_again(values):
    time.sleep(300)
"""


@pytest.fixture
def driver(install_tier: Installer, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a session on two kernels in a process of its own; the second hangs in its tier."""
    install_pack(install_tier)
    install_tier("slow", SLOW)
    started = []

    def start(*names: str, largest: int | None = None) -> subprocess.Popen[str]:
        arguments = json.dumps([sys.path, str(tmp_path / "out"), names, largest])
        command = [sys.executable, "-c", SCRIPT, arguments]
        # Coverage could not write its files either, and would be left with broken ones.
        environ = {name: value for name, value in os.environ.items() if largest is None or "COVERAGE" not in name}
        process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def descendants(pid: int) -> set[int]:
    """Return the processes that a process started, and those that they started."""
    try:
        children = set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except OSError:
        return set()
    return children.union(*map(descendants, children))


def are_gone(pids: set[int], within: float = 15.0) -> bool:
    """Wait until none of the processes runs any more."""
    end = time.monotonic() + within
    while time.monotonic() < end and any(is_running(pid) for pid in pids):
        time.sleep(0.05)
    return not any(is_running(pid) for pid in pids)


def is_running(pid: int) -> bool:
    """Say whether a process is there and no zombie."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def reaches(process: subprocess.Popen[str], kernel: str) -> set[int]:
    """Wait until a session is at a kernel, and return its workers and what they started."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == kernel:
            break
    time.sleep(0.7)
    return descendants(process.pid)


def test_ctrl_c_keeps_what_is_complete(driver: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    """An interrupted session says what is done, keeps it, frees the directory, and leaves no process behind."""
    process = driver("pack_double", "pack_again")
    workers = reaches(process, "pack_again")
    assert len(workers) >= 2
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert said.startswith(
        "measure: interrupted; measured and kept: 'pack_double'; not measured now: 'pack_again'\nhint:"
    )
    assert are_gone(workers)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["dispatch.toml", "pack_double.json"]


def test_workers_do_not_outlive_a_killed_session(driver: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    """A killed session cannot end its workers: those that wait see the end of the pipe, and the place is free."""
    process = driver("pack_double", "pack_again")
    reaches(process, "pack_again")
    workers = {pid for pid in descendants(process.pid) if is_worker(pid)}
    assert len(workers) == 2
    process.kill()
    process.communicate()
    # The one that hangs in its tier is ended by its own watchdog.
    assert are_gone(workers)
    assert (tmp_path / "out" / NAME).exists()
    again = driver("pack_double")
    again.communicate(timeout=60)
    assert again.returncode == 0


def is_worker(pid: int) -> bool:
    """Say whether a process is a worker, not what a tier started in it."""
    try:
        return b"polytier.measure" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_full_disk_ends_the_session_without_a_trace(
    driver: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """A record that cannot be written is an error with its cause, and nothing half-written stays."""
    process = driver("pack_double", largest=200)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "write record" in said
    assert "File too large" in said
    assert list((tmp_path / "out").iterdir()) == []


def test_ctrl_c_while_a_record_is_written_loses_nothing(
    install_tier: Installer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that was measured is kept, record and table, even if the interrupt comes before its file is there."""
    monkeypatch.setattr(session, "FULL", SHORT)
    kernels = install_pack(install_tier)
    real = session.write_record

    def interrupted(record: Record, path: Path) -> None:
        monkeypatch.setattr(session, "write_record", real)
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "write_record", interrupted)
    with pytest.raises(MeasureInterruptedError, match="kept: 'pack_double'; not measured now: 'pack_again'"):
        run([kernels["pack_double"], kernels["pack_again"]], [], output=tmp_path)
    assert read_record(tmp_path / "pack_double.json").kernel == "pack_double"
    assert set(read_table(tmp_path / session.TABLE).kernels) == {"pack_double"}


def test_an_interrupt_names_what_is_left(
    install_tier: Installer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error carries the kernels that are done and those that are not, in this process too."""
    monkeypatch.setattr(session, "FULL", SHORT)
    kernels = install_pack(install_tier)
    install_tier("good", GOOD)

    def stop(progress: Progress) -> None:
        if progress.kernel == "pack_again":
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(MeasureInterruptedError) as caught:
        run([kernels["pack_double"], kernels["pack_again"]], ["good"], output=tmp_path / "out", progress=stop)
    assert str(caught.value) == (
        "measure: interrupted; measured and kept: 'pack_double'; not measured now: 'pack_again'\n"
        "hint: measure the rest with --kernel; earlier records of it are kept"
    )
    assert isinstance(caught.value, KeyboardInterrupt)
    assert (tmp_path / "out" / "pack_double.json").exists()
    assert not (tmp_path / "out" / NAME).exists()
