"""What can go wrong between the Go tier and its sidecar: each fault is an error with a hint, and the next link runs."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pytest

import polytier_go
from polytier_go.sidecar import Sidecar
from polytier_go.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TIMEOUT = 60.0
HEALTH = json.dumps({"status": "ok", "protocol": 1, "digest": polytier_go.BUILD_DIGEST}).encode()
ONE = Task("order_parameter", {"theta": np.zeros(3)})


def answer(body: bytes, *, status: str = "200 OK", kind: str = "application/json", length: int | None = None) -> bytes:
    """Return an HTTP answer."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n"
    return head.encode() + body


def packed(
    values: bytes, *, digest: str = polytier_go.BUILD_DIGEST, length: int | None = None, **more: object
) -> bytes:
    """Return a binary answer that describes one number."""
    described = {"arrays": [{"name": "value", "shape": []}], "digest": digest} | more
    description = json.dumps(described).encode()
    body = struct.pack("<I", len(description)) + description + values
    return answer(body, kind="application/vnd.polytier.arrays")


@contextlib.contextmanager
def impostor(*answers: bytes | None) -> Iterator[str]:
    """Listen as a sidecar does, and give one answer to each request; None stays silent until the caller hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_pose, args=(listener, list(answers)))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(TIMEOUT)


def _pose(listener: socket.socket, answers: list[bytes | None]) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as requests, contextlib.suppress(OSError):
                while _request(requests):
                    given = answers.pop(0) if answers else b""
                    if given is None:
                        requests.read(1)
                    if not given:
                        break
                    connection.sendall(given)
                    if not given.startswith(b"HTTP") or b"hangs up" in given:
                        break


def _request(requests: BinaryIO) -> bytes:
    """Read one whole request; nothing where the caller has hung up."""
    head, length = b"", 0
    while (line := requests.readline()).strip():
        head += line
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return head + requests.read(length)


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


WRONG = {
    "garbage": (b"\x00\xff garbage\r\n\r\n", "BadStatusLine"),
    "hangs up": (b"", "hung up"),
    "half an answer": (
        answer(b"\x50\0\0\0half", status="200 hangs up", kind="application/vnd.polytier.arrays", length=92),
        "ends after 4 of 80 bytes",
    ),
    "half of the values": (packed(bytes(8), note="hangs up")[:-5], "ends after 3 of 8 bytes"),
    "too long": (packed(bytes(16)), "8 bytes of values were due"),
    "no length": (answer(b"").replace(b"Content-Length: 0\r\n", b""), "unknown length"),
    "endless words": (answer(b"x", status="500 No", length=1 << 40), "too long for words"),
    "another answer": (packed(bytes(8), arrays=[{"name": "value", "shape": [1]}]), "answers with arrays"),
    "another digest": (packed(bytes(8), digest="feed"), "digest feed"),
    "another type": (answer(b"{}"), "content type 'application/json'"),
    "a redirection": (answer(b"", status="302 Found"), "status 302"),
    "a defect": (answer(b'{"error": "a defect", "hint": "report it"}', status="500 No"), "a defect\nhint: report it"),
    "no JSON": (answer(b"<html>", status="502 No"), "status 502: no reason given"),
    "no JSON object": (answer(b"[1]", status="502 No"), "status 502: no reason given"),
    "a giant description": (
        answer(b"\xff\xff\xff\xff", kind="application/vnd.polytier.arrays"),
        "with 4294967295 of description",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_a_runtime_error(connect: Callable[[str], Sidecar], name: str) -> None:
    """Whatever else comes back instead of the answer is a RuntimeError that names the sidecar, with a hint."""
    given, wanted = WRONG[name]
    # A used connection is tried a second time, so the answer is given twice.
    with impostor(answer(HEALTH), given, given) as address:
        connected = connect(address)
        with pytest.raises(RuntimeError) as caught:
            connected.solve(ONE)
        connected.close()
    assert wanted in str(caught.value)
    assert address in str(caught.value)
    assert "hint: " in str(caught.value)


def test_a_sidecar_without_memory_is_a_memory_error(connect: Callable[[str], Sidecar]) -> None:
    """Memory that the sidecar cannot have is a MemoryError, as in this process."""
    with impostor(answer(HEALTH), answer(b"{}", status="507 No")) as address:
        connected = connect(address)
        with pytest.raises(MemoryError):
            connected.solve(ONE)
        connected.close()


@pytest.mark.parametrize(
    ("greeting", "wanted"),
    [
        (answer(HEALTH.replace(b'"protocol": 1', b'"protocol": 2')), "not as a sidecar of protocol 1"),
        (answer(HEALTH.replace(polytier_go.BUILD_DIGEST.encode(), b"feed")), "digest feed"),
        (answer(b"hello"), "not as a sidecar"),
        (answer(b"{}", status="404 No"), "it answers 404"),
    ],
)
def test_what_is_no_sidecar_of_this_build_is_refused(
    connect: Callable[[str], Sidecar], greeting: bytes, wanted: str
) -> None:
    """Another service, protocol or build at the address is a RuntimeError."""
    with impostor(greeting) as address, pytest.raises(RuntimeError, match=f"{wanted}(.|\n)*hint: "):
        connect(address)


def test_nobody_there_is_a_runtime_error(connect: Callable[[str], Sidecar]) -> None:
    """An address at which nothing listens is a RuntimeError that says how to start a sidecar."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(RuntimeError, match=r"refused(.|\n)*hint: start one with `polytier-go-sidecar`"):
        connect(f"http://127.0.0.1:{port}")


