"""Dispatch: pins and traces, local to their thread and task."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from helpers_dispatch import (
    CALL,
    Flaky,
    answering,
    bench,
    raising,
    standing,
    total,
)

from polytier.dispatch import Reason
from polytier.errors import PinError, TierLoadError, UnknownNameError


def test_using_pins_a_tier_inside_the_block() -> None:
    """A pin holds in the block, an inner one wins, and the floor can be pinned too."""
    b = bench({"go": answering(4.0), "rust": answering(7.0)}, standing(2, 0, "rust", "go", "floor"))
    assert b.function(CALL) == 7.0
    with b.dispatcher.using("go"):
        assert b.function(CALL) == 4.0
        with b.dispatcher.using("floor"):
            assert b.function(CALL) == 3.0
        assert b.function(CALL) == 4.0
    assert b.function(CALL) == 7.0


def test_using_is_a_decorator_too() -> None:
    """A decorated function runs pinned, also from several threads at once."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    decorated = b.dispatcher.using("floor")(lambda: b.function(CALL))
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: decorated(), range(200))) == {3.0}
    assert b.function(CALL) == 7.0


def test_a_pin_is_local_to_its_thread_and_task() -> None:
    """Another thread and another task do not see the pin."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))

    async def pinned() -> float:
        with b.dispatcher.using("floor"):
            await asyncio.sleep(0)
            return b.function(CALL)  # type: ignore[no-any-return]

    async def free() -> float:
        await asyncio.sleep(0)
        return b.function(CALL)  # type: ignore[no-any-return]

    async def both() -> list[float]:
        return await asyncio.gather(pinned(), free(), pinned(), free())

    assert asyncio.run(both()) == [3.0, 7.0, 3.0, 7.0]
    with b.dispatcher.using("floor"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(b.function, CALL).result() == 7.0
        assert copy_context().run(b.function, CALL) == 3.0


@pytest.mark.parametrize("failure", [RuntimeError("dead"), ImportError("gone")])
def test_a_pinned_tier_that_fails_is_an_error(failure: Exception) -> None:
    """A pin never falls through, and a pinned failure quarantines nothing."""
    b = bench({"rust": raising(failure)}, standing(2, 0, "rust", "floor"))
    with b.dispatcher.using("rust"), pytest.raises(type(failure)) as caught:
        b.function(CALL)
    assert caught.value is failure
    assert b.dispatcher.quarantine.report("total", "rust") is None


def test_a_pinned_tier_that_cannot_be_had_is_an_error() -> None:
    """The error names kernel and tier, says why, and how to go on."""
    broken = TierLoadError.of("rust", "its module is missing", "install it")
    b = bench({"go": None, "rust": broken}, standing(2, 0, "rust", "floor"))
    for name in ("go", "rust"):
        with b.dispatcher.using(name), pytest.raises(PinError, match=f"'total' pinned to tier '{name}'.*\nhint: unpin"):
            b.function(CALL)


def test_using_an_unknown_tier_lists_the_known_ones() -> None:
    """A misspelt pin is refused at once."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    with pytest.raises(UnknownNameError, match="use tier 'rsut': no tier has this name\nhint: known: 'floor', 'rust'"):
        b.dispatcher.using("rsut")


def test_the_handle_gives_one_tier_without_dispatch() -> None:
    """`.tier(name)` is the implementation itself, `.tier('floor')` the floor."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "floor"))
    assert b.function.dispatch.tier("rust")(CALL) == 7.0
    assert b.function.dispatch.tier("floor") is total


def test_a_trace_notes_every_call_of_its_block() -> None:
    """Kernel, size, tier, reason, fall-throughs and time stand in each event; outside the block nothing is noted."""
    rust = Flaky(1)
    b = bench({"rust": rust}, standing(2, 0, "rust", "floor"))
    b.function([])
    rust.calls = 0
    with b.dispatcher.trace() as trace:
        b.function(CALL)
        b.function([1.0] * 5)
        with b.dispatcher.using("floor"):
            b.function(CALL)
    b.function(CALL)
    assert [(e.kernel, e.size, e.tier) for e in trace] == [
        ("total", 2, "floor"),
        ("total", 5, "rust"),
        ("total", 2, "floor"),
    ]
    assert [e.reason for e in trace] == [Reason.FELL_THROUGH, Reason.MEASURED, Reason.PINNED]
    assert trace[0].fell_through == (("rust", "RuntimeError: failure 1"),)
    assert all(e.nanoseconds > 0 for e in trace[:2])
    assert len(trace) == 3


def test_nested_traces_both_note() -> None:
    """An inner trace does not take events from the outer one, and a call without a size is noted without."""
    b = bench({}, standing(2, 0, "floor"))
    with b.dispatcher.trace() as outer:
        b.function(CALL)
        with b.dispatcher.trace() as inner:
            b.function([1.0])
    assert [e.size for e in outer] == [2, 1]
    assert [e.size for e in inner] == [1]


def test_a_trace_is_exact_per_thread() -> None:
    """Calls of other threads are not noted."""
    b = bench({}, standing(2, 0, "floor"))
    with b.dispatcher.trace() as trace, ThreadPoolExecutor(2) as pool:
        list(pool.map(b.function, [CALL] * 10))
    assert len(trace) == 0
