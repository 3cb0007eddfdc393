"""Real sidecars that are killed, left, interrupted and missing: what their callers get."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from polytier_go import server
from polytier_go.sidecar import Sidecar
from polytier_go.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TIMEOUT = 60.0
NETWORK = {"theta0": np.zeros(3), "omega": np.ones(3), "K": np.ones((3, 3))}
ENDLESS = Task("kuramoto_euler", NETWORK, {"dt": 0.01, "n_steps": 2_000_000_000})


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Sidecar]]:
    """Return what connects to an address; connections are closed at the end."""
    made: list[Sidecar] = []

    def connected(address: str) -> Sidecar:
        monkeypatch.setenv("POLYTIER_GO_SIDECAR", address)
        monkeypatch.setenv("POLYTIER_GO_TIMEOUT", "5")
        made.append(Sidecar())
        return made[-1]

    yield connected
    for one in made:
        one.close()


@contextlib.contextmanager
def running() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a sidecar on a free port; it is ended at the end."""
    command = [str(server.path()), "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found is not None
            yield process, found[0]
        finally:
            process.kill()


def test_a_sidecar_killed_in_mid_call_is_a_runtime_error(connect: Callable[[str], Sidecar]) -> None:
    """A sidecar that is killed while it computes is a RuntimeError soon after."""
    with running() as (process, address):
        connected = connect(address)
        killer = threading.Timer(0.5, process.kill)
        killer.start()
        with pytest.raises(RuntimeError, match="hint: start one with"):
            connected.solve(ENDLESS)
        killer.join()


def test_a_sidecar_ends_a_call_whose_caller_is_gone(connect: Callable[[str], Sidecar]) -> None:
    """A call that would take hours is ended when its caller hangs up: the sidecar comes to rest."""
    with running() as (process, address):
        connected = connect(address)
        connected._seconds = 0.3
        connected.close()
        with pytest.raises(RuntimeError, match="timed out"):
            connected.solve(ENDLESS)
        deadline = time.monotonic() + TIMEOUT
        while _busy(process.pid):
            assert time.monotonic() < deadline, "it still computes"


def _busy(process: int) -> bool:
    """Say whether a process uses its CPU now."""

    def used() -> int:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:  # noqa: PTH123 - a line of the kernel's
            return sum(map(int, file.read().rpartition(")")[2].split()[11:13]))

    before = used()
    time.sleep(0.3)
    return used() - before > 10


def test_a_sidecar_that_is_asked_to_end_lets_a_call_complete() -> None:
    """SIGTERM in mid-call: the call is answered, and then the sidecar ends with status 0."""
    code = """
import numpy as np, polytier_go
print("ready", flush=True)
print(polytier_go.kuramoto_euler(np.zeros(200), np.ones(200), np.ones((200, 200)), 0.01, 20_000)[0] > 0)
"""
    with running() as (process, address):
        environment = os.environ | {"POLYTIER_GO": "sidecar", "POLYTIER_GO_SIDECAR": address}
        command = [sys.executable, "-c", code]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as caller:
            assert caller.stdout is not None
            assert caller.stdout.readline() == "ready\n"
            while not _busy(process.pid):
                assert caller.poll() is None
            process.send_signal(signal.SIGTERM)
            assert caller.communicate(timeout=TIMEOUT)[0] == "True\n"
        assert process.wait(TIMEOUT) == 0


def test_ctrl_c_ends_the_wait_for_a_sidecar() -> None:
    """SIGINT while the sidecar computes is a KeyboardInterrupt at once, and the next call answers."""
    code = """
import numpy as np, polytier_go
polytier_go.warm()
print("ready", flush=True)
try:
    polytier_go.kuramoto_euler(np.ones(64), np.ones(64), np.ones((64, 64)), 0.01, 2 * 10**9)
except KeyboardInterrupt:
    print("interrupted", polytier_go.order_parameter([0.0]))
"""
    with running() as (_, address):
        environment = os.environ | {"POLYTIER_GO": "sidecar", "POLYTIER_GO_SIDECAR": address}
        command = [sys.executable, "-c", code]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as caller:
            assert caller.stdout is not None
            assert caller.stdout.readline() == "ready\n"
            time.sleep(0.3)
            caller.send_signal(signal.SIGINT)
            assert caller.communicate(timeout=TIMEOUT)[0] == "interrupted 1.0\n"


def test_a_sidecar_that_is_not_there_falls_through() -> None:
    """Dispatch answers from the next link with one WARNING, and the tier comes back when the sidecar does."""
    code = """
import logging, sys
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
import polytier
with polytier.trace() as calls:
    print(polytier.order_parameter([0.0]), polytier.order_parameter([0.0]))
print("ran on", calls[-1].tier)
"""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    more = {"POLYTIER_TIERS": "go", "POLYTIER_UNMEASURED": "allow", "POLYTIER_GO": "sidecar"}
    environment = os.environ | more | {"POLYTIER_GO_SIDECAR": f"http://127.0.0.1:{port}"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("WARNING") == 1
    assert "1.0 1.0\nran on floor" in done.stdout
