"""Dispatch: POLYTIER_STRICT=1, where a tier's failure is always the caller's, and what the settings may be."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from helpers_dispatch import (
    CALL,
    Bench,
    Flaky,
    answering,
    bench,
    raising,
    standing,
)

from polytier.dispatch import Reason
from polytier.errors import PolytierWarning, TierLoadError

BROKEN = TierLoadError.of("rust", "its module is missing", "install it")


def strict_bench(rust: Any, *standings: Any, **others: Any) -> Bench:
    """Return a dispatcher in strict mode, by default with the tier 'rust' ranked first."""
    ranked = standings or (standing(2, 0, "rust", "floor"),)
    return bench({"rust": rust, **others}, *ranked, environ={"POLYTIER_STRICT": "1"})


def test_strict_mode_never_falls_through() -> None:
    """With POLYTIER_STRICT=1 a tier's failure is the caller's, from the slow and from the fast path."""
    rust = Flaky(1)
    b = bench({"rust": rust}, standing(2, 0, "rust", "floor"), environ={"POLYTIER_STRICT": "1"})
    with pytest.raises(RuntimeError, match="failure 1"):
        b.function(CALL)
    assert b.function(CALL) == 7.0
    rust.failures = 3
    with pytest.raises(RuntimeError, match="failure 3"):
        b.function(CALL)


def test_strict_mode_raises_a_load_failure() -> None:
    """With POLYTIER_STRICT=1 a tier that is ranked and installed but broken raises."""
    broken = TierLoadError.of("rust", "its module is missing", "install it")
    b = bench({"rust": broken}, standing(2, 0, "rust", "floor"), environ={"POLYTIER_STRICT": "1"})
    with pytest.raises(TierLoadError, match="its module is missing"):
        b.function(CALL)


@pytest.mark.parametrize("failure", [ImportError("no library"), RuntimeError("dead"), NotImplementedError("not here")])
def test_strict_mode_never_serves_silently_from_elsewhere(failure: Exception) -> None:
    """However often a tier fails, each call raises, and nothing is put into quarantine."""
    b = strict_bench(raising(failure))
    for _ in range(6):
        with pytest.raises(type(failure)) as caught:
            b.function(CALL)
        assert caught.value is failure
    assert b.dispatcher.quarantine.report("total", "rust") is None


def test_strict_mode_knows_no_quarantine() -> None:
    """What is held against a tier keeps it out of no chain."""
    b = strict_bench(answering(7.0))
    b.dispatcher.quarantine.failed("total", "rust", ImportError("before"))
    assert b.function(CALL) == 7.0
    assert b.function.dispatch.why(CALL).links[0].reason == Reason.MEASURED


def test_strict_mode_raises_a_load_failure_to_those_who_want_the_tier() -> None:
    """A broken tier concerns the sizes that it should serve, at every call, and serves once it is mended."""
    b = strict_bench(BROKEN, standing(2, 0, "floor", "rust"), standing(100, 50, "rust", "floor"))
    for _ in range(3):
        assert b.function(CALL) == 3.0
        with pytest.raises(TierLoadError, match="its module is missing"):
            b.function([1.0] * 60)
    b.tiers.tiers["rust"] = {"total": answering(7.0)}
    assert b.function([1.0] * 60) == 7.0


def test_strict_mode_raises_a_receipt_failure() -> None:
    """A tier that cannot tell its build cannot be used either."""
    b = strict_bench(answering(7.0))
    b.tiers.receipt = raising(TierLoadError.of("rust", "no receipt", "mend it"))
    for _ in range(2):
        with pytest.raises(TierLoadError, match="no receipt"):
            b.function(CALL)


def test_reranking_in_strict_mode_compiles_nothing_anew() -> None:
    """A broken tier has one stand-in, however often the chains are built."""
    b = strict_bench(BROKEN)
    for _ in range(5):
        b.dispatcher.services["total"].invalidate()
        with pytest.raises(TierLoadError):
            b.function(CALL)
    assert len(b.dispatcher.services["total"].bodies.labelled) <= 1


def test_why_in_strict_mode_tells_and_changes_nothing() -> None:
    """A broken tier keeps its place, with what is wrong as its detail; calls raise before and after."""
    b = strict_bench(BROKEN)
    for _ in range(2):
        first = b.function.dispatch.why(CALL).links[0]
        assert (first.name, first.reason) == ("rust", Reason.MEASURED)
        assert "its module is missing" in first.detail
        b.dispatcher.services["total"].invalidate()
        with pytest.raises(TierLoadError):
            b.function(CALL)


@pytest.mark.parametrize(
    ("variable", "value", "known"),
    [
        ("POLYTIER_UNMEASURED", "yes", "'allow'"),
        ("POLYTIER_STRICT", "on", "'0', '1', 'false', 'no', 'true', 'yes'"),
    ],
)
def test_an_unknown_value_warns_once(variable: str, value: str, known: str) -> None:
    """The warning names variable, value and the known values; the setting keeps its default."""
    b = bench({"rust": Flaky(9), "new": answering(6.0)}, standing(2, 0, "rust", "floor"), environ={variable: value})
    with pytest.warns(PolytierWarning, match=f"follow {variable}: its value '{value}' .*\nhint: known values: {known}"):
        assert b.function(CALL) == 3.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        b.dispatcher.refresh()
        assert b.function(CALL) == 3.0


@pytest.mark.parametrize(
    ("value", "strict"),
    [
        ("1", True),
        ("true", True),
        ("Yes", True),
        (" 1 ", True),
        ("0", False),
        ("No", False),
        ("false", False),
        ("", False),
    ],
)
def test_strict_mode_may_be_said_in_words(value: str, strict: bool) -> None:
    """1, true and yes turn it on; 0, false, no and an empty value do not."""
    b = bench({"rust": Flaky(1)}, standing(2, 0, "rust", "floor"), environ={"POLYTIER_STRICT": value})
    if strict:
        with pytest.raises(RuntimeError):
            b.function(CALL)
    else:
        assert b.function(CALL) == 3.0
