"""`polytier tiers`: what is installed, what each tier offers, and why one cannot be used."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from polytier.cli import deprecations, lookup, output
from polytier.marks import Deprecation

if TYPE_CHECKING:
    import argparse

    from polytier.tiers.receipt import Receipt

SUMMARY = "list the installed tiers and say whether each can be used here"
DESCRIPTION = """\
List the installed tiers: version, build, kernels, and why one cannot be used.
Each tier is probed once in a process of its own (loaded, and compared with the
floor on the smallest case), so that one that crashes is only reported.

example:
  $ polytier tiers
  tier  state   version  build             kernels  distribution
  rust  usable  0.1.0    5f1c0e9ab27d4431        8  polytier-rust, ...
"""
NONE_INSTALLED = """\
no tier is installed: the NumPy floor serves every kernel
hint: pip install 'polytier[rust]'"""
_DIGITS = 16  # of a build digest that may have 64; the document of --json has them all
_NOTHING: dict[str, Any] = {"receipt": None, "kernels": [], "rejected": {}, "absent": {}, "problems": []}
_HEADINGS = ("tier", "state", "version", "build", "kernels", "distribution")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("tiers", nargs="*", metavar="TIER", help="only these tiers")


def run(arguments: argparse.Namespace) -> int:
    """Probe the tiers and print what was found; 1 if a tier that was asked for cannot be used."""
    lookup.kernels()
    found = [_describe(name) for name in lookup.tiers(arguments.tiers)]
    if arguments.json:
        output.emit_json({"tiers": found})
    elif found:
        _print(found)
    else:
        output.say(NONE_INSTALLED)
    return int(bool(arguments.tiers) and any(tier["state"] != "usable" for tier in found))


def _describe(name: str) -> dict[str, Any]:
    from polytier.tiers.probe import probe_isolated

    reason = lookup.denied(name)
    if reason is not None:
        return {"tier": name, "state": "disabled", "reason": reason, **_NOTHING}
    probe = probe_isolated(name)
    state = "unusable" if probe.failure else "usable" if probe.passed else "impaired"
    return {
        "tier": name,
        "state": state,
        "reason": probe.failure,
        "receipt": _document(probe.receipt) if probe.receipt else None,
        "kernels": [kernel for kernel, trouble in probe.agreement.items() if trouble is None],
        "rejected": {kernel: trouble for kernel, trouble in probe.agreement.items() if trouble is not None},
        "absent": dict(probe.absent),
        "problems": list(probe.problems),
    }


def _document(receipt: Receipt) -> dict[str, Any]:
    return asdict(receipt) | {"deprecated": deprecations.document(receipt.deprecated)}


def _print(found: list[dict[str, Any]]) -> None:
    for line in output.table(_HEADINGS, [_row(tier) for tier in found], right=frozenset({4})):
        output.emit(line)
    for tier in found:
        troubles = [("", tier["reason"])] if tier["reason"] else [*tier["rejected"].items()]
        troubles += [("", problem) for problem in tier["problems"]]
        for kernel, trouble in troubles:
            output.emit()
            output.emit(f"{tier['tier']} {kernel}".rstrip() + ":")
            for line in output.message(trouble, 2):
                output.emit(f"  {line}")
    for tier in found:
        deprecated = tier["receipt"] and tier["receipt"]["deprecated"]
        if deprecated:
            output.emit()
            output.emit(f"{tier['tier']}: {deprecations.in_words(Deprecation(**deprecated))}")


def _row(tier: dict[str, Any]) -> tuple[object, ...]:
    receipt = tier["receipt"] or {"version": "-", "digest": "-", "distribution": "-", "file": ""}
    origin = f"{receipt['distribution']}, {receipt['file']}" if receipt["file"] else receipt["distribution"]
    kernels = len(tier["kernels"]) or "-"
    build = receipt["digest"][:_DIGITS]
    return tier["tier"], tier["state"], receipt["version"], build, kernels, origin
