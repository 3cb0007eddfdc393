"""The process in which one tier's implementation of one kernel is checked and timed."""

from __future__ import annotations

import faulthandler
import importlib
from time import perf_counter
from typing import IO, TYPE_CHECKING, Any

from polytier.agreement import first_difference, subject
from polytier.errors import MissingImplementation
from polytier.kernels.declaration import catalogue
from polytier.marks import FLOOR
from polytier.measure.protocol import received, send
from polytier.measure.settling import settle
from polytier.measure.timing import Batches
from polytier.tiers.registry import Tiers

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytier.kernels.declaration import Case, Kernel

_LONGEST = 500  # characters of an exception's text in a reason


class Worker:
    """One tier at one kernel: each public method serves the request of its name and returns the reply."""

    kernel: Kernel
    tier: str
    implementation: Callable[..., Any]
    case: Case
    batches: Batches
    loops: int

    def __init__(self) -> None:
        self.tiers = Tiers(catalogue.__getitem__)
        self.loaded: dict[str, Any] = {}

    def serve(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the reply to a request; whatever is raised, by a tier too, is a reply."""
        reply: dict[str, Any]
        try:
            reply = getattr(self, request.pop("ask"))(**request)
        except NotImplementedError as failure:
            reply = {"declined": _said(failure)}
        except BaseException as failure:  # SystemExit too, and a Rust panic is no Exception  # noqa: BLE001
            reply = {"refused": _said(failure)}
        return reply

    def open(self, kernel: str, module: str, tier: str) -> dict[str, Any]:
        """Make the kernel known; nothing of the tier is loaded yet."""
        importlib.import_module(module)
        self.kernel, self.tier = catalogue[kernel], tier
        return {}

    def load(self) -> dict[str, Any]:
        """Load the tier, time that, and take the receipt: a refusal of what comes later then names the build."""
        if not self.loaded:
            start = perf_counter()
            try:
                self.implementation = self._resolve()
            except MissingImplementation:
                return {"absent": True}
            self.loaded = {"seconds": perf_counter() - start, **self._build()}
        return self.loaded

    def first(self) -> dict[str, Any]:
        """Time the load together with the first call that the tier answers, on the smallest case it takes."""
        loaded = self.load()
        if "absent" in loaded:
            return loaded
        for case in self.kernel.timed_cases:
            arguments = case.arguments()
            start = perf_counter()
            try:
                self.implementation(*arguments, **case.keywords)
            except NotImplementedError:
                continue
            return loaded | {"seconds": loaded["seconds"] + perf_counter() - start}
        raise NotImplementedError("it declines every timed case")

    def prepare(self, label: str, batch: float, warm_up: float) -> dict[str, Any]:
        """Check agreement on a case, warm up, and find how many calls make a batch."""
        self.case = next(known for known in self.kernel.timed_cases if known.label == label)
        difference = self._difference()
        if difference:
            return {"refused": difference}
        self.batches = Batches(self.implementation, self.case.arguments(), self.case.keywords)
        self.loops, seconds = self.batches.calibrate(batch, warm_up)
        return {"loops": self.loops, "seconds": seconds}

    def sample(self) -> dict[str, Any]:
        """Time one batch."""
        return {"seconds": self.batches.sample(self.loops)}

    def conclude(self) -> dict[str, Any]:
        """Check agreement again, now that the samples are taken."""
        difference = self._difference()
        return {"refused": f"after the samples: {difference}"} if difference else {}

    def _difference(self) -> str:
        difference = first_difference(self.kernel, self.implementation, self.case)
        return difference.sentence.removeprefix(f"{subject(self.kernel, self.case)}: ") if difference else ""

    def _resolve(self) -> Callable[..., Any]:
        return self.kernel.floor if self.tier == FLOOR else self.tiers.implementation(self.tier, self.kernel.name)

    def _build(self) -> dict[str, str]:
        if self.tier == FLOOR:
            return {}
        receipt = self.tiers.receipt(self.tier)
        return {"version": receipt.version, "digest": receipt.digest}


def serve(requests: IO[str], replies: IO[str]) -> None:
    """Answer requests until there are no more; the session closes the pipe, or is gone."""
    worker = Worker()
    for line in requests:
        request = received(line) or {}
        # Needs no GIL: it ends a worker that hangs in native code too, with a traceback, even where nobody is left
        # to kill it.
        faulthandler.dump_traceback_later(request.pop("limit"), exit=True, file=2)
        reply = worker.serve(request)
        faulthandler.cancel_dump_traceback_later()
        settle()  # before others have their turn
        send(replies, reply)


def main(requests: int, replies: int) -> int:
    """Serve the process that started this one, over these descriptors."""
    faulthandler.enable(file=2, all_threads=False)
    with open(requests, encoding="utf-8") as asked, open(replies, "w", encoding="utf-8") as answered:
        serve(asked, answered)
    return 0


def _said(failure: BaseException) -> str:
    # A lone surrogate, as from a file name that is no UTF-8, could be neither printed nor sent on.
    text = str(failure).partition("\n")[0].encode("utf-8", "replace").decode("utf-8")
    return f"it raised {type(failure).__name__}" + (f": {text[:_LONGEST]}" if text else "")
