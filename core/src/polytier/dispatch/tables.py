"""Which table holds for a kernel: the first of several sources that knows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from polytier.errors import FileFormatError
from polytier.record.tables import KernelRanks, Table, read_table

PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Source:
    """A table, where it came from, and whether it was measured on this kind of host."""

    table: Table
    origin: str
    estimated: bool


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ranks that hold for one kernel; None where no table knows it."""

    ranks: KernelRanks | None
    origin: str
    estimated: bool = False


def shipped_path() -> Path:
    """Return the path of the shipped table: in the wheel, or at the root of a source checkout."""
    packaged = PACKAGE / "dispatch.toml"
    return packaged if packaged.is_file() else PACKAGE.parents[2] / "dispatch.toml"


def sources(environ: Mapping[str, str], host: str, user_path: Callable[[], Path]) -> tuple[tuple[Source, ...], list[str]]:
    """Return the tables in the order of precedence, and a sentence for each that was refused.

    A table named by POLYTIER_TABLE stands alone, and a bad one raises: whoever names a table wants no other.
    """
    named = environ.get("POLYTIER_TABLE")
    if named:
        table = read_table(Path(named))
        return (Source(table, f"POLYTIER_TABLE={named}", table.host != host),), []
    found, refused = [], []
    for path, origin in ((user_path(), "your own measurements"), (shipped_path(), "the shipped table")):
        try:
            table = read_table(path) if path.is_file() else None
        except FileFormatError as failure:
            refused.append(str(failure))
            _warn(failure)
            continue
        if table is not None:
            found.append(Source(table, f"{origin} of {table.host} ({path})", table.host != host))
    return tuple(found), refused


def ranking(kernel: str, known: tuple[Source, ...]) -> Ranking:
    """Return the ranks of the first source that knows the kernel."""
    for source in known:
        if kernel in source.table.kernels:
            return Ranking(source.table.kernels[kernel], source.origin, source.estimated)
    return Ranking(None, "no table knows this kernel, so only the floor serves; `polytier measure` makes one")


def _warn(failure: FileFormatError) -> None:
    import logging  # only a failure pays for it

    logging.getLogger("polytier").warning("a table is left out: %s", failure)
