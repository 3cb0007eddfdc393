"""`polytier demo`: a power network falls into step as its lines are strengthened."""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polytier
from polytier.cli import demo_scenarios, output
from polytier.cli.progress import counted
from polytier.demo import network, plot, scenarios, sweep
from polytier.kernels.kuramoto import kuramoto_trajectory
from polytier.marks import FLOOR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polytier.dispatch import Event

SUMMARY = "watch a power network of 118 buses fall into step, and see which tier computed it"
DESCRIPTION = """\
Integrate the IEEE 118-bus test system (118 buses, 186 branches) as a network of
coupled oscillators at rising coupling strengths, and plot the order parameter
R: near 0.1 each bus keeps its own pace, near 1 all turn together. Strength 1 is
the real network; it falls into step well below. Each trajectory is computed by
the dispatched kernel and, where tiers are installed, by the floor as well, turn
and turn about, so that the times compare. Takes some seconds.

example:
  $ polytier demo
  $ polytier demo --plot transition.png
  $ polytier demo aer
  $ polytier demo operators --json
"""
Report = dict[str, sweep.Run]
KERNEL = "kuramoto_trajectory"
RANKED = frozenset({"measured", "level", "estimated", "stale"})
NETWORK = "network"
STEPS = 4000
POINTS = 40
ONLY_FLOOR = """\
only the floor is installed, so there is nothing to compare its time with
hint: pip install 'polytier[rust]', and run the demo again"""


@dataclass(frozen=True)
class Service:
    """How often one tier served for one reason, how long its calls took, and what the chain says of it."""

    tier: str
    reason: str
    calls: int
    size: int | None
    seconds: float
    detail: str


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "scenario",
        nargs="?",
        choices=(NETWORK, *scenarios.SCENARIOS),
        default=NETWORK,
        help="network (default), aer: decode spikes, doppler: lock moving oscillators, "
        "operators: Lie algebras and Pauli strings of chains of qubits; "
        "plot, steps and points are for the network alone",
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="also draw the plot to a file (needs matplotlib)")
    parser.add_argument("--steps", type=_positive, metavar="N", help=f"time steps (default: {STEPS})")
    parser.add_argument("--points", type=_positive, metavar="N", help=f"strengths (default: {POINTS})")


def run(arguments: argparse.Namespace) -> int:
    """Run the sweep and print the transition, who served it, and the times."""
    if arguments.scenario != NETWORK:
        _refuse_options(arguments)
        return demo_scenarios.run(arguments)
    arguments.steps, arguments.points = arguments.steps or STEPS, arguments.points or POINTS
    if arguments.plot:
        plot.check_image(arguments.plot)
    model = network.ieee118()
    report, events = _measured(model, arguments.points, arguments.steps)
    served = _services(events)
    if arguments.json:
        output.emit_json(_document(model, report, served, arguments))
    else:
        _print(model, report, served, arguments)
    if arguments.plot:
        plot.draw_image(arguments.plot, *_curve(report), title=f"IEEE 118-bus network, {arguments.steps} steps")
        output.say(f"wrote {arguments.plot}")
    return 0


def _refuse_options(arguments: argparse.Namespace) -> None:
    for option in ("plot", "steps", "points"):
        if getattr(arguments, option) is not None:
            arguments.parser.error(f"argument --{option}: it is for the network, not for {arguments.scenario}")


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a whole number is wanted, not {text!r}") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"at least 1 is wanted, not {number}")
    return number


def _measured(model: network.Network, points: int, steps: int) -> tuple[Report, list[Event]]:
    implementations: dict[str, sweep.Trajectory] = {"dispatched": kuramoto_trajectory}
    if polytier.dispatcher.tiers.installed():
        implementations[FLOOR] = kuramoto_trajectory.dispatch.floor
    with counted("strengths", points) as done, polytier.trace() as events:
        # The first call finds and loads the tiers; it shall burden neither side's time.
        sweep.settled(kuramoto_trajectory, model, sweep.GREATEST_STRENGTH, 2)
        runs = sweep.sweep(implementations, model, points, steps, done)
    return runs, events[1:]


