"""From records to ranks: the order of tiers and floor at each size, and where first place changes. Pure arithmetic."""

# Language policy: exempt, it ranks a few figures in pure arithmetic that any host repeats digit for digit.

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from polytier.errors import bad_value
from polytier.marks import FLOOR
from polytier.record.records import digest_of
from polytier.record.summary import significant
from polytier.record.tables import KernelRanks, Standing, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from polytier.record.records import Measurement, Record


@dataclass(frozen=True)
class Band:
    """Where half of the samples of one implementation at one size lie, in seconds per call."""

    p25: float
    median: float
    p75: float

    def beats(self, other: Band) -> bool:
        """Say whether this one is strictly faster: the two bands do not even touch."""
        return self.p75 < other.p25


Bands = dict[str, Band]


def rank(record: Record) -> KernelRanks:
    """Return the ranks that follow from the record; no standings where the floor was not measured."""
    bands = _bands(record)
    complete = {name for name in record.tiers if all(name in here for here in bands.values())}
    orders = _orders(bands, complete)
    starts = {high: _start(low, high, bands, orders, complete) for low, high in pairwise(bands)}
    standings = tuple(
        Standing(size, starts.get(size, 0), order, _level(order, bands[size]), _medians(order, bands[size]))
        for size, order in orders.items()
    )
    refused = _refused(record)
    kept = {name for order in orders.values() for name in order} | refused.keys()
    tiers = {name: build for name, build in sorted(record.tiers.items()) if name in kept}
    return KernelRanks(record.kernel, tiers, standings, refused, digest_of(record))


def table(records: Iterable[Record]) -> Table:
    """Return the table of one host's records, one for each kernel; kernels without standings have no place in it."""
    known = sorted(records, key=lambda record: record.kernel)
    hosts = sorted({record.host.id for record in known})
    if len(hosts) != 1:
        raise bad_value("records", "records of one host", f"records of {len(hosts)}: {hosts}")
    for one, other in pairwise(known):
        if one.kernel == other.kernel:
            raise bad_value("records", "one record for each kernel", f"two of {one.kernel!r}")
    ranks = (rank(record) for record in known)
    return Table(hosts[0], {entry.kernel: entry for entry in ranks if entry.standings})


def _refused(record: Record) -> dict[str, str]:
    """Return one reason, in one printable line, for each tier that is out."""
    # A tier that fails one case is out for all: it is no answer that is right sometimes. The floor is always right.
    reasons: dict[str, str] = {}
    for refusal in sorted(record.refusals, key=lambda entry: (entry.tier, entry.case, entry.reason)):
        if refusal.tier != FLOOR:
            reasons.setdefault(refusal.tier, _line(f"{record.kernel} [{refusal.case}]: {refusal.reason}"))
    return reasons


def _line(text: str) -> str:
    # What a process said before it ended, below the first line, stays in the record.
    first = text.partition("\n")[0].removesuffix("; its last words:")
    return "".join(char if char.isprintable() else "?" for char in first)


def _bands(record: Record) -> dict[int, Bands]:
    """Return the bands by ascending size, where the floor was measured, of the tiers that were never refused."""
    refused = _refused(record)
    measured: dict[int, dict[str, dict[str, Measurement]]] = defaultdict(lambda: defaultdict(dict))
    for entry in record.measurements:
        if entry.tier not in refused:
            measured[entry.size][entry.tier][entry.case] = entry
    return {size: _common(tiers) for size, tiers in sorted(measured.items()) if FLOOR in tiers}


def _common(tiers: Mapping[str, Mapping[str, Measurement]]) -> Bands:
    # Cases of one size count together, and a tier without one of the floor's has no place at that size.
    cases = sorted(tiers[FLOOR])
    return {name: _band([of[case] for case in cases]) for name, of in tiers.items() if of.keys() >= set(cases)}


def _band(entries: list[Measurement]) -> Band:
    def mean(figures: Iterable[float]) -> float:
        # Rounded as files keep them, so that a record ranks alike before and after it is written.
        return significant(math.fsum(map(significant, figures)) / len(entries))

    return Band(
        mean(entry.p25 for entry in entries),
        mean(entry.median for entry in entries),
        mean(entry.p75 for entry in entries),
    )


def _orders(bands: Mapping[int, Bands], complete: set[str]) -> dict[int, tuple[str, ...]]:
    """Return the order at each size; at the smallest, level names stand floor first, then by name.

    Only tiers that were measured wherever the floor was keep a place from size to size:
    a tier with gaps starts last everywhere, so that it leads where it beats all others and never by being level.
    """
    kept = sorted(complete, key=lambda name: (name != FLOOR, name))
    orders: dict[int, tuple[str, ...]] = {}
    for size, here in bands.items():
        orders[size] = _order([*kept, *sorted(here.keys() - complete)], here)
        kept = [name for name in orders[size] if name in complete]
    return orders


def _order(names: list[str], here: Bands) -> tuple[str, ...]:
    """Return the names again: repeatedly the earliest that none of those left is strictly faster than."""
    left, taken = list(names), []
    while left:
        first = next(name for name in left if not any(here[other].beats(here[name]) for other in left))
        taken.append(first)
        left.remove(first)
    return tuple(taken)


def _level(order: tuple[str, ...], here: Bands) -> tuple[str, ...]:
    return tuple(after for before, after in pairwise(order) if not here[before].beats(here[after]))


def _medians(order: tuple[str, ...], here: Bands) -> dict[str, float]:
    return {name: here[name].median for name in order}


def _start(
    low: int, high: int, bands: Mapping[int, Bands], orders: Mapping[int, tuple[str, ...]], complete: set[str]
) -> int:
    """Return the size above `low` from which the order at `high` serves."""
    old, new = orders[low][0], orders[high][0]
    if old == new or not {old, new} & complete:
        return math.isqrt(low * high - 1) + 1 if low else 1
    # What was not measured on both sides has no claim to the sizes between them.
    if new not in complete:
        return high
    if old not in complete:
        return low + 1
    ahead = bands[low][new].median / bands[low][old].median
    behind = bands[high][old].median / bands[high][new].median
    return _crossing(low, high, ahead, behind)


def _crossing(low: int, high: int, ahead: float, behind: float) -> int:
    """Return the first size at which the new winner is not slower, medians being straight in log-log.

    The old winner is `ahead` times faster at `low`, the new one `behind` times faster at `high`; a level pair may
    stand in an order that its medians contradict, and then the crossing lies at the very edge.
    """
    if ahead <= 1:
        return low + 1
    if behind <= 1:
        return high
    share = math.log(ahead) / math.log(ahead * behind)
    below = max(low, 1)
    exact = below * math.pow(high / below, share)
    # A little less: what is a whole number on paper must not become the next one by a rounding.
    return min(max(math.ceil(exact * (1 - 1e-12)), low + 1), high)
