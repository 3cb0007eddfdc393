"""The Go tier's sidecar, as a process on this machine's loopback: both protocols, and the tier that talks to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
import pytest

import polytier_go
from polytier_go import server
from polytier_go.sidecar import Sidecar
from polytier_go.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TIMEOUT = 300.0
KIT_TIMEOUT = 1800.0


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a sidecar on a free port; it is ended at the end."""
    command = [str(server.path()), "--listen", "127.0.0.1:0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", process.stdout.readline())
            assert found is not None
            yield process, found[1]
        finally:
            process.kill()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Return the address of a running sidecar."""
    with running() as (_, where):
        yield where


@pytest.fixture
def sidecar(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sidecar]:
    """Return the tier's end of the connection to the running sidecar."""
    monkeypatch.setenv("POLYTIER_GO_SIDECAR", address)
    connected = Sidecar()
    yield connected
    connected.close()


def ask(address: str, verb: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Send one request and return status and members of the answer."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
    with contextlib.closing(connection):
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(verb, path, sent, {"Content-Type": "application/json"} | headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def environment(address: str) -> dict[str, str]:
    """Return the environment of a process whose Go tier talks to the sidecar."""
    return os.environ | {"POLYTIER_GO": "sidecar", "POLYTIER_GO_SIDECAR": address}


def test_the_kit_passes_through_the_sidecar(address: str, tmp_path: Path) -> None:
    """Every case of the conformance kit passes with the sidecar in place of the library, and no call is declined."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "polytier.testing.plugin", "-p", "no:cacheprovider"]
    command += ["--conformance-examples", "5", "--pyargs", "polytier.testing", "--tier", "go"]
    here = environment(address)
    done = subprocess.run(
        command, env=here, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=KIT_TIMEOUT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "declined" not in done.stdout.rpartition("polytier conformance")[2].replace("declined  not run", "")


def test_dispatch_reaches_the_sidecar(address: str) -> None:
    """With POLYTIER_GO=sidecar the tier serves a dispatched call without loading the library."""
    code = """
import polytier
from pathlib import Path
with polytier.using("go"), polytier.trace() as calls:
    print(polytier.order_parameter([0.0, 0.0]))
print(calls[0].tier, "libpolytier_go" in Path("/proc/self/maps").read_text())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(address), capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("1.0\ngo False\n", "")


def test_the_sidecar_gives_the_bits_of_the_library(sidecar: Sidecar) -> None:
    """Library and sidecar are one implementation: equal arguments give equal bits."""
    rng = np.random.default_rng(5)
    theta, omega, K = rng.uniform(-3, 3, 70), rng.normal(0, 1, 70), rng.uniform(0, 0.02, (70, 70))
    arrays, numbers = {"theta0": theta, "omega": omega, "K": K}, {"dt": 0.01, "n_steps": 90}
    for kernel in ("kuramoto_euler", "kuramoto_rk4", "kuramoto_phases", "kuramoto_trajectory"):
        here = getattr(polytier_go, kernel)(theta, omega, K, 0.01, 90)
        there = sidecar.solve(Task(kernel, arrays, numbers))
        assert np.array_equal(np.asarray(here), np.asarray(there))
    assert sidecar.solve(Task("mean_phase", {"theta": theta})) == polytier_go.mean_phase(theta)
    assert np.array_equal(
        sidecar.solve(Task("networked_force", {"theta": theta, "K": K})), polytier_go.networked_force(theta, K)
    )


def test_threads_have_connections_of_their_own(sidecar: Sidecar) -> None:
    """Threads that call at once get their own answers."""
    rng = np.random.default_rng(6)
    inputs = [rng.uniform(-3, 3, n) for n in range(1, 9)]
    found: dict[int, list[float]] = {}

    def work(place: int) -> None:
        task = Task("order_parameter", {"theta": inputs[place]})
        found[place] = [sidecar.solve(task) for _ in range(50)]
        sidecar.close()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {place: [polytier_go.order_parameter(theta)] * 50 for place, theta in enumerate(inputs)}


def test_an_idle_connection_that_was_closed_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sidecar that was started again at the same place serves the next call."""
    task = Task("order_parameter", {"theta": np.zeros(3)})
    with running() as (first, address):
        monkeypatch.setenv("POLYTIER_GO_SIDECAR", address)
        connected = Sidecar()
        assert connected.solve(task) == 1.0
        first.kill()
        first.wait()
        with running("--listen", address.removeprefix("http://")):
            assert connected.solve(task) == 1.0
        connected.close()


def test_a_forked_child_has_a_connection_of_its_own(address: str) -> None:
    """After a fork parent and child both go on, for the sidecar is another process."""
    code = """
import os, numpy as np, polytier_go
polytier_go.order_parameter(np.zeros(3))
child = os.fork()
found = [polytier_go.order_parameter(np.zeros(3)) for _ in range(20)]
if child == 0:
    os._exit(found != [1.0] * 20)
print(os.waitpid(child, 0)[1], found == [1.0] * 20)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(address), capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("0 True\n", "")


def test_health_tells_the_build(address: str) -> None:
    """The health endpoint names protocol, digest, level and kernels."""
    status, found = ask(address, "GET", "/health")
    assert status == 200
    assert (found["status"], found["protocol"], found["digest"]) == ("ok", 1, polytier_go.BUILD_DIGEST)
    assert found["level"] in {"avx2", "baseline"}
    assert "kuramoto_euler" in found["kernels"]


def test_json_is_for_people(address: str) -> None:
    """A kernel can be asked with a JSON object of its parameters, defaults included."""
    kernels = "/v1/kernels/"
    assert ask(address, "POST", kernels + "order_parameter", {"theta": [0, 0]}) == (200, {"value": 1.0})
    status, found = ask(address, "POST", kernels + "build_knm", {})
    assert status == 200
    assert np.array_equal(found["K"], polytier_go.build_knm())


@pytest.mark.parametrize(
    ("kernel", "body", "wanted"),
    [
        ("commutator_dense", {"a": [[[0, 1]]], "b": [[[2, 0]]]}, {"commutator": [[[0.0, 0.0]]]}),
        ("pauli_decompose", {"H": [[[0, 0], [0, -1]], [[0, 1], [0, 0]]]}, {"c": [[0, 0], [0, 0], [1, 0], [0, 0]]}),
        ("xy_hamiltonian_dense", {"K": [[0]], "omega": [2]}, {"H": [[[-2, 0], [0, 0]], [[0, 0], [2, 0]]]}),
        ("dla_dimension", {"generators": [[[[1, 0]]]]}, {"found": [1, 1]}),
        (
            "aer_decode_temporal",
            {"address": [1], "t_ns": [2**64 - 5], "polarity": [1], "n_channels": 2, "window_ns": 4},
            {"values": [0, 1]},
        ),
        (
            "doppler_kuramoto",
            {"phases": [0], "positions": [0], "velocities": [1], "omega": [3], "coupling": [[1]]},
            {"slopes": [3]},
        ),
    ],
)
def test_json_of_the_families(address: str, kernel: str, body: Any, wanted: Any) -> None:
    """Complex numbers travel as pairs, integers exactly, and what has a default need not be given."""
    assert ask(address, "POST", f"/v1/kernels/{kernel}", body) == (200, wanted)


@pytest.mark.parametrize(
    ("kernel", "body"),
    [
        ("aer_decode_rate", {"address": [9], "t_ns": [0], "polarity": [1], "n_channels": 2, "window_ns": 4}),
        ("pauli_reconstruct", {"c": [[1.5e308, 0]] * 4}),
    ],
)
def test_a_kernels_own_refusal_says_its_kind(address: str, kernel: str, body: Any) -> None:
    """A refusal that the kernel itself makes tells programs that it is one."""
    status, found = ask(address, "POST", f"/v1/kernels/{kernel}", body)
    assert (status, found["kind"], set(found)) == (422, "value", {"error", "hint", "kind"})


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("nonesuch", {}, 404),
        ("pauli_decompose", {"H": [[[1, 0, 0]]]}, 400),
        ("pauli_reconstruct", {"c": [[1, 0]] * 2}, 422),
        ("dla_dimension", {"generators": [[[[1, 0]]]], "max_dimension": 1.5}, 422),
        ("xy_hamiltonian_dense", {"K": [[0] * 40] * 40, "omega": [0] * 40}, 413),
        ("order_parameter", {"theta": []}, 422),
        ("order_parameter", {"theta": [1, "two"]}, 400),
        ("order_parameter", b'{"theta": [NaN]}', 400),
        ("kuramoto_euler", {"theta0": [1], "omega": [1, 2], "K": [[1]], "dt": 1, "n_steps": 1}, 422),
        ("build_knm", {"n": 100_000}, 413),
    ],
)
def test_what_is_refused_says_why(address: str, path: str, body: Any, status: int) -> None:
    """A request that cannot be answered gets a status, an error and a hint."""
    found = ask(address, "POST", f"/v1/kernels/{path}", body)
    assert found[0] == status
    assert set(found[1]) == {"error", "hint"}


