"""What can go wrong around Julia, each in a process of its own: a told failure, and the right answer by dispatch."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from polytier.tiers import entry_points

pytestmark = pytest.mark.skipif(
    "julia" not in {point.name for point in entry_points("polytier.tiers")}, reason="polytier-julia is not installed"
)

JULIA = shutil.which("julia")
NONE = "NO JULIA is installed here, so its tests did not run; .ci/julia installs one on Debian"
needs_julia = pytest.mark.skipif(JULIA is None, reason=NONE)

# Calls a kernel twice by dispatch, and once pinned; tells the answers, the warnings and the pinned error.
DISPATCHED = """
import json, logging, sys
import numpy as np
import polytier
warned = []
handler = logging.Handler(logging.WARNING)
handler.emit = lambda record: warned.append(record.getMessage())
logging.getLogger().addHandler(handler)
theta = np.array([0.0, 0.0, np.pi])
with polytier.trace() as calls:
    answers = [polytier.order_parameter(theta) for _ in range(2)]
try:
    import polytier_julia
    polytier_julia.order_parameter(theta)
    failure = ["", ""]
except Exception as error:
    failure = [type(error).__name__, str(error)]
json.dump([answers, [call.tier for call in calls], warned, failure], sys.stdout)
"""


def python(code: str, *, limit: float = 120.0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh Python in which the tier stands first in every chain."""
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("POLYTIER_", "JULIA", "PYTHON_JU"))
    }
    own |= {"POLYTIER_TIERS": "julia", "POLYTIER_UNMEASURED": "allow", **environment}
    return subprocess.run(
        [sys.executable, "-c", code], env=own, capture_output=True, text=True, check=False, timeout=limit
    )


def falls_through(kind: str, *words: str, **environment: str) -> None:
    """Assert that calls are answered by the floor after one warning, and that the tier itself raises `kind`."""
    done = python(DISPATCHED, **environment)
    assert done.returncode == 0, done.stderr
    answers, tiers, warned, (raised, text) = json.loads(done.stdout)
    assert answers == pytest.approx([1 / 3, 1 / 3], abs=1e-12)
    assert tiers == ["floor", "floor"]
    assert len(warned) == 1, warned
    assert "julia" in warned[0]
    assert raised == kind
    assert "\nhint: " in text
    for word in words:
        assert word in text


def layout(folder: Path, *, library: str | None = None, image: str | None = None) -> Path:
    """Make a folder with an executable `julia` that answers as the real one, but for these two paths."""
    answer = [*asked(), ""]
    answer[3] = library if library is not None else answer[3]
    answer[2] = image if image is not None else answer[2]
    return script(folder, f"cat <<'END'\n{chr(10).join(answer)}END\n")


def script(folder: Path, body: str) -> Path:
    """Make a folder with an executable `julia` that runs these shell commands."""
    folder.mkdir()
    (folder / "julia").write_text(f"#!/bin/sh\n{body}", encoding="utf-8")
    (folder / "julia").chmod(0o700)
    return folder


def asked() -> list[str]:
    """Return what the real Julia says of itself: version, folder, image, library."""
    code = "from polytier_julia.locate import find; j = find(); print(*j.version, sep='.'); "
    done = python(code + "print(j.bindir, j.image, j.library, sep='\\n')")
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@needs_julia
def test_a_library_that_is_missing(tmp_path: Path) -> None:
    """A Julia whose libjulia is gone is refused by name, before anything is loaded."""
    folder = layout(tmp_path / "bin", library=str(tmp_path / "libjulia.so.1"))
    falls_through("ImportError", "libjulia is missing", str(tmp_path / "libjulia.so.1"), JULIA_BINDIR=str(folder))


@needs_julia
def test_an_image_that_is_missing(tmp_path: Path) -> None:
    """A Julia whose system image is gone is refused; libjulia itself would end the process."""
    folder = layout(tmp_path / "bin", image=str(tmp_path / "sys.so"))
    falls_through("ImportError", "the system image is missing", JULIA_BINDIR=str(folder))


