"""From ranks to chains: which links a call of each size tries, and why the other tiers are left out."""

# Language policy: exempt, of math it takes infinity alone.

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from polytier.dispatch.plan import Bucket, Plan, standings
from polytier.dispatch.reasons import Link, LinkReason, Reason
from polytier.errors import first_line, forget_frames, passing
from polytier.marks import FLOOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from polytier.dispatch.plan import TierSource
    from polytier.dispatch.quarantine import Quarantine
    from polytier.dispatch.settings import Settings
    from polytier.dispatch.tables import Ranking
    from polytier.kernels.declaration import Kernel
    from polytier.record.tables import Standing


class Planner:
    """Builds the chains of one dispatcher; a tier that it loads may call kernels, and gets their floors."""

    def __init__(
        self,
        tiers: TierSource,
        quarantine: Quarantine,
        settings: Settings,
        while_planning: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self.tiers = tiers
        self.quarantine = quarantine
        self.allow_unmeasured, self.strict = settings
        self.while_planning = while_planning
        self._attempts: dict[tuple[str, str], Callable[..., Any]] = {}

    def plan(self, kernel: Kernel, ranking: Ranking) -> Plan:
        """Return the chains by size; the head of each is loaded, and neighbours with equal chains are one bucket."""
        since = self.quarantine.clock()
        merged: list[Bucket] = []
        lasting = True
        for standing in standings(ranking):
            links, lasts = self._headed(kernel, ranking, self.chain(kernel, ranking, standing)[0])
            lasting = lasting and lasts
            if not merged:
                merged.append(Bucket(0, links))
            elif _names(merged[-1].links) != _names(links):
                merged.append(Bucket(standing.start, links))
        return Plan(tuple(merged), self._retry_at(kernel, ranking, since), lasting)

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
        return Link(why, partial(self.implementation, why.name, kernel.name))

    def implementation(self, tier: str, kernel: str) -> Callable[..., Any]:
        """Return a tier's function for a kernel."""
        with self.while_planning():
            return self.tiers.implementation(tier, kernel)

    def judged(self, kernel: Kernel, ranking: Ranking, why: LinkReason) -> LinkReason:
        """Load a tier and return its reason as a call would find it; nothing is held against a tier that fails."""
        if why.name == FLOOR:
            return why
        if why.reason is Reason.UNMEASURED and (refused := self._refused(ranking, why.name)):
            return refused
        try:
            return self._loaded(ranking, self.link(kernel, why)).why
        except RecursionError:
            raise
        except NotImplementedError as failure:
            return LinkReason(why.name, Reason.ABSENT, first_line(failure))
        except (ImportError, RuntimeError) as failure:
            return self._broken(why, failure)

    def _broken(self, why: LinkReason, failure: Exception) -> LinkReason:
        told = f"{type(failure).__name__}: {first_line(failure)}"
        if passing(failure):
            return LinkReason(why.name, Reason.ABSENT, told)
        if self.strict:
            return why._replace(detail=f"cannot be used, which is the caller's to know (POLYTIER_STRICT): {told}")
        if isinstance(failure, ImportError):
            return LinkReason(why.name, Reason.QUARANTINED, f"until polytier.refresh(): {told}")
        return LinkReason(why.name, Reason.FELL_THROUGH, told)

    def _headed(self, kernel: Kernel, ranking: Ranking, links: tuple[Link, ...]) -> tuple[tuple[Link, ...], bool]:
        """Return the links from the first that loads on, and whether the next call would find the same."""
        *tiers, floor = links
        lasting = True
        for place, link in enumerate(tiers):
            try:
                return (self._loaded(ranking, link), *links[place + 1 :]), lasting
            except RecursionError:
                raise
            except NotImplementedError:
                continue
            except (ImportError, RuntimeError) as failure:
                if self.strict and not passing(failure):
                    return (_resolved(link.why, self._attempt(kernel.name, link.name)), *links[place + 1 :]), lasting
                lasting = lasting and not passing(failure) and self.quarantine.failed(kernel.name, link.name, failure)
                forget_frames(failure)
        return (floor,), lasting

    def _loaded(self, ranking: Ranking, link: Link) -> Link:
        call = link.resolve()
        return _resolved(self._dated(ranking, link.why), call)

    def _attempt(self, kernel: str, tier: str) -> Callable[..., Any]:
        # One object per kernel and tier, so that equal chains go on to share a body.
        def attempt(*args: Any, **keywords: Any) -> Any:
            call = self.implementation(tier, kernel)
            self._digest(tier)
            return call(*args, **keywords)

        return self._attempts.setdefault((kernel, tier), attempt)

    def _retry_at(self, kernel: Kernel, ranking: Ranking, since: float) -> float | None:
        # Since before the chains were built: a quarantine that ended meanwhile kept its tier out of some of them.
        names = {name for standing in standings(ranking) for name in (*standing.order, *self.tiers.installed())}
        ends = [self.quarantine.until(kernel.name, name) for name in names]
        return min((end for end in ends if since < end < math.inf), default=None)

    def _candidates(self, ranking: Ranking, standing: Standing) -> Iterator[tuple[LinkReason, bool]]:
        ahead = standing.order[: standing.order.index(FLOOR)]
        for name in ahead:
            yield _measured(ranking, standing, name), True
        for name in sorted(set(self.tiers.installed()) - set(standing.order)):
            yield self._unranked(ranking, name)
        for name in standing.order[len(ahead) + 1 :]:
            detail = "measured slower than the floor at this size"
            yield LinkReason(name, Reason.SLOWER_THAN_FLOOR, detail, standing.seconds.get(name)), False

    def _unranked(self, ranking: Ranking, name: str) -> tuple[LinkReason, bool]:
        if not self.allow_unmeasured:
            detail = "has no rank at this size; `polytier measure` gives it one"
            return LinkReason(name, Reason.UNMEASURED, detail), False
        if refused := self._refused(ranking, name):
            return refused, False
        return LinkReason(name, Reason.UNMEASURED, "below the measured ones, as POLYTIER_UNMEASURED=allow says"), True

    def _refused(self, ranking: Ranking, name: str) -> LinkReason | None:
        """Return the table's reason where it refuses the tier's present build, or may do so; this loads the tier."""
        told = ranking.ranks.refused.get(name) if ranking.ranks else None
        if told is None or self._differs(ranking, name):
            return None
        return LinkReason(name, Reason.REFUSED, told)

    def _differs(self, ranking: Ranking, name: str) -> bool:
        # A build that the table does not tell, or the tier cannot, may be the refused one.
        build = ranking.ranks.tiers.get(name) if ranking.ranks else None
        if build is None:
            return False
        try:
            return self._digest(name) != build.digest
        except RecursionError:
            raise
        except (ImportError, RuntimeError):
            return False

    def _excluded(self, kernel: str, name: str) -> LinkReason | None:
        denied = self.tiers.denied(name)
        if denied is not None:
            return LinkReason(name, Reason.DISABLED, denied)
        if name not in self.tiers.installed():
            return LinkReason(name, Reason.ABSENT, "ranked, but not installed")
        left = self.quarantine.until(kernel, name) - self.quarantine.clock()
        if left <= 0 or self.strict:
            return None
        report = self.quarantine.report(kernel, name)
        term = "until polytier.refresh()" if left == math.inf else f"for another {left:.3g} s"
        return LinkReason(name, Reason.QUARANTINED, f"{term}: {report.last.partition(chr(10))[0] if report else ''}")

    def _dated(self, ranking: Ranking, why: LinkReason) -> LinkReason:
        ranks = ranking.ranks
        build = ranks.tiers.get(why.name) if ranks and why.name not in ranks.refused else None
        if build is None or build.digest == self._digest(why.name):
            return why
        detail = f"{why.detail}, but measured with build {build.digest[:12]} of version {build.version}"
        return LinkReason(why.name, Reason.STALE, detail, why.seconds)

    def _digest(self, tier: str) -> str:
        with self.while_planning():
            return self.tiers.receipt(tier).digest


def _measured(ranking: Ranking, standing: Standing, name: str) -> LinkReason:
    seconds, floor = standing.seconds.get(name), standing.seconds.get(FLOOR)
    gain = f"{floor / seconds:.3g} times the floor's speed at size {standing.size}" if seconds and floor else "ranked"
    if ranking.estimated:
        return LinkReason(name, Reason.ESTIMATED, f"{gain}, on another kind of host", seconds)
    if name in standing.level:
        return LinkReason(name, Reason.LEVEL, f"{gain}, level with the one before it", seconds)
    return LinkReason(name, Reason.MEASURED, gain, seconds)


def _resolved(why: LinkReason, call: Callable[..., Any]) -> Link:
    return Link(why, lambda: call)


def _names(links: tuple[Link, ...]) -> tuple[str, ...]:
    return tuple(link.name for link in links)
