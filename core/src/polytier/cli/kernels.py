"""`polytier kernels`: what can be computed, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polytier.cli import deprecations, lookup, output
from polytier.kernels.tolerance import Tolerance

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from polytier.kernels.declaration import Kernel

SUMMARY = "list the kernels, and which tiers offer each"
DESCRIPTION = """\
List the kernels, those of installed kernel packs included: family, size
expression, tolerance, and which tiers offer each (every tier is probed once,
in a process of its own). What is deprecated comes last, with its replacement.

example:
  $ polytier kernels
  family kuramoto
    kernel           size        tiers  tolerance
    order_parameter  len(theta)  rust   absolute 1e-10
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("kernels", nargs="*", metavar="KERNEL", help="only these kernels")


def run(arguments: argparse.Namespace) -> int:
    """Print the kernels."""
    probes = lookup.probes(lookup.tiers())
    kernels = lookup.kernels(arguments.kernels)
    offers = lookup.offers(probes)
    found = [_describe(kernel, offers) for kernel in kernels]
    if arguments.json:
        output.emit_json({"kernels": found, "deprecated_tiers": deprecations.of_tiers(probes)})
        return 0
    for family in dict.fromkeys(kernel["family"] for kernel in found):
        _print(family, [kernel for kernel in found if kernel["family"] == family])
    for line in deprecations.lines(kernels, probes):
        output.emit(line)
    return 0


def _print(family: str, kernels: list[dict[str, Any]]) -> None:
    output.emit(f"family {family}")
    rows = [(k["name"], k["size"], ", ".join(k["tiers"]) or "-", _short(k["tolerance"])) for k in kernels]
    for line in output.table(("kernel", "size", "tiers", "tolerance"), rows):
        output.emit(f"  {line}")


def _short(tolerance: str) -> str:
    return tolerance.removesuffix(", relative 0")


def _describe(kernel: Kernel, offers: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    return {
        "name": kernel.name,
        "family": kernel.family,
        "module": kernel.module,
        "size": kernel.size,
        "tolerance": _tolerance(kernel.tolerance),
        "tiers": [tier for tier, offered in offers.items() if kernel.name in offered],
        "cases": len(kernel.cases),
        **deprecations.of_kernel(kernel),
    }


def _tolerance(tolerance: Tolerance | Mapping[str, Tolerance]) -> str:
    if isinstance(tolerance, Tolerance):
        return str(tolerance)
    return "; ".join(f"{name}: {each}" for name, each in tolerance.items())
