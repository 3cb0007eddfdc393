"""One tier (or the floor) through the cases of one kernel: what it was asked, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polytier.agreement import subject
from polytier.record.records import Measurement, Refusal
from polytier.record.summary import summarise
from polytier.record.tables import TierBuild

if TYPE_CHECKING:
    from polytier.kernels.declaration import Case, Kernel
    from polytier.measure.process import WorkerProcess
    from polytier.measure.progress import Tell
    from polytier.measure.settings import Settings


@dataclass
class Entrant:
    """A tier and its process; it leaves the kernel when the process is lost or has nothing to offer."""

    kernel: Kernel
    tier: str
    settings: Settings
    tell: Tell
    process: WorkerProcess
    present: bool = True
    build: TierBuild | None = None
    first: float = 0.0
    seconds: float = 0.0
    loops: int = 0
    turns: int = 0
    samples: list[float] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def enter(self) -> None:
        """Load the tier and take the first call."""
        case = self.kernel.timed_cases[0]
        self.tell(case.label, self.tier, "")  # a runtime may take half a minute to start
        opening = {"kernel": self.kernel.name, "module": self.kernel.module, "tier": self.tier}
        for what, request in (("open", opening), ("load", {}), ("first", {})):
            reply = self._ask(case, what, **request)
            if reply is None:
                self.present = False
                return
            self.first = reply.get("seconds", self.first)
            if "version" in reply:
                self.build = TierBuild(reply["version"], reply["digest"])

    def prepare(self, case: Case) -> bool:
        """Say whether the tier agrees with the floor on a case and can be timed."""
        self.tell(case.label, self.tier, "")
        self.samples, self.turns = [], 0
        reply = self._ask(case, "prepare", label=case.label, batch=self.settings.batch, warm_up=self.settings.warm_up)
        if reply is None:
            return False
        self.loops, self.seconds = reply["loops"], reply["seconds"]
        affordable = int(self.settings.budget / ((self.loops + 1) * self.seconds))
        self.turns = min(max(affordable, self.settings.fewest), self.settings.rounds)
        return True

    def sample(self, case: Case) -> None:
        """Take one sample; a failure ends the case."""
        reply = self._ask(case, "sample")
        if reply is None:
            self.turns = 0
        else:
            self.samples.append(reply["seconds"])

    def conclude(self, case: Case, size: int) -> None:
        """Keep the samples of a case if the tier still agrees with the floor."""
        if not self.turns or self._ask(case, "conclude") is None:
            return
        figures = summarise(self.samples)
        origin = {"case": case.label, "size": size, "seed": case.seed, "tier": self.tier}
        counts = {"samples": len(self.samples), "loops": self.loops}
        self.measurements.append(Measurement(**origin, **counts, **figures, first=self.first))  # type: ignore[arg-type]

    def _ask(self, case: Case, what: str, **request: Any) -> dict[str, Any] | None:
        """Return the reply; where there is none, note why, and refuse unless the tier merely declined."""
        reply = self.process.ask(what, **request)
        reason = reply.get("refused") or reply.get("lost")
        if reason is not None:
            self.refusals.append(Refusal(self.tier, case.label, reason))
        if "lost" in reply:
            self.present = False
        note = reason or reply.get("declined")
        if note is not None:
            self.tell(case.label, self.tier, f"{subject(self.kernel, case, self.tier)}: {note}")
        return None if note is not None or "absent" in reply else reply
