"""Measure what a tier's boundary costs: a call from Python, less the native function timed where it runs."""

from __future__ import annotations

import importlib
import random
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from contest import first_line
from harness import (
    Contender,
    Plan,
    Quiet,
    Series,
    calibrate,
    involuntary_switches,
    paired_difference,
    sample,
    summarise,
)
from report import Row, Verdict, aligned, as_json, at_most, duration, finish, parser, plan_of, progress, say
from report import verdict_table as verdicts_as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

EPILOG = """\
The call is `order_parameter.dispatch.tier(NAME)` on a C-contiguous float64 array: the implementation that dispatch
binds, without dispatch. The native function is timed inside the tier by `bare_seconds(theta, calls)`, which the
first-party tiers offer for this purpose: a loop in the native code itself, or in the worker process.
Both are sampled one after the other in each round, over all tiers in random order; the boundary is their difference
within the round. `share` is the boundary's part of the whole call.
The bare loop uses as many threads as the call does.

examples:
  boundary.py                      all installed tiers and sizes, about a minute
  boundary.py --tiers rust,go      only these
  boundary.py --size 8 --json      8 phases; JSON beside the host's records
"""

SIZES = (8, 1024, 131_072, 2_097_152)
KERNEL = "order_parameter"
IN_PROCESS_SIZE = 1024
BUDGETS = {
    ("rust", 8): 60e-9,
    ("go", 8): 700e-9,
    ("julia", 8): 700e-9,
    ("mojo", 8): 6e-6,
    ("mojo", 1024): 6e-6,
    ("mojo", 131_072): 352e-6,  # twice 176 us, a plain shared-memory round trip of 1 MiB
    ("mojo", 2_097_152): 9.4e-3,  # twice 4.7 ms, one of 16 MiB
}
"""Seconds that the boundary may cost, by tier and number of phases."""


class Entry(NamedTuple):
    """One tier at one size: its call as a contender, and its native function's own clock."""

    call: Contender
    bare: Callable[[Any, int], float]
    theta: Any


class Pair(NamedTuple):
    """The samples of a call and of the bare native function, by round."""

    call: Series
    bare: Series


def bytes_of(size: int) -> str:
    """Return the length of an array in bytes, KiB or MiB."""
    length = 8 * size
    for unit, name in ((2**20, "MiB"), (2**10, "KiB")):
        if length >= unit:
            return f"{length / unit:g} {name}"
    return f"{length} B"


def entries(tiers: Sequence[str], size: int) -> Iterator[tuple[str, Entry | str]]:
    """Yield each tier with its entry, or with the reason why it has none."""
    theta = np.random.default_rng(0).uniform(-np.pi, np.pi, size)
    polytier = importlib.import_module("polytier")
    for name in tiers:
        try:
            call = getattr(polytier, KERNEL).dispatch.tier(name)
            bare = polytier.dispatcher.tiers.load(name).bare_seconds
        except Exception as failure:  # noqa: BLE001  the table says why a tier has no row
            yield name, first_line(failure)
        else:
            yield name, Entry(Contender(name, name, call, [(theta,)], threaded=size > IN_PROCESS_SIZE), bare, theta)


def contest(found: dict[str, Entry], plan: Plan, quiet: Quiet) -> dict[str, Pair]:
    """Sample every tier's call and its bare native function in turn, each round in a new order."""
    pairs = {}
    for name, entry in found.items():
        progress(f"warming {name}")
        loops, call = calibrate(entry.call, plan.batch)
        pairs[name] = Pair(Series(entry.call, loops, call), Series(entry.call, loops, call))
    names, draw = list(found), random.Random(plan.seed)  # noqa: S311  an order, no secret
    for at in range(plan.rounds):
        draw.shuffle(names)
        for name in names:
            progress(f"round {at + 1}/{plan.rounds}: {name}")
            take(pairs[name], found[name], at, plan.tries, quiet)
    return pairs


