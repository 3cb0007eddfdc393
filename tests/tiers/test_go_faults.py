"""What can go wrong around the Go tier's library: each fault is an error with a hint, and the next link runs."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import polytier_go
from polytier_go import library, runtime

TIMEOUT = 60.0

DISPATCHED = """
import logging, sys
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
import polytier
print(polytier.order_parameter([0.0, 0.0]))
with polytier.trace() as calls:
    print(polytier.order_parameter([0.0, 0.0]))
print("ran on", calls[0].tier)
"""


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process whose chain is the Go tier, then the floor."""
    return os.environ | {"POLYTIER_TIERS": "go", "POLYTIER_UNMEASURED": "allow"} | more


def python(code: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(
        command, env=environment(**more), capture_output=True, text=True, check=False, timeout=TIMEOUT
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Copy the installed package, to be damaged; processes that have its folder on their path import it."""
    package = tmp_path / "polytier_go"
    shutil.copytree(Path(polytier_go.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    return package


def direct(copied: Path) -> str:
    """Return what a direct call of the damaged package raises."""
    code = """
        import polytier_go
        try:
            polytier_go.order_parameter([0.0])
        except Exception as failure:
            print(type(failure).__name__, failure)
    """
    done = python(code, PYTHONPATH=str(copied.parent))
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_falls_through(copied: Path) -> None:
    """Check that dispatch answers from the floor, with one WARNING."""
    done = python(DISPATCHED, PYTHONPATH=str(copied.parent))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("WARNING") == 1
    assert done.stdout.count("1.0\n") == 2
    assert "ran on floor" in done.stdout


def damage(copied: Path, change: object) -> None:
    """Write a changed library."""
    path = copied / library.path().name
    content = bytearray(path.read_bytes())
    path.write_bytes(change(content))  # type: ignore[operator]


def machine(number: int) -> object:
    """Return the change that makes an ELF file one for another machine."""

    def change(content: bytearray) -> bytearray:
        struct.pack_into("<H", content, 18, number)
        return content

    return change


DAMAGES = {
    "another architecture": (machine(183), "it is for ELF machine 183, this one is 62"),
    "32 bits": (lambda content: content[:4] + b"\1" + content[5:], "no 64-bit little-endian ELF file"),
    "no library": (lambda _: b"#!/bin/sh\n" + bytes(100), "no 64-bit little-endian ELF file"),
    "empty": (lambda _: b"", "it has 0 bytes"),
    "cut in its header": (lambda content: content[:40], "it has 40 bytes"),
    "cut in the middle": (lambda content: content[: len(content) // 2], "it is cut off"),
    "cut at its end": (lambda content: content[:-1], "it is cut off"),
    "another digest": (
        lambda content: content.replace(polytier_go.BUILD_DIGEST.encode(), b"0" * 64),
        f"digest {'0' * 64}, the package from {polytier_go.BUILD_DIGEST}",
    ),
    "another library": (
        lambda content: content.replace(b"polytier_go_integrate", b"polytier_go_integrety"),
        "it cannot be loaded: ",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_library_is_an_import_error(copied: Path, name: str) -> None:
    """A library that is not the whole one of this package is an ImportError that says what was found."""
    change, wanted = DAMAGES[name]
    damage(copied, change)
    found = direct(copied)
    assert found.startswith("ImportError")
    assert wanted in found
    assert "hint: reinstall it" in found
    assert str(copied) in found


@pytest.mark.parametrize("name", ["another architecture", "cut in the middle", "another digest"])
def test_a_damaged_library_falls_through(copied: Path, name: str) -> None:
    """Dispatch warns once and answers from the next link."""
    damage(copied, DAMAGES[name][0])
    assert_falls_through(copied)


def test_a_missing_library_falls_through(copied: Path) -> None:
    """A wheel whose native part is missing is an ImportError with the path, and falls through."""
    (copied / library.path().name).unlink()
    assert "it cannot be read: " in direct(copied)
    assert_falls_through(copied)


@pytest.mark.parametrize(
    ("variable", "value", "wanted"),
    [
        ("POLYTIER_GO", "sidekick", "'library' or 'sidecar'"),
        ("POLYTIER_GO_SIMD", "sse9", "'avx2' or 'baseline'"),
        ("POLYTIER_GO_THREADS", "many", "an integer from 1 to 1024"),
        ("POLYTIER_GO_THREADS", "0", "an integer from 1 to 1024"),
        ("POLYTIER_GO_THREADS", "1025", "an integer from 1 to 1024"),
    ],
)
def test_a_wrong_setting_is_an_import_error(variable: str, value: str, wanted: str) -> None:
    """A value that a variable cannot have is an ImportError that names the variable and lists what it can have."""
    done = python("import polytier_go; polytier_go.order_parameter([0.0])", **{variable: value})
    assert done.returncode == 1
    assert "ImportError" in done.stderr
    assert f"{variable}" in done.stderr
    assert repr(value) in done.stderr
    assert wanted in done.stderr


def test_a_child_forked_after_a_call_gets_a_runtime_error() -> None:
    """Go's runtime does not survive a fork: every kernel of the child is a RuntimeError at once, and no call hangs."""
    code = """
        import os, numpy as np, polytier_go
        theta, K = np.ones(3), np.ones((3, 3))
        calls = [
            lambda: polytier_go.order_parameter(theta), lambda: polytier_go.mean_phase([0.0]),
            lambda: polytier_go.build_knm(3), lambda: polytier_go.networked_force(theta, K),
            *(lambda f=getattr(polytier_go, name): f(theta, theta, K, 0.1, 5)
              for name in ("kuramoto_euler", "kuramoto_rk4", "kuramoto_phases", "kuramoto_trajectory")),
            polytier_go.warm,
        ]
        calls[0]()
        child = os.fork()
        if child == 0:
            for call in calls:
                try:
                    call()
                except RuntimeError as failure:
                    assert "forked after" in str(failure) and "hint: " in str(failure)
                else:
                    os._exit(1)
            os._exit(0)
        print(os.waitpid(child, 0)[1], polytier_go.order_parameter([0.0]))
    """
    done = python(code)
    assert (done.stdout, done.stderr) == ("0 1.0\n", "")


def test_a_child_forked_after_a_call_falls_through() -> None:
    """Dispatch in such a child answers from the floor with one WARNING, and the parent goes on with the tier."""
    code = f"""
        import os, sys
        import polytier
        print(polytier.order_parameter([0.0]), flush=True)
        child = os.fork()
        if child == 0:
            exec({DISPATCHED!r})
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(child, 0)
        with polytier.trace() as calls:
            polytier.order_parameter([0.0])
        print("parent ran on", calls[0].tier)
    """
    done = python(code)
    assert done.stdout.count("WARNING") == 1
    assert done.stdout.count("1.0\n") == 3
    assert "ran on floor" in done.stdout
    assert "parent ran on go" in done.stdout


def test_a_child_forked_before_the_first_call_works() -> None:
    """A child forked from a process that has imported the tier and not called it loads the library itself."""
    code = """
        import os, numpy as np, polytier_go
        child = os.fork()
        found = polytier_go.kuramoto_euler(np.ones(300), np.ones(300), np.ones((300, 300)), 0.01, 10)
        if child == 0:
            os._exit(found.shape != (300,))
        print(os.waitpid(child, 0)[1])
    """
    assert python(code).stdout == "0\n"


def test_ctrl_c_ends_a_long_run() -> None:
    """SIGINT during a run that would take hours is a KeyboardInterrupt within seconds, and the next call answers."""
    code = """
        import numpy as np, polytier_go
        polytier_go.warm()
        print("ready", flush=True)
        try:
            polytier_go.kuramoto_euler(np.ones(64), np.ones(64), np.ones((64, 64)), 0.01, 10**10)
        except KeyboardInterrupt:
            print("interrupted", polytier_go.order_parameter([0.0]))
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        found, _ = process.communicate(timeout=TIMEOUT)
    assert found == "interrupted 1.0\n"


def test_python_keeps_its_signal_handlers() -> None:
    """After the library is loaded, each signal that Python handles still reaches Python's handler."""
    code = """
        import os, signal, time, polytier_go
        seen = []
        signals = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD,
                   signal.SIGALRM, signal.SIGQUIT, signal.SIGPIPE, signal.SIGWINCH]
        for one in signals:
            signal.signal(one, lambda number, _: seen.append(number))
        before = [signal.getsignal(one) for one in signals]
        polytier_go.order_parameter([0.0] * 100_000)
        for one in signals:
            os.kill(os.getpid(), one)
            time.sleep(0.01)
        print(seen == signals, before == [signal.getsignal(one) for one in signals])
    """
    done = python(code)
    assert (done.stdout, done.stderr) == ("True True\n", "")


def test_a_broken_pipe_stays_an_exception() -> None:
    """Python ignores SIGPIPE, and goes on doing so: writing into a closed pipe is a BrokenPipeError."""
    code = """
        import os, polytier_go
        polytier_go.warm()
        reads, writes = os.pipe()
        os.close(reads)
        try:
            os.write(writes, b"x")
        except BrokenPipeError:
            print("broken")
    """
    done = python(code)
    assert (done.stdout, done.returncode) == ("broken\n", 0)


def test_faulthandler_still_tells_of_a_crash() -> None:
    """A crash of other code is reported by faulthandler and ends the process, with the library loaded."""
    code = """
        import faulthandler, ctypes
        faulthandler.enable()
        import polytier_go
        polytier_go.warm()
        ctypes.string_at(0)
    """
    done = python(code)
    assert done.returncode == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in done.stderr


@pytest.mark.parametrize("helper", [False, True])
def test_a_panic_is_a_runtime_error(*, helper: bool) -> None:
    """A panic in Go, in the calling thread or in a helper, is a RuntimeError; the process goes on."""
    server = runtime.link.made()
    assert isinstance(server, library.Library)
    with pytest.raises(RuntimeError, match=r"a defect of its own: .*provoked(.|\n)*hint: report it"):
        server.panic(helper=helper)
    assert polytier_go.order_parameter([0.0]) == 1.0


def test_another_interpreter_is_an_import_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library reads CPython's objects, and is refused elsewhere."""
    monkeypatch.setattr("polytier_go.library._implementation", lambda: "pypy")
    with pytest.raises(ImportError, match=r"this is pypy(.|\n)*hint: use CPython"):
        library.Library()


def test_too_little_address_space_is_an_import_error() -> None:
    """Under a limit that Go's runtime cannot live with the call is an ImportError, where Go would end the process."""
    code = """
        import resource, polytier_go
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        try:
            polytier_go.order_parameter([0.0])
        except ImportError as failure:
            print(failure)
    """
    done = python(code, OPENBLAS_NUM_THREADS="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Go reserves 2048 MiB of address space" in done.stdout
    assert "hint: raise `ulimit -v`, or set POLYTIER_GO=sidecar" in done.stdout


def test_enough_address_space_is_enough() -> None:
    """Under a limit that leaves what is asked for, the library starts and computes with threads."""
    code = """
        import resource, numpy as np, polytier_go
        resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
        print(polytier_go.order_parameter(np.zeros(1_000_000)))
    """
    done = python(code, OPENBLAS_NUM_THREADS="1", POLYTIER_GO_THREADS="8")
    assert (done.stdout, done.stderr) == ("1.0\n", "")
