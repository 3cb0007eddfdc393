"""Pins and traces: what a caller asks of dispatch in the current task or thread."""

from __future__ import annotations

from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, NamedTuple, Self, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polytier.dispatch.reasons import Reason

pinned: ContextVar[str | None] = ContextVar("polytier_pinned", default=None)
traces: ContextVar[tuple[Trace, ...]] = ContextVar("polytier_traces", default=())


class Event(NamedTuple):
    """One served call: which tier answered, which ones fell through and why, and how long all of it took."""

    kernel: str
    size: int | None
    tier: str
    reason: Reason
    fell_through: tuple[tuple[str, str], ...]
    nanoseconds: int


class Using(ContextDecorator):
    """Pin every kernel called inside the block, in this task or thread, to one tier (or 'floor')."""

    def __init__(self, tier: str, attend: Callable[[int], None]) -> None:
        self._tier = tier
        self._attend = attend
        self._tokens: list[Token[str | None]] = []

    def _recreate_cm(self) -> Using:
        # As a decorator one instance would be shared by threads, and a token belongs to one context.
        return Using(self._tier, self._attend)

    def __enter__(self) -> None:
        """Begin the pin."""
        self._tokens.append(pinned.set(self._tier))
        self._attend(1)

    def __exit__(self, *failure: object) -> None:
        """End the pin; an outer one holds again."""
        self._attend(-1)
        pinned.reset(self._tokens.pop())


class Trace:
    """The calls served while the block was open, in this task or thread, oldest first."""

    def __init__(self, attend: Callable[[int], None]) -> None:
        self._attend = attend
        self._tokens: list[Token[tuple[Trace, ...]]] = []
        self.events: list[Event] = []

    def __enter__(self) -> Self:
        """Begin to note calls."""
        self._tokens.append(traces.set((*traces.get(), self)))
        self._attend(1)
        return self

    def __exit__(self, *failure: object) -> None:
        """Stop noting calls; the events stay."""
        self._attend(-1)
        traces.reset(self._tokens.pop())

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