def take(pair: Pair, entry: Entry, at: int, tries: int, quiet: Quiet) -> None:
    """Take one sample of each side, again where the core was lost."""
    for _ in range(tries):
        quiet.wait()
        seconds, switches = sample(entry.call, pair.call.loops, 0, pair.call.call)
        if pair.call.add(at, seconds, switches):
            break
    for _ in range(tries):
        before = involuntary_switches()
        seconds = entry.bare(entry.theta, pair.bare.loops)
        if pair.bare.add(at, seconds, involuntary_switches() - before):
            break


def judge(size: int, added: dict[str, Row]) -> Iterator[Verdict]:
    """Yield a verdict per budget at this size."""
    for name, row in added.items():
        budget = BUDGETS.get((name, size))
        if budget is not None and row.summary is not None:
            text = f"{name}, {bytes_of(size)}: at most {duration(budget)}, in microseconds"
            yield at_most(text, row.summary.median * 1e6, budget * 1e6, f"least {duration(row.summary.least)}")


def table(size: int, options: Any, tiers: Sequence[str], quiet: Quiet) -> dict[str, Any]:
    """Measure and print one size; return it as JSON values."""
    every = dict(entries(tiers, size))
    found = {name: entry for name, entry in every.items() if isinstance(entry, Entry)}
    pairs = contest(found, plan_of(options), quiet)
    added = {name: Row(name, "boundary", paired_difference(pair.call, pair.bare)) for name, pair in pairs.items()}
    calls = {name: Row(name, "call", summarise(pair.call)) for name, pair in pairs.items()}
    bare = {name: Row(name, "bare", summarise(pair.bare)) for name, pair in pairs.items()}
    verdicts = list(judge(size, added))
    say(f"\n{KERNEL}, {size} phases ({bytes_of(size)})\n")
    say(text_of(every, calls, bare, added))
    if verdicts:
        say("\n" + verdicts_as_text(verdicts))
    rows = [as_json(row) for rows in (calls, bare, added) for row in rows.values()]
    absent = {name: entry for name, entry in every.items() if isinstance(entry, str)}
    return {"size": size, "rows": rows, "absent": absent, "verdicts": [vars(verdict) for verdict in verdicts]}


def text_of(every: dict[str, Entry | str], calls: dict[str, Row], bare: dict[str, Row], added: dict[str, Row]) -> str:
    """Return the rows of one size as text, the cheapest boundary first."""
    lines = []
    for name in sorted(added, key=lambda name: figure(added[name])):
        whole, native, cost = figure(calls[name]), figure(bare[name]), figure(added[name])
        summary = added[name].summary
        least = duration(summary.least) if summary else "-"
        lines.append([name, duration(whole), duration(native), duration(cost), least, f"{cost / whole:.0%}", ""])
    lines += [[name, *["-"] * 5, entry] for name, entry in every.items() if isinstance(entry, str)]
    return aligned(["tier", "call", "native", "boundary", "least", "share", "note"], lines)


def figure(row: Row) -> float:
    """Return a row's median."""
    return row.summary.median if row.summary else float("nan")


def main(argv: list[str] | None = None) -> int:
    """Run the program."""
    options = parser(__doc__ or "", EPILOG)
    options.add_argument("--tiers", metavar="A,B", help="only these tiers (default: all installed)")
    options.add_argument("--size", action="append", type=int, metavar="N", help="only this many phases (repeatable)")
    chosen = options.parse_args(argv)
    polytier = importlib.import_module("polytier")
    tiers = chosen.tiers.split(",") if chosen.tiers else polytier.dispatcher.tiers.installed()
    sizes = chosen.size or ([8, 1024] if chosen.quick else SIZES)
    quiet = Quiet()
    tables = [table(size, chosen, tiers, quiet) for size in sizes]
    finish(chosen, "boundary", {"quick": chosen.quick, "tables": tables})
    return 0


if __name__ == "__main__":
    sys.exit(main())
