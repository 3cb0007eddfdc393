"""Tests of `polytier.rank`: the properties that hold for every record."""

from __future__ import annotations

import ast
import copy
import inspect
import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from helpers_record import TIERS, banded, measurement, record, records
from hypothesis import example, given
from hypothesis import strategies as st

from polytier import rank as ranking
from polytier.marks import FLOOR
from polytier.rank import rank, table
from polytier.record import Record, Standing, format_table
from polytier.record.records import format_record, parse_record

if TYPE_CHECKING:
    import random


from helpers_rank import band, holder, orders


def test_rank_looks_at_no_clock_and_no_file() -> None:
    """The module imports arithmetic and its own formats only."""
    tree = ast.parse(inspect.getsource(ranking))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    allowed = {"__future__", "math", "collections", "collections.abc", "dataclasses", "itertools", "typing"}
    assert {name for name in imported if not str(name).startswith("polytier.")} <= allowed


@given(records(cases=2))
def test_rank_changes_nothing_and_repeats_itself(entry: Record) -> None:
    """The same record gives the same ranks, and is left as it was."""
    before = copy.deepcopy(entry)
    assert rank(entry) == rank(entry)
    assert entry == before


@given(records(cases=2), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(entry: Record, chance: random.Random) -> None:
    """Shuffled measurements, refusals and builds give the same table, byte for byte."""
    shuffled = replace(
        entry,
        measurements=tuple(chance.sample(entry.measurements, len(entry.measurements))),
        refusals=tuple(chance.sample(entry.refusals, len(entry.refusals))),
        tiers=dict(chance.sample(list(entry.tiers.items()), len(entry.tiers))),
    )
    assert format_table(table([shuffled])) == format_table(table([entry]))


@given(records(cases=2))
def test_a_record_ranks_alike_before_and_after_it_is_written(entry: Record) -> None:
    """The digits that a file does not keep decide nothing."""
    assert rank(parse_record(format_record(entry), "here.json")) == rank(entry)


@given(records(cases=2))
def test_every_size_has_one_standing(entry: Record) -> None:
    """Starts ascend from 0, each between the size before and its own, and the floor stands in every order."""
    standings = rank(entry).standings
    assert [standing.start for standing in standings[:1]] in ([], [0])
    for low, high in pairwise(standings):
        assert low.size < high.start <= high.size
    for standing in standings:
        assert FLOOR in standing.order
        assert set(standing.order) == set(standing.seconds)
        assert len(set(standing.order)) == len(standing.order)
        assert not set(standing.order) & {refusal.tier for refusal in entry.refusals} - {FLOOR}


@given(records())
def test_the_strictly_faster_always_stands_before_the_slower(entry: Record) -> None:
    """Order and level say exactly what the bands say."""
    for standing in rank(entry).standings:
        bands = [band(entry, name, standing.size) for name in standing.order]
        for place, (_, slow_end) in enumerate(bands):
            assert all(other[1] >= bands[place][0] for other in bands[place + 1 :]), slow_end
        for (_, before), (name, after) in pairwise(zip(standing.order, bands, strict=True)):
            assert (name in standing.level) == (before[1] >= after[0])


@given(records(complete=True))
def test_a_new_winner_wins_by_more_than_the_band(entry: Record) -> None:
    """First place changes hands only where somebody is strictly faster than the one who held it."""
    for low, high in pairwise(rank(entry).standings):
        if low.order[0] != high.order[0]:
            fastest = min(band(entry, name, high.size)[1] for name in high.order)
            assert fastest < band(entry, low.order[0], high.size)[0]


@given(records(complete=True), st.integers(1, 10**6))
def test_level_names_keep_their_order(entry: Record, size: int) -> None:
    """A further size at which all are level repeats the order of the size below it."""
    tiers = {m.tier for m in entry.measurements}
    last = max(m.size for m in entry.measurements)
    level = [banded(tier, last + size, "level", 5, 2) for tier in tiers]
    standings = rank(replace(entry, measurements=(*entry.measurements, *level))).standings
    assert standings[-1].order == standings[-2].order
    assert set(standings[-1].level) == set(standings[-1].order[1:])


@given(records(complete=True), st.sampled_from(TIERS), st.data())
@example(record(*(measurement(t, s, 1e-6) for t in ("floor", "rust") for s in (8, 64))), "rust", None)
def test_a_tier_never_gains_by_fewer_measurements(entry: Record, tier: str, data: st.DataObject | None) -> None:
    """Leaving out measurements of a tier gives it first place at no size at which it had not had it."""
    own = [m for m in entry.measurements if m.tier == tier]
    dropped = own[:1] if data is None else data.draw(st.lists(st.sampled_from(own or [None]), unique_by=id))
    fewer = replace(entry, measurements=tuple(m for m in entry.measurements if m not in dropped))
    before, after = rank(entry).standings, rank(fewer).standings
    edges = {edge for standing in (*before, *after) for edge in (standing.start, standing.start - 1, standing.size)}
    for size in {*edges, max(edges) + 1} - {-1}:
        assert holder(after, size) != tier or holder(before, size) == tier


@given(records(), st.sampled_from(TIERS), st.data())
def test_a_tier_with_gaps_gains_no_measured_size_by_more_gaps(entry: Record, tier: str, data: st.DataObject) -> None:
    """Nor does a tier that had gaps before win at any measured size by leaving out another one."""
    own = [m for m in entry.measurements if m.tier == tier]
    dropped = data.draw(st.lists(st.sampled_from(own or [None]), unique_by=id))
    fewer = replace(entry, measurements=tuple(m for m in entry.measurements if m not in dropped))
    before, after = orders(rank(entry)), orders(rank(fewer))
    assert before.keys() == after.keys()
    assert all(after[size][0] != tier or before[size][0] == tier for size in after)


@given(records(complete=True))
def test_a_crossover_is_where_a_finer_look_puts_it(entry: Record) -> None:
    """Between two sizes the old winner's interpolated median is the lower one before the crossover, not after it."""
    for low, high in pairwise(rank(entry).standings):
        old, new = low.order[0], high.order[0]
        if old != new and low.size:

            def median(name: str, size: int, low: Standing = low, high: Standing = high) -> float:
                share = math.log(size / low.size) / math.log(high.size / low.size)
                return (1 - share) * math.log(low.seconds[name]) + share * math.log(high.seconds[name])

            if high.start < high.size:
                assert median(new, high.start) <= median(old, high.start) + 1e-6
            if high.start > low.size + 1:
                assert median(old, high.start - 1) <= median(new, high.start - 1) + 1e-6
