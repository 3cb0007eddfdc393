"""`polytier freeze`: the ranks in force, as a table for a fleet."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import polytier
from polytier.cli import lookup, output

if TYPE_CHECKING:
    import argparse

SUMMARY = "print the ranks in force as a table, for processes that shall all choose alike"
DESCRIPTION = """\
Print the ranks in force in this environment as the text of a table.
A process that loads it chooses the same tiers, whatever was measured on its own
host.

example:
  $ polytier freeze > ranks.toml
  $ POLYTIER_TABLE=ranks.toml python simulation.py
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments: none but the common ones."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    lookup.kernels()
    text = polytier.freeze()
    if arguments.json:
        output.emit_json(tomllib.loads(text))
    else:
        output.emit(text.removesuffix("\n"))
    return 0
