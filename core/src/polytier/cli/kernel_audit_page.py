"""The audit of the kernels as a page of the documentation, in Markdown."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from polytier.cli.deprecations import in_words
from polytier.marks import Deprecation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from polytier.cli.kernel_audit import Document

HEAD: Final = """\
<!-- Generated: `python -m tools.kernel_audit` writes here what `polytier kernels --audit` prints. -->

# Kernels

Which tier offers which kernel, how closely its answers agree with the floor's, and at which sizes it is first.
What each kernel computes stands on the page [functions](functions.md).

A tier is read as it is installed, in a process of its own, and none of its kernels is called.
A first-party tier that lacks a kernel states the reason.
Who is first follows from the shipped table alone, [`dispatch.toml`](dispatch-toml.md).
Sizes are what the kernel's size expression gives; where two are level, the order in the table decides.
"""
CLASSES: Final = (
    ("absolute+relative", "the difference is at most the absolute part plus the relative part of the floor's number"),
    ("circular", "the difference is at most the absolute part once whole periods are taken off"),
    ("scaled", "the difference is at most this fraction of a scale that the arguments give"),
    ("ulp", "at most this many representable numbers lie between"),
    ("bit-exact", "every bit is the floor's, and one NaN equals another"),
    ("exact integer", "every whole number is the floor's"),
)
_STATES: Final = {
    "present": "present",
    "absent": "absent",
    "unstated": "absent, no reason stated",
    "refused": "refused",
    "unusable": "unusable",
    "not installed": "not installed here",
}


def page(document: Document) -> str:
    """Return the text of the page."""
    kernels = document["kernels"]
    parts = [HEAD, _table(("class of agreement", "an answer agrees where"), CLASSES)]
    parts += [f"{line}\n" for tier in document["tiers"] for line in _notes(tier)]
    parts += ["## Overview\n", _overview(document)]
    for family, members in groupby(kernels, key=lambda kernel: kernel["family"]):
        parts += [f"## Family {family}\n", *(part for kernel in members for part in _kernel(kernel))]
    return "\n".join(parts)


def _notes(tier: Document) -> Iterator[str]:
    if tier["deprecated"]:
        yield f"Tier {tier['tier']} is {_deprecated(tier)}."
    yield from (f"Tier {tier['tier']} states what is wrong: {_line(problem)}." for problem in tier["problems"])


def _deprecated(what: Document) -> str:
    return in_words(Deprecation(**what["deprecated"]))


def _overview(document: Document) -> str:
    rows = [
        [f"[{kernel['name']}](functions.md#{kernel['name']})", *(_STATES[o["state"]] for o in kernel["offers"][1:])]
        for kernel in document["kernels"]
    ]
    return _table(("kernel", *(tier["tier"] for tier in document["tiers"])), rows)


def _kernel(kernel: Document) -> Iterator[str]:
    yield f"### {kernel['name']}\n"
    yield f"Size: `{kernel['size']}`.\n"
    if kernel["deprecated"]:
        yield f"The kernel is {_deprecated(kernel)}.\n"
    yield _table(("field", "agreement", "tolerance"), [tuple(each.values()) for each in kernel["agreement"]])
    hosts = kernel["hosts"]
    rows = [(o["tier"], _told(o), *(_first(host, o["tier"]) for host in hosts)) for o in kernel["offers"]]
    yield _table(("tier", "offer", *(f"first on {host['host']}" for host in hosts)), rows)
    yield from (f"Record: [{path}]({path.replace('docs', '..', 1)}).\n" for path in _records(hosts))


def _records(hosts: Iterable[Document]) -> Iterator[str]:
    return (host["record"] for host in hosts if host["record"])


def _told(offer: Document) -> str:
    return _STATES[offer["state"]] + (f": {offer['reason']}" if offer["reason"] else "")


def _first(host: Document, tier: str) -> str:
    if tier in host["refused"]:
        return f"refused: {host['refused'][tier]}"
    if tier not in host["measured"]:
        return "not measured"
    return ", ".join(_range(run["from"], run["to"]) for run in host["first"] if run["tier"] == tier) or "nowhere"


def _range(start: int, end: int | None) -> str:
    if end is None:
        return f"from {start} on" if start else "at every size"
    return f"{start} to {end}" if start else f"up to {end}"


def _table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [f"| {' | '.join(map(_line, row))} |" for row in (headings, *rows)]
    return "\n".join([lines[0], f"|{'---|' * len(headings)}", *lines[1:], ""])


def _line(text: str) -> str:
    """Return the text's first line as a cell can hold it."""
    return text.partition("\n")[0].replace("|", "\\|")
