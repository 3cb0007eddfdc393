"""Tests of `polytier.rank`: rules of the order, crossovers, and the properties that make a rank trustworthy."""

from __future__ import annotations

import ast
import copy
import inspect
import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from helpers_record import HOST, TIERS, banded, measurement, record, records
from hypothesis import example, given
from hypothesis import strategies as st

from polytier import rank as ranking
from polytier.marks import FLOOR
from polytier.rank import rank, table
from polytier.record import KernelRanks, Record, Refusal, Standing, format_table
from polytier.record.records import format_record, parse_record

if TYPE_CHECKING:
    import random

    from polytier.record import Measurement


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


# Rules ---------------------------------------------------------------------------------------------------------------


def test_the_faster_comes_first_with_its_median() -> None:
    """Bands that do not touch order the names, and each standing keeps the medians."""
    ranks = ranks_of(measurement("rust", 64, 1e-7), measurement("floor", 64, 2e-6), measurement("go", 64, 3e-6))
    wanted = Standing(64, 0, ("rust", "floor", "go"), (), {"rust": 1e-7, "floor": 2e-6, "go": 3e-6})
    assert ranks.standings == (wanted,)
    assert list(ranks.tiers) == ["floor", "go", "rust"]
    assert ranks.crossovers == ()


def test_level_names_at_the_smallest_size_stand_floor_first_then_by_name() -> None:
    """Where nothing is known the floor has the first place, and the alphabet decides among tiers."""
    ranks = ranks_of(*(measurement(tier, 8, 1e-6, spread=0.1) for tier in ("rust", "go", "floor")))
    assert ranks.standings[0].order == ("floor", "go", "rust")
    assert ranks.standings[0].level == ("go", "rust")


def test_bands_that_touch_are_level() -> None:
    """Only a band that lies wholly below another one wins."""
    assert orders(ranks_of(banded("rust", 8, "a", 2, 1), banded("floor", 8, "a", 3, 1)))[8] == ("floor", "rust")
    assert orders(ranks_of(banded("rust", 8, "a", 2, 1), banded("floor", 8, "a", 4, 1)))[8] == ("rust", "floor")


def test_a_tier_that_won_keeps_first_place_while_it_is_level() -> None:
    """A new winner has to win by more than the band, in both directions."""
    ranks = ranks_of(
        *(banded("floor", 8, "a", 9, 1), banded("rust", 8, "a", 2, 1)),
        *(banded("floor", 64, "b", 4, 3), banded("rust", 64, "b", 5, 3)),
        *(banded("floor", 512, "c", 1, 1), banded("rust", 512, "c", 8, 1)),
        *(banded("floor", 4096, "d", 3, 3), banded("rust", 4096, "d", 2, 3)),
    )
    assert [order[0] for order in orders(ranks).values()] == ["rust", "rust", "floor", "floor"]
    assert [standing.level for standing in ranks.standings] == [(), ("floor",), (), ("rust",)]


def test_a_tier_that_is_level_with_the_best_but_not_with_the_next_comes_before_it() -> None:
    """The earliest name that nobody left beats is taken: wide bands never pull a beaten name forward."""
    ranks = ranks_of(banded("floor", 8, "a", 5, 1), banded("go", 8, "a", 2, 9), banded("rust", 8, "a", 1, 2))
    assert ranks.standings[0].order == ("go", "rust", "floor")
    assert ranks.standings[0].level == ("rust",)


def test_a_refused_tier_is_not_ranked_anywhere() -> None:
    """One wrong answer takes a tier out of all sizes, however fast it is."""
    refusal = Refusal("rust", "odd", "index 3 is 0.25, the floor says 0.5")
    entries = [measurement(tier, size, 1e-6 * size) for tier in ("floor", "rust") for size in (8, 64)]
    ranks = ranks_of(*entries, refusals=(refusal,))
    assert orders(ranks) == {8: ("floor",), 64: ("floor",)}
    assert list(ranks.tiers) == ["floor"]


def test_a_refused_case_of_the_floor_takes_out_its_size_only() -> None:
    """The floor defines the right answer, so its time-out says nothing about its other cases."""
    entries = [measurement("floor", 8, 1e-6), measurement("rust", 8, 1e-7), measurement("rust", 64, 1e-7)]
    ranks = ranks_of(*entries, refusals=(Refusal("floor", "n=64", "no answer within 60 s"),))
    assert orders(ranks) == {8: ("rust", "floor")}


def test_without_the_floor_there_are_no_standings() -> None:
    """Nothing can be ranked where the floor was not measured."""
    assert ranks_of(measurement("rust", 8, 1e-6)) == KernelRanks("order_parameter", {}, ())


def test_cases_of_one_size_count_together() -> None:
    """A tier is placed by all cases of a size, and has no place there without one of them."""
    entries = [
        *(banded("floor", 8, "a", 4, 0), banded("floor", 8, "b", 4, 0)),
        *(banded("rust", 8, "a", 1, 0), banded("rust", 8, "b", 9, 0)),
        *(banded("go", 8, "a", 1, 0), banded("mojo", 8, "a", 3, 0), banded("mojo", 8, "b", 3, 0)),
    ]
    standing = ranks_of(*entries).standings[0]
    assert standing.order == ("mojo", "floor", "rust")
    assert standing.seconds["rust"] == 5e-6


# Where a standing starts ---------------------------------------------------------------------------------------------


