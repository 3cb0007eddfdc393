"""The Go tier in this process: what it takes without a check, what it refuses, and what it costs to import."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

import polytier_go
from polytier_go import library, runtime, tasks

Vector = NDArray[np.float64]


def network(n: int, steps: int) -> tuple[Vector, Vector, Vector, float, int]:
    """Return the arguments of an integration that synchronises."""
    rng = np.random.default_rng(n)
    return rng.uniform(-3, 3, n), rng.normal(0, 0.5, n), rng.uniform(0, 2 / n, (n, n)), 0.01, steps


def fresh_process(code: str, **environment: str) -> str:
    """Return what Python code prints in a process of its own, which must end well."""
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_loads_nothing() -> None:
    """Importing the module loads neither cffi nor the library, and starts no thread."""
    code = """
import sys, threading
from pathlib import Path
import polytier_go
print("cffi" in sys.modules, "libpolytier_go" in Path("/proc/self/maps").read_text(), threading.active_count())
print(len(list(Path("/proc/self/task").iterdir())))
polytier_go.warm()
print("libpolytier_go" in Path("/proc/self/maps").read_text())
"""
    # NumPy's BLAS has threads of its own unless told otherwise.
    found = fresh_process(code, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1").splitlines()
    assert found == ["False False 1", "1", "True"]


def test_the_first_call_answers() -> None:
    """The first call of a process answers as every later one does, with the shortcut in place after it."""
    code = """
import numpy as np, polytier_go
theta = np.array([0.0, 0.0, np.pi])
print(polytier_go.order_parameter(theta) == polytier_go.order_parameter(theta))
print(polytier_go.runtime.link.order_parameter is not polytier_go.runtime.no_number)
"""
    assert fresh_process(code).split() == ["True", "True"]


@pytest.mark.parametrize("level", sorted({"baseline", polytier_go.simd_level()}))
def test_every_level_agrees(level: str) -> None:
    """A level chosen by POLYTIER_GO_SIMD is used, and its answers agree with the floor's on every case."""
    code = "import polytier_go; print(polytier_go.simd_level())"
    assert fresh_process(code, POLYTIER_GO_SIMD=level) == level
    asked = "import sys; from polytier.cli import main; sys.argv[1:] = ['check', '--tier', 'go']; sys.exit(main())"
    assert "differs" not in fresh_process(asked, POLYTIER_GO_SIMD=level)


@pytest.mark.parametrize("n", [1, 8, 300])
def test_threads_do_not_change_the_bits(n: int) -> None:
    """One thread and four give equal bits, for every kernel that may be shared."""
    code = f"""
import hashlib, numpy as np, polytier_go
rng = np.random.default_rng(1)
n = {n}
theta, omega, K = rng.uniform(-3, 3, n), rng.normal(0, 1, n), rng.uniform(0, 2 / n, (n, n))
whole = hashlib.sha256()
for kernel in (polytier_go.kuramoto_euler, polytier_go.kuramoto_rk4, polytier_go.kuramoto_phases):
    whole.update(kernel(theta, omega, K, 0.01, 70).tobytes())
whole.update(polytier_go.networked_force(theta, K).tobytes())
whole.update(polytier_go.order_parameter(rng.uniform(-3, 3, n * 1000)).hex().encode())
print(whole.hexdigest())
"""
    found = {fresh_process(code, POLYTIER_GO_THREADS=count) for count in ("1", "4")}
    assert len(found) == 1


def test_a_run_in_parts_has_the_bits_of_a_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is cut so that Ctrl-C is heard gives the bits of one that is not."""
    polytier_go.warm()
    arguments = network(5, 200)
    whole = [polytier_go.kuramoto_phases(*arguments), *polytier_go.kuramoto_trajectory(*arguments)]
    monkeypatch.setattr("polytier_go.kuramoto.BRIEF", 0)
    server = runtime.link.made()
    assert isinstance(server, library.Library)
    real = server._lib

    class Short:
        """The library, with parts of 32 steps."""

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def polytier_go_part(self, _method: int, _n: int) -> int:
            return 32

    monkeypatch.setattr(server, "_lib", Short())
    parts = [polytier_go.kuramoto_phases(*arguments), *polytier_go.kuramoto_trajectory(*arguments)]
    assert [one.tobytes() for one in parts] == [one.tobytes() for one in whole]


def test_an_array_at_an_odd_address_is_copied() -> None:
    """An array whose values are not aligned is copied first, and gives the same bits."""
    theta = np.random.default_rng(3).uniform(-3, 3, 9)
    odd = np.frombuffer(b"\0" + theta.tobytes(), np.uint8)[1:].view(np.float64)
    assert not odd.flags.aligned
    assert polytier_go.order_parameter(odd) == polytier_go.order_parameter(theta)


def test_subclasses_and_foreign_dtypes_are_converted() -> None:
    """A subclass of ndarray, another byte order and single precision are converted, never read as they lie."""
    theta = np.random.default_rng(3).uniform(-3, 3, 9)
    wanted = polytier_go.mean_phase(theta)

    class Phases(np.ndarray[tuple[int], np.dtype[np.float64]]):
        """An ndarray by another name."""

    assert polytier_go.mean_phase(theta.view(Phases)) == wanted
    assert polytier_go.mean_phase(theta.astype(">f8")) == wanted
    assert abs(polytier_go.mean_phase(theta.astype(np.float32)) - wanted) < 1e-5


@pytest.mark.parametrize("strange", [None, "text", 3, object(), type, np.float64(2.0)])
def test_whatever_is_passed_is_no_crash(strange: object) -> None:
    """Any object can be given where an array is expected: it is refused by the checks, not read as an array."""
    with pytest.raises((TypeError, ValueError), match="argument 'theta'"):
        polytier_go.order_parameter(strange)  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError), match="argument 'K'"):
        polytier_go.networked_force(np.ones(3), strange)  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError), match="argument 'omega'"):
        polytier_go.kuramoto_euler(np.ones(3), strange, np.ones((3, 3)), 0.1, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize("steps", [1 << 45, 1 << 62, 10**30])
@pytest.mark.parametrize("kernel", ["kuramoto_phases", "kuramoto_trajectory"])
def test_memory_that_cannot_be_had_is_a_memory_error(kernel: str, steps: int) -> None:
    """An answer that fits into no memory is a MemoryError before anything is computed."""
    with pytest.raises(MemoryError):
        getattr(polytier_go, kernel)(*network(3, 0)[:4], steps)


@pytest.mark.parametrize("n", [1 << 24, 1 << 40, 10**20])
def test_a_template_that_fits_nowhere_is_a_memory_error(n: int) -> None:
    """A template that fits into no memory is a MemoryError."""
    with pytest.raises(MemoryError):
        polytier_go.build_knm(n)


def test_what_a_library_refuses_after_the_checks_is_told() -> None:
    """Arguments that pass the checks and not the library, as when another thread changes them, are a RuntimeError."""
    polytier_go.warm()
    task = tasks.Task("order_parameter", {"theta": np.array([np.nan])})
    with pytest.raises(RuntimeError, match=r"refuses arguments that were checked(.|\n)*hint: "):
        runtime.link.solve(task)


def test_the_module_tells_what_it_was_built_from() -> None:
    """The digest of the module is that of the library."""
    server = runtime.link.made()
    assert isinstance(server, library.Library)
    assert server.text(library.DIGEST_TEXT) == polytier_go.BUILD_DIGEST
    assert len(polytier_go.BUILD_DIGEST) == 64
