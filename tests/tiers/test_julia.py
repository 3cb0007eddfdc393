"""The Julia tier where all is well: how it starts, what it says of itself, and what its adapters take and give."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import polytier
from polytier.tiers import entry_points

if "julia" not in {point.name for point in entry_points("polytier.tiers")}:
    pytest.skip("polytier-julia is not installed", allow_module_level=True)

import polytier_julia
from polytier_julia import by_juliacall, command, functions, locate, runtime, sources

JULIA = shutil.which("julia")
needs_julia = pytest.mark.skipif(
    JULIA is None, reason="NO JULIA is installed here, so its tests did not run; .ci/julia installs one on Debian"
)
OBSTACLE = by_juliacall.obstacle()
NATIVE_TESTS = Path(__file__).parents[2] / "plugins/tier-julia/native/test/runtests.jl"


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh Python that has none of the settings of this one."""
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("POLYTIER_", "JULIA", "PYTHON_JU"))
    }
    return subprocess.run(
        [sys.executable, "-c", code], env=own | environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_importing_loads_no_runtime() -> None:
    """Importing the tier loads neither cffi nor juliacall nor anything that finds or starts Julia."""
    heavy = "{'cffi', 'subprocess', 'juliacall', 'juliapkg', 'polytier_julia.locate', 'polytier_julia.by_libjulia'}"
    done = python(
        f"import sys, numpy; before = set(sys.modules); import polytier_julia; "
        f"print(sorted((set(sys.modules) - before) & {heavy}))"
    )
    assert done.stdout == "[]\n", done.stderr


def test_the_digest_covers_every_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build digest names all Julia files of the installation, and a changed byte changes it."""
    found = sorted(path.relative_to(sources.folder()).as_posix() for path in sources.folder().rglob("*.jl"))
    assert [name for name in found if not name.startswith("test/")] == sorted(sources.FILES)
    assert re.fullmatch("[0-9a-f]{16}", polytier_julia.BUILD_DIGEST)
    shutil.copytree(sources.folder(), tmp_path / "native")
    monkeypatch.setattr(sources, "folder", lambda: tmp_path / "native")
    assert sources.build_digest() == polytier_julia.BUILD_DIGEST
    with (tmp_path / "native/sincos.jl").open("a", encoding="utf-8") as file:
        file.write("#")
    assert sources.build_digest() != polytier_julia.BUILD_DIGEST


def test_every_included_file_is_listed() -> None:
    """What one source includes is among the files that are looked at before Julia starts."""
    included = {
        name
        for file in sources.FILES
        for name in re.findall(r'^include\("(.+)"\)', (sources.folder() / file).read_text(), re.MULTILINE)
    }
    assert included == set(sources.FILES) - {"PolytierKernels.jl"}


def test_the_package_states_its_needs_to_juliapkg() -> None:
    """The package carries a juliapkg.json that asks for a Julia, and for no Julia package."""
    path = Path(str(polytier_julia.__file__)).parent / "juliapkg.json"
    assert json.loads(path.read_text(encoding="utf-8")) == {"julia": "^1.5"}


@needs_julia
def test_warming_starts_julia() -> None:
    """`polytier.warm("julia")` starts Julia by libjulia, and what it finds is Julia's own version."""
    polytier.warm("julia")
    assert runtime.state.connected is not None
    done = subprocess.run([str(JULIA), "--version"], capture_output=True, text=True, check=True)
    assert ".".join(map(str, runtime.state.connected.version)) in done.stdout


@needs_julia
def test_the_native_tests_pass() -> None:
    """The tests that are written in Julia pass: among them, that no kernel calls into the runtime."""
    done = subprocess.run([str(JULIA), "--startup-file=no", NATIVE_TESTS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_julia
def test_the_settings_of_the_user_are_left_alone() -> None:
    """JULIA_NUM_THREADS neither starts threads here nor is changed."""
    code = "import os, polytier_julia as p; p.warm(); from polytier_julia.by_libjulia import Library; "
    code += "print(Library.opened.integer('Threads.nthreads()'), os.environ['JULIA_NUM_THREADS'])"
    done = python(code, JULIA_NUM_THREADS="3", POLYTIER_JULIA="libjulia")
    assert done.stdout == "1 3\n", done.stderr


@needs_julia
def test_status_says_what_is_there() -> None:
    """`polytier-julia status` names juliacall's obstacle, the Julia that is found, and the way it would start."""
    done = python("from polytier_julia.command import main; raise SystemExit(main(['status']))")
    assert done.returncode == 0
    assert re.search(r"^Julia: \d+\.\d+\.\d+ at .*julia \(from ", done.stdout, re.MULTILINE)
    assert re.search(r"^starts: by (libjulia|juliacall)$", done.stdout, re.MULTILINE)


def test_status_without_a_julia(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The status says what stands in the way, and its exit code is 1."""
    monkeypatch.setenv("JULIA_BINDIR", "/nowhere")
    monkeypatch.setenv("POLYTIER_JULIA", "libjulia")
    assert command.main(["status"]) == command.FINDING
    out = capsys.readouterr().out
    assert "JULIA_BINDIR names" in out
    assert "starts: no" in out


@pytest.mark.parametrize("value", ["off", "pyjulia"])
def test_status_of_a_way_that_is_none(
    value: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that keeps Julia from starting is told by the status."""
    monkeypatch.setenv("POLYTIER_JULIA", value)
    assert command.main(["status"]) == command.FINDING
    assert f"POLYTIER_JULIA={value!r}" in capsys.readouterr().out.partition("starts: no; ")[2]


def test_setup_without_juliacall(tmp_path: Path) -> None:
    """`polytier-julia setup` names the extra where juliacall is not installed, and downloads nothing."""
    if importlib.util.find_spec("juliacall") is not None:
        code = "import importlib.util as u; old = u.find_spec; u.find_spec = lambda n, *a: None if n == 'juliacall' "
        code += "else old(n, *a); "
    else:
        code = ""
    code += "from polytier_julia.command import main; raise SystemExit(main(['setup']))"
    done = python(code, PYTHON_JULIAPKG_PROJECT=str(tmp_path / "project"))
    assert done.returncode == command.IN_THE_WAY
    assert "polytier-julia[juliacall]" in done.stdout
    assert not (tmp_path / "project").exists()


@pytest.mark.skipif(importlib.util.find_spec("juliacall") is None, reason="juliacall itself is not installed")
@needs_julia
def test_a_real_juliacall_without_its_julia(tmp_path: Path) -> None:
    """The real juliacall, with no project of its own yet, is not imported, and its project is not created."""
    code = "import sys, polytier_julia as p; p.warm(); from polytier_julia.runtime import state; "
    code += "print(state.connected.way, 'juliacall' in sys.modules)"
    done = python(code, PYTHON_JULIAPKG_PROJECT=str(tmp_path / "project"))
    assert done.stdout == "libjulia False\n", done.stderr
    assert not (tmp_path / "project").exists()


@pytest.mark.skipif(OBSTACLE is not None, reason=f"JULIACALL CANNOT START HERE, its way was not tested: {OBSTACLE}")
def test_julia_started_by_juliacall() -> None:
    """Where juliacall is complete, it starts Julia, and the kernels answer from any thread."""
    code = "import threading, numpy as np, polytier_julia as p; from polytier_julia.runtime import state; "
    code += "answers = [p.order_parameter(np.zeros(9))]; "
    code += "t = threading.Thread(target=lambda: answers.append(p.order_parameter(np.zeros(8)))); "
    code += "t.start(); t.join(); print(state.connected.way, answers)"
    done = python(code)
    assert done.stdout == "juliacall [1.0, 1.0]\n", done.stderr


def test_a_project_that_is_not_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Julia of juliapkg's project is found by its own note, and a note that is damaged is no Julia."""
    monkeypatch.setenv("PYTHON_JULIAPKG_PROJECT", str(tmp_path))
    assert by_juliacall.project_executable() is None
    note = tmp_path / "pyjuliapkg" / "meta.json"
    note.parent.mkdir()
    for text in ("{", "[]", "{}", '{"executable": 3}', '{"executable": "/nowhere/julia"}'):
        note.write_text(text, encoding="utf-8")
        assert by_juliacall.project_executable() is None
    note.write_text(json.dumps({"executable": sys.executable}), encoding="utf-8")
    assert by_juliacall.project_executable() == sys.executable
    monkeypatch.delenv("JULIA_BINDIR", raising=False)
    monkeypatch.delenv("PYTHON_JULIAPKG_EXE", raising=False)
    assert locate.executable_of_choice() == (sys.executable, "the project of juliapkg")


def test_a_failure_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed start is not repeated by every call; a changed setting and `warm` try again."""
    tries: list[int] = []

    def fail() -> Any:
        tries.append(1)
        raise ImportError("no luck")

    monkeypatch.setattr(runtime, "state", runtime.State())
    monkeypatch.setattr(runtime, "_start", fail)
    for _ in range(3):
        with pytest.raises(ImportError, match="no luck"):
            runtime.connect()
    assert len(tries) == 1
    monkeypatch.setenv("JULIA_BINDIR", "/elsewhere")
    with pytest.raises(ImportError, match="no luck"):
        runtime.connect()
    with pytest.raises(ImportError, match="no luck"):
        runtime.warm()
    assert len(tries) == 3


def test_text_becomes_a_julia_literal() -> None:
    """Quotes, backslashes and dollars in a path mean themselves."""
    assert functions.julia_text('a"b\\c$d') == '"a\\"b\\\\c\\$d"'


def test_functions_that_adopt_threads_run_one_at_a_time() -> None:
    """From Julia 1.9 on no two threads are inside a native function at once."""
    inside, most = [0], [0]

    def busy() -> int:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.01)
        inside[0] -= 1
        return 7

    locked = functions._one_at_a_time({"busy": busy})["busy"]
    threads = [threading.Thread(target=locked) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most[0], locked()) == (1, 7)
