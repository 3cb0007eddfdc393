"""`polytier rank`: the table computed from records, written or compared."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from polytier.cli import lookup, output
from polytier.errors import FileFormatError, UnknownNameError
from polytier.record.paths import ARCHIVE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

SUMMARY = "compute the table from the records, or check that it still follows from them"
DESCRIPTION = """\
Compute the ranks and crossovers of one host from its records and write them as
a table. With --check nothing is written: the exit code is 1, and a diff is
shown, if the table is not byte for byte what the records give: a record that
changed shows even where no rank did. The record of a kernel that nothing
declares is refused; what lies in archive/ beside the records is not looked at.

example:
  $ polytier rank --check
  dispatch.toml is what the 8 records of linux-x86_64-amd-epyc-2c-avx2-5cab1961 give
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("--check", action="store_true", help="compare only; 1 if the table differs")
    records = "directory of the records: of one host, or with one directory for each host (default: docs/benchmarks)"
    parser.add_argument("--records", type=Path, default=Path("docs/benchmarks"), metavar="DIR", help=records)
    table = "the table's file (default: dispatch.toml)"
    parser.add_argument("--table", type=Path, default=Path("dispatch.toml"), metavar="FILE", help=table)
    host = "whose records (default: the host of the present table, else the only one, else this host)"
    parser.add_argument("--host", metavar="ID", help=host)


def run(arguments: argparse.Namespace) -> int:
    """Write or check the table; 1 if a checked one differs."""
    from polytier.rank import table
    from polytier.record.atomic import write_text
    from polytier.record.records import read_records
    from polytier.record.tables import format_table

    directory = _directory(arguments.records, arguments.host, arguments.table)
    try:
        records = read_records(directory)
        _insist_on_kernels(directory, records)
    except FileFormatError as failure:
        if not arguments.check:
            raise
        output.say(f"polytier: {failure}")  # a record that somebody touched is what a check looks for
        return 1
    wanted = table(records.values())
    text = format_table(wanted)
    present = _present(arguments.table)
    if not arguments.check:
        write_text(arguments.table, text, "table")
    _report(arguments, wanted.host, sorted(records), present, _difference(present, text, arguments.table))
    return int(arguments.check and present != text)


def _insist_on_kernels(directory: Path, records: Iterable[str]) -> None:
    """Refuse the record of a kernel that nothing declares: a table with its ranks would serve nobody."""
    declared = {kernel.name for kernel in lookup.kernels()}
    for name in sorted(set(records) - declared):
        hint = f"`polytier archive {name}` puts it away; if a kernel pack declares it, install that"
        raise FileFormatError.of("record", directory / f"{name}.json", "kernel", "no kernel has this name", hint)


def _directory(records: Path, host: str | None, table: Path) -> Path:
    """Return the directory of the one host whose records count."""
    if any(records.glob("*.json")) and host is None:
        return records
    if not records.is_dir():
        hint = "name the directory with --records"
        raise FileFormatError.of("records", records, "", "there is no such directory", hint)
    hosts = sorted(path.name for path in records.iterdir() if any(path.glob("*.json")) and path.name != ARCHIVE)
    if not hosts:
        hint = "write some with `polytier measure --records`"
        raise FileFormatError.of("records", records, "", "it holds no host's records", hint)
    chosen = host or _likely(hosts, table)
    if chosen not in hosts:
        raise UnknownNameError.of("host", chosen, hosts)
    return records / chosen


def _likely(hosts: list[str], table: Path) -> str:
    from polytier.record.host import host_id
    from polytier.record.tables import read_table

    if len(hosts) == 1:
        return hosts[0]
    try:
        return read_table(table).host
    except FileFormatError:  # none there yet, or one that is to be written anew
        return host_id()


def _present(table: Path) -> str | None:
    """Return the table as it stands, line ends untouched; None where there is none."""
    if not table.is_file():
        return None
    return table.read_bytes().decode("utf-8", "backslashreplace")


def _difference(present: str | None, wanted: str, table: Path) -> list[str]:
    if present is None:
        return ["there is no such file"]
    before = present.splitlines()
    lines = [*difflib.unified_diff(before, wanted.splitlines(), str(table), "from the records", lineterm="", n=2)]
    return lines or ["line ends or the end of the file differ"] * (present != wanted)


def _report(
    arguments: argparse.Namespace, host: str, kernels: list[str], present: str | None, difference: list[str]
) -> None:
    if arguments.json:
        answer = {"host": host, "kernels": kernels, "table": str(arguments.table), "written": not arguments.check}
        output.emit_json(answer | {"same": not difference, "difference": difference})
        return
    for line in difference if arguments.check and present is not None else ():
        output.emit(line)
    give = "gives" if len(kernels) == 1 else "give"
    follows = f"what the {output.count(len(kernels), 'record')} of {host} {give}"
    if not arguments.check:
        output.say(f"wrote {arguments.table}: {follows}{'' if difference else ', as before'}")
    elif present is None:
        output.say(f"{arguments.table} does not exist\nhint: `polytier rank` writes {follows}")
    elif difference:
        output.say(f"{arguments.table} is not {follows}\nhint: `polytier rank` writes it anew")
    else:
        output.say(f"{arguments.table} is {follows}")
