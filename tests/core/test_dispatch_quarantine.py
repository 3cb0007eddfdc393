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

from polytier.errors import ChainExhaustedError, TierLoadError


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


def test_a_quarantine_that_ends_while_the_plan_is_made_is_no_lasting_one() -> None:
    """A tier left out of a plan comes back, though its quarantine was over before the plan was."""
    b = bench({"rust": Flaky(3), "slow": answering(5.0)}, standing(2, 0, "rust", "slow", "floor"))
    for _ in range(3):
        assert b.function(CALL) == 5.0
    plain = b.tiers.implementation

    def loading(name: str, kernel: str) -> Any:
        b.now[0] += 3.0 * (name == "slow")  # a runtime takes its time to start
        return plain(name, kernel)

    b.tiers.implementation = loading  # type: ignore[method-assign]
    assert b.function(CALL) == 5.0
    assert b.function(CALL) == 7.0


def test_a_plan_in_the_making_does_not_undo_a_quarantine() -> None:
    """A tier that another thread puts into quarantine while a plan is made stays out."""
    b = bench({"go": answering(5.0), "rust": answering(7.0)}, standing(2, 0, "rust", "go", "floor"))
    plain = b.tiers.implementation

    def failing_meanwhile(name: str, kernel: str) -> Any:
        b.tiers.implementation = plain  # type: ignore[method-assign]
        b.dispatcher.quarantine.failed(kernel, name, ImportError("gone"))
        b.dispatcher.services[kernel].invalidate()
        return plain(name, kernel)

    b.tiers.implementation = failing_meanwhile  # type: ignore[method-assign]
    assert [b.function(CALL) for _ in range(3)] == [7.0, 5.0, 5.0]


@pytest.mark.parametrize("failure", [TierLoadError.of("rust", "no receipt", "mend it"), RuntimeError("no receipt")])
def test_a_receipt_that_cannot_be_had_is_the_tiers_failure(failure: Exception) -> None:
    """The chain goes on, the failure is counted, and why tells it."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))

    def receipt(name: str) -> Any:
        raise failure

    b.tiers.receipt = receipt  # type: ignore[method-assign]
    assert "no receipt" in str(b.function.dispatch.why(CALL))
    assert b.dispatcher.quarantine.report("total", "rust") is None
    assert [b.function(CALL) for _ in range(4)] == [3.0] * 4
    report = b.dispatcher.quarantine.report("total", "rust")
    assert report is not None
    assert report.count == (1 if isinstance(failure, ImportError) else 3)


def test_a_load_that_fails_for_the_moment_is_tried_again() -> None:
    """A RuntimeError while a tier is loaded keeps it out of that call; three in a row keep it out for a second."""
    b = bench({"rust": RuntimeError("device busy")}, standing(2, 0, "rust", "floor"))
    assert b.function(CALL) == 3.0
    b.tiers.tiers["rust"] = {"total": answering(7.0)}
    assert b.function(CALL) == 7.0
    b.tiers.tiers["rust"] = {"total": RuntimeError("device busy")}
    b.dispatcher.refresh()
    assert [b.function(CALL) for _ in range(5)] == [3.0] * 5
    assert b.tiers.loads == ["rust"] * 5
    b.now[0] += 1.1
    b.tiers.tiers["rust"] = {"total": answering(7.0)}
    assert b.function(CALL) == 7.0


class UnspeakableError(RuntimeError):
    """An exception whose text cannot be had."""

    def __str__(self) -> str:
        """Fail."""
        raise TypeError("broken text")


def test_an_exception_without_a_text_is_a_failure_like_any(caplog: pytest.LogCaptureFixture) -> None:
    """What an exception's own methods raise does not reach the caller, and hides no other failure."""
    b = bench({"rust": raising(UnspeakableError())}, standing(2, 0, "rust", "floor"))
    with caplog.at_level(logging.WARNING, "polytier"), b.dispatcher.trace() as trace:
        assert b.function(CALL) == 3.0
    assert "UnspeakableError: <UnspeakableError, whose text cannot be had: it raises TypeError>" in caplog.text
    assert "text cannot be had" in trace[0].fell_through[0][1]
    report = b.dispatcher.quarantine.report("total", "rust")
    assert report is not None
    assert "raise failure" in report.first


def test_an_exception_without_a_text_is_named_where_all_links_fail() -> None:
    """The one error for a whole chain is formed whatever the single ones raise."""

    class NamelessError(UnspeakableError):
        def __repr__(self) -> str:
            raise TypeError("broken name")

    b = bench({"rust": raising(NamelessError())}, standing(2, 0, "rust", "floor"), floor=raising(RuntimeError("too")))
    with pytest.raises(ChainExhaustedError, match="'rust' raised <NamelessError, whose text cannot be had"):
        b.function(CALL)
