"""The bodies of one kernel's dispatching function, each compiled once, and the names they use."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from polytier.dispatch import generate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytier.dispatch.notices import Guard
    from polytier.dispatch.plan import Bucket, Plan
    from polytier.kernels.declaration import Kernel

Run = tuple["Bucket", ...]
"""Neighbouring buckets with one head: their chains differ below it."""

_numbers = itertools.count(1)  # process-wide: tracebacks find a body's source by its label


class Bodies:
    """The bodies of one kernel.

    `labelled` finds the one that a call came from, however old, and the buckets that each of its heads serves.
    """

    def __init__(self, kernel: Kernel, private: dict[str, Any], service: object, guard: Guard | None = None) -> None:
        self._kernel = kernel
        self._private = private
        self._guard = guard
        self._number = next(_numbers)
        self._labels: dict[Any, str] = {}
        self._slots: dict[Any, str] = {}
        self.labelled: dict[str, tuple[generate.Compiled, tuple[Run, ...]]] = {}
        private[generate.service_name(self._number)] = service
        self.renew()

    def renew(self) -> None:
        """Forget the bodies for later plans and compile the attended one: they begin as the guard says now."""
        self._labels.clear()
        self.attended = generate.compile_attended(self._kernel, self._number, self._opening())

    def retry_at(self, time: float | None) -> None:
        """Let the bodies that watch the clock enter the slow path from this time on."""
        if time is not None:
            self._private[generate.retry_name(self._number)] = time

    def of(self, plan: Plan, watched: frozenset[str], *, notes: bool) -> generate.Compiled:
        """Return the body for a plan; the calls of `watched` heads take the slow path."""
        # Equal chains share one body under one label, so that re-ranking back and forth compiles nothing anew.
        runs = self._runs(plan.buckets)
        heads = tuple(self._heads(runs, watched))
        shape = generate.Shape(heads, plan.retry_at is not None, notes or len(heads) > 1)
        chains = tuple((bucket.start, *(link.name for link in bucket.links)) for bucket in plan.buckets)
        label = self._labels.setdefault((shape, chains), f"plan {next(_numbers)}")
        known = self.labelled.get(label)
        compiled = known[0] if known else self._compile(shape, label)
        self.labelled[label] = compiled, runs
        return compiled

    def _compile(self, shape: generate.Shape, label: str) -> generate.Compiled:
        return generate.compile_plan(self._kernel, self._number, shape, label, self._opening())

    def _opening(self) -> list[str]:
        return self._guard.lines(self._number) if self._guard else []

    def _runs(self, buckets: tuple[Bucket, ...]) -> tuple[Run, ...]:
        # A call pays for each head that it tells from others, 20 to 40 ns; only one that falls through needs the tail.
        return tuple(tuple(run) for _, run in itertools.groupby(buckets, self._slot))

    def _heads(self, runs: tuple[Run, ...], watched: frozenset[str]) -> Iterator[generate.Head]:
        ends = [run[0].start for run in runs[1:]]
        for run, end in zip(runs, [*ends, None], strict=True):
            tier = run[0].links[0].name
            yield generate.Head(end, tier, self._slot(run[0]), tier in watched)

    def _slot(self, bucket: Bucket) -> str:
        tier, call = bucket.links[0].name, bucket.links[0].resolve()
        key = (tier, id(call))  # the private names keep the callable, so that its id stays its own
        if key not in self._slots:
            name = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in tier)
            slot = f"_call_{next(_numbers)}_{name}"
            self._private[slot] = call
            self._slots[key] = slot
        return self._slots[key]