@needs_julia
def test_a_library_that_is_no_libjulia(tmp_path: Path) -> None:
    """A shared library that is none of Julia's is refused, with the functions that it lacks."""
    spec = importlib.util.find_spec("_cffi_backend")
    assert spec is not None
    assert spec.origin is not None
    folder = layout(tmp_path / "bin", library=spec.origin)
    falls_through("ImportError", "is no libjulia", "jl_eval_string", JULIA_BINDIR=str(folder))


@needs_julia
def test_a_library_for_another_machine(tmp_path: Path) -> None:
    """A libjulia for another architecture is refused with the loader's words."""
    image = bytearray(Path(asked()[3]).read_bytes())
    machine = int.from_bytes(image[18:20], sys.byteorder)
    image[18:20] = (40 if machine == 183 else 183).to_bytes(2, sys.byteorder)
    (tmp_path / "libjulia.so.1").write_bytes(image)
    folder = layout(tmp_path / "bin", library=str(tmp_path / "libjulia.so.1"))
    falls_through("ImportError", "load libjulia", "libjulia.so.1", JULIA_BINDIR=str(folder))


@needs_julia
def test_a_library_that_is_text(tmp_path: Path) -> None:
    """A file that is no library at all is refused."""
    (tmp_path / "libjulia.so.1").write_text("not a library", encoding="utf-8")
    folder = layout(tmp_path / "bin", library=str(tmp_path / "libjulia.so.1"))
    falls_through("ImportError", "load libjulia", JULIA_BINDIR=str(folder))


@needs_julia
@pytest.mark.parametrize("first", ["real", "other"])
def test_two_julias(tmp_path: Path, first: str) -> None:
    """Of two Julias the one that JULIA_BINDIR names is taken, whatever is on the PATH."""
    other = layout(tmp_path / "bin", library="/nowhere/libjulia.so.1")
    real = Path(str(JULIA)).parent
    named, on_path = (real, other) if first == "real" else (other, real)
    code = "from polytier_julia.locate import find; julia = find(); print(julia.executable, julia.origin)"
    done = python(code, JULIA_BINDIR=str(named), PATH=f"{on_path}{os.pathsep}{os.environ['PATH']}")
    assert done.stdout.split() == [str(named / "julia"), "JULIA_BINDIR"]


def test_no_julia_anywhere(tmp_path: Path) -> None:
    """Without any Julia the failure lists every place that was looked at."""
    places = ("the project of juliapkg", "PATH")
    falls_through("ImportError", *places, PATH=str(tmp_path), PYTHON_JULIAPKG_PROJECT=str(tmp_path / "none"))


@pytest.mark.parametrize("name", ["JULIA_BINDIR", "PYTHON_JULIAPKG_EXE"])
def test_a_setting_that_leads_nowhere(tmp_path: Path, name: str) -> None:
    """A Julia that was asked for by a setting and is not there is an error, and no other is taken instead."""
    falls_through("ImportError", f"{name} names", **{name: str(tmp_path / "none")})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("echo it is broken >&2; exit 3", "ended with status 3; it said: it is broken"),
        ("echo 1.10.4", "without a libjulia"),
        ("printf '1.4.2\\n/a\\n/b\\n/c\\n'", "is Julia 1.4.2"),
        ("head -c 300000 /dev/zero", "without a libjulia"),
    ],
)
def test_a_julia_that_does_not_answer(tmp_path: Path, body: str, told: str) -> None:
    """A program that fails, answers too little, is too old or talks without end is refused with what it did."""
    falls_through("ImportError", told, JULIA_BINDIR=str(script(tmp_path / "bin", body)))


