"""What can go wrong around Julia, each in a process of its own: a told failure, and the right answer by dispatch."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
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
