"""Dispatch: the generated bodies, their names, and which calls they leave to the slow path."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from helpers_dispatch import (
    CALL,
    Flaky,
    answering,
    bench,
    several,
    standing,
    total,
    total_cases,
)

from polytier.dispatch import Dispatcher
from polytier.errors import ChainExhaustedError
from polytier.kernels.declaration import Catalogue, Kernel
from polytier.kernels.tolerance import Tolerance

LARGE = [1.0] * 60


@pytest.mark.parametrize(
    "size",
    [
        "len(values) if isinstance(values, list) else 0",
        "len(values) or 1",
        "scale and len(values)",
        "max(\n    len(values),\n    1,\n)",
        "len(values)  # the number of terms",
        "(lambda: len(values))()",
    ],
)
def test_any_expression_may_be_the_size(size: str) -> None:
    """However loosely an expression binds, and over however many lines it goes, it is compared as a whole."""
    two = standing(2, 0, "floor", "rust"), standing(100, 50, "rust", "floor")
    for standings in (two, (*two, standing(1000, 500, "floor", "rust"))):
        b = bench({"rust": answering(7.0)}, *standings, size=size)
        for _ in range(3):
            assert (b.function(CALL), b.function.dispatch.last_tier) == (3.0, "floor")
            assert (b.function(LARGE), b.function.dispatch.last_tier) == (7.0, "rust")


def test_a_size_of_several_lines_leaves_the_lines_of_the_heads_alone() -> None:
    """A head that fails is the one whose chain goes on."""
    rust = Flaky(0)
    two = standing(2, 0, "floor", "rust"), standing(100, 50, "rust", "go", "floor")
    b = bench({"rust": rust, "go": answering(4.0)}, *two, size="max(\n\n\nlen(values), 0)")
    assert [b.function(CALL), b.function(LARGE)] == [3.0, 7.0]
    rust.calls, rust.failures = 0, 1
    assert b.function(LARGE) == 4.0
    report = b.dispatcher.quarantine.report("total", "rust")
    assert report is not None
    assert report.count == 1


def test_names_that_run_together_are_told_apart() -> None:
    """No kernel takes over the callable of another, whatever the names of kernels and tiers."""
    functions = several(
        {"real_rust": {"fft": answering(1.0)}, "rust": {"fft_real": answering(2.0)}},
        {"fft": (standing(2, 0, "real_rust", "floor"),), "fft_real": (standing(2, 0, "rust", "floor"),)},
    )
    for _ in range(3):
        assert [function(CALL) for function in functions.values()] == [1.0, 2.0]


@pytest.mark.parametrize("name", ["size", "failure", "clock", "last", "_size", "_make", "_last", "total"])
def test_a_kernel_may_be_called_as_bodies_call_their_own(name: str) -> None:
    """A kernel's name hides nothing that a body needs: not the size, not the clock, not the failure."""
    four = [standing(start + 1, start, tier, "floor") for start, tier in ((0, "floor"), (5, "go"), (50, "rust"))]
    tiers = {"rust": {name: Flaky(3), "other": Flaky(3)}, "go": {name: answering(2.0)}}
    functions = several(tiers, {name: tuple(four), "other": (standing(2, 0, "rust", "floor"),)})
    for _ in range(6):
        assert [functions[name](values) for values in (CALL, [1.0] * 9, LARGE)] == [3.0, 2.0, 60.0]
        assert functions["other"](CALL) == 3.0


def test_a_parameter_may_be_called_last() -> None:
    """A parameter's name hides nothing that a body needs either."""

    def between(first: float, last: float) -> float:
        return last - first

    catalogue = Catalogue()
    catalogue.publish = Dispatcher(catalogue, environ={}).publish
    function = catalogue.declare(Kernel("between", between, "first", Tolerance(), total_cases))
    assert [function(1.0, last=3.0) for _ in range(3)] == [2.0] * 3


def test_a_tier_may_have_any_name() -> None:
    """What is no letter of an identifier does not reach the source."""
    b = bench({"C++ \u00b2": answering(7.0)}, standing(2, 0, "C++ \u00b2", "floor"))
    assert [b.function(CALL) for _ in range(2)] == [7.0] * 2


