"""Dispatch: pins and traces, local to their thread and task."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Barrier
from typing import Any

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


def test_a_trace_entered_twice_notes_a_call_once() -> None:
    """A trace within itself is one trace, open until its outer block ends."""
    b = bench({}, standing(2, 0, "floor"))
    with b.dispatcher.trace() as trace:
        with trace:
            b.function(CALL)
        b.function([1.0])
    b.function(CALL)
    assert [e.size for e in trace] == [2, 1]


def test_a_task_that_outlives_the_block_is_free_of_it() -> None:
    """A pin and a trace that a task inherited end when their blocks do, whatever else is open then."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    answers = []

    async def child(left: asyncio.Event) -> None:
        answers.append(b.function(CALL))
        await left.wait()
        answers.append(b.function(CALL))

    async def parent() -> int:
        left = asyncio.Event()
        with b.dispatcher.using("floor"), b.dispatcher.trace() as trace:
            task = asyncio.create_task(child(left))
            await asyncio.sleep(0)
        with b.dispatcher.trace():
            left.set()
            await task
        return len(trace)

    assert asyncio.run(parent()) == 1
    assert answers == [3.0, 7.0]


def test_an_inner_block_that_ends_leaves_a_task_to_the_outer_one() -> None:
    """A task that inherited two pins follows the outer one once the inner one ends."""
    b = bench({"go": answering(4.0), "rust": answering(7.0)}, standing(2, 0, "rust", "go", "floor"))

    async def child(left: asyncio.Event) -> float:
        await left.wait()
        return b.function(CALL)  # type: ignore[no-any-return]

    async def parent() -> float:
        left = asyncio.Event()
        with b.dispatcher.using("go"):
            with b.dispatcher.using("floor"):
                task = asyncio.create_task(child(left))
                await asyncio.sleep(0)
            left.set()
            return await task

    assert asyncio.run(parent()) == 4.0


def test_a_trace_that_ends_during_a_call_does_not_note_it() -> None:
    """What is finished after the block is no part of it."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    trace = b.dispatcher.trace()

    def leaving(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        trace.__exit__()
        return 7.0

    b.tiers.tiers["rust"] = {"total": leaving}
    trace.__enter__()
    assert b.function(CALL) == 7.0
    assert len(trace) == 0


def test_one_pin_may_be_shared_by_threads() -> None:
    """Each thread enters and leaves the same object in its own time."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    pin, both = b.dispatcher.using("floor"), Barrier(2)

    def work(first: bool) -> list[float]:
        with pin:
            both.wait(10)
            pinned = b.function(CALL)
            if not first:
                both.wait(10)
        free = b.function(CALL)
        if first:
            both.wait(10)
        return [pinned, free]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, (True, False))) == [[3.0, 7.0]] * 2
    assert b.dispatcher.blocks == set()


def test_a_block_may_be_left_in_another_context() -> None:
    """A fixture that is entered in one context and left in another leaves nothing open."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    pin = b.dispatcher.using("floor")
    inside = copy_context()
    inside.run(pin.__enter__)
    assert inside.run(b.function, CALL) == 3.0
    pin.__exit__()
    assert inside.run(b.function, CALL) == 7.0
    assert b.dispatcher.blocks == set()


def test_a_pin_concerns_its_own_dispatcher() -> None:
    """Kernels of another dispatcher are neither pinned nor noted."""
    one, other = (bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor")) for _ in range(2))
    with one.dispatcher.using("floor"), one.dispatcher.trace() as trace, other.dispatcher.trace():
        assert (one.function(CALL), other.function(CALL)) == (3.0, 7.0)
    assert len(trace) == 1


def test_a_block_that_cannot_begin_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a body cannot be swapped, the failure is raised and neither pin nor attention stays behind."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))

    def watch() -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(b.dispatcher.services["total"], "watch", watch)
        with pytest.raises(MemoryError), b.dispatcher.using("floor"):
            pass
    assert b.dispatcher.blocks == set()
    with b.dispatcher.trace():
        assert b.function(CALL) == 7.0
