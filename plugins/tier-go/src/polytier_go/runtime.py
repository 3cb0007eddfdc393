"""What serves the calls of this process: the library in it, or a sidecar beside it; chosen at the first call."""

# Language policy: exempt, of math it takes NaN alone.

from __future__ import annotations

import importlib
import math
import os
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

from polytier.errors import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytier_go.tasks import Task

MODE: Final = "POLYTIER_GO"
"""The environment variable that chooses between `library` (the default) and `sidecar`."""


class Server(Protocol):
    """One way to have a task solved."""

    def solve(self, task: Task) -> Any:
        """Return the answer to a task whose arguments are checked."""

    def shortcuts(self) -> dict[str, Callable[..., Any]]:
        """Return the functions for arguments that need no check; each says by its answer that one does."""

    def level(self) -> str:
        """Return the name of the vector instructions in use."""


class Link:
    """Holds the server of this process and its shortcuts; until the first task is solved these all ask for checks.

    Attributes and not `__getattr__`, which would cost every later look 100 ns.
    """

    def __init__(self) -> None:
        self.server: Server | None = None
        self.order_parameter: Callable[[int], float] = no_number
        self.bare_seconds: Callable[[int, int], float] = no_number
        self.mean_phase: Callable[[int], float] = no_number
        self.build_knm: Callable[[int, float, float, int], int] = no_shortcut
        self.networked_force: Callable[[int, int, int], int] = no_shortcut
        self.integrate: Callable[..., int] = no_shortcut
        self.aer: Callable[..., int] = no_shortcut
        self.faraday_recovery: Callable[..., int] = no_shortcut
        self.faraday_back_emf: Callable[..., float] = no_number
        self.doppler: Callable[..., int] = no_shortcut
        self.doppler_trace: Callable[..., int] = no_shortcut
        self.commutator: Callable[..., int] = no_shortcut
        self.pauli: Callable[..., int] = no_shortcut
        self.hamiltonian: Callable[..., int] = no_shortcut
        self.expectations: Callable[..., int] = no_shortcut
        self.algebra: Callable[..., int] = no_shortcut

    def made(self) -> Server:
        """Return the server, made where there is none yet."""
        # Two threads may both come here: what they make is alike, and the later one wins.
        if self.server is None:
            server = connect()
            vars(self).update(server.shortcuts())
            self.server = server
        return self.server

    def solve(self, task: Task) -> Any:
        """Return the answer to a task whose arguments are checked."""
        return self.made().solve(task)


def no_number(*_: int) -> float:
    """Stand in for a shortcut that returns a number: there is none, ask with checked arguments."""
    return math.nan


def no_shortcut(*_: float) -> int:
    """Stand in for a shortcut that returns a status: it is not 0, ask with checked arguments."""
    return -1


link: Final = Link()


def connect() -> Server:
    """Return the server that the environment asks for."""
    mode = os.environ.get(MODE, "")
    if mode in {"", "library"}:
        from polytier_go.library import Library

        return Library()
    if mode == "sidecar":
        from polytier_go.sidecar import Sidecar

        return Sidecar()
    hint = f"unset {MODE}, or set it to 'library' or 'sidecar'"
    raise ImportError(told(f"load the go tier with {MODE}={mode!r}", "no mode has this name", hint))


def warm() -> None:
    """Load the library, or greet the sidecar, ahead of the first call."""
    link.made().level()


def simd_level() -> str:
    """Return the vector instructions in use: 'avx2' or 'baseline'."""
    return link.made().level()


@cache
def result_class(name: str) -> Any:
    """Return polytier's own class of a named result; polytier is not imported before the first one."""
    return getattr(importlib.import_module("polytier"), name)


def out_of_memory() -> NoReturn:
    """Raise the MemoryError of a call that asks for more than there is."""
    hint = "ask for less, for instance fewer steps"
    raise MemoryError(told("run a kernel on the go tier", "the memory for this call cannot be had", hint))
