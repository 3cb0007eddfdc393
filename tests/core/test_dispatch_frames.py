"""Dispatch: what a call was given dies with it, however many tiers failed at it."""

from __future__ import annotations

import gc
import weakref
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any, NoReturn

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
    from collections.abc import Callable, Iterator

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
    assert "it was raised so:" in report.first
    assert "in dig" in report.first


def test_frames_are_forgotten_in_the_whole_family() -> None:
    """Causes and the members of groups lose their tracebacks too, be they causes of each other."""
    group = ExceptionGroup("all", [KeyError("k")])
    for raised in (group, group.exceptions[0]):
        with suppress(Exception):
            raise raised
    failure = RuntimeError("then")
    failure.__cause__ = failure.__context__ = group
    group.__cause__ = failure
    forget_frames(failure)
    assert [e.__traceback__ for e in (group, group.exceptions[0])] == [None] * 2
    assert failure.__context__ is None


class OwnError(Exception):
    """The caller's own exception, which can be watched."""


def handled(call: Callable[[], Any]) -> weakref.ref[OwnError]:
    """Make a call while an exception of one's own is handled, check that it stays whole, and return it, watched."""
    try:
        raise_own()
    except OwnError as own:
        watched, frames = weakref.ref(own), own.__traceback__
        call()
        whole = own.__traceback__ is frames is not None
    assert whole
    return watched


def raise_own() -> NoReturn:
    """Raise the caller's own exception."""
    raise OwnError


@pytest.mark.parametrize("kind", FAILURES)
@pytest.mark.usefixtures("no_collection")
def test_the_exception_that_a_caller_handles_stays_whole_and_its_own(kind: str) -> None:
    """A call inside an except clause neither strips nor keeps the exception that is handled there."""
    b = bench({"rust": FAILURES[kind]}, standing(2, 0, "rust", "floor"))
    for _ in range(2):
        assert handled(lambda: suppressed(b.function))() is None


def suppressed(function: Any) -> None:
    """Call a function and drop what it raises."""
    with suppress(ValueError):
        function(CALL)


@pytest.mark.usefixtures("no_collection")
def test_a_failed_import_keeps_no_exception_of_the_caller(
    install_tier: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was handled when a tier was first imported is not remembered with the tier's failure."""
    install_tier("broken", "raise OSError('no device')")
    monkeypatch.setenv("POLYTIER_UNMEASURED", "allow")
    monkeypatch.setenv("POLYTIER_TIERS", "broken")
    polytier.refresh()
    assert handled(lambda: polytier.order_parameter([0.0]))() is None
