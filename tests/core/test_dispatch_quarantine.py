"""Dispatch: failing tiers are counted, kept out for a time, and never silent."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from helpers_dispatch import (
    CALL,
    Flaky,
    answering,
    bench,
    raising,
    standing,
)

from polytier.errors import TierLoadError


def test_a_recursion_error_while_loading_is_raised_on() -> None:
    """A tier that cannot be imported for want of stack is not quarantined for it."""
    b = bench({"rust": RecursionError("deep")}, standing(2, 0, "rust", "floor"))
    with pytest.raises(RecursionError):
        b.function(CALL)
    assert b.dispatcher.quarantine.report("total", "rust") is None


def test_three_runtime_errors_in_a_row_quarantine_a_tier() -> None:
    """The tier rests for one second, is tried again, and then rests for two."""
    rust = Flaky(6)
    b = bench({"rust": rust}, standing(2, 0, "rust", "floor"))
    for _ in range(6):
        assert b.function(CALL) == 3.0
    assert rust.calls == 3
    b.now[0] += 1.01
    for _ in range(6):
        assert b.function(CALL) == 3.0
    assert rust.calls == 6
    b.now[0] += 1.5
    assert b.function(CALL) == 3.0
    b.now[0] += 0.6
    assert [b.function(CALL) for _ in range(3)] == [7.0] * 3
    assert b.function.dispatch.last_tier == "rust"


def test_a_success_between_failures_prevents_quarantine() -> None:
    """Failures count only in a row, also when the successes run on the fast path."""
    calls = {"n": 0}

    def rust(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        calls["n"] += 1
        if calls["n"] % 3:
            raise RuntimeError("two of three")
        return 7.0

    b = bench({"rust": rust}, standing(2, 0, "rust", "floor"))
    assert [b.function(CALL) for _ in range(12)] == [3.0, 3.0, 7.0] * 4


def test_an_import_error_quarantines_until_refresh() -> None:
    """A tier whose import or call raises ImportError is asked again only after a refresh."""
    rust = Flaky(1, ImportError)
    b = bench({"rust": rust}, standing(2, 0, "rust", "floor"))
    assert [b.function(CALL) for _ in range(4)] == [3.0] * 4
    b.now[0] += 1e6
    assert b.function(CALL) == 3.0
    b.dispatcher.refresh()
    assert b.tiers.refreshes == 1
    assert b.function(CALL) == 7.0


def test_a_decline_is_no_failure() -> None:
    """NotImplementedError passes the call on as often as the tier likes, silently and without quarantine."""
    rust = Flaky(10, NotImplementedError)
    b = bench({"rust": rust}, standing(2, 0, "rust", "floor"))
    assert [b.function(CALL) for _ in range(11)] == [3.0] * 10 + [7.0]


def test_a_failing_tier_is_never_silent(caplog: pytest.LogCaptureFixture) -> None:
    """One warning is logged per kernel and tier; the count and the first traceback are kept."""
    b = bench({"rust": raising(RuntimeError("broken pipe"))}, standing(2, 0, "rust", "floor"))
    with caplog.at_level(logging.WARNING, "polytier"):
        for _ in range(3):
            b.function(CALL)
    assert len(caplog.records) == 1
    assert "'rust' failed for kernel 'total'" in caplog.text
    report = b.dispatcher.quarantine.report("total", "rust")
    assert report is not None
    assert report.count == 3
    assert "raise failure" in report.first
    assert report.last == "RuntimeError: broken pipe"


def test_a_tier_that_cannot_load_is_quarantined_and_the_next_one_serves() -> None:
    """A load failure is met while the chain is built; the other tiers are not disturbed."""
    broken = TierLoadError.of("rust", "its module is missing", "install it")
    b = bench({"go": answering(4.0), "rust": broken}, standing(2, 0, "rust", "go", "floor"))
    assert [b.function(CALL) for _ in range(3)] == [4.0] * 3
    assert b.function.dispatch.chain(2) == ("go", "floor")


def test_a_later_link_that_cannot_load_is_passed_over() -> None:
    """Only the head is loaded with the plan; a broken later link is met when the call falls to it."""
    broken = TierLoadError.of("go", "its module is missing", "install it")
    b = bench({"go": broken, "rust": Flaky(1)}, standing(2, 0, "rust", "go", "floor"))
    assert b.function(CALL) == 3.0
    assert b.function(CALL) == 7.0


def test_a_ranked_tier_without_the_kernel_is_passed_over() -> None:
    """A tier that no longer offers the kernel is no failure."""
    b = bench({"rust": None}, standing(2, 0, "rust", "floor"))
    assert b.function(CALL) == 3.0
    assert b.dispatcher.quarantine.report("total", "rust") is None


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
