"""Puts the shipped table, the repository's dispatch.toml, into core's sdist and wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TABLE = "dispatch.toml"
PLACES = {"wheel": f"polytier/{TABLE}", "sdist": TABLE}


class TableHook(BuildHookInterface[Any]):
    """Adds the table: an sdist carries its own copy, a checkout has it one folder up."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the table to one build; an editable install reads the checkout's own."""
        if version == "editable":
            return
        root = Path(self.root)
        for source in (root / TABLE, root.parent / TABLE):
            if source.is_file():
                build_data["force_include"][str(source)] = PLACES[self.target_name]
                return
        message = f"build polytier: no {TABLE} in {root} or {root.parent}\nhint: run `polytier rank` in the checkout"
        raise FileNotFoundError(message)
