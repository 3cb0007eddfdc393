"""Builders and small questions that the tests of rank share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers_record import measurement, record

from polytier.rank import rank

if TYPE_CHECKING:
    from polytier.record import KernelRanks, Measurement, Record, Refusal, Standing


def ranks_of(*measurements: Measurement, **changes: tuple[Refusal, ...]) -> KernelRanks:
    """Return the ranks of a record of these measurements."""
    return rank(record(*measurements, **changes))


def orders(ranks: KernelRanks) -> dict[int, tuple[str, ...]]:
    """Return the order at each size."""
    return {standing.size: standing.order for standing in ranks.standings}


def band(entry: Record, tier: str, size: int) -> tuple[float, float]:
    """Return where the quartiles of a tier lie at a size that has one case."""
    (found,) = (m for m in entry.measurements if (m.tier, m.size) == (tier, size))
    return found.p25, found.p75


def holder(standings: tuple[Standing, ...], size: int) -> str:
    """Return who serves first at a size."""
    return next(standing for standing in reversed(standings) if standing.start <= size).order[0]


Point = tuple[int, float, float]


def race(low: Point, high: Point) -> int:
    """Return where rust takes over from the floor, given size, floor and rust at two sizes."""
    entries = [measurement("floor", size, floor) for size, floor, _ in (low, high)]
    entries += [measurement("rust", size, rust) for size, _, rust in (low, high)]
    ((size, old, new),) = ranks_of(*entries).crossovers
    assert (old, new) == ("floor", "rust")
    return size
