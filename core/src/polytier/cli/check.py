"""`polytier check`: does every tier give the floor's answers on every case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polytier.cli import lookup, output
from polytier.cli.checking import check_tier

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from polytier.kernels.declaration import Kernel

SUMMARY = "compare the answers of the tiers with the floor's, on every case"
DESCRIPTION = """\
Compare the answers of the tiers with the floor's on every case of every kernel,
awkward inputs included. Each tier runs in a process of its own; a crash is
reported, and the check goes on. Prints one line per kernel and tier; the exit
code is 1 if an answer differs or a tier cannot be used.

example:
  $ polytier check --tier rust --kernel order_parameter
  kernel           tier  state   cases
  order_parameter  rust  agrees  31
"""
BAD = frozenset({"differs", "fails", "crashed", "rejected", "unusable"})
_HEADINGS = ("kernel", "tier", "state", "cases")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("--kernel", action="append", metavar="K", help="only this kernel; may be given again")
    parser.add_argument("--tier", action="append", metavar="T", help="only this tier; may be given again")


def run(arguments: argparse.Namespace) -> int:
    """Check, print the reports as they come, return 1 if there is a finding."""
    kernels, tiers = lookup.kernels(arguments.kernel), lookup.tiers(arguments.tier)
    show = _ignore if arguments.json else _Printer(kernels, tiers)
    reports = [_shown(report, show) for tier in tiers for report in _check(tier, kernels)]
    if arguments.json:
        output.emit_json({"reports": reports})
    elif not tiers:
        output.say("no tier is installed: there is nothing to compare with the floor")
    bad = BAD | ({"disabled"} if arguments.tier else set())
    bad |= {"absent"} if arguments.tier and arguments.kernel else set()
    return int(any(report["state"] in bad for report in reports))


def _check(tier: str, kernels: list[Kernel]) -> Iterator[dict[str, Any]]:
    reason = lookup.denied(tier)
    if reason is not None:
        yield {"tier": tier, "kernel": None, "state": "disabled", "reason": reason}
    else:
        yield from check_tier(tier, kernels)


class _Printer:
    """Prints each report as a row of one table, and below it the reason of a bad one."""

    def __init__(self, kernels: list[Kernel], tiers: list[str]) -> None:
        longest = max(len(kernel.name) for kernel in kernels)
        self._widths = (longest, max(map(len, ("tier", *tiers))), len("unusable"), len("cases"))
        if tiers:
            self._row(_HEADINGS)

    def __call__(self, report: dict[str, Any]) -> None:
        cases = str(report.get("cases", "-"))
        self._row((report["kernel"] or "-", report["tier"], report["state"], cases))
        if report.get("declined"):
            self._note(f"declines {output.count(report['declined'], 'case')}")
        if "reason" in report and report["state"] != "absent":  # that word says it
            self._note(report["reason"])

    def _row(self, cells: tuple[str, ...]) -> None:
        for line in output.aligned(cells, self._widths, right=frozenset({3})):
            output.emit(line)
        output.flush()

    def _note(self, text: str) -> None:
        for line in output.wrapped(text, 4):
            output.emit(f"    {line}")


def _ignore(report: dict[str, Any]) -> None:
    del report


def _shown(report: dict[str, Any], show: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    show(report)
    return report
