"""`polytier why`: which tier serves a call of one size, in which order the rest is tried, and why."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import polytier
from polytier.cli import lookup, output

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polytier.dispatch import Explanation, LinkReason

SUMMARY = "say which tier serves a kernel at one size, and why"
DESCRIPTION = """\
Say how a call of one size is served on this host: the table that ranks, who is
first in it at which sizes, where the order behind changes, the chain in order,
and why what is left out is left out. The size is what the kernel's size
expression gives (`polytier kernels` lists the expressions).

example:
  $ polytier why order_parameter --size 1000
  order_parameter at size 1000 on linux-x86_64-amd-epyc-2c-avx2-5cab1961
  ranks: the shipped table of linux-x86_64-amd-epyc-2c-avx2-5cab1961 (...)
  first: rust at every size

     tier   reason     median  detail
  1  rust   measured  1.63 us  19.1 times the floor's speed at size 1024
  2  floor  floor     31.2 us  ends every chain
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("kernel", metavar="KERNEL", help="the kernel's name")
    parser.add_argument("--size", type=size, required=True, metavar="N", help="the size of the call")


def size(text: str) -> int:
    """Return a size from the command line; raises what argparse turns into a usage error."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a size is a whole number, not {text!r}") from None
    if number < 0:
        raise argparse.ArgumentTypeError(f"a size is not negative: {number}")
    return number


def run(arguments: argparse.Namespace) -> int:
    """Print the explanation."""
    kernel = lookup.kernels([arguments.kernel])[0]
    explanation = polytier.explain(kernel.name, arguments.size)
    if arguments.json:
        output.emit_json(_document(explanation))
    else:
        _print(explanation)
    return 0


def _document(explanation: Explanation) -> dict[str, Any]:
    lists = {"links": explanation.links, "left_out": explanation.left_out}
    return explanation._asdict() | {name: [link._asdict() for link in links] for name, links in lists.items()}


def _print(explanation: Explanation) -> None:
    output.emit(f"{explanation.kernel} at size {explanation.size} on {explanation.host}")
    output.emit(f"ranks: {explanation.origin}")
    for what, words in explanation.crossovers.items():
        output.emit(f"{what}: {words}")
    for refused in explanation.refused_tables:
        output.emit(f"refused: {refused}")
    output.emit()
    rows = [*_rows(explanation.links, (str(place) for place in range(1, len(explanation.links) + 1)))]
    rows += _rows(explanation.left_out, ("-" for _ in explanation.left_out))
    for line in output.table(("", "tier", "reason", "median", "detail"), rows, right=frozenset({3})):
        output.emit(line)


def _rows(links: Iterable[LinkReason], places: Iterable[str]) -> list[tuple[str, ...]]:
    return [
        (place, link.name, str(link.reason), "" if link.seconds is None else output.seconds(link.seconds), link.detail)
        for place, link in zip(places, links, strict=True)
    ]
