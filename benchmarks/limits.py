"""Measure the limits of this host: clock, multiply-add rate and memory read rate, with no native code of ours."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import Contender, Plan, Quiet, Summary, measure, summarise
from report import Row, aligned, as_json, finish, parser, plan_of, progress, say

if TYPE_CHECKING:
    from collections.abc import Callable

EPILOG = """\
numba compiles three plain loops; each is checked against a ratio that hardware fixes:

clock   A chain `x = x * a + c` of 64-bit integers takes 4 cycles a step (3 for the product, 1 for the sum) on x86-64
        since 2010; the factors arrive as arguments, so that no compiler can shorten the chain.
flop    8 chains of 16 multiply-adds on each element of an array in L1; the compiler fills the vector lanes. A core
        does 4, 8, 16 or 32 such operations per cycle in float64.
byte    The exclusive or of an array's 64-bit integers: one vector load and one operation of a single cycle.
        In L1 a core loads 16, 32, 64 or 128 bytes per cycle.
        The loop prefetches nothing itself, so a kernel that does can beat it where the hardware does not.

Two threads beside one show what the cores share. Other programs here measure the same loops interleaved with the
contenders that they judge; this one shows them alone.

examples:
  limits.py            about ten seconds
  limits.py --json     also docs/benchmarks/<host>/peers/limits.json
"""

CHAIN_CYCLES = 4
FUSED, CHAINS = 16, 8
L1_ELEMENTS = 2048
READ_BYTES = (16 << 10, 256 << 10, 4 << 20, 16 << 20, 256 << 20)
FIXED_RATIOS = {"flop f64, 1 thread": (4, 8, 16, 32), "read 16 KiB, 1 thread": (16, 32, 64, 128)}
"""What a core can do per cycle; a sound measurement reaches about nine tenths of one of these."""


def numba_or_reason() -> tuple[Any, str]:
    """Return the module numba, or None and why not."""
    try:
        return importlib.import_module("numba"), ""
    except Exception as failure:  # noqa: BLE001  a half-installed peer raises anything
        return None, f"{type(failure).__name__}: {failure}"


numba, reason = numba_or_reason()
prange: Any = getattr(numba, "prange", range)


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return numba's decorator, or one that leaves the function alone where numba is missing."""
    return numba.njit(nogil=True, **options) if numba else lambda function: function


@compiled()
def _chain(start: int, factor: int, term: int, steps: int) -> int:
    x = start
    for _ in range(steps):
        x = x * factor + term
    return x


@compiled(fastmath={"contract"})
def _fused_row(row: Any, factor: float, term: float, sweeps: int) -> None:
    # One chain per element reaches only two thirds of the rate: the scheduler fills before chains overlap.
    for _ in range(sweeps):
        for j in range(row.size):
            a = row[j]
            b = a + term  # never `2 * term`: an integer factor would make float32 float64
            c, d = b + term, b - term
            e, f, g, h = c + term, d - term, c * term, d * term
            for _ in range(FUSED):
                a, b, c, d = a * factor + term, b * factor + term, c * factor + term, d * factor + term
                e, f, g, h = e * factor + term, f * factor + term, g * factor + term, h * factor + term
            row[j] = ((a + b) + (c + d)) + ((e + f) + (g + h))


@compiled()
def _read_row(row: Any, sweeps: int) -> None:
    for _ in range(sweeps):
        found = 0
        for j in range(row.size):  # over an index: numba does not vectorise `for value in row` (8 bytes a cycle)
            found ^= row[j]
        row[0] = found  # without a store the compiler would read once for all sweeps


# The rows are functions of their own: compiled inside the parallel loop they are sometimes 50 times slower.
@compiled(parallel=True)
def _fused_rows(block: Any, factor: float, term: float, sweeps: int) -> None:
    for part in prange(block.shape[0]):
        _fused_row(block[part], factor, term, sweeps)


@compiled(parallel=True)
def _read_rows(block: Any, sweeps: int) -> None:
    for part in prange(block.shape[0]):
        _read_row(block[part], sweeps)


