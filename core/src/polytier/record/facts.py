"""The facts of this host that explain a measurement: hardware, system, Python and NumPy as they are now."""

# Language policy: exempt, it asks NumPy for its version and its libraries.

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from pathlib import Path
from typing import Any, Final

import numpy as np

from polytier.record.host import HostFacts, host_id, machine, this_cpu, usable_cores

GOVERNOR: Final = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
_SIMD: Final = ("sse", "ssse", "avx", "fma", "f16c", "amx", "bmi", "neon", "asimd", "sve")
_THREADS: Final = ("NUM_THREADS", "GOMAXPROCS", "NPY_DISABLE_CPU_FEATURES", "OPENBLAS_CORETYPE")


def host_facts() -> HostFacts:
    """Return the id with all facts that a record keeps; takes some milliseconds."""
    return HostFacts(host_id(), collect())


def collect() -> dict[str, Any]:
    """Return the facts; what this system does not tell is None."""
    cpu = this_cpu()
    blas, compiler = _numpy_build()
    return {
        "cpu": cpu.model,
        "vendor": cpu.vendor,
        "stepping": cpu.stepping,
        "cores": usable_cores(),
        "isa": sorted(flag for flag in cpu.flags if flag.startswith(_SIMD)),
        "virtual": "hypervisor" in cpu.flags,
        "governor": governor(),
        "load": [round(value, 2) for value in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "os": operating_system(),
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()).strip() or None,
        "machine": machine(),
        "python": platform.python_version(),
        "python_build": _python_build(),
        "numpy": np.__version__,
        "blas": blas,
        "compilers": {"python": platform.python_compiler(), "numpy": compiler},
        "environment": {name: value for name, value in sorted(os.environ.items()) if name.endswith(_THREADS)},
    }


def governor(file: Path = GOVERNOR) -> str | None:
    """Return how the system chooses the clock, where it says so."""
    try:
        return file.read_text("utf-8").strip()
    except OSError:
        return None


def operating_system() -> str:
    """Return the distribution's own name, or the system's."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return sys.platform


def _python_build() -> str:
    arguments = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    optimised = "optimised" if "--enable-optimizations" in arguments else "not optimised"
    locked = "free-threaded" if sysconfig.get_config_var("Py_GIL_DISABLED") else "with GIL"
    return f"{platform.python_implementation()}, {optimised}, {locked}"


def _numpy_build() -> tuple[str | None, str | None]:
    build: Any = np.show_config(mode="dicts")
    blas = build.get("Build Dependencies", {}).get("blas", {})
    compiler = build.get("Compilers", {}).get("c", {})
    return _joined(blas, "name", "version", "openblas configuration"), _joined(compiler, "name", "version")


def _joined(parts: dict[str, Any], *names: str) -> str | None:
    return ", ".join(str(parts[name]) for name in names if parts.get(name)) or None