def race(low: Point, high: Point) -> int:
    """Return where rust takes over from the floor, given size, floor and rust at two sizes."""
    entries = [measurement("floor", size, floor) for size, floor, _ in (low, high)]
    entries += [measurement("rust", size, rust) for size, _, rust in (low, high)]
    ((size, old, new),) = ranks_of(*entries).crossovers
    assert (old, new) == ("floor", "rust")
    return size


@pytest.mark.parametrize(
    ("low", "high", "start"),
    [
        ((16, 1e-6, 2e-6), (64, 4e-6, 2e-6), 32),
        ((1, 1e-6, 4e-6), (256, 64e-6, 4e-6), 7),
        ((1, 1e-6, 1e-5), (1000, 1e-4, 1e-5), 32),
        ((0, 1e-6, 2e-6), (64, 4e-6, 2e-6), 8),
        ((0, 1e-6, 2e-6), (1, 4e-6, 2e-6), 1),
        ((7, 1e-6, 2e-6), (8, 4e-6, 2e-6), 8),
        ((16, 1e-6, 1.0001e-6), (64, 1.0, 1e-6), 17),
        ((16, 1e-6, 1.0), (64, 1.0001e-6, 1e-6), 64),
        ((16, 1e-15, 1e9), (2**62, 1e9, 1e-15), 2**33),
    ],
)
def test_a_crossover_lies_where_the_medians_cross(
    low: tuple[int, float, float], high: tuple[int, float, float], start: int
) -> None:
    """Medians are taken as straight lines in log-log; the first size at which the new winner is not slower counts."""
    assert race(low, high) == start


def test_a_level_incumbent_hands_over_at_the_edge() -> None:
    """Where the order contradicts the medians the crossing would lie outside, and the nearest size counts."""
    entries = [
        *(banded("floor", 8, "a", 5, 3), banded("rust", 8, "a", 4, 3)),
        *(banded("floor", 64, "b", 9, 1), banded("rust", 64, "b", 4, 1)),
    ]
    assert ranks_of(*entries).crossovers == ((9, "floor", "rust"),)


def test_a_level_successor_takes_over_at_its_own_size() -> None:
    """Others can give first place to a name whose median is not the best: it starts where it was measured."""
    entries = [
        *(banded("floor", 8, "a", 1, 1), banded("go", 8, "a", 3, 1), banded("rust", 8, "a", 5, 1)),
        *(banded("floor", 64, "b", 8, 2), banded("go", 64, "b", 7, 9), banded("rust", 64, "b", 4, 3)),
    ]
    ranks = ranks_of(*entries)
    assert ranks.standings[1].order[0] == "go"
    assert ranks.crossovers == ((64, "floor", "go"),)


def test_where_first_place_stays_the_order_changes_half_way() -> None:
    """Between two sizes with one winner the geometric middle parts the standings."""
    ranks = ranks_of(*(measurement("floor", size, 1e-6) for size in (0, 10, 1000, 1010)))
    assert [standing.start for standing in ranks.standings] == [0, 1, 100, 1005]


def test_a_winner_with_gaps_serves_no_size_between_measured_ones() -> None:
    """What was not measured on both sides has no claim to the sizes between them."""
    floors = [measurement("floor", size, 1e-6) for size in (10, 1000)]
    early, late = measurement("rust", 10, 1e-7), measurement("rust", 1000, 1e-7)
    assert ranks_of(*floors, early).crossovers == ((11, "rust", "floor"),)
    assert ranks_of(*floors, late).crossovers == ((1000, "floor", "rust"),)
    other = replace(late, tier="go")
    assert ranks_of(*floors, early, other).crossovers == ((100, "rust", "go"),)


def test_a_tier_with_gaps_never_leads_by_being_level() -> None:
    """A tier that was not measured everywhere wins where it beats all others, and keeps no place for it."""
    entries = [
        *(banded("floor", 8, "a", 9, 1), banded("floor", 64, "b", 9, 1), banded("floor", 512, "c", 9, 1)),
        *(banded("rust", 8, "a", 1, 1), banded("rust", 64, "b", 8, 3)),
    ]
    assert orders(ranks_of(*entries)) == {8: ("rust", "floor"), 64: ("floor", "rust"), 512: ("floor",)}


# Tables --------------------------------------------------------------------------------------------------------------


def test_a_table_holds_the_ranks_of_all_kernels() -> None:
    """A table has one entry for each record that has standings."""
    entries = [measurement("floor", 8, 1e-6)]
    known = [record(*entries, kernel="mean_phase"), record(*entries, kernel="build_knm"), record(kernel="kuramoto_rk4")]
    found = table(known)
    assert (found.host, list(found.kernels)) == (HOST.id, ["build_knm", "mean_phase"])
    assert found.kernels["mean_phase"] == rank(known[0])


def test_a_table_is_of_one_host_with_one_record_for_each_kernel() -> None:
    """Records of two hosts, of none, or two of one kernel make no table."""
    one = record(measurement("floor", 8, 1e-6))
    with pytest.raises(ValueError, match=r"'records' must be records of one host: found records of 0: \[\]"):
        table([])
    with pytest.raises(ValueError, match=r"records of one host: found records of 2: \['linux-.*', 'other'\]"):
        table([one, replace(one, kernel="mean_phase", host=HOST._replace(id="other"))])
    with pytest.raises(ValueError, match="one record for each kernel: found two of 'order_parameter'"):
        table([one, one])


# Properties ----------------------------------------------------------------------------------------------------------


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
