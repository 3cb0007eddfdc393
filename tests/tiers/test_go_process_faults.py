"""Forks and signals around the Go tier: children that fall through, handlers that stay, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

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
