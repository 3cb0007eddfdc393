"""Ends a run with what was compared bit by bit, and with the paths that were not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the line that each comparison recorded."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    lines = [
        str(value)
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "bitwise" and report.when == "call"
    ]
    if lines:
        terminalreporter.section("bitwise")
    for line in lines:
        terminalreporter.write_line(f"bitwise: {line}")
