"""Finds an installed Julia, and asks it what embedding it needs. Nothing is downloaded."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from polytier.errors import told

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST: Final = (1, 5)
PATIENCE: Final = 30.0
"""Seconds that a Julia may take to say what it is; 0.3 s is usual."""
_MOST_OUTPUT = 1 << 16
_NAME = "julia.exe" if os.name == "nt" else "julia"

_QUESTIONS = """
using Libdl
println(VERSION)
println(Sys.BINDIR)
println(unsafe_string(Base.JLOptions().image_file))
for path in dllist()
    occursin(r"^libjulia(-debug)?\\.(so|dylib|dll|[0-9])", basename(path)) && println(path)
end
"""


@dataclass(frozen=True)
class Julia:
    """An installed Julia, as it describes itself."""

    executable: str
    origin: str
    version: tuple[int, ...]
    bindir: str
    image: str
    library: str


def find() -> Julia:
    """Return the Julia to embed, or raise ImportError with every place that was looked at."""
    executable, origin = executable_of_choice()
    return ask(executable, origin)


def executable_of_choice() -> tuple[str, str]:
    """Return the executable that is taken, and the setting that named it."""
    looked = []
    for path, origin, explicit in _candidates():
        if path is not None and os.access(path, os.X_OK) and Path(path).is_file():
            return path, origin
        if explicit:
            hint = f"correct {origin}, or unset it"
            raise ImportError(told("find Julia", f"{origin} names {path!r}, which is no executable file", hint))
        looked.append(origin)
    hint = "install Julia from https://julialang.org, or run `polytier-julia setup`; or set POLYTIER_JULIA=off"
    raise ImportError(told("find Julia", f"none; looked at {', '.join(looked)}", hint))


def _candidates() -> Iterator[tuple[str | None, str, bool]]:
    """Yield (path, origin, whether somebody asked for it), in the order in which they are taken."""
    if bindir := os.environ.get("JULIA_BINDIR"):
        yield str(Path(bindir) / _NAME), "JULIA_BINDIR", True
    if chosen := os.environ.get("PYTHON_JULIAPKG_EXE"):
        yield shutil.which(chosen) or chosen, "PYTHON_JULIAPKG_EXE", True
    from polytier_julia.by_juliacall import project_executable

    yield project_executable(), "the project of juliapkg", False
    yield shutil.which("julia"), "PATH", False


def ask(executable: str, origin: str) -> Julia:
    """Return what a Julia says of itself; ImportError where it says nothing useful."""
    lines = _answer(executable)
    try:
        version = tuple(int(part) for part in re.findall(r"\d+", lines[0])[:3])
        julia = Julia(executable, origin, version, *(lines[place] for place in (1, 2, 3)))
    except IndexError:
        found = f"{executable!r} (from {origin}) answered {lines!r}, without a libjulia"
        raise ImportError(told("ask Julia where its library is", found, "repair or reinstall this Julia")) from None
    if version < OLDEST:
        found = f"{executable!r} (from {origin}) is Julia {lines[0]}"
        raise ImportError(told("use Julia", found, f"install Julia {'.'.join(map(str, OLDEST))} or newer"))
    return julia


def _answer(executable: str) -> list[str]:
    command = [executable, "--startup-file=no", "--history-file=no", "--color=no", "-O0", "-e", _QUESTIONS]
    # A file, not a pipe: what a strange program writes neither blocks it nor fills memory.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(  # noqa: S603 - the user's own Julia, and no shell
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, timeout=PATIENCE, check=False
            )
            ending = "" if done.returncode == 0 else f"ended with status {done.returncode}"
        except (OSError, subprocess.TimeoutExpired) as failure:
            ending = str(failure)
        if ending:
            found = f"{executable!r}: {ending}{_last_line(errors)}"
            raise ImportError(told("ask Julia where its library is", found, "run it by hand, or name another Julia"))
        output.seek(0)
        return output.read(_MOST_OUTPUT).decode(errors="replace").split("\n")[:-1]


def _last_line(errors: object) -> str:
    errors.seek(0)  # type: ignore[attr-defined]
    lines = errors.read(_MOST_OUTPUT).decode(errors="replace").split("\n")  # type: ignore[attr-defined]
    words = [line.strip() for line in lines if line.strip()]
    return f"; it said: {words[-1][:200]}" if words else ""
