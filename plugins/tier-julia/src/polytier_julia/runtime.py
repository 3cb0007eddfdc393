"""The one Julia of this process: started at the first call, and taken out of service in a forked child."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

from polytier.errors import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytier_julia.functions import Connected

VARIABLE: Final = "POLYTIER_JULIA"
WAYS: Final = ("juliacall", "libjulia", "off")
GOOD: Final = 0
NOT_FINITE: Final = 1
UNSUITABLE: Final = 2
UNFINISHED: Final = 3
"""What a native function returns beside its answer; see native/arrays.jl."""
NAMES: Final = (
    "order_parameter",
    "repeat_order_parameter",
    "mean_phase",
    "build_knm",
    "networked_force",
    "kuramoto_euler",
    "kuramoto_rk4",
    "kuramoto_phases",
    "kuramoto_trajectory",
    "aer_decode_rate",
    "aer_decode_temporal",
    "aer_decode_isi",
    "doppler_kuramoto",
    "doppler_kuramoto_trace",
    "faraday_recovery",
    "faraday_back_emf",
    "commutator_dense",
    "pauli_decompose",
    "pauli_reconstruct",
    "xy_hamiltonian_dense",
    "pauli_expectations",
    "dla_generators",
    "dla_strings",
    "dla_span",
)


class Kernels:
    """The native functions. Until Julia runs, each place holds a function that starts it and calls on."""

    __slots__ = NAMES

    order_parameter: Any
    repeat_order_parameter: Any
    mean_phase: Any
    build_knm: Any
    networked_force: Any
    kuramoto_euler: Any
    kuramoto_rk4: Any
    kuramoto_phases: Any
    kuramoto_trajectory: Any
    aer_decode_rate: Any
    aer_decode_temporal: Any
    aer_decode_isi: Any
    doppler_kuramoto: Any
    doppler_kuramoto_trace: Any
    faraday_recovery: Any
    faraday_back_emf: Any
    commutator_dense: Any
    pauli_decompose: Any
    pauli_reconstruct: Any
    xy_hamiltonian_dense: Any
    pauli_expectations: Any
    dla_generators: Any
    dla_strings: Any
    dla_span: Any


class State:
    """What this process knows of Julia: whether it runs, or why it could not be started."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.begun = False
        self.connected: Connected | None = None
        self.failure: tuple[object, str] | None = None


kernels = Kernels()
state = State()


def warm() -> None:
    """Start Julia and compile all kernels now; an earlier failure to start is not held against it."""
    state.failure = None
    connect()


def connect() -> None:
    """Start Julia unless it runs; a failure is remembered for as long as the settings stay as they are."""
    with state.lock:
        if state.connected is None:
            state.connected = _started()
        # Also when it has been connected before: a signal may have ended that call on its way through this loop.
        for name in NAMES:
            setattr(kernels, name, state.connected.functions[name])


def chosen_way() -> str | None:
    """Return the way of starting that POLYTIER_JULIA asks for, or None where it leaves the choice."""
    way = os.environ.get(VARIABLE) or None
    if way is not None and way not in WAYS:
        hint = f"set it to one of {', '.join(map(repr, WAYS))}, or unset it"
        raise ImportError(told(f"start Julia as {VARIABLE} says", f"{VARIABLE}={way!r}", hint))
    if way == "off":
        raise ImportError(told("start Julia", f"{VARIABLE}='off'", f"unset {VARIABLE} to use the tier 'julia'"))
    return way


def defect(found: str) -> RuntimeError:
    """Return the error for something that the tier's own code should have excluded."""
    return RuntimeError(told("run a kernel of the tier 'julia'", found, "report it with the arguments of the call"))


def _started() -> Connected:
    settings = _settings()
    if state.failure is not None and state.failure[0] == settings:
        raise ImportError(state.failure[1])
    try:
        return _start()
    except ImportError as failure:
        state.failure = settings, str(failure)
        raise


def _settings() -> object:
    read = (VARIABLE, "JULIA_BINDIR", "PYTHON_JULIAPKG_EXE", "PYTHON_JULIAPKG_PROJECT", "PATH")
    return tuple(os.environ.get(name) for name in read)


def _start() -> Connected:
    way = chosen_way()
    if sys.implementation.name != "cpython":
        found = f"this is {sys.implementation.name}, and the kernels read arrays as CPython lays them out"
        raise ImportError(told("start Julia", found, "use CPython, or leave the tier 'julia' out"))
    from polytier_julia import by_juliacall, by_libjulia  # the first call pays for what finds and starts Julia

    if way == "juliacall" or (way is None and by_juliacall.obstacle() is None):
        start: Callable[[], Connected] = by_juliacall.start
    else:
        start = by_libjulia.start
    state.begun = True
    try:
        return start()
    except ImportError:
        library = by_libjulia.Library.opened
        state.begun = "juliacall" in sys.modules or (library is not None and library.begun)
        raise


def _starter(name: str) -> Callable[..., Any]:
    def start_and_call(*arguments: Any) -> Any:
        connect()
        return getattr(kernels, name)(*arguments)

    return start_and_call


def _refuse(*_: Any) -> Any:
    found = f"process {os.getpid()} was forked from one in which Julia had started, and Julia does not survive that"
    hint = "start worker processes with 'spawn' or 'forkserver', or fork before the first call"
    raise RuntimeError(told("run a kernel of the tier 'julia'", found, hint))


def _after_fork() -> None:
    # The lock may be held by a thread that does not exist in the child.
    state.lock = threading.Lock()
    if state.begun:
        for name in NAMES:
            setattr(kernels, name, _refuse)


for _name in NAMES:
    setattr(kernels, _name, _starter(_name))
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