def test_silence_is_a_runtime_error(connect: Callable[[str], Sidecar], monkeypatch: pytest.MonkeyPatch) -> None:
    """A sidecar that stays silent longer than POLYTIER_GO_TIMEOUT is a RuntimeError."""
    with impostor(answer(HEALTH), None) as address:
        connected = connect(address)
        connected.close()
        monkeypatch.setattr(connected, "_seconds", 0.3)
        begun = time.monotonic()
        with pytest.raises(RuntimeError, match=r"timed out(.|\n)*hint: "):
            connected.solve(ONE)
        assert time.monotonic() - begun < TIMEOUT / 2


@pytest.mark.parametrize(
    ("variable", "value", "wanted"),
    [
        ("POLYTIER_GO_SIDECAR", "", "no address of the form"),
        ("POLYTIER_GO_SIDECAR", "127.0.0.1:8765", "no address of the form"),
        ("POLYTIER_GO_SIDECAR", "https://127.0.0.1:8765", "no address of the form"),
        ("POLYTIER_GO_SIDECAR", "http://127.0.0.1", "no address of the form"),
        ("POLYTIER_GO_SIDECAR", "http://127.0.0.1:99999", "out of range"),
        ("POLYTIER_GO_SIDECAR", "http://127.0.0.1:1/path", "no address of the form"),
        ("POLYTIER_GO_SIDECAR", "http://someone@127.0.0.1:1", "no address of the form"),
        ("POLYTIER_GO_SIDECAR", "http://192.0.2.1:8765", "POLYTIER_GO_REMOTE=1"),
        ("POLYTIER_GO_SIDECAR", "http://example.org:8765", "not on this machine's loopback"),
        ("POLYTIER_GO_TIMEOUT", "soon", "no such number"),
        ("POLYTIER_GO_TIMEOUT", "0", "no such number"),
        ("POLYTIER_GO_TIMEOUT", "nan", "no such number"),
    ],
)
def test_a_wrong_setting_is_an_import_error(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, wanted: str
) -> None:
    """An address or a time that cannot be is an ImportError that names the variable, with a hint."""
    monkeypatch.setenv("POLYTIER_GO_SIDECAR", "http://127.0.0.1:1")
    monkeypatch.setenv(variable, value)
    with pytest.raises(ImportError, match=f"{variable}=(.|\n)*{wanted}"):
        Sidecar()


def test_a_remote_sidecar_can_be_permitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With POLYTIER_GO_REMOTE=1 an address beyond the loopback is tried."""
    monkeypatch.setenv("POLYTIER_GO_SIDECAR", "http://192.0.2.1:8765")
    monkeypatch.setenv("POLYTIER_GO_REMOTE", "1")
    monkeypatch.setenv("POLYTIER_GO_TIMEOUT", "0.2")
    with pytest.raises(RuntimeError, match=r"on the go tier's sidecar http://192\.0\.2\.1:8765"):
        Sidecar()