def _services(events: Iterable[Event]) -> list[Service]:
    groups: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        groups[event.tier, str(event.reason)].append(event)
    return [
        Service(tier, reason, len(group), group[0].size, _seconds(group), _detail(group[0]))
        for (tier, reason), group in sorted(groups.items())
    ]


def _seconds(events: Iterable[Event]) -> float:
    return sum(event.nanoseconds for event in events) / 1e9


def _detail(event: Event) -> str:
    if event.fell_through:
        return "; ".join(f"{tier} fell through: {why}" for tier, why in event.fell_through)
    links = polytier.explain(KERNEL, event.size or 0).links
    return next((link.detail for link in links if link.name == event.tier), "")


def _curve(report: Report) -> tuple[list[float], tuple[float, ...]]:
    run = report["dispatched"]
    return sweep.strengths(len(run.coherence)).tolist(), run.coherence


def _document(model: network.Network, report: Report, served: list[Service], asked: Any) -> dict[str, Any]:
    strengths, coherence = _curve(report)
    return {
        "buses": model.buses,
        "branches": model.branches,
        "steps": asked.steps,
        "step_seconds": sweep.STEP_SECONDS,
        "strengths": strengths,
        "coherence": coherence,
        "served": [asdict(service) for service in served],
        "seconds": {name: run.seconds for name, run in report.items()},
        "largest_difference": _difference(report),
    }


def _difference(report: Report) -> float | None:
    return sweep.largest_difference(report["dispatched"], report[FLOOR]) if FLOOR in report else None


def _print(model: network.Network, report: Report, served: list[Service], asked: Any) -> None:
    strengths, coherence = _curve(report)
    output.emit(f"IEEE 118-bus test system: {model.buses} buses, {model.branches} branches")
    duration = asked.steps * sweep.STEP_SECONDS
    output.emit(
        f"{output.count(asked.points, 'strength')}, {asked.steps} steps of {sweep.STEP_SECONDS} s ({duration:g} s)"
    )
    output.emit()
    output.emit("order parameter R, mean over the second half, against the coupling strength")
    for line in plot.terminal_plot(strengths, coherence, braille=output.speaks_unicode()):
        output.emit(line)
    output.emit()
    output.emit(_transition(strengths, coherence))
    output.emit()
    rows = [(s.tier, s.calls, output.seconds(s.seconds), s.reason, s.detail) for s in served]
    for line in output.table(("served by", "calls", "time", "reason", "detail"), rows, right=frozenset({1, 2})):
        output.emit(line)
    output.emit()
    for line in _times(report, served):
        output.emit(line)


def _transition(strengths: list[float], coherence: tuple[float, ...]) -> str:
    ends = (
        f"R goes from {coherence[0]:.2f} at strength {strengths[0]:.3g} to {coherence[-1]:.2f} at {strengths[-1]:.3g}"
    )
    crossing = sweep.crossing(sweep.strengths(len(coherence)), coherence, 0.5)
    return ends if crossing is None else f"{ends}; it stays above 0.5 from {crossing:.3g} on"


def _times(report: Report, served: list[Service]) -> list[str]:
    if FLOOR not in report:
        return ONLY_FLOOR.splitlines()
    mine, floor = report["dispatched"].seconds, report[FLOOR].seconds
    return [
        f"this network, at size {served[0].size}: {floor / mine:.3g} times the floor's speed",
        f"({output.seconds(mine)} dispatched, {output.seconds(floor)} by the floor alone, turn and turn about)",
        *(["the rank's figure is of another network, of the size it names"] * any(s.reason in RANKED for s in served)),
        f"largest difference of R between the two: {_difference(report):.1g}",
    ]
