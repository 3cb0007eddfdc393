"""The Mojo tier's families after `kuramoto` and a worker that dies, hangs, talks nonsense or has no memory."""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polytier
import polytier_mojo
from polytier.agreement import compare
from polytier.kernels.declaration import catalogue
from polytier_mojo import aer, doppler, faraday, kuramoto, operators
from polytier_mojo.runtime import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

PRELUDE = f"""\
#!{sys.executable} -IS
import os, struct, time
os.write(1, struct.pack("<4sIQ64s", b"PTM1", 80, 4, b"{polytier_mojo.BUILD_DIGEST}"))
asked = struct.unpack_from("<Q", os.read(0, 4096), 8)[0]
def reply(values, status=0):
    return struct.pack("<4sIQQdd", b"PTM1", 40 + len(values), asked, status, 9.0, 1.0) + values
"""


def dense(*shape: int) -> Any:
    """Return an array of complex normal numbers."""
    rng = np.random.default_rng(1)
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def events(m: int) -> tuple[Any, ...]:
    """Return what the decoders take: m events on 3 channels."""
    return np.arange(m) % 3, np.arange(m, dtype=np.uint64), np.ones(m, np.int8), 3, 2 * m


def samples(n: int) -> tuple[Any, ...]:
    """Return n samples of a moving column in a changing field, and the coil around it."""
    return np.arange(float(n)), *np.random.default_rng(1).uniform(0, 1, (4, n)), 3.0, 2.0


def beams(n: int) -> tuple[Any, ...]:
    """Return phases, positions, velocities, frequencies and couplings."""
    rng = np.random.default_rng(1)
    return *rng.normal(size=(4, n)), rng.normal(size=(n, n))


def hermitian(d: int) -> Any:
    """Return two Hermitian matrices, no Pauli strings, whose brackets reach all of u(d)."""
    stack = dense(2, d, d)
    return 0.5 * (stack + stack.conj().swapaxes(1, 2))


# For each kernel: arguments that travel in the frame, and arguments that travel in shared memory.
CALLS: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "aer_decode_rate": (events(9), events(5000)),
    "aer_decode_temporal": (events(9), events(5000)),
    "aer_decode_isi": (events(9), events(5000)),
    "faraday_recovery": (samples(9), samples(5000)),
    "faraday_back_emf": ((0.5, 0.1, 0.2, 0.3, 3.0), (0.5, 0.1, 0.2, 0.3, 3.0)),
    "doppler_kuramoto": (beams(5), beams(90)),
    "doppler_kuramoto_trace": ((*beams(5), 1e-3, 9), (*beams(90), 1e-3, 9)),
    "commutator_dense": ((dense(3, 3), dense(3, 3)), (dense(40, 40), dense(40, 40))),
    "pauli_decompose": ((dense(4, 4),), (dense(32, 32),)),
    "pauli_reconstruct": ((dense(16),), (dense(1024),)),
    "xy_hamiltonian_dense": ((np.ones((3, 3)), np.ones(3)), (np.ones((9, 9)), np.ones(9))),
    "pauli_expectations": ((dense(8),), (dense(1024),)),
    "dla_dimension": ((hermitian(3),), (hermitian(8),)),
}
EVERY = [(name, size) for name in CALLS for size in (0, 1)]
SOURCES = {"aer", "faraday", "doppler", "operators"}


def test_every_kernel_has_a_call() -> None:
    """What is tested here is tested for every kernel of the families."""
    assert set(CALLS) == {kernel.name for kernel in catalogue if kernel.family in SOURCES}


def put(monkeypatch: pytest.MonkeyPatch, worker: Worker) -> None:
    """Have every family use this worker."""
    for family in (kuramoto, aer, doppler, faraday, operators):
        monkeypatch.setattr(family, "worker", worker)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """Put a fresh worker of the tier's own executable in the place of the tier's worker."""
    fresh = Worker(kuramoto.executable, polytier_mojo.BUILD_DIGEST)
    put(monkeypatch, fresh)
    yield fresh
    fresh.stop()


