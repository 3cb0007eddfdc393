"""Dispatch: every name in or out of a chain has a reason."""

from __future__ import annotations

from typing import Any

import pytest
from helpers_dispatch import (
    CALL,
    HOST,
    Flaky,
    answering,
    bench,
    raising,
    standing,
    table,
)

from polytier.dispatch import Reason
from polytier.errors import TierLoadError, UnknownNameError
from polytier.record import TierBuild


def by_name(explanation: Any) -> dict[str, Any]:
    """Return the reasons of an explanation by name."""
    return {why.name: why for why in (*explanation.links, *explanation.left_out)}


def test_why_gives_each_tier_its_reason() -> None:
    """Measured, level, slower, unmeasured, absent, disabled, quarantined and floor are told apart."""
    b = bench(
        {
            "rust": answering(7.0),
            "go": answering(4.0),
            "slow": answering(5.0),
            "new": answering(6.0),
            "off": answering(8.0),
            "sick": TierLoadError.of("sick", "no library", "install it"),
            "bare": None,
        },
        standing(2, 0, "rust", "go", "off", "gone", "sick", "bare", "floor", "slow", level=("go",)),
        denied={"off": "POLYTIER_DISABLE=off"},
    )
    explanation = b.function.dispatch.why(CALL)
    assert {name: str(why.reason) for name, why in by_name(explanation).items()} == {
        "rust": "measured",
        "go": "level",
        "floor": "floor",
        "slow": "slower-than-floor",
        "new": "unmeasured",
        "gone": "absent",
        "off": "disabled",
        "sick": "quarantined",
        "bare": "absent",
    }
    assert [why.name for why in explanation.links] == ["rust", "go", "floor"]
    # Nothing is held against a tier because somebody asked.
    assert b.function.dispatch.chain(2) == ("rust", "go", "sick", "bare", "floor")
    text = str(explanation)
    assert text.startswith(
        f"total at size 2 on {HOST}\nranks: a table given to this process\n  1. rust: measured 1e-06 s, 64 times"
    )
    assert "sick: quarantined, until polytier.refresh(): load tier 'sick': no library" in text.replace(
        "TierLoadError: ", ""
    )


def test_why_tells_the_rest_of_a_quarantine() -> None:
    """A timed quarantine says how long it lasts and what the tier raised."""
    b = bench({"rust": raising(RuntimeError("dead"))}, standing(2, 0, "rust", "floor"))
    for _ in range(3):
        b.function(CALL)
    why = by_name(b.dispatcher.explain("total", 2))["rust"]
    assert (why.reason, why.detail) == (Reason.QUARANTINED, "for another 1 s: RuntimeError: dead")


def test_another_build_than_measured_is_stale() -> None:
    """A tier whose digest differs from the table's still serves, and why says so."""
    builds = {"rust": TierBuild("1.0", "digest of rust"), "go": TierBuild("0.9", "an older build")}
    b = bench({"rust": answering(7.0), "go": answering(4.0)})
    b.dispatcher.rank_by(table(standing(2, 0, "go", "rust", "floor"), tiers=builds))
    reasons = by_name(b.dispatcher.explain("total", 2))
    assert (reasons["rust"].reason, reasons["go"].reason) == (Reason.MEASURED, Reason.STALE)
    assert "measured with build an older bui of version 0.9" in reasons["go"].detail
    with b.dispatcher.trace() as trace:
        assert b.function(CALL) == 4.0
    assert trace[0].reason == Reason.STALE


def test_a_table_of_another_host_is_an_estimate() -> None:
    """Ranks of another kind of host serve, but nobody calls them measured here."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"), host="another-host")
    assert b.function(CALL) == 7.0
    assert by_name(b.dispatcher.explain("total", 2))["rust"].reason == Reason.ESTIMATED


def test_an_unmeasured_tier_is_not_tried_unless_allowed() -> None:
    """POLYTIER_UNMEASURED=allow places it below the measured ones and above the floor."""
    closed = bench({"new": answering(6.0)}, standing(2, 0, "floor"))
    assert closed.function(CALL) == 3.0
    allowed = bench(
        {"new": answering(6.0), "rust": Flaky(1)},
        standing(2, 0, "rust", "floor"),
        environ={"POLYTIER_UNMEASURED": "allow"},
    )
    assert allowed.function.dispatch.chain(2) == ("rust", "new", "floor")
    assert allowed.function(CALL) == 6.0
    assert by_name(allowed.dispatcher.explain("total", 2))["new"].reason == Reason.UNMEASURED


def test_a_broken_tier_is_told_even_without_a_rank() -> None:
    """What is installed and cannot load, or lacks the kernel, is not merely unmeasured."""
    broken = TierLoadError.of("new", "no library", "install it")
    b = bench({"new": broken, "other": None}, standing(2, 0, "floor"))
    reasons = by_name(b.dispatcher.explain("total", 2))
    assert (reasons["new"].reason, reasons["other"].reason) == (Reason.QUARANTINED, Reason.ABSENT)
    assert "no library" in reasons["new"].detail


def test_without_ranks_the_floor_serves() -> None:
    """A kernel that no table knows runs on its floor, and why says what to do."""
    b = bench({"rust": answering(7.0)})
    b.dispatcher.rank_by(table(standing(2, 0, "rust", "floor"), kernel="another"))
    assert b.function(CALL) == 3.0
    assert "`polytier measure` makes one" in b.dispatcher.explain("total", 2).origin


def test_a_standing_without_medians_is_ranked_all_the_same() -> None:
    """A table need not hold seconds for every name."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor", rust=0.0))
    assert by_name(b.dispatcher.explain("total", 2))["rust"].detail == "ranked"


def test_explaining_an_unknown_kernel_lists_the_known_ones() -> None:
    """The error names what was asked and what there is."""
    b = bench({}, standing(2, 0, "floor"))
    with pytest.raises(UnknownNameError, match=r"use kernel 'totl'.*\nhint: known: 'total'"):
        b.dispatcher.explain("totl", 2)