def test_an_old_reference_to_a_redeclared_kernel_goes_on() -> None:
    """What was imported before a module was reloaded is served, pinned, ranked and noted as the new declaration is."""
    rust = Flaky(0)
    b = bench({"rust": rust}, standing(2, 0, "rust", "floor"))
    assert [b.function(CALL) for _ in range(2)] == [7.0] * 2
    new: Any = b.dispatcher.catalogue.declare(b.dispatcher.catalogue["total"])
    with b.dispatcher.using("floor"), b.dispatcher.trace() as trace:
        assert [b.function(CALL), new(CALL)] == [3.0, 3.0]
    assert len(trace) == 2
    assert [b.function(CALL), new(CALL), b.function(CALL)] == [7.0] * 3
    rust.calls, rust.failures = 0, 1
    assert [b.function(CALL), new(CALL)] == [3.0, 7.0]
    b.dispatcher.refresh()
    assert not b.function.dispatch._service._plan


def test_a_decline_leaves_the_last_tier_right() -> None:
    """Of a single tier that declines now and then, each call says who served it."""

    def rust(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        if len(values) > 3:
            raise NotImplementedError("too long")
        return 7.0

    b = bench({"rust": rust}, standing(2, 0, "rust", "floor"))
    for values, tier in ((LARGE, "floor"), (CALL, "rust"), (CALL, "rust"), (LARGE, "floor"), (CALL, "rust")) * 3:
        b.function(values)
        assert b.function.dispatch.last_tier == tier
    assert b.fast()


def test_a_suspect_slows_its_own_sizes_only() -> None:
    """After a failure at one size the others return to the fast path; the tier is watched until it succeeds."""
    rust = Flaky(0)
    b = bench({"rust": rust, "go": answering(4.0)}, standing(2, 0, "go", "floor"), standing(100, 50, "rust", "floor"))
    assert [b.function(CALL), b.function(LARGE)] == [4.0, 7.0]
    whole = b.function.__code__
    for _ in range(3):
        rust.calls, rust.failures = 0, 1
        assert b.function(LARGE) == 60.0
        assert not b.fast()
        assert [b.function(CALL) for _ in range(20)] == [4.0] * 20
        assert b.fast()
        assert b.function.__code__ is not whole
        assert b.function(LARGE) == 7.0  # seen by the slow path, so that the next failure is a first one again
        assert b.function.__code__ is whole
    assert b.dispatcher.quarantine.until("total", "rust") < 0


def test_a_suspect_that_goes_on_failing_is_put_into_quarantine() -> None:
    """Calls of other sizes between its failures neither count for nor against it."""
    rust = Flaky(0)
    b = bench({"rust": rust, "go": answering(4.0)}, standing(2, 0, "go", "floor"), standing(100, 50, "rust", "floor"))
    assert [b.function(CALL), b.function(LARGE)] == [4.0, 7.0]
    rust.calls, rust.failures = 0, 9
    for _ in range(5):
        assert b.function(LARGE) == 60.0
        assert [b.function(CALL) for _ in range(20)] == [4.0] * 20
    assert rust.calls == 3


def test_what_a_watched_call_raises_is_raised_once() -> None:
    """An error out of the slow path that a body enters is the caller's, and no further link is tried for it."""
    floors: list[Any] = []

    def floor(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        if len(values) < 9:
            return 3.0
        floors.append(values)
        raise RuntimeError("the floor's own")

    rust = Flaky(0)
    b = bench(
        {"rust": rust, "go": answering(4.0)},
        standing(2, 0, "go", "floor"),
        standing(100, 50, "rust", "floor"),
        floor=floor,
    )
    assert [b.function(CALL), b.function(LARGE)] == [4.0, 7.0]
    rust.calls, rust.failures = 0, 2
    for _ in range(2):
        with pytest.raises(ChainExhaustedError):
            b.function(LARGE)
        for _ in range(20):
            b.function(CALL)
    assert b.fast()
    assert len(floors) == 2


def test_a_traceback_through_a_fall_shows_each_frame_once() -> None:
    """The floor's own error tells the body's line and the floor's."""

    def floor(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        if values:
            raise RuntimeError("the floor's own")
        return 0.0

    b = bench({}, standing(2, 0, "floor"), floor=floor)
    assert b.function([]) == 0.0
    with pytest.raises(RuntimeError, match="the floor's own") as caught:
        b.function(CALL)
    assert "return _call_" in "".join(traceback.format_exception(caught.value))
    assert total(CALL) == 3.0
