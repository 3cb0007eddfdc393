"""Measure what dispatch adds to a call: polytier's, beside functools.singledispatch, a pluggy hook and networkx."""

from __future__ import annotations

import importlib
import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

import rivals
from contest import first_line
from harness import Contender, Quiet, Series, Summary, measure, paired_difference, summarise
from report import (
    Row,
    Verdict,
    aligned,
    as_json,
    at_most,
    duration,
    finish,
    parser,
    plan_of,
    progress,
    say,
    verdict_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

EPILOG = """\
All rows run in one process, interleaved in random order, over the same compiled function and the same array of 8
phases. `added` is the row less the direct call, taken within each round, so that drift cancels; budgets are judged by
it. `least` is the difference of the fastest samples: on a busy host it is nearer to what a quiet one shows.

  direct          the compiled function itself, from the same loop
  python          a Python function that only calls it: what no dispatch written in Python can beat
  one tier        a kernel whose table names one tier for all sizes; also with a second tier that changes with the size
  one crossover   two tiers; the smaller and the larger half of the sizes
  four buckets    four tiers; the call falls into each of the four, the worst is judged
  quarantine      a first tier that raised ImportError (kept out for good) or RuntimeError (the body watches the clock)
  singledispatch  functools.singledispatch on the array's type
  pluggy          a firstresult hook with one implementation (a Python function: pluggy binds no compiled one)
  networkx        a dispatchable with one backend installed, called with that backend's own graph

The compiled functions: a builtin of CPython that takes one argument and returns at once (`callable`),
and order_parameter of the tier rust where it is installed.

examples:
  dispatch_overhead.py                about half a minute
  dispatch_overhead.py --quick        shows that every row works
  dispatch_overhead.py --json         also docs/benchmarks/<host>/peers/dispatch-overhead.json
"""

SIZE = 8
DIRECT = "direct"
BUDGETS = {"one tier": 35e-9, "one crossover": 55e-9, "four buckets": 70e-9, "quarantine": 65e-9}
"""Seconds that a call may gain; a row belongs to the budget whose name its own name carries."""
OF_PLUGGY = 0.1


class FakeTiers:
    """Installed tiers that all serve one compiled function; those named in `failing` raise what stands there."""

    def __init__(self, function: Callable[..., Any], failing: dict[str, type[Exception]]) -> None:
        self.function, self.failing = function, failing

    def installed(self) -> tuple[str, ...]:
        """Return the names."""
        return ("a", "b", "c", "d")

    def denied(self, name: str) -> str | None:  # noqa: ARG002  the protocol's signature
        """Return that nothing is denied."""
        return None

    def implementation(self, name: str, kernel: str) -> Callable[..., Any]:  # noqa: ARG002  the protocol's signature
        """Return the compiled function, or one that fails."""
        return failing(self.failing[name]) if name in self.failing else self.function

    def receipt(self, name: str) -> Any:
        """Return a receipt whose digest is the one in the table."""
        return importlib.import_module("polytier.record.tables").TierBuild(version="0", digest=name)

    def refresh(self) -> None:
        """Forget nothing: nothing is kept."""

    def load(self, name: str) -> Any:
        """Refuse: these tiers have no module."""
        raise ImportError(f"tier {name!r} is a stand-in")


def failing(failure: type[Exception]) -> Callable[..., Any]:
    """Return an implementation that always fails."""

    def implementation(theta: Any) -> Any:  # noqa: ARG001  the floor's signature
        raise failure("on purpose")

    return implementation


def dispatched(
    floor: Callable[..., Any],
    function: Callable[..., Any],
    starts: Sequence[int],
    bad: type[Exception] | None = None,
    *,
    headed: bool = False,
) -> Callable[..., Any]:
    """Return our dispatching function over stand-in tiers, one per start.

    With `headed` one more tier stands before them at every size; with `bad` it raises that.
    """
    state = importlib.import_module("polytier.dispatch.state")
    declaration = importlib.import_module("polytier.kernels.declaration")
    tolerance = importlib.import_module("polytier.kernels.tolerance").Tolerance(atol=1.0)
    tables = importlib.import_module("polytier.record.tables")
    builds = {name: FakeTiers(function, {}).receipt(name) for name in "abcd"}
    ahead = ("a",) if bad or headed else ()
    names = "bcd" if ahead else "abcd"
    standings = tuple(
        tables.Standing(size=start + 1, start=start, order=(*ahead, name, "floor"), level=(), seconds={})
        for start, name in zip(starts, names, strict=False)
    )
    table = tables.Table("none", {floor.__name__: tables.KernelRanks(floor.__name__, builds, standings)})
    catalogue = declaration.Catalogue()
    dispatcher = state.Dispatcher(
        catalogue, tiers=FakeTiers(function, {"a": bad} if bad else {}), environ={}, table=table
    )
    catalogue.publish = dispatcher.publish
    return catalogue.declare(  # type: ignore[no-any-return]
        declaration.Kernel(floor.__name__, floor, "len(theta)", tolerance, tuple)
    )


@contextmanager
def long_quarantine() -> Iterator[None]:
    """Make a quarantine outlast the measurement, since its end changes the body; and keep its warnings to itself."""
    logger = logging.getLogger("polytier")
    module: Any = importlib.import_module("polytier.dispatch.quarantine")
    kept = module.FIRST_SECONDS, module.LONGEST_SECONDS
    module.FIRST_SECONDS = module.LONGEST_SECONDS = 1e6
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
        module.FIRST_SECONDS, module.LONGEST_SECONDS = kept


def polytier_rows(
    floor: Callable[..., Any], function: Callable[..., Any], theta: Any
) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield our dispatch in its forms, each warmed into its final body."""
    below, above = 100 * SIZE, SIZE // 2
    yield "polytier, one tier", dispatched(floor, function, [0])
    yield "polytier, one tier before three tails", dispatched(floor, function, [0, above, below], headed=True)
    yield "polytier, one crossover, smaller", dispatched(floor, function, [0, below])
    yield "polytier, one crossover, larger", dispatched(floor, function, [0, above])
    for place in range(4):
        starts = [0, 1, 2, 3][: place + 1] + [below, below + 1, below + 2][: 3 - place]
        yield f"polytier, four buckets, number {place + 1}", dispatched(floor, function, starts)
    with long_quarantine():
        for name, bad in {"for good": ImportError, "for a time": RuntimeError}.items():
            kernel = dispatched(floor, function, [0], bad)
            for _ in range(5):
                kernel(theta)
            yield f"polytier, after a quarantine {name}", kernel


def contenders(floor: Callable[..., Any], function: Callable[..., Any]) -> tuple[list[Contender], list[Row]]:
    """Return all rows over one compiled function, and those that cannot be had."""
    theta = np.random.default_rng(0).uniform(-np.pi, np.pi, SIZE)
    pool = [(theta,)]
    found = [
        Contender(DIRECT, DIRECT, function, pool),
        Contender("python function", "python", rivals.python_function(function), pool),
        *(Contender(name, "polytier", call, pool) for name, call in polytier_rows(floor, function, theta)),
        Contender("functools.singledispatch", "singledispatch", rivals.single_dispatch(function), pool),
        Contender("pluggy firstresult hook", "pluggy", rivals.pluggy_hook(function), pool),
    ]
    try:
        call = rivals.networkx_dispatchable(function, f"overhead_{floor.__name__}")
    except Exception as failure:  # noqa: BLE001  a half-installed peer raises anything
        return found, [Row("networkx dispatchable", "networkx", note=f"not installed: {first_line(failure)}")]
    found.append(Contender("networkx dispatchable", "networkx", call, [(rivals.Graph(theta),)]))
    return found, []


def touch(theta: Any) -> Any:
    """Stand in as the floor of the builtin's kernel."""
    return callable(theta)


def kernels() -> Iterator[tuple[str, Callable[..., Any] | None, Callable[..., Any], str]]:
    """Yield (title, floor, compiled function, '') or (title, None, ..., why not)."""
    yield "a builtin of one argument", touch, callable, ""
    title = "order_parameter of the tier rust"
    try:
        kernel = importlib.import_module("polytier").order_parameter
        yield title, kernel.dispatch.floor, kernel.dispatch.tier("rust"), ""
    except Exception as failure:  # noqa: BLE001  the report says why the tier has no table
        yield title, None, touch, first_line(failure)


def judge(added: dict[str, Summary]) -> list[Verdict]:
    """Return a verdict per budget; of several rows under one budget the worst counts."""
    found = []
    pluggy = added["pluggy firstresult hook"].median
    for budget, seconds in BUDGETS.items():
        rows = {
            name: summary.median for name, summary in added.items() if f", {budget}" in name or f"a {budget}" in name
        }
        name = max(rows, key=lambda row: rows[row])
        found.append(at_most(f"{budget}: adds at most {seconds * 1e9:.0f} ns", rows[name] * 1e9, seconds * 1e9, name))
        share = f"{budget}: at most a tenth of the pluggy hook's"
        found.append(at_most(share, rows[name] / pluggy, OF_PLUGGY, f"the hook adds {duration(pluggy)}"))
    return found


def show(title: str, series: dict[str, Series], absent: list[Row]) -> dict[str, Any]:
    """Print one table and its verdicts; return them as JSON values."""
    added = {name: paired_difference(one, series[DIRECT]) for name, one in series.items() if name != DIRECT}
    lines = []
    for name, one in series.items():
        whole, more = summarise(one), added.get(name)
        band = f"{more.p25 * 1e9:.1f} .. {more.p75 * 1e9:.1f}" if more else "-"
        figure = f"{more.median * 1e9:.1f}" if more else "-"
        least = f"{more.least * 1e9:.1f}" if more else "-"
        star = "*" if whole.contended or (more is not None and more.contended) else ""
        lines.append([name, f"{whole.median * 1e9:.1f}{star}", figure, band, least, str(whole.samples), ""])
    lines += [[row.name, "-", "-", "-", "-", "-", row.note] for row in absent]
    verdicts = judge(added)
    say(f"\nover {title}\n\n" + aligned(["call", "ns", "added ns", "quartiles", "least", "samples", "note"], lines))
    say("\n" + verdict_table(verdicts))
    rows = [as_json(Row(name, one.contender.group, summarise(one))) for name, one in series.items()]
    differences = [as_json(Row(name, "added", more)) for name, more in added.items()]
    return {"over": title, "rows": rows, "added": differences, "verdicts": [vars(verdict) for verdict in verdicts]}


def main(argv: list[str] | None = None) -> int:
    """Run the program."""
    options = parser(__doc__ or "", EPILOG).parse_args(argv)
    plan, quiet, tables = plan_of(options), Quiet(), []
    for title, floor, function, why_not in kernels():
        if floor is None:
            say(f"\nover {title}: not measured ({why_not})")
            continue
        found, absent = contenders(floor, function)
        tables.append(show(title, measure(found, plan, quiet, progress), absent))
    finish(options, "dispatch-overhead", {"quick": options.quick, "tables": tables})
    return 0


if __name__ == "__main__":
    sys.exit(main())
