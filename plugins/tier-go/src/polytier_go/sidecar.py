"""The sidecar beside this process, spoken to over HTTP; see PROTOCOL.md."""

# Language policy: exempt, it sends the bytes of arrays and receives those of answers.

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import struct
import threading
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import urlsplit

import numpy as np

from polytier.errors import told
from polytier_go._build import BUILD_DIGEST
from polytier_go.runtime import out_of_memory
from polytier_go.tasks import fresh

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytier_go.tasks import Array, Task

ADDRESS: Final = "POLYTIER_GO_SIDECAR"
REMOTE: Final = "POLYTIER_GO_REMOTE"
SECONDS: Final = "POLYTIER_GO_TIMEOUT"
PROTOCOL: Final = 1
BINARY: Final = "application/vnd.polytier.arrays"
START: Final = "start one with `polytier-go-sidecar`, and say where it listens in " + ADDRESS

_MOST_WORDS = 1 << 16
_SENT = {"f": "<f8", "c": "<c16", "i": "<i8", "u": "<u8"}
_STALE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


class Sidecar:
    """A sidecar that was found well, and of this package's build; each thread keeps a connection of its own."""

    def __init__(self) -> None:
        self._host, self._port = address(os.environ.get(ADDRESS, ""))
        self._seconds = patience(os.environ.get(SECONDS, ""))
        self._own = threading.local()
        try:
            self.health()
        except BaseException:
            self.close()
            raise

    @property
    def where(self) -> str:
        """The sidecar's address, for people."""
        return f"http://{self._host}:{self._port}"

    def health(self) -> dict[str, Any]:
        """Return what the sidecar says of itself, if it is of this build."""
        status, _, body = self._exchange("GET", "/health", b"", "greet")
        found = _members(body) if status == http.client.OK else {}
        if found.get("protocol") != PROTOCOL:
            self._fail("greet", f"it answers {status} and not as a sidecar of protocol {PROTOCOL}", START)
        self._same_build(found.get("digest"))
        return found

    def level(self) -> str:
        """Return the name of the vector instructions in use."""
        return str(self.health().get("level"))

    def shortcuts(self) -> dict[str, Callable[..., Any]]:
        """Return none: what is sent is checked first."""
        return {}

    def solve(self, task: Task) -> Any:
        """Send a task, and return the answer."""
        wanted = task.shapes() or {"value": ()}
        answers = dict(task.answers) or {name: fresh(shape) for name, shape in wanted.items()}
        status, kind, body = self._exchange("POST", f"/v1/kernels/{task.kernel}", request(task), task.kernel, answers)
        if status != http.client.OK:
            self._refused(task.kernel, status, body)
        if kind != BINARY:
            self._fail(task.kernel, f"it answers with content type {kind!r}", START)
        self._described(task.kernel, body, wanted)
        found = tuple(answers.values())
        return float(found[0]) if "value" in answers else found if len(found) > 1 else found[0]

    def _exchange(
        self, verb: str, path: str, body: bytes, kernel: str, answers: dict[str, Array] | None = None
    ) -> tuple[int, str, bytes]:
        """Send one request and read its answer: status, content type, and the text before the arrays."""
        while True:
            connection, used = self._connection()
            try:
                connection.request(verb, path, body or None, {"Content-Type": BINARY} if body else {})
                with connection.getresponse() as response:
                    return _read(response, answers or {})
            except _STALE as failure:
                self.close()
                if not used:
                    self._fail(kernel, f"it hung up: {failure!r}", START, failure)
                # The sidecar may have closed a connection that was idle; kernels may be asked twice.
            except (OSError, http.client.HTTPException, ValueError) as failure:
                self.close()
                self._fail(kernel, f"{type(failure).__name__}: {failure}", START, failure)
            except BaseException:  # Ctrl-C leaves half an answer on the way
                self.close()
                raise

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        """Return this thread's connection, and whether it has been used; a fork begins with a new one."""
        held: tuple[int, http.client.HTTPConnection] | None = getattr(self._own, "held", None)
        if held is not None and held[0] == os.getpid():
            return held[1], held[1].sock is not None
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._seconds)
        self._own.held = os.getpid(), connection
        return connection, False

    def close(self) -> None:
        """Close this thread's connection; the next call makes another."""
        held: tuple[int, http.client.HTTPConnection] | None = getattr(self._own, "held", None)
        if held is not None:
            held[1].close()
            self._own.held = None

    def _described(self, kernel: str, body: bytes, wanted: dict[str, tuple[int, ...]]) -> None:
        told_of = _members(body)
        found = told_of.get("arrays")
        if found != [{"name": name, "shape": list(shape)} for name, shape in wanted.items()]:
            self.close()
            self._fail(kernel, f"it answers with arrays {found!r}, wanted are {wanted!r}", START)
        self._same_build(told_of.get("digest"))

    def _same_build(self, digest: object) -> None:
        if digest != BUILD_DIGEST:
            found = f"it was built from sources with digest {digest}, this package from {BUILD_DIGEST}"
            self._fail("greet", found, "start the sidecar of this package: polytier-go-sidecar")

    def _refused(self, kernel: str, status: int, body: bytes) -> NoReturn:
        if status == http.client.INSUFFICIENT_STORAGE:
            out_of_memory()
        said = _members(body)
        if said.get("kind") == "value":
            raise ValueError(f"{said.get('error')}\nhint: {said.get('hint')}")
        found = f"it refuses with status {status}: {said.get('error', 'no reason given')}"
        self._fail(kernel, found, str(said.get("hint", START)))

    def _fail(self, kernel: str, found: str, hint: str, cause: BaseException | None = None) -> NoReturn:
        asked = f"run {kernel!r} on the go tier's sidecar {self.where}"
        raise RuntimeError(told(asked, found, hint)) from cause


