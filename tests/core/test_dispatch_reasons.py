"""Dispatch: every name in or out of a chain has a reason."""

from __future__ import annotations

from typing import Any

import pytest
from helpers_dispatch import (
    CALL,
    HOST,
    Bench,
    Flaky,
    answering,
    bench,
    raising,
    standing,
    table,
)

from polytier.dispatch import Reason
from polytier.errors import TierLoadError, UnknownNameError
from polytier.record import Table, TierBuild


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
        f"total at size 2 on {HOST}\nranks: a table given to this process\nfirst: rust at every size\n"
        "  1. rust: measured 1e-06 s, 64 times"
    )
    assert "sick: quarantined, until polytier.refresh(): load tier 'sick': no library" in text.replace(
        "TierLoadError: ", ""
    )


def test_why_tells_where_places_change_hands() -> None:
    """First places by size, and whole orders, down to the floor, where they change more often than the first place."""
    tiers = {name: answering(1.0) for name in ("rust", "go", "slow")}
    low, middle, high = (
        standing(2, 0, "rust", "go", "floor", "slow"),
        standing(20, 10, "go", "rust", "floor"),
        standing(200, 100, "go", "floor", "slow"),
    )
    told = {"first": "rust below 10, go from 10 on"}
    assert bench(tiers, low, middle).function.dispatch.why(CALL).crossovers == told
    told["order"] = "rust, go, floor below 10; go, rust, floor below 100; go, floor from 100 on"
    explanation = bench(tiers, low, middle, high).function.dispatch.why(CALL)
    assert explanation.crossovers == told
    assert str(explanation).splitlines()[2:4] == [f"{what}: {words}" for what, words in told.items()]
    assert bench(tiers).function.dispatch.why(CALL).crossovers == {}


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


REFUSED = {"wrong": "total [two]: answer 0.25, the floor's is 3.0"}
UNMEASURED = {"POLYTIER_UNMEASURED": "allow"}


def refusing(digest: str | None, environ: dict[str, str], tier: Any = None) -> Bench:
    """Return a dispatcher whose table refuses the build of the tier 'wrong' that has the digest."""
    b = bench({"wrong": tier or answering(0.25)}, standing(2, 0, "floor"), environ=environ)
    builds = {} if digest is None else {"wrong": TierBuild("1.0", digest)}
    (ranks,) = table(standing(2, 0, "floor"), tiers=builds).kernels.values()
    b.dispatcher.rank_by(Table(HOST, {"total": ranks._replace(refused=REFUSED)}))
    return b


@pytest.mark.parametrize("environ", [{}, UNMEASURED])
@pytest.mark.parametrize("digest", ["digest of wrong", None])
def test_a_refused_build_is_never_tried(digest: str | None, environ: dict[str, str]) -> None:
    """What was found wrong stays out, allowed or not, and why gives the reason; so too where no build is told."""
    b = refusing(digest, environ)
    assert [b.function(CALL) for _ in range(3)] == [3.0] * 3
    assert b.function.dispatch.chain(2) == ("floor",)
    why = by_name(b.function.dispatch.why(CALL))["wrong"]
    assert (why.reason, str(why.reason), why.detail) == (Reason.REFUSED, "refused", REFUSED["wrong"])


def test_a_refused_tier_is_loaded_only_where_it_may_serve() -> None:
    """Without POLYTIER_UNMEASURED=allow no call asks a tier that is in no chain for its build."""
    b = refusing("digest of wrong", {})
    b.tiers.receipt = raising(TierLoadError.of("wrong", "asked", "do not"))
    b.function(CALL)
    assert b.tiers.loads == []


def test_another_build_of_a_refused_tier_is_unmeasured() -> None:
    """The refusal holds for one build; the next one may be tried."""
    assert refusing("an older build", {}).function(CALL) == 3.0
    b = refusing("an older build", UNMEASURED)
    assert b.function(CALL) == 0.25
    assert by_name(b.function.dispatch.why(CALL))["wrong"].reason == Reason.UNMEASURED


@pytest.mark.parametrize("failure", [TierLoadError.of("wrong", "no receipt", "mend it"), RecursionError("deep")])
def test_a_refused_tier_that_cannot_tell_its_build_stays_out(failure: Exception) -> None:
    """It may be the refused build; and a stack that is too deep says nothing about it."""
    b = refusing("digest of wrong", UNMEASURED)
    b.tiers.receipt = raising(failure)
    if isinstance(failure, RecursionError):
        with pytest.raises(RecursionError):
            b.function(CALL)
    else:
        assert b.function(CALL) == 3.0
        assert by_name(b.function.dispatch.why(CALL))["wrong"].reason == Reason.REFUSED


def test_a_disabled_tier_is_disabled_refused_or_not() -> None:
    """The caller's own word goes first."""
    b = refusing("digest of wrong", UNMEASURED)
    b.tiers.denials["wrong"] = "POLYTIER_DISABLE names it"
    assert by_name(b.function.dispatch.why(CALL))["wrong"].reason == Reason.DISABLED


def test_asking_why_changes_nothing() -> None:
    """What is broken when somebody asks is tried all the same by the next call."""
    for broken in (TierLoadError.of("rust", "no library", "install it"), RuntimeError("busy")):
        b = bench({"rust": broken}, standing(2, 0, "rust", "floor"))
        why = by_name(b.function.dispatch.why(CALL))["rust"]
        expected = Reason.QUARANTINED if isinstance(broken, ImportError) else Reason.FELL_THROUGH
        assert (why.reason, str(broken).partition("\n")[0] in why.detail) == (expected, True)
        assert b.dispatcher.quarantine.report("total", "rust") is None
        b.tiers.tiers["rust"] = {"total": answering(7.0)}
        assert b.function(CALL) == 7.0


def test_asking_why_with_too_deep_a_stack_raises() -> None:
    """A RecursionError is the asker's."""
    b = bench({"rust": RecursionError("deep")}, standing(2, 0, "rust", "floor"))
    with pytest.raises(RecursionError):
        b.function.dispatch.why(CALL)