@pytest.fixture
def dispatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have dispatch try the Mojo tier, measured or not, and no other."""
    monkeypatch.setenv("POLYTIER_TIERS", "mojo")
    monkeypatch.setenv("POLYTIER_UNMEASURED", "allow")
    polytier.refresh()
    yield
    monkeypatch.undo()
    polytier.refresh()


def agrees(name: str, found: Any, arguments: tuple[Any, ...]) -> bool:
    """Say whether an answer is the floor's, within the kernel's tolerance."""
    kernel = catalogue[name]
    return compare(found, kernel.floor(*arguments), kernel.tolerance, arguments) is None


@pytest.mark.parametrize(("name", "size"), EVERY)
def test_a_worker_killed_in_mid_call(
    name: str, size: int, worker: Worker, dispatch: None, caplog: pytest.LogCaptureFixture
) -> None:
    """The call whose worker is killed before it answers falls through with one warning; the next one is answered."""
    arguments = CALLS[name][size]
    worker.start()
    first = worker.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    killer = threading.Timer(0.1, os.kill, (first, signal.SIGKILL))
    killer.start()
    with caplog.at_level(logging.WARNING), polytier.trace() as calls:
        answer = getattr(polytier, name)(*arguments)
        killer.join()
        again = getattr(polytier, name)(*arguments)
    assert [call.tier for call in calls] == ["floor", "mojo"]
    assert [tier for tier, _ in calls[0].fell_through] == ["mojo"]
    (record,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert "killed by SIGKILL" in record.getMessage()
    assert agrees(name, answer, arguments)
    assert agrees(name, again, arguments)
    assert worker.pid not in {None, first}


def test_a_worker_killed_while_it_computes(worker: Worker) -> None:
    """A search that would take long ends with its worker, in the midst of its work."""
    worker.start()
    killer = threading.Timer(0.3, os.kill, (worker.pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(RuntimeError, match="it was killed by SIGKILL"):
        polytier_mojo.dla_dimension(hermitian(64))
    killer.join()


def test_a_search_that_takes_too_long_times_out(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that takes longer than one exchange may is ended, with the variable to raise."""
    monkeypatch.setenv("POLYTIER_MOJO_TIMEOUT", "0.3")
    worker.start()
    with pytest.raises(RuntimeError, match=r"no answer within 0\.3 s\nhint: raise POLYTIER_MOJO_TIMEOUT"):
        polytier_mojo.dla_dimension(hermitian(64))
    assert worker.pid is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("os.write(1, reply(bytes(16)))", "a frame of 56 bytes"),
        ("os.write(1, reply(bytes(32)))", "a frame of 65 bytes"),
        ("os.write(1, reply(bytes(4000)))", "a frame of 65 bytes"),
        ("os.write(1, reply(b'', status=3))", "status 3"),
        ("os.write(1, reply(bytes(24), status=1))", "a frame of 64 bytes"),
    ],
)
def test_an_answer_of_another_size(body: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an answer that is shorter or longer than its arrays no byte beyond the first excess one is read."""
    script = tmp_path / "worker"
    script.write_text(f"{PRELUDE}{body}\ntime.sleep(60)\n", encoding="utf-8")
    script.chmod(0o700)
    worker = Worker(lambda: script, polytier_mojo.BUILD_DIGEST)
    put(monkeypatch, worker)
    with pytest.raises(RuntimeError, match=said):
        polytier_mojo.aer_decode_rate(*CALLS["aer_decode_rate"][0])
    worker.stop(grace=0)


def test_an_answer_where_none_is_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values behind the reply to a kernel that answers two numbers alone are refused."""
    script = tmp_path / "worker"
    script.write_text(f"{PRELUDE}os.write(1, reply(bytes(8)))\ntime.sleep(60)\n", encoding="utf-8")
    script.chmod(0o700)
    put(monkeypatch, Worker(lambda: script, polytier_mojo.BUILD_DIGEST))
    with pytest.raises(RuntimeError, match="a frame of 41 bytes"):
        polytier_mojo.faraday_back_emf(*CALLS["faraday_back_emf"][0])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("doppler_kuramoto_trace", (*beams(1200), 1e-3, 1)),
        ("commutator_dense", (dense(700, 700), dense(700, 700))),
        ("pauli_decompose", (dense(1024, 1024),)),
        ("pauli_reconstruct", (dense(1 << 20),)),
        ("dla_dimension", (np.full((4, 200, 200), np.eye(200, dtype=complex)),)),
    ],
)
def test_memory_that_the_worker_cannot_have(name: str, arguments: tuple[Any, ...], worker: Worker) -> None:
    """A kernel whose working memory is refused raises MemoryError, and the worker goes on and has lost none."""
    function, small = getattr(polytier_mojo, name), CALLS[name][0]
    function(*arguments)  # maps the shared memory, which counts too
    first = worker.pid
    assert first is not None
    pages = int(Path(f"/proc/{first}/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + (1 << 20)
    resource.prlimit(first, resource.RLIMIT_AS, (most, most))
    for _ in range(3):
        with pytest.raises(MemoryError, match="it cannot have the memory for this call\nhint: "):
            function(*arguments)
        assert agrees(name, function(*small), small)
    assert worker.pid == first


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("xy_hamiltonian_dense", (np.zeros((24, 24)), np.zeros(24))),
        ("doppler_kuramoto_trace", (*beams(5), 1e-3, 1 << 40)),
        ("aer_decode_rate", (*events(3)[:3], 1 << 45, 9)),
    ],
)
def test_answers_beyond_any_memory(name: str, arguments: tuple[Any, ...], worker: Worker) -> None:
    """An answer that cannot fit is a MemoryError before the worker is asked."""
    with pytest.raises(MemoryError, match="hint: "):
        getattr(polytier_mojo, name)(*arguments)
    assert worker.pid is None
