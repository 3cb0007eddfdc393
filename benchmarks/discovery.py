"""Measure how long it takes to find the installed tiers when 300 other distributions are installed."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from harness import Quiet, summarise
from processes import Child, measure
from report import (
    Row,
    as_json,
    at_most,
    duration,
    finish,
    parser,
    plan_of,
    positive,
    progress,
    say,
    timing_table,
    verdict_table,
)

EPILOG = """\
A temporary folder on sys.path holds the distributions, one of which offers a tier. Each sample is a fresh interpreter
that has imported the finder already; the clock runs during one look-up. The answer is checked in each.

  cold        no index in the user's cache directory: every place on sys.path is scanned and the index written
  warm        the index of an earlier process is there
  again       as warm, the second look-up of the process: what is left when the code has run once
  importlib   importlib.metadata.entry_points(group=...), what most plug-in systems call

Files are in the page cache in all rows; a first look-up after boot also waits for the disk.

examples:
  discovery.py                about twenty seconds
  discovery.py --count 1000   more distributions
"""

BUDGETS = {"polytier, cold": 5e-3, "polytier, warm": 0.2e-3}
GROUP = "polytier.tiers"
SETTLING = 2.1
"""Seconds until polytier trusts an index: a folder that has just changed may change again without its times telling."""


def distribution(folder: Path, name: str, entry_points: str) -> None:
    """Install a distribution of metadata only."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n" + 40 * "Classifier: x\n")
    (info / "RECORD").write_text("".join(f"{name}/module{i}.py,,\n" for i in range(20)))
    if entry_points:
        (info / "entry_points.txt").write_text(entry_points)


def populate(folder: Path, count: int) -> None:
    """Install `count` distributions, every second with a script and one with a tier."""
    for i in range(count):
        distribution(folder, f"extra_{i:04}", f"[console_scripts]\nextra-{i} = extra_{i}:main\n" if i % 2 else "")
    distribution(folder, "example_tier", f"[{GROUP}]\nexample = example_tier\n")


def children(folder: Path, caches: Path) -> list[Child]:
    """Return what is compared."""
    cold, warm = caches / "cold", caches / "warm"
    on_path = f"sys.path.append({str(folder)!r})\n"
    check = "assert any(point.name == 'example' for point in found), found"
    timed = f"found = entry_points({GROUP!r})"

    def clear() -> None:
        shutil.rmtree(cold, ignore_errors=True)

    ours = on_path + "from polytier.tiers.index import entry_points"
    theirs = on_path + "from importlib.metadata import entry_points"
    by_keyword = timed.replace("(", "(group=")
    return [
        Child("polytier, cold", "polytier", timed, ours, check, {"XDG_CACHE_HOME": str(cold)}, clear),
        Child("polytier, warm", "polytier", timed, ours, check, {"XDG_CACHE_HOME": str(warm)}),
        Child("polytier, again", "polytier", timed, f"{ours}\n{timed}", check, {"XDG_CACHE_HOME": str(warm)}),
        Child("importlib.metadata", "importlib", by_keyword, theirs, check),
    ]


def main(argv: list[str] | None = None) -> int:
    """Run the program."""
    options = parser(__doc__ or "", EPILOG)
    options.add_argument("--count", type=positive, default=300, metavar="N", help="distributions (default: 300)")
    chosen = options.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="discovery-") as name:
        folder, caches = Path(name) / "site", Path(name) / "caches"
        folder.mkdir()
        populate(folder, chosen.count)
        time.sleep(SETTLING)
        compared = children(folder, caches)
        os.sync()
        series = measure(compared, plan_of(chosen), Quiet(), progress)
    rows = [Row(name, one.contender.group, summarise(one)) for name, one in series.items()]
    medians = {row.name: row.summary.median for row in rows if row.summary}
    verdicts = [
        at_most(f"{name}: at most {duration(b)}", medians[name] * 1e3, b * 1e3, "ms") for name, b in BUDGETS.items()
    ]
    say(f"one look-up, {chosen.count} other distributions installed\n")
    say(timing_table(rows, {"x warm": rows[1]}, "per look-up") + "\n\n" + verdict_table(verdicts))
    content = {"count": chosen.count, "rows": [as_json(row) for row in rows], "verdicts": [vars(v) for v in verdicts]}
    finish(chosen, "discovery", content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
