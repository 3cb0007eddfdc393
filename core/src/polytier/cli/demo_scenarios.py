"""`polytier demo aer` and `polytier demo doppler`: one scenario each, who served it, and what was gained."""

# Language policy: exempt, it compares a handful of printed figures.

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import polytier
from polytier.agreement import compare
from polytier.cli import output
from polytier.demo import scenarios

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from polytier.dispatch import Event

ONLY_FLOOR = "only the floor is installed, so there is nothing to compare its time with"
PLACES = 1e-7
"""Relative accuracy of the known figures."""


def run(arguments: argparse.Namespace) -> int:
    """Run the scenario, print its figures and its times; a figure that is not the known one is a finding."""
    scenario = scenarios.SCENARIOS[arguments.scenario]()
    with polytier.trace() as events:
        checks = scenario.checks()
        answer = scenario.timed.answer
    kernel = scenario.timed.kernel.dispatch.kernel
    wanted = scenario.timed.floor_answer
    difference = compare(answer, wanted, kernel.tolerance, scenario.timed.arguments, scenario.timed.keywords)
    served = _served(events)
    times = scenarios.compared(scenario.timed) if any(tier != "floor" for tier, _, _ in served) else None
    wrong = [check for check in checks if abs(check.found - check.wanted) > PLACES * abs(check.wanted)]
    told = None if difference is None else difference.sentence
    document = {
        "scenario": scenario.title,
        "checks": [check._asdict() for check in checks],
        "served": [{"kernel": name, "tier": tier, "reason": reason} for tier, reason, name in served],
        "seconds": None if times is None else {"dispatched": times[0], "floor": times[1]},
        "difference": told,
    }
    if arguments.json:
        output.emit_json(document)
    else:
        _print(scenario, checks, served, times, told)
    return 1 if wrong or difference else 0


def _served(events: Iterable[Event]) -> list[tuple[str, str, str]]:
    return sorted(Counter((event.tier, str(event.reason), event.kernel) for event in events))


def _print(
    scenario: scenarios.Scenario,
    checks: list[scenarios.Check],
    served: list[tuple[str, str, str]],
    times: tuple[float, float] | None,
    difference: str | None,
) -> None:
    rows = [(check.label, f"{check.found:.8g}", f"{check.wanted:.8g}") for check in checks]
    for line in output.table(("figure", "found", "known"), rows, right=frozenset({1, 2})):
        output.emit(line)
    output.emit()
    for line in output.table(("kernel", "served by", "reason"), [(name, tier, why) for tier, why, name in served]):
        output.emit(line)
    output.emit()
    output.emit(scenario.title)
    if times is None:
        output.emit(ONLY_FLOOR)
        output.emit("hint: pip install 'polytier[rust]', and run the demo again")
        return
    dispatched, floor = times
    output.emit(f"dispatched {output.seconds(dispatched)}; the floor alone, turn and turn about in the same run,")
    output.emit(f"{output.seconds(floor)}: {floor / dispatched:.3g} times as long")
    output.emit(difference or "the answers agree within the kernel's tolerance")
