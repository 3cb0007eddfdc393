"""`polytier measure`: time the floor and the tiers on this host, and rank them."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polytier.cli import lookup, output
from polytier.cli.losses import warn_of_losses
from polytier.cli.progress import bar, reporting
from polytier.errors import TierLoadError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from polytier.record.records import Record
    from polytier.record.tables import KernelRanks

SUMMARY = "time the floor and the tiers on this host, and rank them"
DESCRIPTION = """\
Time the floor and the installed tiers on this host, each in a process of its
own, and rank them. Records and table go to your data directory, where every
later process on this host finds them. A kernel's new record replaces its old
one: with --tier, the other tiers lose their place for the measured kernels.
Each kernel is kept as soon as it is complete: Ctrl-C loses only the one in
hand. The exit code is 1 if an answer differs or a tier fails.

example:
  $ polytier measure --quick --kernel order_parameter
  wrote 1 record and the table to ~/.local/share/polytier/hosts/linux-x86_64-...
  kernel           before  now
  order_parameter  -       floor, rust from 12
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a first impression, some seconds a kernel; leaves out sizes at which the floor is slow",
    )
    parser.add_argument("--kernel", action="append", metavar="K", help="only this kernel; may be given again")
    parser.add_argument("--tier", action="append", metavar="T", help="only this tier and the floor; may be given again")
    places = parser.add_mutually_exclusive_group()
    own = "records and table go here (default: your data directory for this host)"
    places.add_argument("--output", type=Path, metavar="DIR", help=own)
    shipped = "records go to DIR/<host>/ and no table is written; `polytier rank` makes one from them"
    places.add_argument("--records", type=Path, metavar="DIR", help=shipped)


def run(arguments: argparse.Namespace) -> int:
    """Measure, then say what was written and what changed; 1 if a tier was refused."""
    from polytier.measure import run as measure

    kernels, tiers = lookup.kernels(arguments.kernel), _tiers(arguments.tier)
    directory = _directory(arguments)
    before = _ranks_on_disk(directory)
    warn_of_losses(arguments, directory, before, {kernel.name for kernel in kernels}, {*tiers})
    with bar() as shown:
        records = measure(
            kernels,
            tiers,
            output=directory,
            quick=arguments.quick,
            progress=reporting(shown),
            with_table=arguments.records is None,
        )
    report = _report(directory, before, records, with_table=arguments.records is None)
    _print(report) if not arguments.json else output.emit_json(report)
    return int(bool(report["refusals"]))


def _tiers(names: list[str] | None) -> list[str]:
    named = lookup.without_floor(names)
    tiers = [] if names and not named else lookup.tiers(named)
    for name in tiers if names else ():
        reason = lookup.denied(name)
        if reason is not None:
            raise TierLoadError.of(name, reason, "allow it in the environment")
    return [name for name in tiers if lookup.denied(name) is None]


def _directory(arguments: argparse.Namespace) -> Path:
    from polytier.record.host import host_id
    from polytier.record.paths import user_directory

    if arguments.records is not None:
        return Path(arguments.records, host_id())
    return arguments.output or user_directory()


def _ranks_on_disk(directory: Path) -> dict[str, KernelRanks]:
    """Return ranks by kernel as the records tell them; measuring itself tells of a record that cannot be read."""
    from polytier.errors import FileFormatError
    from polytier.rank import rank
    from polytier.record.records import read_record

    ranks = {}
    for path in sorted(directory.glob("*.json")):
        with suppress(FileFormatError):
            ranks[path.stem] = rank(read_record(path))
    return ranks


def _firsts(ranks: KernelRanks) -> str:
    names = [ranks.standings[0].order[0]] if ranks.standings else ["floor"]
    return ", ".join([*names, *(f"{tier} from {size}" for size, _, tier in ranks.crossovers)])


def _report(
    directory: Path, before: Mapping[str, KernelRanks], records: list[Record], *, with_table: bool
) -> dict[str, Any]:
    from polytier.measure.session import TABLE
    from polytier.rank import rank

    places = [(record.kernel, before.get(record.kernel), rank(record)) for record in records]
    return {
        "host": records[0].host.id if records else None,
        "records": [str(directory / f"{record.kernel}.json") for record in records],
        "table": str(directory / TABLE) if with_table else None,
        "directory": str(directory),
        "first_places": [
            {"kernel": kernel, "before": then and _firsts(then), "now": _firsts(now)} for kernel, then, now in places
        ],
        "refusals": [
            {"kernel": record.kernel, "tier": refusal.tier, "case": refusal.case, "reason": refusal.reason}
            for record in records
            for refusal in record.refusals
        ],
    }


def _print(report: dict[str, Any]) -> None:
    table = " and the table" if report["table"] else ""
    output.say(f"wrote {output.count(len(report['records']), 'record')}{table} to {report['directory']}")
    changed = [entry for entry in report["first_places"] if entry["before"] != entry["now"]]
    if changed:
        rows = [(entry["kernel"], entry["before"] or "-", entry["now"]) for entry in changed]
        for line in output.table(("kernel", "before", "now"), rows):
            output.emit(line)
    if len(changed) < len(report["first_places"]):
        output.say(f"first places unchanged: {output.count(len(report['first_places']) - len(changed), 'kernel')}")
    # Each reason was told when it was found.
    for (tier, kernel), cases in Counter((entry["tier"], entry["kernel"]) for entry in report["refusals"]).items():
        output.say(f"not ranked: {tier} for {kernel}: refused on {output.count(cases, 'case')}, as told above")
