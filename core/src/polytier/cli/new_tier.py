"""`polytier new-tier`: the skeleton of a tier that conforms from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytier.cli import lookup, new

if TYPE_CHECKING:
    import argparse

SUMMARY = "write the skeleton of a new tier, which conforms from the start"
DESCRIPTION = """\
Write the skeleton of a tier into a new directory of its name: pyproject.toml
with the entry point, a package, a README, and a test that runs the conformance
kit. Each function starts as a copy of its kernel's floor, so that every test
passes at once; replace the bodies by calls of your native code.

example:
  $ polytier new-tier fast --kernel order_parameter
  wrote fast: 6 files
    ...
  next:
    python -m pip install ./fast
    ...
"""
SIMPLE = "order_parameter"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("name", metavar="NAME", help="the tier's name: lower-case letters, digits, hyphens")
    served = f"serve this kernel; may be given again (default: {SIMPLE})"
    parser.add_argument("--kernel", action="append", metavar="K", help=served)
    new.configure(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the skeleton."""
    from polytier.scaffold.tier import tier_skeleton

    kernels = lookup.kernels(arguments.kernel or [SIMPLE])
    skeleton = tier_skeleton(arguments.name, kernels, arguments.directory)
    return new.create(skeleton, as_json=arguments.json)
