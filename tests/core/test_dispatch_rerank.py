"""Dispatch: re-ranking, refreshing and warming."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from helpers_dispatch import (
    CALL,
    Functions,
    answering,
    bench,
    raising,
    standing,
    table,
)

from polytier.dispatch import Dispatcher
from polytier.errors import UnknownNameError
from polytier.kernels.declaration import Catalogue


def test_reranking_reaches_every_reference() -> None:
    """The function object stays the same; only its body changes."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    reference = b.function
    assert [reference(CALL), reference(CALL)] == [7.0, 7.0]
    b.dispatcher.rank_by(table(standing(2, 0, "floor", "rust")))
    assert reference.dispatch.last_tier == "rust"
    assert [reference(CALL), reference(CALL)] == [3.0, 3.0]


def test_reranking_back_and_forth_compiles_nothing_anew() -> None:
    """Equal chains share one body, so that a process that re-ranks for days does not grow."""
    b = bench({"go": answering(4.0), "rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    one, other = (
        table(standing(2, 0, "rust", "floor")),
        table(standing(2, 0, "go", "floor"), standing(9, 5, "rust", "floor")),
    )
    for _ in range(20):
        for chosen in (one, other):
            b.dispatcher.rank_by(chosen)
            b.function(CALL)
    assert len(b.dispatcher.services["total"].bodies.labelled) == 2


def exact(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
    """Answer as the floor does."""
    return scale * sum(values) + shift


class Unsteady:
    """An implementation that is right, but fails at every fiftieth call."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        """Fail or answer."""
        self.calls += 1
        if self.calls % 50 == 0:
            raise RuntimeError("now and then")
        return exact(values, scale, shift=shift)


def test_eight_threads_call_while_the_table_is_reranked() -> None:
    """1000 re-rankings under load give no wrong result and no exception."""
    b = bench({"go": Unsteady(), "rust": exact}, standing(2, 0, "rust", "floor"))
    tables = [
        table(standing(2, 0, "rust", "floor")),
        table(standing(2, 0, "go", "rust", "floor"), standing(9, 3, "rust", "floor")),
        table(standing(2, 0, "floor", "go")),
        table(standing(2, 0, "floor"), standing(4, 3, "go", "floor"), standing(9, 6, "rust", "go", "floor")),
    ]
    stop = threading.Event()
    wrong: list[Any] = []

    def call() -> int:
        calls = 0
        while not stop.is_set():
            for n in range(9):
                answer = b.function([1.0] * n, 2.0, shift=1.0)
                if answer != 2.0 * n + 1.0:
                    wrong.append((n, answer))
                calls += 1
        return calls

    with ThreadPoolExecutor(8) as pool:
        callers = [pool.submit(call) for _ in range(8)]
        for round_ in range(1000):
            b.dispatcher.rank_by(tables[round_ % len(tables)])
            if round_ % 100 == 0:
                b.dispatcher.refresh()
        stop.set()
        assert all(caller.result() > 0 for caller in callers)
    assert wrong == []


def test_a_plan_made_during_a_reranking_is_not_kept() -> None:
    """A plan of an older generation serves its own call and is forgotten."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    plain = b.tiers.implementation

    def reranking(name: str, kernel: str) -> Any:
        b.tiers.implementation = plain  # type: ignore[method-assign]
        b.dispatcher.rank_by(table(standing(2, 0, "floor")))
        return plain(name, kernel)

    b.tiers.implementation = reranking  # type: ignore[method-assign]
    assert [b.function(CALL), b.function(CALL)] == [7.0, 3.0]


def test_refresh_reads_the_environment_anew() -> None:
    """Settings are read once, and again after a refresh."""
    environ = {"POLYTIER_STRICT": "0"}
    b = bench({"rust": raising(RuntimeError("dead"))}, standing(2, 0, "rust", "floor"), environ=environ)
    assert b.function(CALL) == 3.0
    environ["POLYTIER_STRICT"] = "1"
    assert b.function(CALL) == 3.0
    b.dispatcher.refresh()
    with pytest.raises(RuntimeError, match="dead"):
        b.function(CALL)


def test_refreshing_before_the_first_call_asks_nobody() -> None:
    """A dispatcher that has looked nothing up has nothing to forget."""
    dispatcher = Dispatcher(Catalogue(), environ={})
    dispatcher.refresh()
    assert dispatcher._tiers is None


def test_warming_loads_and_starts_tiers() -> None:
    """`warm` runs a tier's own `warm()`, for all allowed tiers or for those named; an unknown name is refused."""
    tiers = Functions({"warmable": {}, "plain": {}, "off": {}}, {"off": "POLYTIER_DISABLE=off"})
    dispatcher = Dispatcher(Catalogue(), tiers=tiers, environ={})
    dispatcher.warm()
    dispatcher.warm("warmable")
    assert tiers.warmed == ["warmable", "warmable"]
    with pytest.raises(UnknownNameError, match="use tier 'ghost'"):
        dispatcher.warm("ghost")
