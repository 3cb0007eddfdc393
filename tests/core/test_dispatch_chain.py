"""Dispatch: chains from standings, fall-through, and what reaches the caller."""

from __future__ import annotations

import inspect
import linecache
import re
import traceback
from typing import Any

import pytest
from helpers_dispatch import (
    CALL,
    Flaky,
    answering,
    bench,
    raising,
    standing,
    table,
    total,
)

from polytier.errors import ChainExhaustedError


def test_the_fastest_tier_serves() -> None:
    """The first name of the standing answers, with defaults and keywords passed on."""
    seen: list[Any] = []

    def fast(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        seen.append((values, scale, shift))
        return 5.0

    b = bench({"fast": fast}, standing(2, 0, "fast", "floor"))
    for _ in range(2):  # the first call takes the slow path, the second the generated body
        assert b.function(CALL, shift=3.0) == 5.0
        assert b.function(values=CALL, scale=2.0) == 5.0
    assert seen == [(CALL, 1.0, 3.0), (CALL, 2.0, 0.0)] * 2
    assert b.function.dispatch.last_tier == "fast"


def test_nothing_is_looked_up_before_the_first_call() -> None:
    """Declaring a kernel asks no tier for anything, and nothing has served yet."""
    b = bench({"fast": answering(1)}, standing(2, 0, "fast", "floor"))
    assert b.tiers.loads == []
    assert b.function.dispatch.last_tier is None


@pytest.mark.parametrize(
    ("size", "server"), [(0, "floor"), (3, "floor"), (4, "go"), (9, "go"), (10, "rust"), (99, "rust"), (100, "go")]
)
def test_each_size_has_its_own_chain(size: int, server: str) -> None:
    """Every crossover of the table changes who serves, on both sides of it exactly."""
    b = bench(
        {"go": answering(1.0), "rust": answering(2.0)},
        standing(2, 0, "floor", "go", "rust"),
        standing(5, 4, "go", "floor"),
        standing(20, 10, "rust", "go", "floor"),
        standing(200, 100, "go", "rust", "floor"),
    )
    answers = {"floor": float(size), "go": 1.0, "rust": 2.0}
    for _ in range(3):
        assert b.function([1.0] * size) == answers[server]
        assert b.function.dispatch.last_tier == server


def test_neighbouring_sizes_with_equal_chains_need_no_branch() -> None:
    """Standings that differ only in what lies below the floor are compiled as one."""
    b = bench({"go": answering(1.0)}, standing(2, 0, "floor"), standing(5, 4, "floor", "go"))
    assert b.function(CALL) == 3.0
    assert len(b.dispatcher.services["total"].plan().buckets) == 1


TAILS = (
    standing(2, 0, "rust", "go", "julia", "floor"),
    standing(20, 10, "rust", "julia", "floor"),
    standing(60, 50, "rust", "floor"),
    standing(200, 100, "go", "floor"),
)


def test_neighbouring_sizes_with_one_head_need_no_branch() -> None:
    """Chains that differ only below their head share a branch: a call does not pay for what it does not try."""
    tiers = {"rust": answering(7.0), "go": answering(4.0), "julia": answering(5.0)}
    b = bench(tiers, *TAILS)
    branches = []
    for standings in (TAILS, TAILS[:3]):
        b.dispatcher.rank_by(table(*standings))
        assert [b.function(CALL) for _ in range(3)] == [7.0] * 3
        source = linecache.getlines(b.function.__code__.co_filename)
        branches.append(sum(line.strip().startswith("if (len") for line in source))
    assert branches == [1, 0]


def test_only_a_call_that_falls_through_looks_for_the_rest_of_its_chain() -> None:
    """Below a head that serves neighbouring sizes, each size goes on with its own chain."""
    rust = Flaky(0)
    b = bench({"rust": rust, "go": answering(4.0), "julia": answering(5.0)}, *TAILS)
    for size, answer in ((3, 4.0), (9, 4.0), (10, 5.0), (49, 5.0), (50, 50.0), (99, 99.0)):
        values = [1.0] * size
        assert b.function(values) == 7.0
        rust.calls, rust.failures = 0, 1
        assert (b.function(values), rust.calls) == (answer, 1)
        rust.calls, rust.failures = 0, 0
        for _ in range(3):
            assert b.function(values) == 7.0


def test_a_call_without_a_size_falls_through_to_the_floor() -> None:
    """What has no size is the floor's to judge, once the head that serves all sizes has passed it on."""
    rust = Flaky(0)
    b = bench(
        {"rust": rust, "go": answering(4.0)}, standing(2, 0, "rust", "go", "floor"), standing(9, 5, "rust", "floor")
    )
    assert b.function(CALL) == 7.0
    rust.calls, rust.failures = 0, 1
    with pytest.raises(TypeError, match="must be a list"):
        b.function(3)


def test_a_tier_slower_than_the_floor_is_left_out() -> None:
    """A name behind the floor is never called, but can be pinned."""
    slow = Flaky(0)
    b = bench({"slow": slow}, standing(2, 0, "floor", "slow"))
    assert b.function(CALL) == 3.0
    assert slow.calls == 0
    with b.dispatcher.using("slow"):
        assert b.function(CALL) == 7.0


@pytest.mark.parametrize("failure", [RuntimeError("no"), ImportError("no"), NotImplementedError("not this one")])
def test_import_and_runtime_errors_fall_through(failure: Exception) -> None:
    """ImportError, RuntimeError and their subclasses pass the call on, from the first and from later calls."""
    b = bench({"go": answering(4.0), "rust": raising(failure)}, standing(2, 0, "rust", "go", "floor"))
    assert [b.function(CALL) for _ in range(5)] == [4.0] * 5
    assert b.function.dispatch.last_tier == "go"


@pytest.mark.parametrize("failure", [ValueError("v"), OSError("o"), KeyboardInterrupt(), MemoryError(), TypeError("t")])
def test_every_other_exception_is_the_callers(failure: BaseException) -> None:
    """What is neither ImportError nor RuntimeError reaches the caller as it is, from either path."""
    b = bench({"rust": raising(failure)}, standing(2, 0, "rust", "floor"), standing(9, 5, "floor"))
    for _ in range(3):
        with pytest.raises(type(failure)) as caught:
            b.function(CALL)
        assert caught.value is failure


def test_recursion_errors_are_raised_on() -> None:
    """RecursionError is a RuntimeError, but it is the caller's own stack that is too deep."""
    state = {"deep": False}

    def rust(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        if state["deep"]:
            raise RecursionError("deep")
        return 1.0

    b = bench({"rust": rust}, standing(2, 0, "rust", "floor"))
    state["deep"] = True
    with pytest.raises(RecursionError):
        b.function(CALL)
    state["deep"] = False
    assert b.function(CALL) == 1.0
    state["deep"] = True
    with pytest.raises(RecursionError):
        b.function(CALL)


def test_bad_input_is_the_floors_to_refuse() -> None:
    """Where the size expression fails, the floor raises its own error, without the size's failure as context."""
    b = bench({"rust": answering(1.0)}, standing(2, 0, "rust", "floor"), standing(9, 5, "floor"))
    for _ in range(3):
        with pytest.raises(TypeError, match="values must be a list") as caught:
            b.function(None)
        assert caught.value.__context__ is None
        assert b.function(CALL) == 1.0


def test_a_size_that_raises_runtime_error_is_the_floors_too() -> None:
    """An argument whose length raises RuntimeError does not count against any tier."""

    class Odd(list):  # type: ignore[type-arg]
        def __len__(self) -> int:
            raise RuntimeError("no length")

    b = bench({"rust": answering(1.0)}, standing(2, 0, "rust", "floor"), standing(9, 5, "floor"))
    assert b.function(CALL) == 1.0
    assert b.function(Odd([2.0])) == 2.0
    assert b.dispatcher.quarantine.report("total", "rust") is None


def test_when_every_link_fails_one_error_names_them_all() -> None:
    """The error lists each tier with its exception, and carries them as an ExceptionGroup."""

    def floor(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        raise RuntimeError("no memory map")

    b = bench({"rust": raising(RuntimeError("dead"))}, standing(2, 0, "rust", "floor"), floor=floor)
    for _ in range(2):
        with pytest.raises(
            ChainExhaustedError, match=r"'rust' raised .*dead.*'floor' raised .*no memory map"
        ) as caught:
            b.function(CALL)
        assert isinstance(caught.value.__cause__, ExceptionGroup)
        assert len(caught.value.__cause__.exceptions) == 2


def test_a_floor_alone_raises_its_own_error() -> None:
    """Without another link the floor's RuntimeError reaches the caller as it is, from either path."""

    def floor(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        if values:
            raise RuntimeError("the floor's own")
        return 0.0

    b = bench({}, standing(2, 0, "floor"), floor=floor)
    for call in (CALL, [], CALL):
        if not call:
            assert b.function(call) == 0.0
            continue
        with pytest.raises(RuntimeError, match="the floor's own") as caught:
            b.function(call)
        assert type(caught.value) is RuntimeError


def test_a_kernel_may_return_none() -> None:
    """None is an answer like any other and no reason to try the next link."""

    def rust(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> None:
        return None

    b = bench({"rust": rust}, standing(2, 0, "rust", "floor"))
    assert [b.function(CALL) for _ in range(3)] == [None] * 3


def test_a_tier_that_calls_kernels_while_it_is_imported_gets_the_floor() -> None:
    """A plan in the making serves nobody: such a call goes to the floor instead of recursing."""
    b = bench({"rust": answering(9.0)}, standing(2, 0, "rust", "floor"))
    answers = []
    plain = b.tiers.implementation

    def importing(name: str, kernel: str) -> Any:
        answers.append(b.function(CALL))
        return plain(name, kernel)

    b.tiers.implementation = importing  # type: ignore[method-assign]
    assert b.function(CALL) == 9.0
    assert answers[0] == 3.0


def test_tracebacks_show_the_generated_source() -> None:
    """The body that called the tier is readable in a traceback."""
    b = bench({"rust": answering(1.0)}, standing(2, 0, "rust", "floor"), standing(9, 5, "floor", "rust"))
    assert b.function(CALL) == 1.0
    with pytest.raises(TypeError) as caught:
        b.function([1.0] * 5 + [None])  # the floor's sum
    text = "".join(traceback.format_exception(caught.value))
    assert re.search(r"return _call_\d+_floor\(", text)
    assert "polytier helpers_dispatch.total, plan" in text


def test_the_public_function_looks_like_the_floor() -> None:
    """Name, module, docstring, signature and defaults are the floor's own."""
    b = bench({}, standing(2, 0, "floor"))
    assert inspect.signature(b.function) == inspect.signature(total)
    assert (b.function.__name__, b.function.__module__, b.function.__doc__) == (
        "total",
        "helpers_dispatch",
        total.__doc__,
    )
    assert b.function.__wrapped__ is total
    assert b.function.dispatch.floor is total
