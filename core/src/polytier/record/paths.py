"""Where the user's own records and table lie."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from polytier.errors import StorageError
from polytier.record.host import host_id

ARCHIVE: Final = "archive"
"""The directory, beside a host's records, of the records that are kept and never ranked."""


def user_directory() -> Path:
    """Return the directory of this host's records and table; StorageError where the user has no home."""
    try:
        return _data_home() / "polytier" / "hosts" / host_id()
    except RuntimeError as failure:
        raise StorageError.of("records", "the user's data directory", OSError(str(failure))) from failure


def user_table() -> Path | None:
    """Return the place of the user's table for this host, whether or not a file is there; None without a home."""
    try:
        return user_directory() / "dispatch.toml"
    except StorageError:
        return None


def remedy_of(table: Path | str) -> str:
    """Return what to do about a table that cannot be used, which depends on who put it in its place."""
    if str(table) == os.environ.get("POLYTIER_TABLE"):
        return "mend the file, or unset POLYTIER_TABLE"
    if Path(table) == user_table():
        return "write it anew with `polytier measure`, or remove it"
    if Path(table) == Path(__file__).parents[1] / "dispatch.toml":
        return "reinstall polytier: the file came with it"
    return "write it anew with `polytier rank` or `polytier measure`"


def _data_home(system: str = sys.platform) -> Path:
    # platformdirs takes 9 to 30 ms to import, and a first call waits for this; under Linux its rule is this one.
    for variable, below in (("XDG_DATA_HOME", ""), ("HOME", ".local/share")) if system == "linux" else ():
        home = Path(os.environ.get(variable, ""))
        if home.is_absolute():
            return home / below
    from platformdirs import user_data_path

    return user_data_path()
