"""One kernel at run time: its plan, the slow path that its dispatching function enters, and its handle."""

from __future__ import annotations

import itertools
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from polytier.dispatch import generate
from polytier.dispatch.context import Event, pinned, traces
from polytier.dispatch.plan import Bucket, first_line, standing_at
from polytier.dispatch.reasons import Explanation, Link, LinkReason, Reason
from polytier.dispatch.tables import Ranking, find_ranking
from polytier.errors import ChainExhaustedError, PinError, TierLoadError
from polytier.marks import FLOOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polytier.dispatch.plan import Shared
    from polytier.kernels.declaration import Kernel

_numbers = itertools.count(1)  # process-wide: tracebacks find a body's source by its label

Arguments = tuple[Any, ...]
Keywords = dict[str, Any]


class Plan(NamedTuple):
    """The chains of one kernel and the body compiled from their heads."""

    generation: int
    buckets: tuple[Bucket, ...]
    retry_at: float | None
    compiled: generate.Compiled

    def links(self, size: float | None) -> tuple[Link, ...]:
        """Return the chain for a size; an input without a size belongs to the floor, which raises the right error."""
        if size is None:
            return self.buckets[0].links[-1:]
        return next((b.links for b in reversed(self.buckets) if b.start <= size), self.buckets[0].links)


