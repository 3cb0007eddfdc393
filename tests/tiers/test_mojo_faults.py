"""The Mojo tier when something is wrong: real processes that die, hang or talk nonsense, and what is left behind."""

from __future__ import annotations

import logging
import os
import shutil
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
from polytier_mojo import kuramoto
from polytier_mojo.runtime import Worker, timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THETA = np.linspace(-2.0, 2.0, 9)
LARGE = np.linspace(-2.0, 2.0, 100_000)
ANSWER = polytier.order_parameter.dispatch.floor(THETA)
PACKAGE = Path(polytier_mojo.__file__).parent

PRELUDE = f"""\
#!{sys.executable} -IS
import os, signal, struct, sys, time
def greet(digest=b"{polytier_mojo.BUILD_DIGEST}"):
    os.write(1, struct.pack("<4sIQ64s", b"PTM1", 80, 4, digest))
def reply(status=0, number=None, size=40, magic=b"PTM1"):
    asked = struct.unpack_from("<Q", os.read(0, 4096), 8)[0]
    return struct.pack("<4sIQQdd", magic, size, asked if number is None else number, status, 9.0, 0.0)
"""
NONSENSE = {
    "garbage": ("greet(); reply(); os.write(1, b'\\xff' * 40); time.sleep(60)", "a reply of 40 bytes"),
    "half a frame": ("greet(); os.write(1, reply()[:17]); time.sleep(60)", "a reply of 17 bytes"),
    "too long a frame": ("greet(); os.write(1, reply() + bytes(4000)); time.sleep(60)", "a reply of 41 bytes"),
    "a frame that states another size": ("greet(); os.write(1, reply(size=48)); time.sleep(60)", "a reply of 40 bytes"),
    "the answer to another request": ("greet(); os.write(1, reply(number=7)); time.sleep(60)", "a reply of 40 bytes"),
    "another magic": ("greet(); os.write(1, reply(magic=b'ABCD')); time.sleep(60)", "b'ABCD"),
    "an unknown status": ("greet(); os.write(1, reply(status=3)); os.read(0, 1)", "status 3"),
    "nothing": ("greet(); time.sleep(60)", "no answer within 0.5 s"),
    "nothing at all": ("time.sleep(60)", "no answer within 0.5 s"),
    "an end": ("greet(); reply(); sys.exit(7)", "it ended with exit code 7"),
    "an end before the greeting": ("sys.exit(8)", "it ended with exit code 8"),
    "a signal": ("greet(); reply(); os.kill(os.getpid(), signal.SIGSEGV)", "it was killed by SIGSEGV"),
    "no greeting": ("os.write(1, b'Hello, world'); time.sleep(60)", "a greeting of 12 bytes"),
}
"""What a worker may write instead of an answer: the program that does it, and what the error says of it."""


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """Put a fresh worker of the tier's own executable in the place of the tier's worker."""
    with placed(monkeypatch, Worker(kuramoto.executable, polytier_mojo.BUILD_DIGEST)) as worker:
        yield worker


class placed:  # noqa: N801 - reads as a verb
    """Has the tier use this worker inside the block, and ends it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, worker: Worker) -> None:
        monkeypatch.setattr(kuramoto, "worker", worker)
        self._worker = worker

    def __enter__(self) -> Worker:
        return self._worker

    def __exit__(self, *_: object) -> None:
        self._worker.stop()


@pytest.fixture
def dispatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have dispatch try the Mojo tier, measured or not, and no other."""
    monkeypatch.setenv("POLYTIER_TIERS", "mojo")
    monkeypatch.setenv("POLYTIER_UNMEASURED", "allow")
    polytier.refresh()
    yield
    monkeypatch.undo()
    polytier.refresh()


def program(folder: Path, body: str) -> Path:
    """Return an executable Python script that begins with the helpers of a worker."""
    path = folder / "worker"
    path.write_text(f"{PRELUDE}{body}\n", encoding="utf-8")
    path.chmod(0o700)
    return path


