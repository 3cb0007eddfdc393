"""Records and tables: the facts of a host and the two file formats. Each name is loaded when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from polytier.record.atomic import write_text
    from polytier.record.facts import host_facts
    from polytier.record.host import HostFacts, host_id
    from polytier.record.paths import user_directory, user_table
    from polytier.record.records import (
        Measurement,
        Record,
        Refusal,
        read_record,
        read_records,
        write_record,
    )
    from polytier.record.summary import significant, summarise
    from polytier.record.tables import (
        KernelRanks,
        Standing,
        Table,
        TierBuild,
        format_table,
        parse_table,
        read_table,
        write_table,
    )

__all__ = [
    "HostFacts",
    "KernelRanks",
    "Measurement",
    "Record",
    "Refusal",
    "Standing",
    "Table",
    "TierBuild",
    "format_table",
    "host_facts",
    "host_id",
    "parse_table",
    "read_record",
    "read_records",
    "read_table",
    "significant",
    "summarise",
    "user_directory",
    "user_table",
    "write_record",
    "write_table",
    "write_text",
]

_HOMES: Final = {
    "atomic": ("write_text",),
    "facts": ("host_facts",),
    "host": ("HostFacts", "host_id"),
    "paths": ("user_directory", "user_table"),
    "records": ("Measurement", "Record", "Refusal", "read_record", "read_records", "write_record"),
    "summary": ("significant", "summarise"),
    "tables": (
        "KernelRanks",
        "Standing",
        "Table",
        "TierBuild",
        "format_table",
        "parse_table",
        "read_table",
        "write_table",
    ),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"polytier.record.{home}"), name)
    raise AttributeError(name)
