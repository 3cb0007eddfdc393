"""Which tiers a partial measurement takes off the ranks, told before it begins."""

from __future__ import annotations

import shlex
import warnings
from collections import defaultdict
from typing import TYPE_CHECKING

import polytier
from polytier.errors import FileFormatError, PolytierWarning, listed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    from polytier.record.tables import KernelRanks


def warn_of_losses(
    arguments: argparse.Namespace,
    directory: Path,
    before: Mapping[str, KernelRanks],
    kernels: set[str],
    tiers: set[str],
) -> None:
    """Warn of installed tiers that have a rank for a kernel, in `before` or as shipped, and are not measured now."""
    ranked = {**_shipped(directory), **before}
    left_out = set(polytier.dispatcher.tiers.installed()) - tiers
    losses: dict[frozenset[str], list[str]] = defaultdict(list)
    for kernel in sorted(kernels & ranked.keys()):
        placed = {name for standing in ranked[kernel].standings for name in standing.order}
        losses[frozenset(placed & left_out)].append(kernel)
    for names, touched in losses.items():
        if names:
            lose = "tier {} loses its rank" if len(names) == 1 else "tiers {} lose their ranks"
            found = f"{lose.format(listed(names))}, for this run does not measure {'it' if len(names) == 1 else 'them'}"
            hint = f"`{_complete(arguments)}` measures all that are installed and allowed"
            warnings.warn(PolytierWarning.of(f"measure {listed(touched)}", found, hint), stacklevel=2)


def _shipped(directory: Path) -> Mapping[str, KernelRanks]:
    """Return the shipped ranks, which a table in the user's own directory hides; none where it is another directory."""
    from polytier.dispatch.tables import shipped_path
    from polytier.record.paths import user_table
    from polytier.record.tables import read_table

    table = user_table()
    if table is None or table.parent != directory:
        return {}
    try:
        return read_table(shipped_path()).kernels
    except FileFormatError:  # a checkout without one; dispatch warns of one that is malformed
        return {}


def _complete(arguments: argparse.Namespace) -> str:
    """Return the command line of this run without what leaves tiers out."""
    words = ["polytier", "measure", *(["--quick"] if arguments.quick else [])]
    words += [word for kernel in arguments.kernel or () for word in ("--kernel", kernel)]
    for option, place in (("--output", arguments.output), ("--records", arguments.records)):
        words += [option, str(place)] if place is not None else []
    return shlex.join(words)