def test_a_julia_that_hangs(tmp_path: Path) -> None:
    """A program that never answers is given up after a bounded time."""
    code = "from polytier_julia import locate; locate.PATIENCE = 0.5; locate.find()"
    begun = time.monotonic()
    done = python(code, JULIA_BINDIR=str(script(tmp_path / "bin", "exec sleep 100")))
    assert time.monotonic() - begun < 60.0
    assert "ImportError: ask Julia where its library is" in done.stderr
    assert "timed out" in done.stderr


def test_switched_off() -> None:
    """POLYTIER_JULIA=off keeps Julia from starting."""
    falls_through("ImportError", "POLYTIER_JULIA='off'", POLYTIER_JULIA="off")


def test_a_way_that_is_unknown() -> None:
    """A value of POLYTIER_JULIA that is none is an error that lists the known ones."""
    falls_through("ImportError", "'pyjulia'", "'juliacall', 'libjulia', 'off'", POLYTIER_JULIA="pyjulia")


def test_juliacall_that_is_asked_for_and_not_there(tmp_path: Path) -> None:
    """POLYTIER_JULIA=juliacall fails where juliacall would have to download a Julia."""
    words = "start Julia by juliacall without a download"
    falls_through("ImportError", words, POLYTIER_JULIA="juliacall", PYTHON_JULIAPKG_PROJECT=str(tmp_path))


@needs_julia
def test_juliacall_without_a_julia_is_not_imported(tmp_path: Path) -> None:
    """A juliacall that has no Julia yet is neither imported nor waited for; libjulia starts instead."""
    for name in ("juliacall", "juliapkg"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('it was imported')\n", encoding="utf-8")
    code = "import sys, polytier_julia as p; p.warm(); from polytier_julia.runtime import state; "
    code += "print(state.connected.way, {'juliacall', 'juliapkg'} & set(sys.modules))"
    project = str(tmp_path / "project")
    done = python(code, PYTHONPATH=str(tmp_path), PYTHON_JULIAPKG_PROJECT=project)
    assert done.stdout.split() == ["libjulia", "set()"], done.stderr
    assert not Path(project).exists()


@pytest.mark.parametrize("file", ["kuramoto.jl", "kuramoto/step.jl"])
def test_a_source_that_is_missing(tmp_path: Path, file: str) -> None:
    """An installation without one of the Julia sources is refused at import, by the name of the file."""
    spec = importlib.util.find_spec("polytier_julia")
    assert spec is not None
    assert spec.origin is not None
    copy = tmp_path / "polytier_julia"
    shutil.copytree(Path(spec.origin).parent, copy)
    (copy / "native" / file).unlink()
    falls_through("ImportError", str(copy / "native" / file), "reinstall polytier-julia", PYTHONPATH=str(tmp_path))


@needs_julia
def test_a_source_that_does_not_compile(tmp_path: Path) -> None:
    """Sources that Julia refuses give an ImportError with Julia's own words."""
    spec = importlib.util.find_spec("polytier_julia")
    assert spec is not None
    assert spec.origin is not None
    copy = tmp_path / "polytier_julia"
    shutil.copytree(Path(spec.origin).parent, copy)
    # Not deeper: the Julia 1.5.3 of Debian dies of what compiled code throws.
    (copy / "native/PolytierKernels.jl").write_text('error("spoiled on purpose")\n', encoding="utf-8")
    falls_through("ImportError", "spoiled on purpose", PYTHONPATH=str(tmp_path))


@needs_julia
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


@needs_julia
def test_a_fork_before_the_start() -> None:
    """A child that was forked before Julia started starts its own."""
    code = "import os, numpy as np, polytier_julia as p; child = os.fork(); answer = p.order_parameter(np.zeros(9)); "
    code += "os._exit(int(answer != 1.0)) if child == 0 else print(os.waitpid(child, 0)[1], answer)"
    done = python(code)
    assert done.stdout.split() == ["0", "1.0"], done.stderr


@needs_julia
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


@needs_julia
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


@needs_julia
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


@needs_julia
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


@needs_julia
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
