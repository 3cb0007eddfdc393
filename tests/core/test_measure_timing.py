"""Batches of calls against clocks that are known: counting ones, coarse ones, the real one."""

from __future__ import annotations

import gc
import time
from typing import Any

import pytest

from polytier.measure.timing import UNROLLED, Batches, clock_step


class Simulated:
    """A clock that moves by one step per reading, and a function that takes a known time."""

    def __init__(self, cost: int, step: int = 1) -> None:
        self.now = 0
        self.cost = cost
        self.step = step
        self.calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def clock(self) -> int:
        """Return the time in whole steps."""
        self.now += 1
        return self.now // self.step * self.step

    def work(self, *arguments: Any, **keywords: Any) -> None:
        """Let the time pass that a call takes."""
        self.now += self.cost
        self.calls.append((arguments, keywords))


def test_the_step_of_a_clock_is_seen() -> None:
    """The smallest difference between readings is the step, of a coarse clock too."""
    assert clock_step(Simulated(0, step=1000).clock) == 1000
    assert 0 < clock_step() < 1_000_000


def test_a_batch_lasts_as_long_as_wanted() -> None:
    """A call of 1 us fills a batch of 1 ms a thousand times."""
    world = Simulated(1000)
    loops, seconds = Batches(world.work, (), {}, world.clock).calibrate(1e-3, 0.0)
    assert loops == pytest.approx(1000, rel=0.01)
    assert seconds == pytest.approx(1e-6, rel=0.01)


def test_a_long_call_is_a_batch_of_its_own() -> None:
    """A call that lasts longer than a batch is made once, without further warm-up."""
    world = Simulated(10**9)
    assert Batches(world.work, (), {}, world.clock).calibrate(1e-3, 0.5)[0] == 1
    assert len(world.calls) == 1


def test_warm_up_goes_on_for_its_time() -> None:
    """The function is called until the warm-up time has passed, even when the batch is known."""
    world = Simulated(10**6)
    Batches(world.work, (), {}, world.clock).calibrate(1e-3, 0.1)
    assert 100 <= len(world.calls) <= 110


def test_a_coarse_clock_gets_longer_batches() -> None:
    """With a clock of 10 us steps a batch lasts at least 100 of them."""
    world = Simulated(1000, step=10**4)
    loops, _ = Batches(world.work, (), {}, world.clock).calibrate(1e-6, 0.0)
    assert loops * world.cost >= 0.95 * 100 * world.step


def test_a_sample_is_the_time_of_one_call() -> None:
    """A sample divides by the calls of the batch; the call before it is not timed."""
    world = Simulated(1000)
    batches = Batches(world.work, (), {}, world.clock)
    for loops in (1, UNROLLED - 1, UNROLLED, 3 * UNROLLED + 2):
        world.calls.clear()
        assert batches.sample(loops) == pytest.approx(1e-6, rel=0.01)
        assert len(world.calls) == loops + 1


def test_a_sample_is_never_zero() -> None:
    """A call too short for the clock still takes some time: quantiles and logarithms stay defined."""
    world = Simulated(0, step=1000)
    assert Batches(world.work, (), {}, world.clock).sample(1) > 0


def test_arguments_and_keywords_are_passed_as_given() -> None:
    """Positional arguments stay positional, keywords stay keywords, in the unrolled loop and in the rest."""
    world = Simulated(1)
    Batches(world.work, ("a", 2), {"factor": 3, "how": None}, world.clock).sample(UNROLLED + 1)
    assert world.calls == [(("a", 2), {"factor": 3, "how": None})] * (UNROLLED + 2)


@pytest.mark.parametrize("collecting", [True, False])
def test_garbage_is_not_collected_during_a_sample(collecting: bool) -> None:
    """The collector is off while the clock runs, and afterwards as it was, even if a call raises."""
    seen = []

    def look() -> None:
        seen.append(gc.isenabled())
        if len(seen) == 4:
            raise ZeroDivisionError

    before = gc.isenabled()
    try:
        (gc.enable if collecting else gc.disable)()
        batches = Batches(look, (), {})
        batches.sample(1)
        assert gc.isenabled() is collecting
        with pytest.raises(ZeroDivisionError):
            batches.sample(2)
        assert gc.isenabled() is collecting
    finally:
        (gc.enable if before else gc.disable)()
    assert seen == [False] * 4


def test_the_real_clock_gives_the_time_of_a_sleep() -> None:
    """Ten milliseconds of sleep are measured as at least that."""
    batches = Batches(time.sleep, (0.01,), {})
    loops, seconds = batches.calibrate(1e-3, 0.0)
    assert loops == 1
    assert 0.01 <= seconds < 1
    assert 0.01 <= batches.sample(1) < 1
