"""The closing table of a conformance run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from polytier.testing.answers import DECLINED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytier.testing.selection import Selection

PREFIX = "polytier."
"""How the properties of a test's report are called that the table is made from."""

_OUTCOMES = {
    "passed": "passed",
    "failed": "failed",
    "error": "failed",
    "xpassed": "failed",
    "xfailed": "expected failures",
    "skipped": "not run",
}
_COLUMNS = ("tier", "kernels", "cases", "examples", "passed", "failed", "expected failures", "declined", "not run")


def write_summary(reporter: Any, selection: Selection) -> None:
    """Write the table and, below it, what was not tested and why."""
    rows: dict[str, Counter[str]] = {tier: Counter() for tier in selection.tiers}
    declined: dict[str, dict[str, list[str]]] = {tier: {} for tier in selection.tiers}
    for category, facts, reason in _reports(reporter):
        tier = facts["tier"]
        outcome = "declined" if reason.startswith(DECLINED) else _OUTCOMES[category]
        rows[tier][outcome] += 1
        rows[tier]["cases"] += facts["test"] == "test_agrees" and outcome not in {"declined", "not run"}
        rows[tier]["examples"] += int(facts.get("examples", 0))
        if outcome == "declined":
            declined[tier].setdefault(facts.get("kernel", ""), []).append(reason.removeprefix(DECLINED))
    reporter.section("polytier conformance")
    _write_table(reporter, selection, rows)
    for tier in selection.tiers:
        for line in _untested(selection, tier, declined[tier]):
            reporter.line(line)


def _reports(reporter: Any) -> Iterator[tuple[str, dict[str, str], str]]:
    for category in _OUTCOMES:
        for report in reporter.stats.get(category, ()):
            properties = getattr(report, "user_properties", ())
            facts = {name.removeprefix(PREFIX): value for name, value in properties if name.startswith(PREFIX)}
            if "tier" in facts:  # a test with an empty set of parameters has none
                yield category, facts, _reason(report) if category == "skipped" else ""


def _reason(report: Any) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return str(text).removeprefix("Skipped: ")


def _write_table(reporter: Any, selection: Selection, rows: dict[str, Counter[str]]) -> None:
    table = [list(_COLUMNS)]
    for tier, counts in rows.items():
        tested = f"{len(selection.offer(tier).offered)} of {len(selection.kernels)}"
        table.append([tier, tested, *(str(counts[column]) for column in _COLUMNS[2:])])
    widths = [max(len(row[i]) for row in table) for i in range(len(_COLUMNS))]
    for row in table:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        reporter.line("  ".join(cells).rstrip())


def _untested(selection: Selection, tier: str, declined: dict[str, list[str]]) -> Iterator[str]:
    offer, absent = selection.offer(tier), selection.absent(tier)
    if offer.failure:
        yield f"tier {tier!r}, not loaded: {offer.failure.partition(chr(10))[0]}"
    elif absent:
        yield f"tier {tier!r}, absent kernels (the floor serves them): {', '.join(absent)}"
    for kernel, reason in offer.rejected.items():
        yield f"tier {tier!r}, rejected kernel {kernel}: {reason.partition(chr(10))[0]}"
    for kernel, reasons in declined.items():
        yield f"tier {tier!r}, kernel {kernel}: declined {len(reasons)} times, first with {reasons[0]}"
