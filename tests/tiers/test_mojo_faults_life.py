"""The Mojo tier and forks, threads, the end of the interpreter, and what is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polytier
import polytier_mojo

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytier_mojo.runtime import Worker

LARGE = np.linspace(-2.0, 2.0, 100_000)


def in_process(code: str, **settings: Any) -> str:
    """Run Python code in a process of its own and return what it prints; warnings are errors there too."""
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


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


def test_a_dead_worker_sends_no_sigpipe() -> None:
    """A program that has given SIGPIPE its default action back survives the death of its worker."""
    code = """
        import os, signal, time, polytier_mojo
        from polytier_mojo.kuramoto import worker
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        polytier_mojo.warm()
        os.kill(worker.pid, signal.SIGKILL)
        time.sleep(0.2)
        try:
            polytier_mojo.order_parameter([0.0])
        except RuntimeError as failure:
            print(failure)
    """
    assert "it was killed by SIGKILL" in in_process(code)


def test_a_fork_has_a_worker_of_its_own() -> None:
    """A forked child starts its own worker, and the parent's goes on undisturbed."""
    code = """
        import os, polytier_mojo
        from polytier_mojo.kuramoto import worker
        import numpy as np
        theta, lasting = np.linspace(0, 1, 10_000), polytier_mojo.empty(10_000)
        lasting[:] = theta
        here, first = polytier_mojo.order_parameter(theta), worker.pid
        child = os.fork()
        if child == 0:
            same = polytier_mojo.order_parameter(theta) == polytier_mojo.order_parameter(lasting) == here
            worker_differs = worker.pid not in (None, first)
            worker.stop()
            os._exit(0 if same and worker_differs else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        print(polytier_mojo.order_parameter(lasting) == here, worker.pid == first)
    """
    assert in_process(code) == "0\nTrue True\n"


def test_a_fork_in_mid_call_is_free_of_the_lock() -> None:
    """A child forked while another thread waits for its answer can call at once."""
    code = """
        import os, signal, threading, time, warnings, polytier_mojo
        from polytier_mojo.kuramoto import worker
        polytier_mojo.warm()
        os.kill(worker.pid, signal.SIGSTOP)
        thread = threading.Thread(target=polytier_mojo.order_parameter, args=([0.0],))
        thread.start()
        time.sleep(0.1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            right = polytier_mojo.order_parameter([0.0]) == 1.0
            worker.stop()
            os._exit(0 if right else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        os.kill(worker.pid, signal.SIGCONT)
        thread.join()
    """
    assert in_process(code) == "0\n"


def test_an_exec_inherits_nothing() -> None:
    """A program that replaces this one finds no descriptor of the tier, and its worker is gone."""
    code = """
        import os, sys, numpy, polytier_mojo
        from polytier_mojo.kuramoto import worker
        polytier_mojo.order_parameter(numpy.zeros(10_000))
        after = "import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:-1])"
        print(worker.pid, flush=True)
        os.execv(sys.executable, [sys.executable, "-c", after])
    """
    pid, fds = in_process(code).splitlines()
    assert fds == "[0, 1, 2]"
    assert until(lambda: not is_running(int(pid)))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_worker_ends_with_a_killed_interpreter(number: int) -> None:
    """A worker whose interpreter is killed sees the end of its input and ends."""
    code = "import polytier_mojo as m, time; m.warm(); print(m.kuramoto.worker.pid, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert is_running(pid)
        process.send_signal(number)
    assert until(lambda: not is_running(pid))


def test_many_interpreters_end_cleanly() -> None:
    """Eight interpreters that end at once leave no worker, one of them with a thread in mid-call."""
    code = """
        import os, signal, sys, threading, time, polytier_mojo
        from polytier_mojo.kuramoto import worker
        polytier_mojo.warm()
        print(worker.pid, flush=True)
        if sys.argv[1] == "0":
            os.kill(worker.pid, signal.SIGSTOP)
            threading.Thread(target=polytier_mojo.order_parameter, args=([0.0],), daemon=True).start()
            time.sleep(0.2)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    processes = [subprocess.Popen([*command, str(i)], stdout=subprocess.PIPE, text=True) for i in range(8)]
    pids = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0] * 8
    assert all(until(lambda pid=pid: not is_running(pid)) for pid in pids)  # type: ignore[misc]


def test_threads_share_one_worker(worker: Worker) -> None:
    """Calls from eight threads at once are all answered, by one worker."""
    wrong: list[object] = []

    def work(seed: int) -> None:
        theta = np.random.default_rng(seed).uniform(-3.0, 3.0, 10 ** (1 + seed % 5))
        wanted = polytier.order_parameter.dispatch.floor(theta)
        wrong.extend(None for _ in range(50) if abs(polytier_mojo.order_parameter(theta) - wanted) > 1e-12)

    worker.start()
    first = worker.pid
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert worker.pid == first


def left_behind() -> tuple[int, int, int]:
    """Return how many descriptors, children and files in /dev/shm there are."""
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text(encoding="ascii")
    return len(os.listdir("/proc/self/fd")), len(children.split()), len(os.listdir("/dev/shm"))  # noqa: PTH208, S108


def test_nothing_is_left_after_a_thousand_calls(worker: Worker) -> None:
    """A thousand calls of all sizes, and a dozen workers, leave no descriptor, process or shared memory."""
    before = left_behind()
    polytier_mojo.order_parameter(LARGE)
    with_worker = left_behind()
    for turn in range(1000):
        polytier_mojo.order_parameter(LARGE[: 1 + 97 * turn])
        if turn % 100 == 0:
            with pytest.raises(ValueError, match="finite"):
                polytier_mojo.order_parameter([np.nan])
            lasting = polytier_mojo.empty(turn + 1)
            lasting[:] = 0.0
            assert polytier_mojo.order_parameter(lasting) == 1.0
            del lasting
    assert left_behind() == with_worker
    for _ in range(10):
        worker.stop()
        worker.start()
    worker.stop()
    worker.arena.leave()
    assert left_behind() == before


def test_inputs_are_mapped_for_reading_only(worker: Worker) -> None:
    """The worker maps the memory of inputs without the right to write."""
    polytier_mojo.networked_force(LARGE[:100], np.ones((100, 100)))
    maps = Path(f"/proc/{worker.pid}/maps").read_text(encoding="ascii").splitlines()
    rights = {line.split("memfd:")[1].split()[0]: line.split()[1] for line in maps if "memfd:" in line}
    assert rights == {"polytier-mojo-inputs": "r--s"}
    polytier_mojo.build_knm(64)
    maps = Path(f"/proc/{worker.pid}/maps").read_text(encoding="ascii").splitlines()
    assert [line.split()[1] for line in maps if "polytier-mojo-answers" in line] == ["rw-s"]


def test_large_shared_memory_is_given_back(worker: Worker) -> None:
    """What a call larger than 64 MiB took is free again after it."""
    matrix = np.zeros((3000, 3000))
    assert polytier_mojo.networked_force(np.zeros(3000), matrix).sum() == 0.0
    assert worker.shared_bytes == 1 << 20
    assert polytier_mojo.order_parameter(LARGE) > 0
    assert worker.shared_bytes == 2 << 20
