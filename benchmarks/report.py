"""Rows, ratios, verdicts, aligned text and JSON: what every program here prints."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import Plan, Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


@dataclass(frozen=True)
class Row:
    """One line of a table: a figure in seconds, or the reason why there is none."""

    name: str
    group: str
    summary: Summary | None = None
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """A target, the figure found, and whether it is met; None where there is no figure."""

    target: str
    figure: float | None
    met: bool | None
    note: str = ""

    @property
    def word(self) -> str:
        """The verdict in one word or two."""
        return {True: "met", False: "MISSED", None: "no figure"}[self.met]


def ratio(row: Row, reference: Row | None) -> float | None:
    """Return how many times the reference's median the row's median is; None where one is missing."""
    if row.summary is None or reference is None or reference.summary is None or not reference.summary.median:
        return None
    return row.summary.median / reference.summary.median


def best(rows: Iterable[Row], groups: Iterable[str]) -> Row | None:
    """Return the fastest row of these groups, or None."""
    wanted = set(groups)
    timed = [row for row in rows if row.group in wanted and row.summary is not None]
    return min(timed, key=lambda row: row.summary.median if row.summary else 0.0, default=None)


def at_least(target: str, figure: float | None, least: float, note: str = "") -> Verdict:
    """Return the verdict on a figure that must reach `least`."""
    return Verdict(target, figure, None if figure is None else figure >= least, note)


def at_most(target: str, figure: float | None, most: float, note: str = "") -> Verdict:
    """Return the verdict on a figure that must not exceed `most`."""
    return Verdict(target, figure, None if figure is None else figure <= most, note)


def duration(seconds: float) -> str:
    """Return seconds with three significant digits and the unit that suits them."""
    for unit, name in UNITS:
        if abs(seconds) >= unit * 0.9995 or name == "ns":
            value = seconds / unit
            return f"{value:.{max(0, 2 - len(str(int(abs(value)))) + 1)}f} {name}"
    raise AssertionError  # pragma: no cover  the last unit takes everything


def times(figure: float | None) -> str:
    """Return a ratio as text."""
    if figure is None:
        return "-"
    return f"{figure:.0f}x" if figure >= 100 else f"{figure:.3g}x"  # noqa: PLR2004  three digits, never 1e+03


def aligned(headings: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Return a text table: the first `left` columns and one of notes flush left, the others flush right."""
    lines = [list(headings), *[list(row) for row in rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headings))]
    lines.insert(1, ["-" * width for width in widths])
    put = [str.ljust if i < left or heading == "note" else str.rjust for i, heading in enumerate(headings)]
    return "\n".join("  ".join(put[i](line[i], widths[i]) for i in range(len(widths))).rstrip() for line in lines)


def timing_table(rows: Sequence[Row], references: Mapping[str, Row | None], unit: str) -> str:
    """Return rows as text: median, quartiles, one ratio per reference; absent and wrong rows with their reason."""
    headings = ["contender", f"median {unit}", "quartiles", *references, "samples", "note"]
    lines = []
    for row in rows:
        ratios = [times(ratio(row, reference)) for reference in references.values()]
        figures = ["-", "-", *ratios, "-"]
        if row.summary is not None:
            band = f"{duration(row.summary.p25)} .. {duration(row.summary.p75)}"
            mark = "*" if row.summary.contended else ""
            figures = [duration(row.summary.median) + mark, band, *ratios, str(row.summary.samples)]
        lines.append([row.name, *figures, row.note])
    text = aligned(headings, lines)
    starred = any(row.summary is not None and row.summary.contended for row in rows)
    return text + ("\n* contended: the core was taken away during most samples" if starred else "")


def verdict_table(verdicts: Sequence[Verdict]) -> str:
    """Return verdicts as text."""
    lines = [[v.target, "-" if v.figure is None else f"{v.figure:.4g}", v.word, v.note] for v in verdicts]
    return aligned(["target", "found", "verdict", "note"], lines)


def as_json(row: Row) -> dict[str, Any]:
    """Return a row as JSON values with five significant digits."""
    figures = {} if row.summary is None else asdict(row.summary)
    short = {k: float(f"{v:.5g}") if isinstance(v, float) else v for k, v in figures.items() if v == v}  # noqa: PLR0124  NaN
    return {"name": row.name, "group": row.group, "note": row.note, **short}


def host() -> tuple[str, dict[str, Any]]:
    """Return the id and facts of this host: polytier's own where it is installed, else the little Python knows."""
    with contextlib.suppress(ImportError):
        module = importlib.import_module("polytier.record.facts")
        facts = module.host_facts()
        return facts.id, dict(facts.facts)
    name = f"{platform.system()}-{platform.machine()}-{os.cpu_count()}c".lower()
    return name, {"python": platform.python_version(), "kernel": platform.release(), "load": os.getloadavg()}


def write(target: str, program: str, content: Mapping[str, Any]) -> Path:
    """Write a report as JSON; an empty `target` stands for docs/benchmarks/<host>/peers/<program>.json."""
    name, facts = host()
    path = Path(target) if target else ROOT / "docs" / "benchmarks" / name / "peers" / f"{program}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(
        {"format": 1, "program": program, "host": {"id": name, **facts}, **content}, indent=1, default=str
    )
    partial = path.with_suffix(".partial")
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(path)
    return path


def parser(description: str, epilog: str) -> argparse.ArgumentParser:
    """Return a parser with the options that all programs share."""
    options = argparse.ArgumentParser(
        description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rounds", type=positive, metavar="N", help="rounds of interleaved samples (default: 15)")
    options.add_argument("--quick", action="store_true", help="few short samples: shows that it works, decides nothing")
    options.add_argument("--seed", type=int, default=0, metavar="N", help="draws inputs and order (default: 0)")
    where = "docs/benchmarks/<host>/peers/"
    options.add_argument(
        "--json", nargs="?", const="", metavar="FILE", help=f"also write JSON (default place: {where})"
    )
    return options


def positive(text: str) -> int:
    """Return a count from the command line."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a count of at least 1")
    return number


def plan_of(options: argparse.Namespace) -> Plan:
    """Return the plan that the options ask for."""
    if options.quick:
        return Plan.quick(options.rounds, options.seed)
    return Plan(rounds=options.rounds or Plan.rounds, seed=options.seed)


def progress(text: str) -> None:
    """Show on a terminal's standard error what is being done."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text[:110]}")
        sys.stderr.flush()


def say(text: str, out: Callable[[str], Any] = sys.stdout.write) -> None:
    """Print a line of the report, over whatever progress stands there."""
    progress("")
    out(text + "\n")
    sys.stdout.flush()


def finish(options: argparse.Namespace, program: str, content: Mapping[str, Any]) -> None:
    """Write the JSON if it was asked for, and say where."""
    if options.json is not None:
        say(f"written to {write(options.json, program, content)}", sys.stderr.write)
