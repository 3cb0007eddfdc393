"""`polytier kernels`: what can be computed, and by whom."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from polytier.cli import deprecations, lookup, output
from polytier.errors import PolytierWarning
from polytier.kernels.tolerance import Tolerance

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from polytier.kernels.declaration import Kernel
    from polytier.tiers.probe import Probe

SUMMARY = "list the kernels, and which tiers offer each"
DESCRIPTION = """\
List the kernels, those of installed kernel packs included: family, size
expression, tolerance, and which tiers offer each (every tier is probed once,
in a process of its own). Below a family stand the kernels that a tier states
to be absent, with its reasons. What is deprecated comes last, with its
replacement.

example:
  $ polytier kernels
  family kuramoto
    kernel           size        tiers  tolerance
    order_parameter  len(theta)  rust   absolute 1e-10
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("kernels", nargs="*", metavar="KERNEL", help="only these kernels")
    told = "print the page of the documentation that tells, by the shipped table, where each first-party tier is first"
    parser.add_argument("--audit", action="store_true", help=told)


def run(arguments: argparse.Namespace) -> int:
    """Print the kernels."""
    if arguments.audit:
        return _audit(arguments)
    probes = lookup.probes(lookup.tiers())
    _warn(probes)
    kernels = lookup.kernels(arguments.kernels)
    found = [_describe(kernel, probes) for kernel in kernels]
    if arguments.json:
        output.emit_json({"kernels": found, "deprecated_tiers": deprecations.of_tiers(probes)})
        return 0
    for family in dict.fromkeys(kernel["family"] for kernel in found):
        _print(family, [kernel for kernel in found if kernel["family"] == family])
    for line in deprecations.lines(kernels, probes):
        output.emit(line)
    return 0


def _audit(arguments: argparse.Namespace) -> int:
    from polytier.cli.kernel_audit import audit
    from polytier.cli.kernel_audit_page import page

    if arguments.kernels:
        arguments.parser.error("argument --audit: it tells of every kernel; name none")
    if arguments.json:
        output.emit_json(audit())
    else:
        output.emit(page(audit()).removesuffix("\n"))
    return 0


def _warn(probes: Mapping[str, Probe]) -> None:
    for tier, probe in probes.items():
        for problem in probe.problems:
            hint = f"tell the authors of tier {tier!r}"
            warnings.warn(PolytierWarning.of(f"list what tier {tier!r} lacks", problem, hint), stacklevel=3)


def _print(family: str, kernels: list[dict[str, Any]]) -> None:
    output.emit(f"family {family}")
    rows = [(k["name"], k["size"], ", ".join(k["tiers"]) or "-", _short(k["tolerance"])) for k in kernels]
    for line in output.table(("kernel", "size", "tiers", "tolerance"), rows):
        output.emit(f"  {line}")
    absent = [(k["name"], tier, reason) for k in kernels for tier, reason in k["absent"].items()]
    for line in output.table(("absent", "from", "reason"), absent) if absent else ():
        output.emit(f"  {line}")


def _short(tolerance: str) -> str:
    return tolerance.removesuffix(", relative 0")


def _describe(kernel: Kernel, probes: Mapping[str, Probe]) -> dict[str, Any]:
    return {
        "name": kernel.name,
        "family": kernel.family,
        "module": kernel.module,
        "size": kernel.size,
        "tolerance": _tolerance(kernel.tolerance),
        "tiers": [tier for tier, probe in probes.items() if not probe.agreement.get(kernel.name, "absent")],
        "absent": {tier: probe.absent[kernel.name] for tier, probe in probes.items() if kernel.name in probe.absent},
        "cases": len(kernel.cases),
        **deprecations.of_kernel(kernel),
    }


def _tolerance(tolerance: Tolerance | Mapping[str, Tolerance]) -> str:
    if isinstance(tolerance, Tolerance):
        return str(tolerance)
    return "; ".join(f"{name}: {each}" for name, each in tolerance.items())
