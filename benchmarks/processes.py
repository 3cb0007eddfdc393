"""Interleaved timing of things that happen once per process: each sample is a fresh interpreter."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness import Contender, Plan, Quiet, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TIME_LIMIT = 60.0
TEMPLATE = """\
import resource, sys, time
{setup}
before = resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw
start = time.perf_counter()
{timed}
seconds = time.perf_counter() - start
switches = resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw - before
{check}
print(seconds, switches)
"""


@dataclass(frozen=True)
class Child:
    """What a fresh interpreter prepares, does under the clock, and checks; `prepare` runs in the parent before each."""

    name: str
    group: str
    timed: str
    setup: str = ""
    check: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None

    def run(self) -> tuple[float, int]:
        """Return the seconds of the timed part, and how often the core was lost meanwhile."""
        self.prepare()
        code = TEMPLATE.format(setup=self.setup, timed=self.timed, check=self.check)
        environ = {**os.environ, **self.environ}
        done = subprocess.run(  # noqa: S603  this interpreter on text made here
            [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
        seconds, switches = done.stdout.split()[-2:]
        return float(seconds), int(switches)


def measure(
    children: Sequence[Child], plan: Plan, quiet: Quiet, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Series]:
    """Run all children in turn, `plan.rounds` times, in a new order each; the first run of each does not count."""
    series = {}
    for child in children:
        progress(f"warming {child.name}")
        child.run()
        series[child.name] = Series(Contender(child.name, child.group, child.run, [()]), loops=1, call=0.0)
    draw, order = random.Random(plan.seed), list(children)  # noqa: S311  an order, no secret
    for at in range(plan.rounds):
        draw.shuffle(order)
        for child in order:
            progress(f"round {at + 1}/{plan.rounds}: {child.name}")
            for _ in range(plan.tries):
                quiet.wait()
                if series[child.name].add(at, *child.run()):
                    break
    return series
