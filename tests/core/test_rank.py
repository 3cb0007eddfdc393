"""Tests of `polytier.rank`: rules of the order and crossovers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from helpers_rank import orders, race, ranks_of
from helpers_record import HOST, banded, measurement, record

from polytier.rank import rank, table
from polytier.record import Refusal, Standing
from polytier.record.records import format_record, parse_record


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
    assert ranks.refused == {"rust": "order_parameter [odd]: index 3 is 0.25, the floor says 0.5"}
    assert ranks.tiers["rust"].digest == "digest of rust"  # another build may be right


def test_a_refusal_is_one_printable_line() -> None:
    """The first of a tier's refusals is told in a line that a table can hold; a tier that did not load has no build."""
    refusals = (
        Refusal("go", "n=8", "it was ended by signal SIGSEGV; its last words:\nno\n"),
        Refusal("rust", "n=8\t", "it raised E: \x1b[1m \ud800"),
        Refusal("rust", "z", "later"),
        Refusal("floor", "odd", "no answer within 60 s"),
    )
    ranks = ranks_of(measurement("floor", 8, 1e-6), refusals=refusals)
    assert ranks.refused == {
        "go": "order_parameter [n=8]: it was ended by signal SIGSEGV",
        "rust": "order_parameter [n=8?]: it raised E: ?[1m ?",
    }
    assert list(ranks.tiers) == ["floor"]


def test_a_refused_case_of_the_floor_takes_out_its_size_only() -> None:
    """The floor defines the right answer, so its time-out says nothing about its other cases."""
    entries = [measurement("floor", 8, 1e-6), measurement("rust", 8, 1e-7), measurement("rust", 64, 1e-7)]
    ranks = ranks_of(*entries, refusals=(Refusal("floor", "n=64", "no answer within 60 s"),))
    assert orders(ranks) == {8: ("rust", "floor")}


def test_without_the_floor_there_are_no_standings() -> None:
    """Nothing can be ranked where the floor was not measured."""
    assert ranks_of(measurement("rust", 8, 1e-6)).standings == ()


def test_ranks_name_the_record_that_they_follow_from() -> None:
    """Whatever changes in a record changes its digest, though no rank moves; the form of its file does not."""
    one = record(measurement("floor", 8, 1e-6))
    digest = rank(one).record
    assert len(digest) == 16
    others = (
        replace(one, revision="def5678"),
        replace(one, host=HOST._replace(facts={**HOST.facts, "load": [7.5, 0.25, 0.1]})),
        replace(one, measurements=(replace(one.measurements[0], first=1.0),)),
        replace(one, refusals=(Refusal("go", "n=8", "it raised ImportError"),)),
    )
    assert len({digest, *(rank(other).record for other in others)}) == 5
    respaced = json.dumps(json.loads(format_record(one)), indent=7)
    assert rank(parse_record(respaced, "here.json")).record == digest


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