def test_a_body_that_is_too_long_is_not_read() -> None:
    """A request beyond --max-bytes is refused by its announced length."""
    with running("--max-bytes", "4096") as (_, address):
        headers = {"Content-Type": "application/vnd.polytier.arrays"}
        status, found = ask(address, "POST", "/v1/kernels/order_parameter", bytes(10_000), **headers)
        assert (status, set(found)) == (413, {"error", "hint"})


def test_pages_in_a_browser_are_not_answered(address: str) -> None:
    """A request that a page in a browser makes is refused."""
    assert ask(address, "GET", "/health", Origin="http://example.org")[0] == 403


@pytest.mark.parametrize("one", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(one: signal.Signals) -> None:
    """SIGTERM and SIGINT end the sidecar with status 0."""
    with running() as (process, address):
        assert ask(address, "GET", "/health")[0] == 200
        process.send_signal(one)
        assert process.wait(TIMEOUT) == 0


def test_the_check_tells_whether_a_sidecar_is_well(address: str) -> None:
    """--check ends with status 0 where a sidecar answers, and with 1 where none does."""
    for where, status in ((address, 0), ("http://127.0.0.1:1", 1)):
        done = subprocess.run([server.path(), "--check", where], capture_output=True, check=False, timeout=TIMEOUT)
        assert done.returncode == status
