"""The native functions as Python calls them: addresses that Julia hands out, cast to C functions by cffi."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from polytier.errors import told
from polytier_julia.foreign import foreign_interface
from polytier_julia.sources import MODULE, folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Evaluate = Callable[[str], int]

_MEAN_FIELD = "double(*)(uintptr_t)"
_INTEGRATION = "int64_t(*)(uintptr_t, uintptr_t, uintptr_t, double, int64_t, int64_t, uintptr_t, uintptr_t)"

SIGNATURES: Final = {
    "probe": _MEAN_FIELD,
    "order_parameter": _MEAN_FIELD,
    "repeat_order_parameter": "int64_t(*)(uintptr_t, int64_t, uintptr_t)",
    "mean_phase": _MEAN_FIELD,
    "build_knm": "int64_t(*)(uintptr_t, double, double)",
    "networked_force": "int64_t(*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t)",
    "kuramoto_euler": _INTEGRATION,
    "kuramoto_rk4": _INTEGRATION,
    "kuramoto_phases": _INTEGRATION,
    "kuramoto_trajectory": _INTEGRATION,
}
"""In the order of `native/exports.jl`; cffi releases the interpreter lock around each call."""

ADOPTING: Final = (1, 9)
"""From this version on a function that Julia hands out enters the runtime: the calling thread is adopted."""


@dataclass(frozen=True)
class Connected:
    """A Julia that runs in this process, with the kernels that it has compiled."""

    way: str
    version: tuple[int, ...]
    functions: Mapping[str, Callable[..., Any]]


def connected(way: str, version: tuple[int, ...], evaluate: Evaluate) -> Connected:
    """Load the kernels into a Julia that runs, and take their addresses; `evaluate` gives integers from Julia code."""
    path = str(folder() / f"{MODULE}.jl")
    evaluate(f"isdefined(Main, :{MODULE}) || Base.include(Main, {julia_text(path)}); 0")
    ffi = foreign_interface()
    addresses = ffi.new("uintptr_t[]", len(SIGNATURES))
    head, kind, dtype = object.__basicsize__, id(np.ndarray), id(np.dtype(np.float64))
    target = int(ffi.cast("uintptr_t", addresses))
    count = evaluate(f"Main.{MODULE}.connect(UInt64({target}), {head}, UInt64({kind}), UInt64({dtype}))")
    if count != len(SIGNATURES):
        found = f"it offers {count} functions, not {len(SIGNATURES)}"
        raise ImportError(told("load the kernels into Julia", found, "reinstall polytier-julia"))
    names = zip(SIGNATURES.items(), addresses, strict=True)
    functions = {name: ffi.cast(signature, address) for (name, signature), address in names}
    _check_layout(functions["probe"])
    return Connected(way, version, functions if version < ADOPTING else _one_at_a_time(functions))


def julia_text(text: str) -> str:
    """Return a Julia string literal for `text`."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def _check_layout(probe: Callable[[int], float]) -> None:
    sample = np.array([0.5, -2.0, 4.0])
    found = probe(id(sample))
    if found != 8.5:  # noqa: PLR2004 - 0.5 - 2 * 2.0 + 3 * 4.0
        hint = "report it with the versions of Python and NumPy; set POLYTIER_JULIA=off meanwhile"
        raise ImportError(told("read a NumPy array from Julia", f"its header is unfamiliar: {found!r}", hint))


def _one_at_a_time(functions: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    # Adopting a thread allocates. With one thread in Julia at a time no collection waits for another, which it would
    # do by a signal that is left to Python.
    lock = threading.Lock()

    def locked(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            with lock:
                return function(*arguments)

        return call

    return {name: locked(function) for name, function in functions.items()}
