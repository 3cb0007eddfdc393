"""Interleaved timing that every program here shares.

All contenders of one cell run in one process, in an order drawn anew each round, so that drift hits all alike.
A sample is a batch of calls that lasts at least `Plan.batch` seconds, after untimed calls that wake thread pools.
Before a sample the harness waits, within a bound, until the threads of the contender before sleep and nothing else
wants a core.
A one-thread sample during which the kernel took the core away is rejected and taken again.
"""

from __future__ import annotations

import functools
import gc
import math
import random
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polytier.measure.settling import settle

Loop = Callable[..., float]

WARM_CALLS = 3
LEAST = 4
"""Clean samples from which a median needs no rejected ones."""
LONG_CALL = 0.01
"""From this many seconds a call warms itself; extra untimed calls would only double the run."""


@dataclass(frozen=True)
class Contender:
    """One way to do the work: what is called, on which arguments, exactly as its user would call it."""

    name: str
    group: str
    function: Callable[..., Any]
    arguments: Sequence[tuple[Any, ...]]
    per: float = 1.0
    threaded: bool = False
    within: Callable[[], AbstractContextManager[Any]] = nullcontext
    convert: Callable[[Any], Any] | None = None
    wanted: Any = None
    note: str = ""
    keywords: Mapping[str, Any] = field(default_factory=dict)

    @property
    def answer(self) -> Any:
        """The result on the first arguments, in the floor's type."""
        with self.within():
            result = self.function(*self.arguments[0], **self.keywords)
        return result if self.convert is None else self.convert(result)


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int = 15
    batch: float = 2e-3
    tries: int = 3
    seed: int = 0

    @classmethod
    def quick(cls, rounds: int | None = None, seed: int = 0) -> Plan:
        """Return a plan that shows whether the programs work; its figures decide nothing."""
        return cls(rounds=rounds or 3, batch=5e-4, tries=1, seed=seed)


@dataclass
class Series:
    """The samples of one contender, by round, in seconds per unit of work."""

    contender: Contender
    loops: int
    call: float
    clean: dict[int, float] = field(default_factory=dict)
    rejected: dict[int, list[float]] = field(default_factory=dict)

    def add(self, at: int, seconds: float, switches: int) -> bool:
        """Keep one sample; return whether it is clean."""
        if switches and not self.contender.threaded:
            self.rejected.setdefault(at, []).append(seconds)
            return False
        self.clean[at] = seconds
        return True


@dataclass(frozen=True)
class Summary:
    """What a series comes to; `least` is its fastest sample, `contended` says that rejected samples had to be used."""

    median: float
    p25: float
    p75: float
    samples: int
    rejected: int
    contended: bool = False
    least: float = math.nan


class Quiet:
    """Waits until nothing else wants a core: at most `each` seconds at a time, `total` in all."""

    def __init__(
        self, each: float = 0.1, total: float = 30.0, running: Callable[[], int] | None = None, nap: float = 2e-3
    ) -> None:
        self.each, self.left, self.nap = each, total, nap
        self.running = running or procs_running

    def wait(self) -> bool:
        """Wait; return whether it is quiet."""
        bound = min(self.each, self.left)
        waited = 0.0
        while self.running() > 1:
            if waited >= bound:
                self.left -= waited
                return False
            time.sleep(self.nap)
            waited += self.nap
        self.left -= waited
        return True


def procs_running(path: Path = Path("/proc/stat")) -> int:
    """Return how many threads run or want to, this one included; 1 where the system does not say."""
    try:
        text = path.read_text(encoding="ascii")
    except OSError:
        return 1
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("procs_running")), 1)