def falls_through(caplog: pytest.LogCaptureFixture, theta: Any = THETA) -> str:
    """Call a kernel that the tier fails on; the floor must answer, and one warning must tell of it."""
    caplog.clear()
    with caplog.at_level(logging.WARNING), polytier.trace() as calls:
        answer = polytier.order_parameter(theta)
    assert answer == polytier.order_parameter.dispatch.floor(theta)
    assert calls[0].tier == "floor"
    assert [name for name, _ in calls[0].fell_through] == ["mojo"]
    (record,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert record.levelno == logging.WARNING
    return record.getMessage()


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


@pytest.mark.parametrize("fault", NONSENSE)
def test_nonsense_is_a_runtime_error(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dispatch: None, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker that does not answer as it must makes the call fall through, and does not live on."""
    body, found = NONSENSE[fault]
    monkeypatch.setenv("POLYTIER_MOJO_TIMEOUT", "0.5" if found.startswith("no answer") else "20")
    script = program(tmp_path, f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n{body}")
    with placed(monkeypatch, Worker(lambda: script, polytier_mojo.BUILD_DIGEST)) as worker:
        assert found in falls_through(caplog)
        assert worker.pid is None or fault == "an unknown status"
    started = tmp_path / "pid"
    # A loaded host may take longer than the time-out to start the script at all.
    assert not started.exists() or not started.read_text() or not is_running(int(started.read_text()))


def test_the_message_has_the_house_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what was asked, what was found, and what to do."""
    script = program(tmp_path, "greet(); reply(); sys.exit(7)")
    wanted = r"^ask the mojo worker: it ended with exit code 7\nhint: the next call has a fresh worker"
    with (
        placed(monkeypatch, Worker(lambda: script, polytier_mojo.BUILD_DIGEST)),
        pytest.raises(RuntimeError, match=wanted),
    ):
        polytier_mojo.order_parameter(THETA)


def test_a_worker_of_another_build_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that states another digest is an ImportError: files of two builds lie together."""
    script = program(tmp_path, "greet(b'0' * 64); time.sleep(60)")
    with (
        placed(monkeypatch, Worker(lambda: script, polytier_mojo.BUILD_DIGEST)),
        pytest.raises(ImportError, match="another build"),
    ):
        polytier_mojo.order_parameter(THETA)


def test_a_worker_killed_between_calls(worker: Worker, dispatch: None, caplog: pytest.LogCaptureFixture) -> None:
    """The call after kill -9 falls through, and the one after that has a fresh worker."""
    assert polytier_mojo.order_parameter(THETA) == pytest.approx(ANSWER, abs=1e-15)
    first = worker.pid
    os.kill(first, signal.SIGKILL)
    assert until(lambda: not is_running(first))
    assert "killed by SIGKILL" in falls_through(caplog)
    with polytier.trace() as calls:
        polytier.order_parameter(THETA)
    assert calls[0].tier == "mojo"
    assert worker.pid not in {None, first}


@pytest.mark.parametrize("theta", [THETA, LARGE], ids=["in the frame", "in shared memory"])
def test_a_worker_killed_in_mid_call(
    worker: Worker, dispatch: None, caplog: pytest.LogCaptureFixture, theta: Any
) -> None:
    """The call whose worker is killed before it answers falls through."""
    worker.start()
    first = worker.pid
    os.kill(first, signal.SIGSTOP)
    killer = threading.Timer(0.2, os.kill, (first, signal.SIGKILL))
    killer.start()
    assert "killed by SIGKILL" in falls_through(caplog, theta)
    killer.join()
    assert polytier_mojo.order_parameter(THETA) == pytest.approx(ANSWER, abs=1e-15)


def test_a_stopped_worker_times_out(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is stopped, not dead, is killed when the time is over."""
    monkeypatch.setenv("POLYTIER_MOJO_TIMEOUT", "0.2")
    worker.start()
    first = worker.pid
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(RuntimeError, match=r"no answer within 0\.2 s\nhint: raise POLYTIER_MOJO_TIMEOUT"):
        polytier_mojo.order_parameter(THETA)
    assert not is_running(first)
    assert polytier_mojo.order_parameter(THETA) == pytest.approx(ANSWER, abs=1e-15)


def test_ctrl_c_in_mid_call_leaves_nothing_half_read(worker: Worker) -> None:
    """KeyboardInterrupt ends the call and the worker; the next call is answered by another."""
    worker.start()
    first = worker.pid
    os.kill(first, signal.SIGSTOP)
    interrupter = threading.Timer(0.2, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
    interrupter.start()
    with pytest.raises(KeyboardInterrupt):
        polytier_mojo.order_parameter(THETA)
    interrupter.join()
    assert not is_running(first)
    assert polytier_mojo.order_parameter(THETA) == pytest.approx(ANSWER, abs=1e-15)


def test_ctrl_c_in_a_terminal_spares_the_idle_worker(worker: Worker) -> None:
    """An idle worker ignores the SIGINT that a terminal sends to every process."""
    worker.start()
    first = worker.pid
    os.kill(first, signal.SIGINT)
    assert polytier_mojo.order_parameter(THETA) == pytest.approx(ANSWER, abs=1e-15)
    assert worker.pid == first


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf", "1e9"])
def test_a_time_out_that_is_none(text: str, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A time-out that cannot be used is an error that names the variable, the value and the remedy."""
    monkeypatch.setenv("POLYTIER_MOJO_TIMEOUT", text)
    with pytest.raises(ImportError, match=rf"^read POLYTIER_MOJO_TIMEOUT: '{text}' is no such number\nhint: set it"):
        polytier_mojo.order_parameter(THETA)
    monkeypatch.setenv("POLYTIER_MOJO_TIMEOUT", " 2.5 ")
    assert timeout() == 2.5


def copied(folder: Path) -> Path:
    """Copy the installed package, and return the executables of the copy."""
    shutil.copytree(PACKAGE, folder / "polytier_mojo", ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "polytier_mojo" / "_bin"


DISPATCHED = """
    import logging, sys, polytier
    logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
    import polytier_mojo
    assert polytier_mojo.__file__.startswith(sys.path[1]), polytier_mojo.__file__
    with polytier.trace() as calls:
        for _ in range(3):
            assert abs(polytier.order_parameter([0.0, 0.0]) - 1.0) < 1e-15
    print(*(call.tier for call in calls))
"""


def dispatched_with(folder: Path) -> list[str]:
    """Make dispatched calls that find the tier's package in this folder; return the lines that were logged."""
    told = {"PYTHONPATH": str(folder), "POLYTIER_TIERS": "mojo", "POLYTIER_UNMEASURED": "allow"}
    lines = in_process(DISPATCHED, env={**os.environ, **told}).splitlines()
    assert lines.pop() == "floor floor floor"
    return [line for line in lines if line.startswith("WARNING")]


def test_a_wheel_without_its_native_part(tmp_path: Path) -> None:
    """Without the executables every call falls through, with one warning."""
    shutil.rmtree(copied(tmp_path))
    (line,) = dispatched_with(tmp_path)
    assert "the installation has no file" in line


def test_an_executable_of_another_architecture(tmp_path: Path) -> None:
    """An executable that this machine cannot run makes calls fall through, with one warning."""
    for path in copied(tmp_path).iterdir():
        content = bytearray(path.read_bytes())
        content[18:20] = b"\xf3\x00"  # the machine field of the ELF header: RISC-V
        path.write_bytes(content)
    (line,) = dispatched_with(tmp_path)
    assert "it does not run here" in line


def test_an_executable_without_permission(tmp_path: Path) -> None:
    """An executable that lost its permission makes calls fall through, with one warning."""
    for path in copied(tmp_path).iterdir():
        path.chmod(0o644)
    (line,) = dispatched_with(tmp_path)
    assert "it is not executable" in line


def test_no_program_is_taken_from_the_path(tmp_path: Path) -> None:
    """A program of the same name on the PATH is never run."""
    trap = program(tmp_path, f"open({str(tmp_path / 'sprung')!r}, 'w')")
    trap.rename(tmp_path / "polytier-mojo-worker")
    code = "import polytier_mojo; print(polytier_mojo.order_parameter([0.0]))"
    assert in_process(code, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}) == "1.0\n"
    assert not (tmp_path / "sprung").exists()


LIMITED = """
    import numpy, polytier_mojo, resource
    resource.setrlimit(resource.{limit}, ({value}, {value}))
    try:
        polytier_mojo.order_parameter(numpy.zeros(100_000))
    except RuntimeError as failure:
        print(failure)
    {then}
"""


def test_shared_memory_that_is_full() -> None:
    """Where no shared memory is to be had a large call is a RuntimeError, and small calls go on."""
    then = "print(polytier_mojo.order_parameter([0.0]))"
    out = in_process(LIMITED.format(limit="RLIMIT_FSIZE", value=4096, then=then))
    assert out.startswith("share memory with the mojo worker: 800000 bytes cannot be had ([Errno 27] File too large)\n")
    assert out.endswith(
        "hint: free some memory, or raise the limit on the size of files; small calls work without it\n1.0\n"
    )


def test_descriptors_that_are_used_up() -> None:
    """Where no pipe can be opened the call is a RuntimeError that leaves no descriptor behind."""
    then = "import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:-1])"
    out = in_process(
        LIMITED.format(limit="RLIMIT_NOFILE", value=7, then=then).replace(
            "resource.setrl", "import os, select, subprocess; resource.setrl"
        )
    )
    assert out.startswith("start the mojo worker: [Errno 24] Too many open files\nhint: ")
    assert out.endswith("[0, 1, 2]\n")


def test_memory_that_cannot_be_had() -> None:
    """A template that no host can hold is a MemoryError before anything is allocated."""
    with pytest.raises(MemoryError, match="need 8796093022208 bytes"):
        polytier_mojo.build_knm(1 << 20)


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
    code = "import polytier_mojo, time; polytier_mojo.warm(); print(polytier_mojo.kuramoto.worker.pid, flush=True); time.sleep(60)"
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
    assert worker.shared_bytes == 0
    assert polytier_mojo.order_parameter(LARGE) > 0
    assert worker.shared_bytes == 1 << 20
