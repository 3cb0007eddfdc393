"""Write the README's table of crossovers from dispatch.toml; `--check` compares only."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polytier.record.tables import KernelRanks, Standing, Table

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- crossovers: written from dispatch.toml by `python -m tools.crossovers` -->\n"
END = "<!-- end of crossovers -->\n"
HEAD = """\
| kernel | first, by size | times the floor's speed |
|---|---|---|
"""


def lines(table: Table) -> str:
    """Return the table in Markdown, and below it the host on which it was measured."""
    rows = [f"| `{name}` | {firsts(ranks)} | {gains(ranks)} |\n" for name, ranks in sorted(table.kernels.items())]
    return f"{HEAD}{''.join(rows)}\nMeasured on {table.host}.\n"


def firsts(ranks: KernelRanks) -> str:
    """Return which name is first up to which size."""
    runs = [(name, list(run)[0].start) for name, run in groupby(ranks.standings, key=_first)]  # noqa: RUF015 a run has a first
    ends = [f" below {start}" for _, start in runs[1:]] + [f" from {runs[-1][1]} on" if len(runs) > 1 else ""]
    return ", ".join(name + end for (name, _), end in zip(runs, ends, strict=True))


def gains(ranks: KernelRanks) -> str:
    """Return the least and the greatest gain of what is first over the floor."""
    found = [standing.seconds["floor"] / standing.seconds[_first(standing)] for standing in ranks.standings]
    return " to ".join(dict.fromkeys(f"{end:.3g}" for end in (min(found), max(found))))


def _first(standing: Standing) -> str:
    return standing.order[0]


def written(page: str, table: Table) -> str:
    """Return the page with the present table between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"README.md: the marks of the table of crossovers are missing\nhint: add {BEGIN}{END}")
    return f"{before}{begin}{lines(table)}{end}{after}"


def main(argv: list[str]) -> int:
    """Write the page, or with `--check` say whether it is current."""
    from polytier.record.tables import read_table

    path = ROOT / "README.md"
    page = path.read_text(encoding="utf-8")
    wanted = written(page, read_table(ROOT / "dispatch.toml"))
    if page == wanted:
        return 0
    if argv == ["--check"]:
        print("README.md: its table of crossovers is not that of dispatch.toml\nhint: python -m tools.crossovers")
        return 1
    path.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
