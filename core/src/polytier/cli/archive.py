"""`polytier archive`: the records of a kernel put away, where ranks take no notice of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from polytier.cli import lookup, output
from polytier.errors import ArchivedError, FileFormatError, UnknownNameError
from polytier.record.paths import ARCHIVE

if TYPE_CHECKING:
    import argparse

SUMMARY = "put the records of a kernel that goes into the archive"
DESCRIPTION = """\
Move the records of a kernel, of every host or of one, into the directory
archive/ beside them: DIR/<host>/<kernel>.json becomes
DIR/<host>/archive/<kernel>.json. What is archived is kept and never ranked.
`polytier rank` then writes a table without the kernel. Nothing is moved if an
archive holds a record of that name already.

example:
  $ polytier archive order
  docs/benchmarks/linux-x86_64-.../archive/order.json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("kernels", nargs="+", metavar="KERNEL", help="the kernel whose records go into the archive")
    records = "directory of the records: of one host, or with one directory for each host (default: docs/benchmarks)"
    parser.add_argument("--records", type=Path, default=Path("docs/benchmarks"), metavar="DIR", help=records)
    parser.add_argument("--host", metavar="ID", help="the records of this host only")


def run(arguments: argparse.Namespace) -> int:
    """Move the records and print where they are now."""
    known = _known(arguments.records, arguments.host)
    moves: dict[Path, Path] = {}
    for kernel in lookup.unique(arguments.kernels):
        if kernel not in known:
            raise UnknownNameError.of("record", kernel, known)
        moves |= {path: path.parent / ARCHIVE / path.name for path in known[kernel]}
    for place in moves.values():
        if place.exists():
            raise ArchivedError.of(place)
    for path, place in moves.items():
        place.parent.mkdir(exist_ok=True)
        path.rename(place)
    _report(moves, as_json=arguments.json)
    return 0


def _known(records: Path, host: str | None) -> dict[str, list[Path]]:
    """Return the records by kernel: those in the directory itself, and those in the directories of hosts."""
    folder = records / host if host else records
    if not folder.is_dir():
        hint = "name the directory of the records with --records"
        raise FileFormatError.of("records", folder, "", "there is no such directory", hint)
    folders = [folder] if host else [records, *sorted(path for path in records.glob("*") if path.is_dir())]
    known: dict[str, list[Path]] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.json")) if folder.name != ARCHIVE else ():
            known.setdefault(path.stem, []).append(path)
    return known


def _report(moves: dict[Path, Path], *, as_json: bool) -> None:
    if as_json:
        output.emit_json({"moved": [{"from": str(path), "to": str(place)} for path, place in moves.items()]})
        return
    for place in moves.values():
        output.emit(str(place))
    output.say(f"archived {output.count(len(moves), 'record')}\nhint: `polytier rank` writes the table without them")
