"""One kernel at run time: its plan, and the slow path that its dispatching function enters."""

from __future__ import annotations

import time
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from polytier.dispatch import generate
from polytier.dispatch.bodies import Bodies
from polytier.dispatch.context import Event, pinned, watchers
from polytier.dispatch.plan import links_at
from polytier.dispatch.reasons import Link, LinkReason, Reason
from polytier.dispatch.tables import Ranking, find_ranking
from polytier.errors import ChainExhaustedError, PinError, TierLoadError, first_line, forget_frames, passing
from polytier.marks import FLOOR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polytier.dispatch.bodies import Run
    from polytier.dispatch.notices import Guard
    from polytier.dispatch.plan import Plan, Shared
    from polytier.kernels.declaration import Kernel

PATIENCE = 16
"""Slow calls of other tiers before a body is compiled in which only the suspect's calls are slow.

Compiling takes as long as some 30 slow calls, and a suspect is mostly called again, or put into quarantine, at once.
"""

Arguments = tuple[Any, ...]
Keywords = dict[str, Any]
Failed = dict[str, Exception]


class Service:
    """Everything that calls of one kernel share."""

    def __init__(self, dispatcher: Shared, kernel: Kernel) -> None:
        self.dispatcher = dispatcher
        self.kernel = kernel
        self.floor = kernel.floor
        guard = self._guard()
        self.bodies = Bodies(kernel, dispatcher.private, self, guard)
        self.function = generate.make_function(kernel, dispatcher.private, self.bodies.attended)
        if guard is not None:
            guard.mark(self.function)
        self._last = self.function.__closure__[0]  # type: ignore[index]
        self._plan: Plan | None = None
        self._version = 0
        self._unsettled = 0
        self._falls = False

    def _guard(self) -> Guard | None:
        if self.kernel.deprecated is None and not self.kernel.deprecated_arguments:
            return None
        from polytier.dispatch.notices import Guard

        return Guard(self)

    @property
    def last_tier(self) -> str | None:
        """The tier, or 'floor', that served the last call in this process; one slot, last writer wins."""
        last: str | None = self._last.cell_contents
        return last

    # What the dispatching function calls ---------------------------------------------------------------------------

    def attend(self, args: Arguments, keywords: Keywords) -> Any:
        """Serve a call that the fast path does not: the first one, a pinned or traced one, one of a watched tier."""
        if self.dispatcher.planning:  # a tier calls a kernel while it is being loaded
            return self.floor(*args, **keywords)
        size = self._size_or_none(args, keywords)
        tier = pinned(self.dispatcher)
        if tier is not None:
            return self._observed(size, [self._pinned_link(tier)], args, keywords, pin=True)
        plan = self.plan()
        answer = self._observed(size, plan.links(size), args, keywords)
        self._settle(plan)
        return answer

    def fall(self, label: str, failure: Exception, args: Arguments, keywords: Keywords) -> Any:
        """Go on with the chain after the head that failed in the body compiled as `label`."""
        compiled, runs = self.bodies.labelled[label]
        line = failure.__traceback__.tb_lineno if failure.__traceback__ else 0
        failures: Failed = {}
        try:
            if line in compiled.watched_lines:
                raise failure
            place = compiled.heads.get(line)
            if place is None:  # the size expression failed
                return self._try([runs[0][0].links[-1]], args, keywords, failures)[0]
            head, *rest = self._chain(runs[place], args, keywords)
            if self._final(head, failure):
                raise failure
            failures[head.name] = failure
            return self._try(rest, args, keywords, failures)[0]
        finally:
            # A frame that holds an exception which holds the frame would keep the arguments until a collection.
            failures.clear()
            del failure

    def _chain(self, run: Run, args: Arguments, keywords: Keywords) -> Sequence[Link]:
        if len(run) == 1:
            return run[0].links
        size = self._size_or_none(args, keywords)
        if size is None:
            return run[0].links[0], run[0].links[-1]
        return links_at(run, size)

    def unsized(self, label: str, failure: Exception) -> bool:
        """Say whether the failure arose while the body compiled as `label` sized the call."""
        traceback = failure.__traceback__
        return traceback is not None and traceback.tb_lineno in self.bodies.labelled[label][0].size_lines

    @cached_property
    def _size(self) -> Callable[..., Any]:
        return generate.compile_size(self.kernel)

    # Plans and bodies ----------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """Return the plan in force, made anew after a refresh, a re-ranking, or the end of a quarantine."""
        plan = self._plan
        if plan is None or (plan.retry_at is not None and self.dispatcher.clock() >= plan.retry_at):
            plan = self._make_plan()
        return plan

    def invalidate(self) -> None:
        """Drop the plan, and any that is in the making; the next call makes a new one."""
        with self.dispatcher.lock:
            self._version += 1
            self._plan = None
            self.watch()

    def watch(self) -> None:
        """Send every call through the slow path, until one of them finds nothing left to watch."""
        with self.dispatcher.lock:
            self._unsettled = 0
            if self.function.__code__ is not self.bodies.attended.code:
                self.function.__code__ = self.bodies.attended.code

    def ranking(self) -> Ranking:
        """Return the ranks that hold for this kernel."""
        return find_ranking(self.kernel.name, self.dispatcher.sources().known)

    def _make_plan(self) -> Plan:
        version = self._version
        plan = self.dispatcher.planner().plan(self.kernel, self.ranking())
        with self.dispatcher.lock:
            if plan.lasting and version == self._version:
                self._plan = plan
                self._falls = False
                self.bodies.retry_at(plan.retry_at)
        return plan

    def _settle(self, plan: Plan) -> None:
        with self.dispatcher.lock:
            if self._plan is not plan or self.dispatcher.blocks:
                return
            heads = plan.heads()
            # A tier that failed is watched until it succeeds, so that only failures in a row count.
            watched = frozenset(filter(partial(self.dispatcher.quarantine.suspected, self.kernel.name), heads))
            self._unsettled += 1
            if watched and (watched == heads or self._unsettled < PATIENCE):
                return
            self.function.__code__ = self.bodies.of(plan, watched, notes=self._falls).code

    # The slow path -------------------------------------------------------------------------------------------------

    def _size_or_none(self, args: Arguments, keywords: Keywords) -> int | None:
        try:
            size: int = max(self._size(*args, **keywords), 0)  # the comparison refuses what is no number
        except Exception:  # noqa: BLE001  the floor raises the right error for whatever has no size
            return None
        return size

    def _observed(
        self, size: int | None, links: Sequence[Link], args: Arguments, keywords: Keywords, *, pin: bool = False
    ) -> Any:
        failures: Failed = {}
        try:
            blocks = watchers(self.dispatcher)
            start = time.perf_counter_ns() if blocks else 0
            answer, link = self._try(links, args, keywords, failures, pin=pin)
            if blocks:
                fell = tuple((tier, f"{type(f).__name__}: {first_line(f)}") for tier, f in failures.items())
                reason = Reason.FELL_THROUGH if fell else link.why.reason
                event = Event(self.kernel.name, size, link.name, reason, fell, time.perf_counter_ns() - start)
                for block in blocks:
                    if block.open:
                        block.owner.events.append(event)
            return answer
        finally:
            failures.clear()

    def _try(
        self, links: Sequence[Link], args: Arguments, keywords: Keywords, failures: Failed, *, pin: bool = False
    ) -> tuple[Any, Link]:
        for link in links:
            try:
                answer = link.resolve()(*args, **keywords)
            except (ImportError, RuntimeError) as failure:
                if pin or self._final(link, failure, alone=not failures):
                    raise
                failures[link.name] = failure
            else:
                self._served(link, failures)
                return answer, link
        raise ChainExhaustedError.of(self.kernel.name, failures)

    def _final(self, link: Link, failure: Exception, *, alone: bool = True) -> bool:
        """Count a link's failure, and say whether it is the caller's: strict mode, recursion, or the floor alone."""
        if link.name == FLOOR:
            return alone
        if isinstance(failure, RecursionError):
            return True
        if passing(failure):
            return False
        if self.dispatcher.planner().strict:
            return True
        if not isinstance(failure, NotImplementedError):
            if self.dispatcher.quarantine.failed(self.kernel.name, link.name, failure):
                self.invalidate()
            else:
                self.watch()
        return False

    def _served(self, link: Link, failures: Failed) -> None:
        self._last.cell_contents = link.name
        if link.name != FLOOR:
            self.dispatcher.quarantine.succeeded(self.kernel.name, link.name)
        for failure in failures.values():
            forget_frames(failure)
        if failures and not self._falls:
            # A body with one head does not note who serves, which would cost each call 3 ns: from here on it must.
            self._falls = True
            self.watch()

    def _pinned_link(self, tier: str) -> Link:
        why = LinkReason(tier, Reason.PINNED, "pinned by polytier.using")
        return Link(why, lambda: self.tier(tier))

    def tier(self, name: str) -> Callable[..., Any]:
        """Return one tier's implementation itself, without dispatch; 'floor' gives the floor."""
        if name == FLOOR:
            return self.floor
        try:
            return self.dispatcher.planner().implementation(name, self.kernel.name)
        except (TierLoadError, NotImplementedError) as failure:
            raise PinError.of(self.kernel.name, name, first_line(failure)) from failure