def call_rate(argument: Any, name: str = "call") -> Contender:
    """Return a contender whose unit is one call of a builtin that looks at an argument."""
    return Contender(name, "rate", len, [(argument,)])


def cycle_rate(name: str = "limit: cycle", steps: int = 250_000) -> Contender:
    """Return a contender whose unit is one clock cycle."""
    arguments = [(np.int64(1), np.int64(6364136223846793005), np.int64(1442695040888963407), np.int64(steps))]
    return Contender(name, "rate", _chain, arguments, per=float(CHAIN_CYCLES * steps))


def flop_rate(threads: int = 1, name: str = "limit: flop", dtype: Any = np.float64) -> Contender:
    """Return a contender whose unit is one floating-point operation, half of a multiply-add."""
    block, sweeps = np.ones((threads, L1_ELEMENTS), dtype), 20
    shared = (dtype(0.1), dtype(0.1), sweeps)
    flop = 2.0 * CHAINS * FUSED * block.size * sweeps
    if threads == 1:
        return Contender(name, "rate", _fused_row, [(block[0], *shared)], per=flop)
    return Contender(name, "rate", _fused_rows, [(block, *shared)], per=flop, threaded=True)


def byte_rate(size: int, threads: int = 1, name: str = "limit: byte") -> Contender:
    """Return a contender whose unit is one byte, read again and again from an array of `size` bytes."""
    blocks = np.zeros((threads, max(1, size // 8 // threads)), np.int64)
    sweeps = max(1, (64 << 20) // blocks.nbytes)
    read = float(blocks.nbytes * sweeps)
    if threads == 1:
        return Contender(name, "rate", _read_row, [(blocks[0], sweeps)], per=read)
    return Contender(name, "rate", _read_rows, [(blocks, sweeps)], per=read, threaded=True)


def cores() -> int:
    """Return how many threads numba uses."""
    return int(numba.config.NUMBA_NUM_THREADS)


def contenders(sizes: tuple[int, ...]) -> list[Contender]:
    """Return all loops, alone and on all cores."""
    found = [cycle_rate("clock")]
    for threads in sorted({1, cores()}):
        suffix = f", {threads} thread{'s' * (threads > 1)}"
        found.append(flop_rate(threads, f"flop f64{suffix}"))
        found.append(flop_rate(threads, f"flop f32{suffix}", np.float32))
        found.extend(byte_rate(size, threads, f"read {size >> 10} KiB{suffix}") for size in sizes)
    return found


def rate(name: str, summary: Summary) -> str:
    """Return a unit's time as a rate."""
    unit = "GHz" if name == "clock" else "GFLOP/s" if name.startswith("flop") else "GB/s"
    return f"{1e-9 / summary.median:.2f} {unit}"


def per_cycle(name: str, summary: Summary, clock: Summary) -> str:
    """Return units per cycle, and beside them the ratio that hardware fixes, where there is one."""
    found = clock.median / summary.median
    ratios = FIXED_RATIOS.get(name, ())
    fixed = next((figure for figure in ratios if figure >= 0.97 * found), None)
    return f"{found:.2f}" + (f" of {fixed}" if fixed else "")


def main(argv: list[str] | None = None) -> int:
    """Run the program."""
    options = parser(__doc__ or "", EPILOG).parse_args(argv)
    if numba is None:
        say(f"limits need numba, which cannot be imported: {reason}\nhint: pip install -r benchmarks/requirements.txt")
        return 1
    plan: Plan = plan_of(options)
    series = measure(contenders(READ_BYTES[:3] if options.quick else READ_BYTES), plan, Quiet(), progress)
    found = {name: summarise(one) for name, one in series.items()}
    lines = [
        [
            name,
            rate(name, summary),
            per_cycle(name, summary, found["clock"]),
            f"{summary.samples}{'*' * summary.contended}",
        ]
        for name, summary in found.items()
    ]
    say(aligned(["limit", "rate", "per cycle", "samples"], lines))
    rows = [as_json(Row(name, "rate", summary)) for name, summary in found.items()]
    finish(options, "limits", {"rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
