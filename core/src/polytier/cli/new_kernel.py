"""`polytier new-kernel`: the skeleton of a kernel pack that conforms from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytier.cli import lookup, new

if TYPE_CHECKING:
    import argparse

SUMMARY = "write the skeleton of a pack with a new kernel, which conforms from the start"
DESCRIPTION = """\
Write the skeleton of a kernel pack into a new directory of the kernel's name:
pyproject.toml with the entry point, a package that declares the kernel with its
size, tolerance and cases, a README, and tests. The floor that it begins with
computes a mean square; put yours in its place.

example:
  $ polytier new-kernel band_energy
  wrote band_energy: 5 files
    ...
  next:
    python -m pip install ./band_energy
    ...
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("name", metavar="NAME", help="the kernel's name: lower-case letters, digits, underscores")
    new.configure(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the skeleton."""
    from polytier.scaffold.pack import pack_skeleton

    lookup.kernels()  # a name that an installed pack has taken is refused
    return new.create(pack_skeleton(arguments.name, arguments.directory), as_json=arguments.json)
