"""What serves the calls of this process: the library in it, or a sidecar beside it; chosen at the first call."""

from __future__ import annotations

import os
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
    """Holds the server of this process and its shortcuts; the first look at any of them makes them."""

    server: Server
    order_parameter: Callable[[int], float]
    mean_phase: Callable[[int], float]
    build_knm: Callable[[int, float, float, int], int]
    networked_force: Callable[[int, int, int], int]
    integrate: Callable[..., int]

    def __getattr__(self, name: str) -> Any:
        # Two threads may both come here: what they make is alike, and the later one wins.
        if name in Link.__annotations__:
            server = connect()
            vars(self).update(server.shortcuts(), server=server)
            return vars(self)[name]
        raise AttributeError(name)


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
    link.order_parameter  # noqa: B018 - looking makes it
    link.server.level()


def simd_level() -> str:
    """Return the vector instructions in use: 'avx2' or 'baseline'."""
    return link.server.level()


def out_of_memory() -> NoReturn:
    """Raise the MemoryError of a call that asks for more than there is."""
    hint = "ask for fewer oscillators or steps"
    raise MemoryError(told("run a kernel on the go tier", "the memory for this call cannot be had", hint))