class Service:
    """Everything that calls of one kernel share."""

    def __init__(self, dispatcher: Shared, kernel: Kernel) -> None:
        self.dispatcher = dispatcher
        self.kernel = kernel
        self.floor = kernel.floor
        self._attended = generate.compile_attended(kernel)
        self._plan: Plan | None = None
        self._labelled: dict[str, Plan] = {}
        self._labels: dict[Any, str] = {}
        self._bodies: dict[str, generate.Compiled] = {}
        self._slots: dict[Any, str] = {}
        dispatcher.private[generate.slow_path_slot(kernel)] = self
        self.function = generate.make_function(kernel, dispatcher.private, self._attended)
        self._last = self.function.__closure__[0]  # type: ignore[index]

    # What the dispatching function calls ---------------------------------------------------------------------------

    def attend(self, args: Arguments, keywords: Keywords) -> Any:
        """Serve a call that the fast path does not: the first one, a pinned or traced one, one of a watched tier."""
        size = self._size_or_none(args, keywords)
        tier = pinned.get()
        if tier is not None:
            return self._observed(size, iter([self._pinned_link(tier)]), args, keywords, pin=True)
        if self.dispatcher.planning:  # a tier calls a kernel while it is being imported
            return self.floor(*args, **keywords)
        plan = self.plan()
        answer = self._observed(size, iter(plan.links(size)), args, keywords)
        self._settle(plan)
        return answer

    def fall(self, label: str, failure: Exception, args: Arguments, keywords: Keywords) -> Any:
        """Go on with the chain after the head that failed in the body compiled as `label`."""
        plan = self._labelled[label]
        line = failure.__traceback__.tb_lineno if failure.__traceback__ else 0
        place = plan.compiled.heads.get(line)
        if place is None:  # the size expression failed
            return self.floor(*args, **keywords)
        links = plan.buckets[place].links
        if self._final(links[0], failure):
            raise failure
        return self._try(iter(links[1:]), args, keywords, {links[0].name: failure})[0]

    def unsized(self, label: str, failure: Exception) -> bool:
        """Say whether the failure arose while the body compiled as `label` sized the call."""
        traceback = failure.__traceback__
        return traceback is not None and traceback.tb_lineno in self._labelled[label].compiled.size_lines

    @cached_property
    def _size(self) -> Callable[..., Any]:
        return generate.compile_size(self.kernel)

    # Plans -------------------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """Return the plan in force, made anew after a refresh, a re-ranking, or the end of a quarantine."""
        plan = self._plan
        if plan is None or (plan.retry_at is not None and self.dispatcher.clock() >= plan.retry_at):
            plan = self._make_plan()
        return plan

    def invalidate(self) -> None:
        """Drop the plan; the next call makes a new one."""
        with self.dispatcher.lock:
            self._plan = None
            self.watch()

    def watch(self) -> None:
        """Send every call through the slow path, until one of them finds nothing left to watch."""
        with self.dispatcher.lock:
            if self.function.__code__ is not self._attended.code:
                self.function.__code__ = self._attended.code

    def ranking(self) -> Ranking:
        """Return the ranks that hold for this kernel."""
        return find_ranking(self.kernel.name, self.dispatcher.sources().known)

    def _make_plan(self) -> Plan:
        generation = self.dispatcher.generation
        with self.dispatcher.while_planning():
            planner, ranks = self.dispatcher.planner(), self.ranking()
            buckets = planner.buckets(self.kernel, ranks)
            retry_at = planner.retry_at(self.kernel, ranks)
        with self.dispatcher.lock:
            plan = self._compiled(generation, buckets, retry_at)
            if generation == self.dispatcher.generation:
                self._plan = plan
        return plan

    def _compiled(self, generation: int, buckets: tuple[Bucket, ...], retry_at: float | None) -> Plan:
        # Equal chains share one body under one label, so that re-ranking back and forth compiles nothing anew.
        heads = tuple(self._heads(buckets))
        chains = tuple(tuple(link.name for link in bucket.links) for bucket in buckets)
        key = (heads, chains, retry_at is not None)
        label = self._labels.get(key) or self._labels.setdefault(key, f"plan {next(_numbers)}")
        if label not in self._bodies:
            retries = retry_at is not None
            self._bodies[label] = generate.compile_plan(self.kernel, heads, retries=retries, label=label)
        plan = Plan(generation, buckets, retry_at, self._bodies[label])
        self._labelled[label] = plan
        if retry_at is not None:
            self.dispatcher.private[generate.retry_slot(self.kernel)] = retry_at
        return plan

    def _heads(self, buckets: tuple[Bucket, ...]) -> Iterator[generate.Head]:
        ends = [bucket.start for bucket in buckets[1:]]
        for bucket, end in zip(buckets, [*ends, None], strict=True):
            link = bucket.links[0]
            yield generate.Head(end, link.name, self._slot(link.name, link.resolve()))

    def _slot(self, tier: str, call: Callable[..., Any]) -> str:
        key = (tier, id(call))
        if key not in self._slots:
            name = "".join(letter if letter.isalnum() else "_" for letter in tier)
            self._slots[key] = f"_{self.kernel.name}_{name}_{len(self._slots)}"
            self.dispatcher.private[self._slots[key]] = call
        return self._slots[key]

    def _settle(self, plan: Plan) -> None:
        quarantine, name = self.dispatcher.quarantine, self.kernel.name
        if any(quarantine.suspected(name, bucket.links[0].name) for bucket in plan.buckets):
            return  # the slow path watches the tier until it succeeds or is put into quarantine
        with self.dispatcher.lock:
            if self._plan is plan and not self.dispatcher.attention:
                self.function.__code__ = plan.compiled.code

    # The slow path -----------------------------------------------------------------------------------------------

    def _size_or_none(self, args: Arguments, keywords: Keywords) -> int | None:
        try:
            size: int = max(self._size(*args, **keywords), 0)  # the comparison refuses what is no number
        except Exception:  # noqa: BLE001  the floor raises the right error for whatever has no size
            return None
        return size

    def _observed(
        self, size: int | None, links: Iterator[Link], args: Arguments, keywords: Keywords, *, pin: bool = False
    ) -> Any:
        watchers = traces.get()
        if not watchers:
            return self._try(links, args, keywords, {}, pin=pin)[0]
        start = time.perf_counter_ns()
        failures: dict[str, Exception] = {}
        answer, link = self._try(links, args, keywords, failures, pin=pin)
        fell = tuple((tier, f"{type(f).__name__}: {first_line(f)}") for tier, f in failures.items())
        reason = Reason.FELL_THROUGH if fell else link.why.reason
        event = Event(self.kernel.name, size, link.name, reason, fell, time.perf_counter_ns() - start)
        for trace in watchers:
            trace.events.append(event)
        return answer

    def _try(
        self,
        links: Iterator[Link],
        args: Arguments,
        keywords: Keywords,
        failures: dict[str, Exception],
        *,
        pin: bool = False,
    ) -> tuple[Any, Link]:
        for link in links:
            try:
                answer = link.resolve()(*args, **keywords)
            except (ImportError, RuntimeError) as failure:
                if pin or self._final(link, failure, alone=not failures):
                    raise
                failures[link.name] = failure
                continue
            self._served(link)
            return answer, link
        raise ChainExhaustedError.of(self.kernel.name, failures)

    def _final(self, link: Link, failure: Exception, *, alone: bool = True) -> bool:
        """Count a link's failure, and say whether it is the caller's: strict mode, recursion, or the floor alone."""
        if link.name == FLOOR:
            return alone
        if isinstance(failure, RecursionError):
            return True
        if not isinstance(failure, NotImplementedError):
            if self.dispatcher.quarantine.failed(self.kernel.name, link.name, failure):
                self.invalidate()
            else:
                self.watch()
        return self.dispatcher.planner().strict

    def _served(self, link: Link) -> None:
        self._last.cell_contents = link.name
        if link.name != FLOOR:
            self.dispatcher.quarantine.succeeded(self.kernel.name, link.name)

    def _pinned_link(self, tier: str) -> Link:
        why = LinkReason(tier, Reason.PINNED, "pinned by polytier.using")
        return Link(why, lambda: self.tier(tier))

    # The handle --------------------------------------------------------------------------------------------------

    @property
    def last_tier(self) -> str | None:
        """The tier, or 'floor', that served the last call in this process; one slot, last writer wins."""
        last: str | None = self._last.cell_contents
        return last

    def chain(self, size: int) -> tuple[str, ...]:
        """Return the names that a call of this size tries, in order."""
        return tuple(link.name for link in self.plan().links(size))

    def tier(self, name: str) -> Callable[..., Any]:
        """Return one tier's implementation itself, without dispatch; 'floor' gives the floor."""
        if name == FLOOR:
            return self.floor
        try:
            return self.dispatcher.tiers.implementation(name, self.kernel.name)
        except (TierLoadError, NotImplementedError) as failure:
            raise PinError.of(self.kernel.name, name, first_line(failure)) from failure

    def why(self, *args: Any, **keywords: Any) -> Explanation:
        """Return the explanation of how a call with these arguments would be served."""
        return self.explain(self.kernel.size_of(*args, **keywords))

    def explain(self, size: int) -> Explanation:
        """Return the explanation of how a call of this size would be served; loads the tiers of the chain."""
        planner, ranks = self.dispatcher.planner(), self.ranking()
        links, left_out = planner.chain(self.kernel, ranks, standing_at(ranks, size))
        judged = [planner.judged(self.kernel, ranks, link) for link in links]
        serving = tuple(why for why in judged if why.reason not in _OUT)
        # A tier that is installed and broken is never silent, ranked or not.
        unranked = [
            planner.judged(self.kernel, ranks, planner.link(self.kernel, why))
            if why.reason is Reason.UNMEASURED
            else why
            for why in left_out
        ]
        out = (*(why for why in judged if why.reason in _OUT), *unranked)
        refused = self.dispatcher.sources().refused
        return Explanation(self.kernel.name, size, self.dispatcher.host(), ranks.origin, serving, out, refused)


_OUT = {Reason.ABSENT, Reason.DISABLED, Reason.QUARANTINED}
