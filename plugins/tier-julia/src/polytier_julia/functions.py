"""The native functions as Python calls them: addresses that Julia hands out, cast to C functions by cffi."""

# Language policy: exempt, it hands Julia's functions to Python and tries one of them on three numbers.

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from polytier.errors import told
from polytier_julia.dtypes import DTYPES
from polytier_julia.foreign import foreign_interface
from polytier_julia.sources import MODULE, folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Evaluate = Callable[[str], int]

_MEAN_FIELD = "double(*)(uintptr_t)"
_INTEGRATION = "int64_t(*)(uintptr_t, uintptr_t, uintptr_t, double, int64_t, int64_t, uintptr_t, uintptr_t)"
_DECODER = "int64_t(*)(uintptr_t, uintptr_t, uintptr_t, uint64_t, int64_t, uint64_t, uintptr_t, uintptr_t)"
_THREE, _FIVE, _SIX = (", ".join(["uintptr_t"] * count) for count in (3, 5, 6))
_OSCILLATORS = f"{_SIX}, double, double, double, double, double"

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
    "aer_decode_rate": _DECODER,
    "aer_decode_temporal": _DECODER,
    "aer_decode_isi": _DECODER,
    "doppler_kuramoto": f"int64_t(*)({_OSCILLATORS}, uintptr_t)",
    "doppler_kuramoto_trace": f"int64_t(*)({_OSCILLATORS}, double, int64_t, int64_t, {_SIX})",
    "faraday_recovery": f"int64_t(*)({_FIVE}, double, double, double, {_FIVE})",
    "faraday_back_emf": "double(*)(double, double, double, double, double)",
    "commutator_dense": "int64_t(*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t)",
    "pauli_decompose": "int64_t(*)(uintptr_t, int64_t, uintptr_t)",
    "pauli_reconstruct": "int64_t(*)(uintptr_t, int64_t, uintptr_t, uintptr_t)",
    "xy_hamiltonian_dense": "int64_t(*)(uintptr_t, uintptr_t, double, uintptr_t, uintptr_t)",
    "pauli_expectations": "double(*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t)",
    "dla_generators": "int64_t(*)(uintptr_t, double, uintptr_t, uintptr_t)",
    "dla_strings": "int64_t(*)(uintptr_t, int64_t, int64_t, int64_t, uintptr_t, uintptr_t)",
    "dla_span": f"int64_t(*)(uintptr_t, int64_t, int64_t, double, int64_t, int64_t, int64_t, {_THREE})",
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
    known = ffi.new("uintptr_t[]", [id(np.ndarray), *(id(dtype) for dtype in DTYPES)])
    target, source = (int(ffi.cast("uintptr_t", array)) for array in (addresses, known))
    count = evaluate(f"Main.{MODULE}.connect(UInt64({target}), {object.__basicsize__}, UInt64({source}))")
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
