"""The worker's executable: which of the wheel's builds suits this CPU, and where it lies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from polytier.errors import told

FOLDER: Final = Path(__file__).with_name("_bin")
NAME: Final = "polytier-mojo-worker"
LEVELS: Final = {
    "avx512": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
    "avx2": {"avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"},
}
"""The builds, widest first, and the flags of /proc/cpuinfo that each needs beside those of the next."""

_CPU: Final = Path("/proc/cpuinfo")
_MOST: Final = 1 << 16
"""Bytes of /proc/cpuinfo that are read: the flags of the first of maybe hundreds of CPUs stand near its start."""


def executable() -> Path:
    """Return the widest build that this CPU can run; ImportError if there is none."""
    level = chosen_level(_flags(), os.environ.get("POLYTIER_MOJO_SIMD"))
    path = FOLDER / f"{NAME}-{level}"
    if not path.is_file():
        hint = "reinstall polytier-mojo from its wheel; a zip file of packages cannot hold it"
        raise ImportError(told("start the mojo worker", f"the installation has no file {str(path)!r}", hint))
    return path


def chosen_level(flags: set[str], asked: str | None) -> str:
    """Return the level to use on a CPU with these flags; ImportError if it has none, or not the one asked for."""
    usable, needed = list[str](), set[str]()
    for level in reversed(LEVELS):
        needed |= LEVELS[level]
        if needed <= flags:
            usable.insert(0, level)
    if not usable:
        missing = ", ".join(sorted(LEVELS["avx2"] - flags))
        hint = "use another tier on this host, or the floor"
        raise ImportError(told("start the mojo worker", f"this CPU has none of {missing}", hint))
    if asked in {None, "", *usable}:
        return asked or usable[0]
    hint = f"set it to one of {', '.join(usable)}, or unset it"
    raise ImportError(told("read POLYTIER_MOJO_SIMD", f"{asked!r} is no level that this CPU has", hint))


def _flags() -> set[str]:
    try:
        with _CPU.open("rb", buffering=0) as file:
            text = file.read(_MOST).decode("ascii", "replace")
    except OSError as failure:
        hint = "use another tier on this host, or the floor"
        raise ImportError(told("start the mojo worker", f"{_CPU} cannot be read ({failure})", hint)) from failure
    line = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return set(line.partition(":")[2].split())
