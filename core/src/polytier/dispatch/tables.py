"""Which table holds for a kernel: the first of several sources that knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from polytier.errors import FileFormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from polytier.record.tables import KernelRanks, Table


class Source(NamedTuple):
    """A table, where it came from, and whether it was measured on another kind of host."""

    table: Table
    origin: str
    estimated: bool


class Sources(NamedTuple):
    """The tables that hold, in order of precedence, and a sentence for each that was refused."""

    known: tuple[Source, ...]
    refused: tuple[str, ...] = ()


class Ranking(NamedTuple):
    """The ranks that hold for one kernel; None where no table knows it."""

    ranks: KernelRanks | None
    origin: str
    estimated: bool = False


def shipped_path() -> Path:
    """Return the path of the shipped table: in the wheel, or at the root of a source checkout."""
    from pathlib import Path

    package = Path(__file__).parents[1]
    packaged = package / "dispatch.toml"
    return packaged if packaged.is_file() else package.parents[2] / "dispatch.toml"


def find_sources(environ: Mapping[str, str], host: str, user_table: Callable[[], Path | None]) -> Sources:
    """Return the tables of this process.

    A table named by POLYTIER_TABLE stands alone, and a bad one raises: whoever names a table wants no other.
    """
    from polytier.record.tables import read_table

    named = environ.get("POLYTIER_TABLE")
    if named:
        table = read_table(named)
        return Sources((Source(table, f"the table POLYTIER_TABLE={named} of {table.host}", table.host != host),))
    return _on_disk(host, ((user_table(), "your own measurements"), (shipped_path(), "the shipped table")))


def _on_disk(host: str, places: Iterable[tuple[Path | None, str]]) -> Sources:
    from polytier.record.tables import read_table

    known: list[Source] = []
    refused: list[str] = []
    for path, origin in places:
        if path is None:
            continue
        try:
            table = read_table(path)
        except FileFormatError as failure:
            if not isinstance(failure.__cause__, FileNotFoundError):
                refused.append(str(failure))
                _warn(failure)
        else:
            known.append(Source(table, f"{origin} of {table.host} ({path})", table.host != host))
    return Sources(tuple(known), tuple(refused))


def find_ranking(kernel: str, known: Iterable[Source]) -> Ranking:
    """Return the ranks of the first source that knows the kernel."""
    for source in known:
        if kernel in source.table.kernels:
            return Ranking(source.table.kernels[kernel], source.origin, source.estimated)
    return Ranking(None, "no table knows this kernel; `polytier measure` makes one")


def _warn(failure: FileFormatError) -> None:
    import logging  # only a failure pays for it

    logging.getLogger("polytier").warning("a table is left out: %s", failure)
