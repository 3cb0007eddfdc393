"""Compare polytier's kernels with what a user would pick instead, and with what the hardware allows."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contest import LIMIT, SUBJECT, Choice, Result, run
from harness import Quiet
from report import as_json, finish, parser, plan_of, progress, say, timing_table, verdict_table

if TYPE_CHECKING:
    import argparse
    from types import ModuleType

HERE = Path(__file__).resolve().parent
PEERS = ("polytier", "numpy", "scipy", "numba", "torch", "jax", "qiskit")
QUICK_WORK = 100_000
EPILOG = """\
All contenders of a table run in one process, interleaved in random order; each is called as its user would call it:
torch tensors and jax arrays exist beforehand, and what compiles is compiled beforehand. Every answer is compared with
the floor's within the kernel's tolerance first; a wrong one is shown as wrong and not timed.
A figure marked * had to use samples during which the core was taken away: repeat it on a quiet machine.

The limit is the slowest of the hardware's bounds, from the fastest rates seen in the same rounds (see limits.py).
Where a table has been measured on this host (`polytier measure`), the dispatched row shows the tier it chose;
without one it is the floor.

examples:
  peers.py kuramoto                                      everything, about five minutes
  peers.py operators --kernel commutator_dense.hermitian a cell on arguments of another kind
  peers.py kuramoto --kernel order_parameter --size 8    one table
  peers.py kuramoto --quick                              shows in a minute that every contender works
  peers.py kuramoto --slow --json                        torch.compile too; JSON beside the host's records
  peers.py kuramoto --tiers rust                         only this tier's own rows
"""


def families() -> list[str]:
    """Return the names of the families that have a file in peers/."""
    return sorted(path.stem for path in (HERE / "peers").glob("*.py"))


def load(family: str) -> ModuleType:
    """Return the module of a family; by path, since the folder carries this program's name."""
    spec = importlib.util.spec_from_file_location(f"peers_{family}", HERE / "peers" / f"{family}.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"family {family!r}: no file of this name in {HERE / 'peers'}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    options = parser(__doc__ or "", EPILOG)
    options.add_argument("family", choices=families(), help="a file in peers/")
    options.add_argument("--kernel", action="append", metavar="NAME", help="only this kernel (may be repeated)")
    options.add_argument("--size", action="append", type=int, metavar="N", help="only this size (may be repeated)")
    options.add_argument("--tiers", metavar="A,B", help="tiers that get rows of their own (default: all installed)")
    options.add_argument("--slow", action="store_true", help="also what takes long to compile: torch.compile")
    return options


def chosen(options: argparse.Namespace, offered: dict[str, tuple[int, ...]]) -> list[tuple[str, int]]:
    """Return the cells to run."""
    unknown = set(options.kernel or ()) - offered.keys()
    if unknown:
        raise SystemExit(f"kernel {min(unknown)!r}: not in this family\nhint: one of {', '.join(offered)}")
    cells = [
        (kernel, size)
        for kernel, sizes in offered.items()
        for size in options.size or sizes
        if kernel in (options.kernel or offered)
    ]
    work = {kernel: 1 if max(sizes) > QUICK_WORK else 2 for kernel, sizes in offered.items()}
    return [c for c in cells if not options.quick or options.size or c[1] ** work[c[0]] <= QUICK_WORK]


def versions() -> dict[str, str]:
    """Return the versions of the peers that are installed."""
    found = {}
    for name in PEERS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


def show(result: Result) -> None:
    """Print one cell."""
    references = {"x dispatched": result.row(SUBJECT), "x limit": result.row(LIMIT)}
    say(f"\n{result.cell.title}\n")
    say(timing_table(result.rows, references, result.cell.unit))
    if result.verdicts:
        say("\n" + verdict_table(result.verdicts))


def content(result: Result) -> dict[str, Any]:
    """Return one cell as JSON values."""
    cell = result.cell
    return {
        "kernel": cell.kernel,
        "size": cell.size,
        "unit": cell.unit,
        "rows": [as_json(row) for row in result.rows],
        "rates": [as_json(row) for row in result.rates],
        "verdicts": [vars(verdict) for verdict in result.verdicts],
    }


def main(argv: list[str] | None = None) -> int:
    """Run the program."""
    options = arguments().parse_args(argv)
    family = load(options.family)
    tiers = None if options.tiers is None else tuple(name for name in options.tiers.split(",") if name)
    choice = Choice(tiers, options.slow, options.seed)
    plan, quiet = plan_of(options), Quiet()
    say(", ".join(f"{name} {version}" for name, version in versions().items()))
    cells = []
    for kernel, size in chosen(options, family.KERNELS):
        progress(f"preparing {kernel}, n = {size}")
        result = run(family.cell(kernel, size, choice), plan, quiet, progress)
        show(result)
        cells.append(content(result))
    finish(options, f"peers-{options.family}", {"quick": options.quick, "versions": versions(), "cells": cells})
    return 0


if __name__ == "__main__":
    sys.exit(main())
