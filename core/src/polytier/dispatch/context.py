"""Pins and traces: what a caller asks of dispatch in the current task or thread."""

from __future__ import annotations

import threading
from contextlib import ContextDecorator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, Self, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytier.dispatch.reasons import Reason

S = TypeVar("S", bound="Scope")


class Event(NamedTuple):
    """One served call: which tier answered, which ones fell through and why, and how long all of it took."""

    kernel: str
    size: int | None
    tier: str
    reason: Reason
    fell_through: tuple[tuple[str, str], ...]
    nanoseconds: int


class Block(Generic[S]):
    """One entry into a `with` block; a task that inherited it and outlives it is free of it."""

    __slots__ = ("open", "outer", "owner", "thread")

    def __init__(self, owner: S, outer: Block[S] | None) -> None:
        self.owner = owner
        self.outer = outer
        self.open = True
        self.thread = threading.get_ident()


class Attention(Protocol):
    """What a block needs of its dispatcher."""

    def begin(self, block: Block[Any]) -> None:
        """Send every call through the slow path, which looks whose it is, while the block is open."""

    def end(self, block: Block[Any]) -> None:
        """Close the block."""


_pins: ContextVar[Block[Using] | None] = ContextVar("polytier_pins", default=None)
_traces: ContextVar[Block[Trace] | None] = ContextVar("polytier_traces", default=None)


class Scope:
    """What a `with` statement enters, as often and in as many threads and tasks at once as callers like."""

    def __init__(self, dispatcher: Attention, innermost: ContextVar[Any]) -> None:
        self.dispatcher = dispatcher
        self._innermost = innermost
        self._blocks: list[Block[Any]] = []

    def __enter__(self) -> Self:
        """Begin."""
        block = Block(self, next(_open(self._innermost.get()), None))
        self.dispatcher.begin(block)
        self._blocks.append(block)
        self._innermost.set(block)
        return self

    def __exit__(self, *failure: object) -> None:
        """End; an outer block holds again."""
        here = (block for block in _open(self._innermost.get()) if block.owner is self)
        # A generator or a test's fixture may be left in another context than the one it was entered in.
        block = next(here, self._blocks[-1])
        self._blocks.remove(block)
        self.dispatcher.end(block)
        # No token: one belongs to a single context, and this object may be shared by several.
        self._innermost.set(next(_open(self._innermost.get()), None))


class Using(Scope, ContextDecorator):
    """Pin every kernel called inside the block, in this task or thread, to one tier (or 'floor')."""

    def __init__(self, tier: str, dispatcher: Attention) -> None:
        super().__init__(dispatcher, _pins)
        self.tier = tier


class Trace(Scope):
    """The calls served while the block was open, in this task or thread, oldest first."""

    def __init__(self, dispatcher: Attention) -> None:
        super().__init__(dispatcher, _traces)
        self.events: list[Event] = []

    def __len__(self) -> int:
        """Return the number of calls noted."""
        return len(self.events)

    def __iter__(self) -> Iterator[Event]:
        """Iterate over the events, oldest first."""
        return iter(self.events)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> list[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | list[Event]:
        """Return the event at a place, or the events of a slice."""
        return self.events[place]


def pinned(dispatcher: object) -> str | None:
    """Return the tier that this task or thread has pinned, or None."""
    return next((block.owner.tier for block in _open(_pins.get()) if block.owner.dispatcher is dispatcher), None)


def watchers(dispatcher: object) -> tuple[Block[Trace], ...]:
    """Return one open block for each trace that this task or thread has open."""
    found = {block.owner: block for block in _open(_traces.get()) if block.owner.dispatcher is dispatcher}
    return tuple(found.values())


def _open(block: Block[S] | None) -> Iterator[Block[S]]:
    while block is not None:
        if block.open:
            yield block
        block = block.outer
