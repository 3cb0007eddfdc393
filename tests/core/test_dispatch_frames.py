"""Dispatch: what a call was given dies with it, however many tiers failed at it."""

from __future__ import annotations

import gc
import weakref
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

import pytest
from helpers_dispatch import (
    CALL,
    answering,
    bench,
    raising,
    standing,
)

import polytier
from polytier.errors import forget_frames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Installer


class Values(list):  # type: ignore[type-arg]
    """A list that can be watched."""


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Keep the collector from hiding a cycle."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def fresh(kind: type[Exception]) -> Any:
    """Return an implementation that raises a new exception each time, out of another one."""

    def implementation(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        try:
            values["no place"]
        except TypeError as first:
            raise kind("then") from first

    return implementation


FAILURES = {
    "decline": fresh(NotImplementedError),
    "failure": fresh(RuntimeError),
    "import": fresh(ImportError),
    "kept": raising(RuntimeError("one object for all calls")),
    "value": fresh(ValueError),
}


@pytest.mark.parametrize("kind", FAILURES)
@pytest.mark.parametrize("way", ["slow", "fast", "traced", "pinned", "exhausted", "strict"])
@pytest.mark.usefixtures("no_collection")
def test_arguments_die_with_their_call(kind: str, way: str) -> None:
    """No cycle of frames and exceptions keeps the arguments until a collection."""
    floor = {"floor": fresh(RuntimeError)} if way == "exhausted" else {}
    environ = {"POLYTIER_STRICT": "1"} if way == "strict" else {}
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"), environ=environ, **floor)
    b.function(CALL)
    if way == "fast":
        service = b.dispatcher.services["total"]
        (slot,) = (name for name in b.dispatcher.private if name.startswith("_call_"))
        b.dispatcher.private[slot] = FAILURES[kind]
        assert b.fast()
        assert service.plan().lasting
    else:
        b.tiers.tiers["rust"] = {"total": FAILURES[kind]}
        b.dispatcher.refresh()
    values = Values(CALL)
    alive = weakref.ref(values)
    blocks = {"traced": b.dispatcher.trace, "pinned": lambda: b.dispatcher.using("rust")}
    with blocks.get(way, nullcontext)(), suppress(Exception):
        b.function(values)
    del values
    caught = FAILURES["kept"].__closure__[0].cell_contents
    if kind == "kept" and way in {"pinned", "exhausted", "strict"}:
        caught.__traceback__ = None  # it reached the caller, whose it is now
    assert alive() is None


@pytest.mark.usefixtures("no_collection")
def test_a_tier_that_cannot_be_imported_keeps_no_arguments(
    install_tier: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import's failure is remembered without the frames of the call that met it, and still tells the place."""
    install_tier("broken", "def dig():\n    raise OSError('no device')\ndig()\n")
    monkeypatch.setenv("POLYTIER_UNMEASURED", "allow")
    monkeypatch.setenv("POLYTIER_TIERS", "broken")
    polytier.refresh()
    values = Values([0.0, 0.0])
    alive = weakref.ref(values)
    assert polytier.order_parameter(values) == 1.0
    del values
    assert alive() is None
    report = polytier.dispatcher.quarantine.report("order_parameter", "broken")
    assert report is not None
    assert "it was raised at" in report.first
    assert "in dig" in report.first


def test_frames_are_forgotten_in_the_whole_family() -> None:
    """Causes, contexts and the members of groups lose their tracebacks too."""
    group = ExceptionGroup("all", [KeyError("k")])
    for raised in (group, group.exceptions[0]):
        with suppress(Exception):
            raise raised
    failure = RuntimeError("then")
    failure.__cause__ = failure.__context__ = group
    forget_frames(failure)
    assert [e.__traceback__ for e in (group, group.exceptions[0])] == [None] * 2