def involuntary_switches() -> int:
    """Return how often this thread has lost its core."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw


@functools.cache
def loop_for(arity: int, owner: str, options: tuple[str, ...] = ()) -> Loop:  # noqa: ARG001  the key of the cache
    """Return a timed loop over a batch; arguments are spelled out, since `f(*args)` alone costs about 40 ns.

    Options are keywords whose values are the loop's further arguments.

    Every owner has a code object of its own: CPython specialises a call site for what is called there.
    """
    names = ", ".join(f"a{i}" for i in range(arity))
    given = ", ".join([*filter(None, [names]), *(f"{name}={name}" for name in options)])
    source = (
        f"def loop({', '.join(['function', 'batch', *options])}):\n"
        "    start = clock()\n"
        f"    for {names or '_'} in batch:\n"
        f"        function({given})\n"
        "    return clock() - start\n"
    )
    namespace: dict[str, Any] = {"clock": time.perf_counter}
    exec(compile(source, f"<loop of {arity}>", "exec"), namespace)  # noqa: S102  the text is made here
    return namespace["loop"]  # type: ignore[no-any-return]


def sample(contender: Contender, loops: int, offset: int, call: float) -> tuple[float, int]:
    """Return the seconds per call of one batch, and how often the core was lost meanwhile."""
    pool = contender.arguments
    batch = [pool[(offset + i) % len(pool)] for i in range(loops)]
    options = contender.keywords
    loop = loop_for(len(pool[0]), contender.name, tuple(options))
    warm = WARM_CALLS if call < LONG_CALL else int(contender.threaded)
    flat: Sequence[Any] = [arguments[0] for arguments in batch] if len(pool[0]) == 1 else batch
    collecting = gc.isenabled()
    gc.disable()
    try:
        with contender.within():
            for i in range(warm):
                contender.function(*pool[(offset + i) % len(pool)], **options)
            before = involuntary_switches()
            seconds = loop(contender.function, flat, *options.values())
            return seconds / loops, involuntary_switches() - before
    finally:
        if collecting:
            gc.enable()


def calibrate(contender: Contender, batch: float) -> tuple[int, float]:
    """Return how many calls last `batch` seconds, and the seconds of one."""
    with contender.within():
        contender.function(*contender.arguments[0], **contender.keywords)  # compiles what compiles
    loops, call = 1, LONG_CALL
    while True:
        call, _ = sample(contender, loops, 0, call)
        if call * loops >= batch:
            return loops, call
        wanted = int(1.3 * batch / max(call, 1e-9)) + 1
        loops = max(loops + 1, min(wanted, 10 * loops))


def measure(
    contenders: Sequence[Contender], plan: Plan, quiet: Quiet, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Series]:
    """Measure all contenders in turn, `plan.rounds` times, each round in a new order."""
    series = {}
    for contender in contenders:
        progress(f"warming {contender.name}")
        loops, call = calibrate(contender, plan.batch)
        series[contender.name] = Series(contender, loops, call)
    shuffled, draw = list(series.values()), random.Random(plan.seed)  # noqa: S311  an order, no secret
    for at in range(plan.rounds):
        draw.shuffle(shuffled)
        for one in shuffled:
            progress(f"round {at + 1}/{plan.rounds}: {one.contender.name}")
            _take(one, at, plan, quiet, draw)
    return series


def _take(series: Series, at: int, plan: Plan, quiet: Quiet, draw: random.Random) -> None:
    contender = series.contender
    for _ in range(plan.tries):
        settle()
        quiet.wait()
        offset = draw.randrange(len(contender.arguments))
        seconds, switches = sample(contender, series.loops, offset, series.call)
        if series.add(at, seconds / contender.per, switches):
            return


def quartiles(samples: Sequence[float]) -> tuple[float, float, float]:
    """Return p25, median and p75, interpolated between samples."""
    if len(samples) == 1:
        return samples[0], samples[0], samples[0]
    p25, median, p75 = statistics.quantiles(samples, n=4, method="inclusive")
    return p25, median, p75


def summarise(series: Series, least: int = LEAST) -> Summary:
    """Return what the clean samples come to; where fewer than `least` are clean, rejected ones join and it says so."""
    clean, rejected = list(series.clean.values()), [value for tries in series.rejected.values() for value in tries]
    contended = bool(rejected) and len(clean) < least
    samples = clean + rejected if contended else clean
    p25, median, p75 = quartiles(samples)
    return Summary(median, p25, p75, len(samples), len(rejected), contended, min(samples))


def paired_difference(one: Series, other: Series, least: int = LEAST) -> Summary:
    """Return `one - other`, taken within each round, so that drift between rounds cancels.

    Rounds count in which both are clean; where those are fewer than `least`, the best of each round stands in.
    The result's `least` is the difference of the fastest samples.
    """
    rejected = sum(len(tries) for series in (one, other) for tries in series.rejected.values())
    pairs = [(one.clean[at], other.clean[at]) for at in one.clean.keys() & other.clean.keys()]
    contended = bool(rejected) and len(pairs) < least
    if contended:
        a, b = _best_by_round(one), _best_by_round(other)
        pairs = [(a[at], b[at]) for at in a.keys() & b.keys()]
    p25, median, p75 = quartiles([a - b for a, b in pairs])
    fastest = [min(_best_by_round(series).values()) for series in (one, other)]
    return Summary(median, p25, p75, len(pairs), rejected, contended, fastest[0] - fastest[1])


def _best_by_round(series: Series) -> dict[int, float]:
    return {at: min(tries) for at, tries in series.rejected.items()} | series.clean
