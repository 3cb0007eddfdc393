"""From ranks to chains: which links a call of each size tries, and why the other tiers are left out."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from polytier.dispatch.reasons import Link, LinkReason, Reason
from polytier.marks import FLOOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from threading import RLock
    from types import ModuleType

    from polytier.dispatch.quarantine import Quarantine
    from polytier.dispatch.tables import Ranking, Sources
    from polytier.kernels.declaration import Kernel
    from polytier.record.tables import Standing


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
        """Return the tier's receipt."""

    def refresh(self) -> None:
        """Forget what was found and what failed."""

    def load(self, name: str) -> ModuleType:
        """Return the tier's module; ImportError where it cannot be had."""


class Shared(Protocol):
    """What the services of one dispatcher share; they change nothing of it but the private names."""

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


class Bucket(NamedTuple):
    """The sizes from `start` up to the next bucket's start, and the links that serve them, the floor last."""

    start: int
    links: tuple[Link, ...]


class Planner:
    """Builds the chains of one dispatcher."""

    def __init__(self, tiers: TierSource, quarantine: Quarantine, *, allow_unmeasured: bool, strict: bool) -> None:
        self.tiers = tiers
        self.quarantine = quarantine
        self.allow_unmeasured = allow_unmeasured
        self.strict = strict

    def buckets(self, kernel: Kernel, ranking: Ranking) -> tuple[Bucket, ...]:
        """Return the chains by size; the head of each is loaded, and neighbours with equal chains are one bucket."""
        merged: list[Bucket] = []
        for standing in standings(ranking):
            links = self._headed(kernel, ranking, self.chain(kernel, ranking, standing)[0])
            if not merged:
                merged.append(Bucket(0, links))
            elif _names(merged[-1].links) != _names(links):
                merged.append(Bucket(standing.start, links))
        return tuple(merged)

    def retry_at(self, kernel: Kernel, ranking: Ranking) -> float | None:
        """Return when the first timed quarantine of a tier in this kernel's standings ends; None without one."""
        now = self.quarantine.clock()
        names = {name for standing in standings(ranking) for name in (*standing.order, *self.tiers.installed())}
        ends = [self.quarantine.until(kernel.name, name) for name in names]
        return min((end for end in ends if now < end < math.inf), default=None)

    def chain(
        self, kernel: Kernel, ranking: Ranking, standing: Standing
    ) -> tuple[tuple[Link, ...], tuple[LinkReason, ...]]:
        """Return the links for one standing, the floor last, and why every other tier is left out."""
        links: list[Link] = []
        left_out: list[LinkReason] = []
        for why, serves in self._candidates(ranking, standing):
            excluded = self._excluded(kernel.name, why.name)
            if serves and excluded is None:
                links.append(self.link(kernel, why))
            else:
                left_out.append(excluded or why)
        floor = LinkReason(FLOOR, Reason.FLOOR, "ends every chain", standing.seconds.get(FLOOR))
        return (*links, _resolved(floor, kernel.floor)), tuple(left_out)

    def link(self, kernel: Kernel, why: LinkReason) -> Link:
        """Return the link of a tier; it is loaded when it is resolved."""
        return Link(why, partial(self.tiers.implementation, why.name, kernel.name))

    def judged(self, kernel: Kernel, ranking: Ranking, link: Link) -> LinkReason:
        """Load a link and return its reason: quarantined if it is broken, stale if it is not the build measured."""
        if link.name == FLOOR:
            return link.why
        try:
            link.resolve()
        except NotImplementedError as failure:
            return LinkReason(link.name, Reason.ABSENT, first_line(failure))
        except (ImportError, RuntimeError) as failure:
            self.quarantine.failed(kernel.name, link.name, failure)
            return self._excluded(kernel.name, link.name) or link.why
        return self._dated(ranking, link.why)

    def _headed(self, kernel: Kernel, ranking: Ranking, links: tuple[Link, ...]) -> tuple[Link, ...]:
        *tiers, floor = links
        for place, link in enumerate(tiers):
            try:
                call = link.resolve()
            except NotImplementedError:
                continue
            except (ImportError, RuntimeError) as failure:
                if self.strict or isinstance(failure, RecursionError):
                    raise
                self.quarantine.failed(kernel.name, link.name, failure)
                continue
            return _resolved(self._dated(ranking, link.why), call), *links[place + 1 :]
        return (floor,)

    def _candidates(self, ranking: Ranking, standing: Standing) -> Iterator[tuple[LinkReason, bool]]:
        ahead = standing.order[: standing.order.index(FLOOR)]
        for name in ahead:
            yield self._measured(ranking, standing, name), True
        for name in sorted(set(self.tiers.installed()) - set(standing.order)):
            yield LinkReason(name, Reason.UNMEASURED, self._unmeasured()), self.allow_unmeasured
        for name in standing.order[len(ahead) + 1 :]:
            detail = "measured slower than the floor at this size"
            yield LinkReason(name, Reason.SLOWER_THAN_FLOOR, detail, standing.seconds.get(name)), False

    def _measured(self, ranking: Ranking, standing: Standing, name: str) -> LinkReason:
        seconds, floor = standing.seconds.get(name), standing.seconds.get(FLOOR)
        gain = (
            f"{floor / seconds:.3g} times the floor's speed at size {standing.size}" if seconds and floor else "ranked"
        )
        if ranking.estimated:
            return LinkReason(name, Reason.ESTIMATED, f"{gain}, on another kind of host", seconds)
        if name in standing.level:
            return LinkReason(name, Reason.LEVEL, f"{gain}, level with the one before it", seconds)
        return LinkReason(name, Reason.MEASURED, gain, seconds)

    def _unmeasured(self) -> str:
        if self.allow_unmeasured:
            return "below the measured ones, as POLYTIER_UNMEASURED=allow says"
        return "has no rank at this size: not measured, or refused; `polytier measure` says which"

    def _excluded(self, kernel: str, name: str) -> LinkReason | None:
        denied = self.tiers.denied(name)
        if denied is not None:
            return LinkReason(name, Reason.DISABLED, denied)
        if name not in self.tiers.installed():
            return LinkReason(name, Reason.ABSENT, "ranked, but not installed")
        left = self.quarantine.until(kernel, name) - self.quarantine.clock()
        if left <= 0:
            return None
        report = self.quarantine.report(kernel, name)
        term = "until polytier.refresh()" if left == math.inf else f"for another {left:.3g} s"
        return LinkReason(name, Reason.QUARANTINED, f"{term}: {first_line(report.last) if report else ''}")

    def _dated(self, ranking: Ranking, why: LinkReason) -> LinkReason:
        build = ranking.ranks.tiers.get(why.name) if ranking.ranks else None
        if build is None or build.digest == self.tiers.receipt(why.name).digest:
            return why
        detail = f"{why.detail}, but measured with build {build.digest[:12]} of version {build.version}"
        return LinkReason(why.name, Reason.STALE, detail, why.seconds)


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


def first_line(failure: object) -> str:
    """Return the first line of a message."""
    return str(failure).partition("\n")[0]


def _resolved(why: LinkReason, call: Callable[..., Any]) -> Link:
    return Link(why, lambda: call)


def _names(links: tuple[Link, ...]) -> tuple[str, ...]:
    return tuple(link.name for link in links)
