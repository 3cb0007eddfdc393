"""What can go wrong around a Julia that runs: forks, threads, signals, and a Julia that something else started."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from polytier.tiers import entry_points

pytestmark = [
    pytest.mark.skipif(
        "julia" not in {point.name for point in entry_points("polytier.tiers")},
        reason="polytier-julia is not installed",
    ),
    pytest.mark.skipif(
        shutil.which("julia") is None,
        reason="NO JULIA is installed here, so its tests did not run; .ci/julia installs one on Debian",
    ),
]


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh Python in which the tier stands first in every chain."""
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("POLYTIER_", "JULIA", "PYTHON_JU"))
    }
    own |= {"POLYTIER_TIERS": "julia", "POLYTIER_UNMEASURED": "allow", **environment}
    return subprocess.run(
        [sys.executable, "-c", code], env=own, capture_output=True, text=True, check=False, timeout=120
    )


def test_a_fork_after_the_start() -> None:
    """A child forked from a process in which Julia runs gets a RuntimeError at once, and its parent goes on."""
    code = """
import os, sys
import numpy as np, polytier, polytier_julia
theta = np.array([0.0, 0.0, np.pi])
polytier_julia.order_parameter(theta)
child = os.fork()
if child == 0:
    import logging
    warned = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: warned.append(record.getMessage())
    logging.getLogger().addHandler(handler)
    try:
        polytier_julia.order_parameter(theta)
    except RuntimeError as error:
        told = "\\nhint: " in str(error) and "forked" in str(error)
    right = all(abs(polytier.order_parameter(theta) - 1 / 3) < 1e-12 for _ in range(2))
    os._exit(0 if told and right and len(warned) == 1 else 7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), polytier_julia.order_parameter(theta))
"""
    done = python(code)
    status, answer = done.stdout.split()
    assert (status, float(answer)) == ("0", pytest.approx(1 / 3)), done.stderr


def test_a_fork_before_the_start() -> None:
    """A child that was forked before Julia started starts its own."""
    code = "import os, numpy as np, polytier_julia as p; child = os.fork(); answer = p.order_parameter(np.zeros(9)); "
    code += "os._exit(int(answer != 1.0)) if child == 0 else print(os.waitpid(child, 0)[1], answer)"
    done = python(code)
    assert done.stdout.split() == ["0", "1.0"], done.stderr


def test_other_threads() -> None:
    """Whichever thread starts Julia, any thread is answered, also when the first one has ended."""
    code = """
import threading
import numpy as np, polytier_julia as p
theta = np.random.default_rng(0).uniform(-3, 3, 5000)
wide = theta * 1e9
answers = []
def work():
    for _ in range(50):
        answers.append((p.order_parameter(theta), p.order_parameter(wide), p.build_knm(9).sum()))
first = threading.Thread(target=work)
first.start(); first.join()
others = [threading.Thread(target=work) for _ in range(8)]
[one.start() for one in others]; work(); [one.join() for one in others]
print(len(answers), len(set(answers)))
"""
    done = python(code)
    assert done.stdout.split() == ["500", "1"], done.stderr


@pytest.mark.parametrize("started_by", ["main", "thread"])
def test_what_the_process_had_stays(started_by: str) -> None:
    """Starting Julia leaves signal handlers and masks, the flags of the standard streams and the environment alone."""
    code = """
import fcntl, json, os, signal, subprocess, sys, threading
import polytier_julia
signal.signal(signal.SIGUSR2, lambda *_: None)
def look():
    keep = ("SigBlk", "SigIgn", "SigCgt")
    lines = [line for line in open("/proc/thread-self/status") if line.startswith(keep)]
    flags = [fcntl.fcntl(number, fcntl.F_GETFL) for number in range(3)]
    child = subprocess.run([sys.executable, "-c", "import os; print(sorted(os.environ))"], stdout=subprocess.PIPE)
    return [lines, flags, child.stdout.decode(), sorted(os.environ)]
before, after = [], []
def work():
    before.extend(look()); polytier_julia.warm(); after.extend(look())
"""
    code += "work()\n" if started_by == "main" else "t = threading.Thread(target=work); t.start(); t.join()\n"
    done = python(code + "json.dump([before, after], sys.stdout)", JULIA_NUM_THREADS="4")
    before, after = json.loads(done.stdout)
    # glibc catches one signal of its own, 33 and up, as soon as there is a second thread.
    strip = [line for line in after[0] if not line.startswith("SigCgt")]
    assert strip == [line for line in before[0] if not line.startswith("SigCgt")]
    caught = [int(side[0][-1].split()[1], 16) & 0xFFFFFFFF for side in (before, after)]
    assert caught[0] == caught[1]
    assert before[1:] == after[1:]


@pytest.mark.parametrize("started_by", ["main", "thread"])
def test_ctrl_c_during_a_call(started_by: str) -> None:
    """SIGINT ends a long integration as KeyboardInterrupt, and the next call is answered."""
    begin = "polytier_julia.warm()"
    if started_by == "thread":
        begin = "t = __import__('threading').Thread(target=polytier_julia.warm); t.start(); t.join()"
    code = f"""
import numpy as np, polytier_julia
{begin}
n = 64
print("runs", flush=True)
try:
    polytier_julia.kuramoto_euler(np.zeros(n), np.ones(n), np.ones((n, n)), 0.01, 10**12)
except KeyboardInterrupt:
    print("interrupted", polytier_julia.order_parameter(np.zeros(n)), flush=True)
try:
    print("waits", flush=True)
    __import__("time").sleep(100)
except KeyboardInterrupt:
    print("interrupted again", flush=True)
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        assert process.stdout.readline() == "interrupted 1.0\n"
        assert time.monotonic() - begun < 10.0
        assert process.stdout.readline() == "waits\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted again\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1])
def test_other_signals_end_the_process(number: signal.Signals) -> None:
    """A signal that nobody handles still ends the process, and at once."""
    code = "import resource, polytier_julia; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); polytier_julia.warm(); "
    code += "print('runs', flush=True); __import__('time').sleep(100)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"
        process.send_signal(number)
        assert process.wait(30) == -number


def test_a_julia_that_something_else_started() -> None:
    """A libjulia that already runs in the process is not started twice."""
    code = """
import cffi, os
from polytier_julia import locate
julia = locate.find()
ffi = cffi.FFI()
ffi.cdef("void jl_init_with_image__threading(const char *, const char *);")
library = ffi.dlopen(julia.library, ffi.RTLD_NOW | ffi.RTLD_GLOBAL)
library.jl_init_with_image__threading(os.fsencode(julia.bindir), os.fsencode(julia.image))
import polytier_julia
try:
    polytier_julia.warm()
except ImportError as error:
    print(error)
"""
    done = python(code)
    assert "already runs in this process" in done.stdout, done.stderr
