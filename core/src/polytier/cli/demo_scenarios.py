"""`polytier demo aer` and its like: one scenario each, who served it, and what was gained."""

# Language policy: exempt, it compares a handful of printed figures.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polytier
from polytier.agreement import compare
from polytier.cli import output
from polytier.demo import scenarios
from polytier.demo.scenario import compared

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from polytier.demo.scenario import Call, Check, Speed, Table
    from polytier.dispatch import Event

ONLY_FLOOR = """\
only the floor is installed, so there is nothing to compare its time with
hint: pip install 'polytier[rust]', and run the demo again"""
AGREE = "the answers agree within the tolerance of their kernels"
PLACES = 1e-7
"""Relative accuracy of the known figures."""


def run(arguments: argparse.Namespace) -> int:
    """Run the scenario, print its figures and its times; a figure that is not the known one is a finding."""
    scenario = scenarios.SCENARIOS[arguments.scenario]()
    with polytier.trace() as events:
        checks = scenario.checks()
        differences = [_difference(call) for call in scenario.timed]
    served = _served(events)
    tiers = polytier.dispatcher.tiers.installed()
    speeds = [compared(call) if tiers else None for call in scenario.timed]
    calls = list(zip(scenario.timed, speeds, differences, strict=True))
    tables = scenario.tables()
    if arguments.json:
        output.emit_json(_document(checks, tables, served, calls))
    else:
        _print(checks, tables, served, calls)
    wrong = any(abs(check.found - check.wanted) > PLACES * abs(check.wanted) for check in checks)
    return 1 if wrong or any(differences) else 0


Compared = tuple["Call", "Speed | None", "str | None"]
Served = tuple[str, str, str]


def _difference(call: Call) -> str | None:
    tolerance = call.kernel.dispatch.kernel.tolerance
    found = compare(call.answer, call.floor_answer, tolerance, call.arguments, call.keywords)
    return None if found is None else found.sentence


def _served(events: Iterable[Event]) -> list[Served]:
    return sorted({(event.tier, str(event.reason), event.kernel) for event in events})


def _document(
    checks: Sequence[Check], tables: Sequence[Table], served: Sequence[Served], calls: Sequence[Compared]
) -> dict[str, Any]:
    return {
        "checks": [check._asdict() for check in checks],
        "tables": {table.title: [dict(zip(table.head, row, strict=True)) for row in table.rows] for table in tables},
        "served": [{"kernel": name, "tier": tier, "reason": reason} for tier, reason, name in served],
        "timed": [
            {
                "call": call.title,
                "seconds": None if speed is None else {"dispatched": speed.dispatched, "floor": speed.floor},
                "largest_difference": None if speed is None else speed.difference,
                "difference": told,
            }
            for call, speed, told in calls
        ],
    }


def _print(
    checks: Sequence[Check], tables: Sequence[Table], served: Sequence[Served], calls: Sequence[Compared]
) -> None:
    for table in tables:
        output.emit(table.title)
        _emit(table.head, table.rows)
    _emit(
        ("figure", "found", "known"), [(check.label, _figure(check.found), _figure(check.wanted)) for check in checks]
    )
    _emit(("kernel", "served by", "reason"), [(name, tier, why) for tier, why, name in served], numbers=False)
    rows = [_row(call, speed) for call, speed, _ in calls if speed is not None]
    if rows:
        output.emit("dispatched and the floor alone, turn and turn about in the same run")
        _emit(("call", "dispatched", "floor", "times as long", "largest difference"), rows)
    output.emit("\n".join([told for *_, told in calls if told] or ([AGREE] if rows else [ONLY_FLOOR])))


def _emit(head: Sequence[str], rows: Sequence[Sequence[Any]], *, numbers: bool = True) -> None:
    cells = [[_figure(cell) if isinstance(cell, float) else cell for cell in row] for row in rows]
    for line in output.table(head, cells, right=frozenset(range(1, len(head)) if numbers else ())):
        output.emit(line)
    output.emit()


def _row(call: Call, speed: Speed) -> tuple[str, ...]:
    times = output.seconds(speed.dispatched), output.seconds(speed.floor)
    return call.title, *times, f"{speed.floor / speed.dispatched:.3g}", f"{speed.difference:.1g}"


def _figure(value: float) -> str:
    return f"{value:.8g}"
