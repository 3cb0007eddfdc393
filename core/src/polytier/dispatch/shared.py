"""What the services of one dispatcher share; the dispatcher provides it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from threading import RLock

    from polytier.dispatch.plan import Planner, TierSource
    from polytier.dispatch.quarantine import Quarantine
    from polytier.dispatch.tables import Sources


class Shared(Protocol):
    """The parts of a dispatcher that a service looks at; it changes none but the private names."""

    private: dict[str, Any]
    lock: RLock
    generation: int
    attention: int
    quarantine: Quarantine

    @property
    def tiers(self) -> TierSource:
        """The installed tiers."""

    @property
    def planning(self) -> bool:
        """Whether this thread is making a plan."""

    def clock(self) -> float:
        """Return the seconds on a clock that never runs backwards."""

    def planner(self) -> Planner:
        """Return the planner in force."""

    def sources(self) -> Sources:
        """Return the tables that hold."""

    def host(self) -> str:
        """Return the id of this kind of host."""

    def while_planning(self) -> AbstractContextManager[None]:
        """Mark this thread as making a plan."""
