"""One kernel measured: the tiers take turns, one sample at a time."""

# Language policy: exempt, it counts turns, a few for each sample.

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polytier.marks import FLOOR
from polytier.measure.builds import floor_build
from polytier.measure.entrant import Entrant
from polytier.measure.process import WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from polytier.kernels.declaration import Case, Kernel
    from polytier.measure.progress import Tell
    from polytier.measure.settings import Settings
    from polytier.record.records import Measurement, Refusal
    from polytier.record.tables import TierBuild


@dataclass(frozen=True)
class Outcome:
    """What measuring one kernel gave."""

    tiers: dict[str, TierBuild]
    measurements: tuple[Measurement, ...]
    refusals: tuple[Refusal, ...]


def measure_kernel(
    kernel: Kernel, tiers: Sequence[str], settings: Settings, tell: Tell, case_done: Callable[[], None]
) -> Outcome:
    """Measure the tiers, the floor first, on the timed cases; their processes are gone on return or exception."""
    with ExitStack() as stack:
        entrants = []
        for tier in tiers:  # all start at once: nothing is timed until a worker is asked
            process = WorkerProcess(settings.limit)
            stack.callback(process.kill)
            entrants.append(Entrant(kernel, tier, settings, tell, process))
        for entrant in entrants:
            entrant.enter()
        measured = 0
        for case, size in _affordable(kernel, entrants[0], settings.longest):
            _measure_case(case, size, [entrant for entrant in entrants if entrant.present])
            measured += 1
            case_done()
        for _ in kernel.timed_cases[measured:]:
            case_done()
        for entrant in entrants:
            entrant.process.close()
    return _outcome(kernel, entrants)


def _affordable(kernel: Kernel, floor: Entrant, longest: float) -> Iterator[tuple[Case, int]]:
    """Yield the cases with their sizes, up to the first whose floor is bound to take longer than that."""
    earlier = 1
    for case in kernel.timed_cases:
        size = kernel.case_size(case)
        if floor.seconds * size / earlier > longest:
            return
        yield case, size
        earlier = max(size, 1)


def _measure_case(case: Case, size: int, entrants: list[Entrant]) -> None:
    ready = [entrant for entrant in entrants if entrant.prepare(case)]
    for entrant in _turns(ready):
        entrant.sample(case)
    for entrant in ready:
        entrant.conclude(case, size)


def _turns(entrants: list[Entrant]) -> Iterator[Entrant]:
    """Yield whose turn it is: each round starts one further; fewer turns are spread over all rounds."""
    rounds = max((entrant.turns for entrant in entrants), default=0)
    for number in range(rounds):
        place = number % len(entrants)
        for entrant in entrants[place:] + entrants[:place]:
            if number * entrant.turns % rounds < entrant.turns:
                yield entrant


def _outcome(kernel: Kernel, entrants: list[Entrant]) -> Outcome:
    builds = {entrant.tier: entrant.build for entrant in entrants if entrant.build is not None}
    return Outcome(
        {FLOOR: floor_build(kernel), **builds},
        tuple(measurement for entrant in entrants for measurement in entrant.measurements),
        tuple(refusal for entrant in entrants for refusal in entrant.refusals),
    )
