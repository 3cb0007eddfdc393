"""What is planned for one kernel, and what the parts of dispatch need of each other and of the installed tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from polytier.marks import FLOOR

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from threading import RLock
    from types import ModuleType

    from polytier.dispatch.context import Block
    from polytier.dispatch.planner import Planner
    from polytier.dispatch.quarantine import Quarantine
    from polytier.dispatch.reasons import Link
    from polytier.dispatch.tables import Ranking, Sources
    from polytier.record.tables import Standing


class Bucket(NamedTuple):
    """The sizes from `start` up to the next bucket's start, and the links that serve them, the floor last."""

    start: int
    links: tuple[Link, ...]


class Plan(NamedTuple):
    """The chains of one kernel, and when the first quarantine among its tiers ends.

    One that is not `lasting` passes over a tier which the next call may be able to use; it serves one call.
    """

    buckets: tuple[Bucket, ...]
    retry_at: float | None
    lasting: bool

    def links(self, size: float | None) -> tuple[Link, ...]:
        """Return the chain for a size; an input without a size belongs to the floor, which raises the right error."""
        if size is None:
            return self.buckets[0].links[-1:]
        return links_at(self.buckets, size)

    def heads(self) -> frozenset[str]:
        """Return the names that serve some size first."""
        return frozenset(bucket.links[0].name for bucket in self.buckets)


def links_at(buckets: tuple[Bucket, ...], size: float) -> tuple[Link, ...]:
    """Return the chain of the bucket that serves a size; sizes below the first belong to it."""
    return next((bucket.links for bucket in reversed(buckets) if bucket.start <= size), buckets[0].links)


def standings(ranking: Ranking) -> tuple[Standing, ...]:
    """Return the standings of a ranking; without ranks, one in which the floor stands alone."""
    if ranking.ranks is None or not ranking.ranks.standings:
        from polytier.record.tables import Standing

        return (Standing(size=0, start=0, order=(FLOOR,), level=(), seconds={}),)
    return ranking.ranks.standings


def standing_at(ranking: Ranking, size: float) -> Standing:
    """Return the standing that serves a size."""
    known = standings(ranking)
    return next((standing for standing in reversed(known) if standing.start <= size), known[0])


class ReceiptLike(Protocol):
    """The part of a receipt that dispatch looks at."""

    @property
    def digest(self) -> str:
        """The digest of the tier's build."""


class TierSource(Protocol):
    """What dispatch needs of the installed tiers."""

    def installed(self) -> tuple[str, ...]:
        """Return the names of the installed tiers."""

    def denied(self, name: str) -> str | None:
        """Return why the allow and deny lists keep the tier out, or None."""

    def implementation(self, name: str, kernel: str) -> Callable[..., Any]:
        """Return the tier's function for the kernel; ImportError or NotImplementedError where there is none."""

    def receipt(self, name: str) -> ReceiptLike:
        """Return the tier's receipt; ImportError where it cannot be had."""

    def refresh(self) -> None:
        """Forget what was found and what failed."""

    def load(self, name: str) -> ModuleType:
        """Return the tier's module; ImportError where it cannot be had."""


class Shared(Protocol):
    """What the services of one dispatcher share; they change nothing of it but the private names."""

    private: dict[str, Any]
    lock: RLock
    blocks: set[Block[Any]]
    quarantine: Quarantine
    told: dict[str, object]

    @property
    def planning(self) -> bool:
        """Whether this thread is loading a tier."""

    def clock(self) -> float:
        """Return the seconds on a clock that never runs backwards."""

    def planner(self) -> Planner:
        """Return the planner in force."""

    def sources(self) -> Sources:
        """Return the tables that hold."""

    def host(self) -> str:
        """Return the id of this kind of host."""

    def while_planning(self) -> AbstractContextManager[None]:
        """Mark this thread as loading a tier: its kernel calls go to the floor."""
