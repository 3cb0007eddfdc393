"""One cell: a kernel at one size, everyone who can compute it, what the hardware allows, and the targets."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from harness import Contender, Plan, Quiet, Series, Summary, measure, summarise
from report import Row, Verdict, at_least, at_most, best, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SUBJECT = "polytier"
LIMIT = "limit"
NOTE = 90
"""Characters of an exception that a table's last column takes."""


@dataclass(frozen=True)
class Choice:
    """What the command line asks of a family; `tiers` None stands for every installed one."""

    tiers: tuple[str, ...] | None = None
    slow: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Target:
    """The subject must be `least` times as fast as the best of `groups`, or take at most `most` times as long."""

    groups: tuple[str, ...]
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Cell:
    """What is compared; `parts` gives, per bound of the hardware, how many units of each rate the work needs."""

    kernel: str
    size: int
    unit: str
    tolerance: Any
    contenders: Sequence[Contender]
    absent: Sequence[Row] = ()
    rates: Sequence[Contender] = ()
    parts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    targets: Sequence[Target] = ()

    @property
    def title(self) -> str:
        """The heading of the cell's table."""
        return f"{self.kernel}, n = {self.size}, {self.unit}"


@dataclass(frozen=True)
class Result:
    """What a cell came to; `rows` ends with the limit."""

    cell: Cell
    rows: list[Row]
    rates: list[Row]
    verdicts: list[Verdict]

    def row(self, group: str) -> Row | None:
        """Return the fastest row of a group."""
        return best(self.rows, [group])


def peer(name: str) -> tuple[Any, Row | None]:
    """Return a peer's module, or None and the row that says why it is absent."""
    try:
        return importlib.import_module(name), None
    except Exception as failure:  # noqa: BLE001  a half-installed peer raises anything
        return None, Row(name, name, note=f"not installed: {first_line(failure)}")


def first_line(found: object) -> str:
    """Return an exception, or a text, in one line of bounded length."""
    kind = f"{type(found).__name__}: " if isinstance(found, BaseException) else ""
    text = f"{kind}{found}".splitlines()[0]
    return text if len(text) <= NOTE else text[: NOTE - 3] + "..."


def ours(function: Any, arguments: Sequence[Any], choice: Choice, base: Contender) -> tuple[list[Contender], list[Row]]:
    """Return the dispatched kernel, the floor, each tier called directly and pinned; and the tiers that cannot run."""
    polytier = importlib.import_module("polytier")
    base = replace(base, arguments=arguments)
    why = function.dispatch.why(*arguments[0], **base.keywords)
    dispatched = replace(base, name=f"polytier, dispatched to {why.links[0].name}", group=SUBJECT, function=function)
    found = [
        replace(dispatched, note=first_line(why.origin).rpartition(" (")[0] or first_line(why.origin)),
        replace(base, name="polytier, floor", group="floor", function=function.dispatch.floor),
    ]
    absent = []
    installed = polytier.dispatcher.tiers.installed()
    for tier in installed if choice.tiers is None else choice.tiers:
        try:
            implementation = function.dispatch.tier(tier)
        except Exception as failure:  # noqa: BLE001  the table shows why a tier has no row
            absent.append(Row(f"polytier, {tier}", f"tier {tier}", note=first_line(failure)))
            continue
        direct = replace(base, name=f"polytier, {tier} called directly", group=f"tier {tier}")
        found.append(replace(direct, function=implementation))
        pinned = replace(direct, name=f"polytier, pinned to {tier}", group=f"pinned {tier}", function=function)
        found.append(replace(pinned, within=partial(polytier.using, tier)))
    return found, absent


def complaint(contender: Contender, tolerance: Any) -> str:
    """Return why the contender's answer is none, or an empty string."""
    compare = importlib.import_module("polytier.agreement").compare
    try:
        difference = compare(contender.answer, contender.wanted, tolerance)
    except Exception as failure:  # noqa: BLE001  the table shows it
        return f"failed: {first_line(failure)}"
    return "" if difference is None else f"WRONG: {difference.sentence}"


def run(cell: Cell, plan: Plan, quiet: Quiet, progress: Callable[[str], None]) -> Result:
    """Check everyone against the floor, measure those who are right, and judge."""
    complaints = {}
    for contender in cell.contenders:
        progress(f"checking {contender.name}")
        complaints[contender.name] = complaint(contender, cell.tolerance)
    right = [contender for contender in cell.contenders if not complaints[contender.name]]
    series = measure([*right, *cell.rates], plan, quiet, lambda text: progress(f"{cell.title}: {text}"))
    rows = [timed_row(contender, series, complaints) for contender in cell.contenders]
    rates = [Row(one.name, one.group, summarise(series[one.name])) for one in cell.rates]
    rows += [*cell.absent, limit_row(cell.parts, {row.name: row.summary for row in rates})]
    return Result(cell, rows, rates, verdicts(cell, rows))


def timed_row(contender: Contender, series: Mapping[str, Series], complaints: Mapping[str, str]) -> Row:
    """Return a contender's row: its figures, or what is wrong with it."""
    if contender.name in series:
        return Row(contender.name, contender.group, summarise(series[contender.name]), contender.note)
    return Row(contender.name, f"wrong {contender.group}", note=complaints[contender.name])


def limit_row(parts: Mapping[str, Mapping[str, float]], rates: Mapping[str, Summary | None]) -> Row:
    """Return the row of the bound that is reached last, each bound the sum of its units at the fastest rates seen.

    A slow sample of a rate would flatter whoever is compared with the limit.
    """
    bounds = {}
    for name, units in parts.items():
        known = [(count, rates.get(rate)) for rate, count in units.items()]
        if all(summary is not None for _, summary in known):
            bounds[name] = sum(count * summary.least for count, summary in known if summary is not None)
    if not bounds:
        return Row(LIMIT, LIMIT, note="no bound is stated, or numba is missing")
    name = max(bounds, key=lambda bound: bounds[bound])
    seconds, used = bounds[name], [rates[rate] for rate in parts[name]]
    samples = min(summary.samples for summary in used if summary is not None)
    return Row(LIMIT, LIMIT, Summary(seconds, seconds, seconds, samples, 0, least=seconds), f"set by {name}")


def verdicts(cell: Cell, rows: Sequence[Row]) -> list[Verdict]:
    """Return a verdict per target."""
    subject = best(rows, [SUBJECT])
    found = []
    for target in cell.targets:
        rival = best(rows, target.groups)
        text = " or ".join(target.groups)
        if target.least is not None:
            figure = None if subject is None or rival is None else ratio(rival, subject)
            note = "" if rival is None else f"best: {rival.name}{_without(target.groups, rows)}"
            found.append(at_least(f"{target.least:g} times as fast as {text}", figure, target.least, note))
        if target.most is not None:
            figure = None if subject is None else ratio(subject, rival)
            found.append(
                at_most(f"within {target.most:g} of the {text}", figure, target.most, rival.note if rival else "")
            )
    return found


def _without(groups: Sequence[str], rows: Sequence[Row]) -> str:
    missing = [group for group in groups if best(rows, [group]) is None]
    missing += [row.name for row in rows if row.group in {f"{group} left out" for group in groups}]
    return f"; without {', '.join(missing)}" if missing else ""
