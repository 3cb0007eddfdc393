"""The handle of a kernel: who serves its calls, and why."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from polytier.dispatch.reasons import Explanation, Reason
from polytier.marks import FLOOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytier.dispatch.service import Service
    from polytier.dispatch.tables import Ranking

_OUT = {Reason.ABSENT, Reason.DISABLED, Reason.QUARANTINED, Reason.FELL_THROUGH, Reason.REFUSED}


class KernelHandle:
    """What `kernel_function.dispatch` is."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.kernel = service.kernel
        self.floor = service.floor

    @property
    def last_tier(self) -> str | None:
        """The tier, or 'floor', that served the last call in this process; one slot, last writer wins."""
        return self._service.last_tier

    def chain(self, size: int) -> tuple[str, ...]:
        """Return the names that a call of this size tries, in order."""
        return tuple(link.name for link in self._service.plan().links(size))

    def tier(self, name: str) -> Callable[..., Any]:
        """Return one tier's implementation itself, without dispatch; 'floor' gives the floor."""
        return self._service.tier(name)

    def why(self, *args: Any, **keywords: Any) -> Explanation:
        """Return the explanation of how a call with these arguments would be served."""
        return explain(self._service, self.kernel.size_of(*args, **keywords))


def explain(service: Service, size: int) -> Explanation:
    """Return the explanation of how a call of this size would be served; loads the tiers of the chain."""
    from polytier.dispatch.plan import standing_at

    shared, kernel, ranking = service.dispatcher, service.kernel, service.ranking()
    planner = shared.planner()
    links, left_out = planner.chain(kernel, ranking, standing_at(ranking, size))
    judged = [planner.judged(kernel, ranking, link.why) for link in links]
    serving = tuple(why for why in judged if why.reason not in _OUT)
    # A tier that is installed and broken is never silent, ranked or not.
    unranked = [planner.judged(kernel, ranking, why) if why.reason is Reason.UNMEASURED else why for why in left_out]
    out = (*(why for why in judged if why.reason in _OUT), *unranked)
    refused = shared.sources().refused
    return Explanation(kernel.name, size, shared.host(), ranking.origin, serving, out, refused, _orders(ranking))


def _orders(ranking: Ranking) -> tuple[tuple[int, tuple[str, ...]], ...]:
    standings = ranking.ranks.standings if ranking.ranks else ()
    runs = groupby(standings, key=lambda standing: standing.order[: standing.order.index(FLOOR) + 1])
    return tuple((next(run).start, names) for names, run in runs)
