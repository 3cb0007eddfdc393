"""Julia started by juliacall, where that needs no download: the user's own use of juliacall then shares the runtime.

juliacall starts Julia while it is imported, and may fetch one. So it is imported only when its project is complete.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polytier.errors import told

if TYPE_CHECKING:
    from polytier_julia.functions import Connected

_MOST = 1 << 22


def obstacle() -> str | None:
    """Return why juliacall cannot start Julia without a download, or None where it can."""
    if _running() is not None:
        return None
    if find_spec("juliacall") is None:
        return "juliacall is not installed"
    own = [name for name in ("PYTHON_JULIACALL_EXE", "PYTHON_JULIACALL_PROJECT") if os.environ.get(name)]
    if len(own) == 2:  # noqa: PLR2004 - with both set juliacall resolves nothing
        return None
    if find_spec("juliapkg") is None:
        return "juliapkg is not installed"
    if project_executable() is None:
        return f"its project {str(project())!r} has no Julia yet"
    return None if _resolved() else f"its project {str(project())!r} is not up to date"


def project() -> Path:
    """Return the folder of juliapkg's project, by the rules of juliapkg."""
    if chosen := sys._xoptions.get("juliapkg-project") or os.environ.get("PYTHON_JULIAPKG_PROJECT"):  # noqa: SLF001 - CPython documents it
        return Path(str(chosen))
    prefix = sys.prefix if sys.prefix != sys.base_prefix else os.environ.get("CONDA_PREFIX")
    if prefix is not None:
        return Path(prefix).absolute() / "julia_env"
    depot = os.environ.get("JULIA_DEPOT_PATH", "").split(os.pathsep)[0]
    return (Path(depot) if depot else Path.home() / ".julia") / "environments" / "pyjuliapkg"


def project_executable() -> str | None:
    """Return the Julia that juliapkg has chosen for its project, if it has."""
    try:
        with (project() / "pyjuliapkg" / "meta.json").open("rb") as file:
            found = json.loads(file.read(_MOST))
    except (OSError, ValueError, RuntimeError):  # RuntimeError: no home directory
        return None
    executable = found.get("executable") if isinstance(found, dict) else None
    return executable if isinstance(executable, str) and Path(executable).is_file() else None


def start() -> Connected:
    """Start Julia by importing juliacall, and load the kernels; ImportError where it cannot be done as things are."""
    hindrance = obstacle()
    if hindrance is not None:
        hint = "run `polytier-julia setup`, or set POLYTIER_JULIA=libjulia"
        raise ImportError(told("start Julia by juliacall without a download", hindrance, hint))
    from polytier_julia.functions import connected
    from polytier_julia.surroundings import kept

    try:
        with kept():
            main = import_module("juliacall").Main
            version = tuple(int(main.seval(f"Int(VERSION.{part})")) for part in ("major", "minor", "patch"))
            return connected("juliacall", version, lambda code: int(main.seval(f"begin; {code}; end")))
    except ImportError:
        raise
    except Exception as failure:
        hint = "run `polytier-julia status`, or set POLYTIER_JULIA=libjulia"
        raise ImportError(told("start Julia by juliacall", repr(failure), hint)) from failure


def _running() -> Any:
    module = sys.modules.get("juliacall")
    return module if module is not None and getattr(module, "Main", None) is not None else None


def _resolved() -> bool:
    try:
        return bool(import_module("juliapkg").resolve(dry_run=True))
    except Exception:  # noqa: BLE001 - whatever stands in its way would stand in juliacall's
        return False