def address(text: str) -> tuple[str, int]:
    """Return host and port of an address; raise ImportError for one that is none, or that is not of this machine."""
    asked = f"load the go tier with {ADDRESS}={text!r}"
    form = "set it to an address such as http://127.0.0.1:8765"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as failure:
        raise ImportError(told(asked, str(failure), form)) from failure
    if parts.scheme != "http" or not host or not port or parts.path not in {"", "/"} or parts.query or parts.username:
        raise ImportError(told(asked, "it is no address of the form http://HOST:PORT", form))
    if not _loopback(host) and os.environ.get(REMOTE) != "1":
        hint = f"the protocol has no encryption and no authentication; {REMOTE}=1 permits it all the same"
        raise ImportError(told(asked, "the sidecar is not on this machine's loopback", hint))
    return host, port


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def patience(text: str) -> float:
    """Return the seconds that the sidecar may be silent."""
    try:
        seconds = float(text or "60")
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 86400:  # noqa: PLR2004 - a day
        hint = f"unset {SECONDS}, or set it to seconds between 0 and 86400"
        raise ImportError(told(f"load the go tier with {SECONDS}={text!r}", "it is no such number", hint))
    return seconds


def request(task: Task) -> bytes:
    """Return the body of a request: length of the description, description, values."""
    arrays = [{"name": name, "shape": list(array.shape)} for name, array in task.arrays.items()]
    description = json.dumps({"arrays": arrays, "numbers": dict(task.numbers)}).encode()
    values = [array.astype(_SENT[array.dtype.kind], copy=False).tobytes() for array in task.arrays.values()]
    return b"".join([struct.pack("<I", len(description)), description, *values])


def _read(response: http.client.HTTPResponse, answers: dict[str, Array]) -> tuple[int, str, bytes]:
    """Read an answer whose length is known beforehand; anything else is a ValueError."""
    kind = response.headers.get_content_type()
    length = int(response.headers.get("Content-Length", "-1"))
    if response.status != http.client.OK or kind != BINARY or not answers:
        if not 0 <= length <= _MOST_WORDS:
            raise ValueError(f"an answer of {length} bytes is too long for words, or of unknown length")
        return response.status, kind, _exactly(response, length)
    (size,) = struct.unpack("<I", _exactly(response, 4))
    wanted = sum(array.nbytes for array in answers.values())
    if size > _MOST_WORDS or length != 4 + size + wanted:
        raise ValueError(f"an answer of {length} bytes with {size} of description, {wanted} bytes of values were due")
    description = _exactly(response, size)
    for array in answers.values():
        _fill(response, array)
    response.read()  # nothing is left: the connection may serve the next call
    return response.status, kind, description


def _exactly(response: http.client.HTTPResponse, size: int) -> bytes:
    found = response.read(size)
    if len(found) != size:
        raise ValueError(f"the answer ends after {len(found)} of {size} bytes")
    return found


def _fill(response: http.client.HTTPResponse, array: Array) -> None:
    view, filled = array.reshape(-1).view(np.uint8).data, 0
    while filled < len(view):
        count = response.readinto(view[filled:])
        if not count:
            raise ValueError(f"the answer ends after {filled} of {len(view)} bytes")
        filled += count


def _members(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
