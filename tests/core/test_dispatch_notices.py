"""Dispatch: what is deprecated is told once, at the caller's line, and costs nothing afterwards."""

from __future__ import annotations

import inspect
import threading
import warnings
from typing import Any

import pytest
from helpers_dispatch import CALL, Flaky, answering, bench, standing, total_cases, warned

import polytier
from polytier.dispatch import Dispatcher
from polytier.kernels.declaration import Catalogue, Kernel
from polytier.kernels.tolerance import Tolerance
from polytier.marks import Deprecation

GONE = Deprecation("0.4", "another", "0.6")
OLD = {"scale": Deprecation("0.4"), "shift": Deprecation("0.5", "offset")}
RUST = standing(2, 0, "rust", "floor")
WORDS = "kernel 'total': deprecated since helpers_dispatch 0.4, removed in 0.6\nhint: use 'another' instead"
SCALE = "argument 'scale' of kernel 'total': deprecated since helpers_dispatch 0.4\nhint: leave it out"
SHIFT = "argument 'shift' of kernel 'total': deprecated since helpers_dispatch 0.5\nhint: use 'offset' instead"


def names(function: Any) -> set[str]:
    """Return the names of deprecations that the body in force asks for."""
    return {name for name in function.__code__.co_names if name.startswith(("_guard", "_unset", "_default"))}


def test_a_deprecated_kernel_is_told_once_at_the_callers_line() -> None:
    """The first call warns at its own line with versions and replacement; the later ones are silent, and as quick."""
    b = bench({"rust": answering(7.0)}, RUST, deprecated=GONE)
    plain = bench({"rust": answering(7.0)}, RUST)
    with warned() as told:
        line = inspect.currentframe().f_lineno + 1  # type: ignore[union-attr]
        assert b.function(CALL) == 7.0
    assert [(str(one.message), one.filename, one.lineno) for one in told] == [(WORDS, __file__, line)]
    for _ in range(3):
        assert b.function(CALL) == plain.function(CALL) == 7.0
    assert b.fast()
    assert len(b.function.__code__.co_code) == len(plain.function.__code__.co_code)
    assert not names(b.function)


def test_a_kernel_with_nothing_deprecated_asks_nothing() -> None:
    """Neither the first body nor the later ones of another kernel hold a question."""
    b = bench({"rust": answering(7.0)}, RUST)
    for _ in range(2):
        assert not names(b.function)
        b.function(CALL)


def test_nothing_is_told_before_the_call() -> None:
    """Explaining, looking at the floor and the chain, and asking for one tier use no kernel."""
    b = bench({"rust": answering(7.0)}, RUST, deprecated=GONE, deprecated_arguments=OLD)
    handle = b.function.dispatch
    assert handle.chain(2) == ("rust", "floor")
    assert handle.why(CALL, scale=2.0).size == 2
    assert (handle.floor(CALL, 2.0), handle.tier("rust")(CALL)) == (6.0, 7.0)


def test_a_deprecated_argument_is_told_only_when_it_is_passed() -> None:
    """A call that leaves it out gets the default and is silent, whoever serves; the first that passes it warns."""
    rust = Flaky(0)
    b = bench({"rust": rust}, RUST, deprecated_arguments=OLD)
    for failures in (0, 1, 0):
        rust.calls, rust.failures = 0, failures
        assert b.function(CALL) == (3.0 if failures else 7.0)
    with warned() as told:
        line = inspect.currentframe().f_lineno + 1  # type: ignore[union-attr]
        assert b.function(CALL, scale=2.0) == 7.0
    assert [(str(one.message), one.filename, one.lineno) for one in told] == [(SCALE, __file__, line)]
    assert b.function(CALL, 2.0) == b.function(CALL) == 7.0
    with warned() as told:
        assert b.function(CALL, shift=2.0) == 7.0
    assert [str(one.message) for one in told] == [SHIFT]
    assert [b.function(CALL, 2.0, shift=1.0) for _ in range(3)] == [7.0] * 3
    assert not names(b.function)


def test_an_argument_keeps_its_place_in_the_answer() -> None:
    """Before and after it was told, what is passed arrives, and what is left out is the default."""
    b = bench({}, standing(2, 0, "floor"), deprecated_arguments=OLD)
    assert b.function(CALL) == 3.0
    with pytest.warns(DeprecationWarning, match="argument"):
        assert b.function(CALL, 2.0, shift=1.0) == 7.0
    assert [b.function(CALL), b.function(CALL, shift=1.0), b.function(CALL, 3.0)] == [3.0, 4.0, 9.0]


def test_the_default_itself_is_told_when_it_is_passed() -> None:
    """A call that spells the default out would break without the argument, and is warned like any other."""

    def halved(values: Any, whole: bool | None = None) -> float:
        return sum(values) / (1 if whole else 2)

    catalogue = Catalogue()
    catalogue.publish = Dispatcher(catalogue, environ={}).publish
    marked = {"deprecated_arguments": {"whole": Deprecation("2.0", "values")}}
    function: Any = catalogue.declare(Kernel("halved", halved, "len(values)", Tolerance(), total_cases, **marked))
    assert function(CALL) == 1.5
    with pytest.warns(DeprecationWarning, match="argument 'whole'"):
        assert function(CALL, None) == 1.5


def test_the_signature_is_the_floors() -> None:
    """What help and editors show is the floor's signature, while arguments are asked for and afterwards."""
    b = bench({}, standing(2, 0, "floor"), deprecated_arguments=OLD)
    plain = bench({}, standing(2, 0, "floor"))
    assert repr(b.function.__defaults__) == "(<left out>,)"
    with warned():
        for _ in range(2):
            assert inspect.signature(b.function) == inspect.signature(plain.function)
            b.function(CALL, 1.0, shift=0.0)
    assert b.function.__defaults__ == plain.function.__defaults__
    assert b.function.__kwdefaults__ == plain.function.__kwdefaults__


def test_pinned_and_traced_calls_are_told_too() -> None:
    """The slow path asks as the fast one does."""
    b = bench({"rust": answering(7.0)}, RUST, deprecated=GONE, deprecated_arguments=OLD)
    with b.dispatcher.using("floor"), b.dispatcher.trace() as trace, warned() as told:
        assert b.function(CALL, 2.0) == 6.0
    assert ([str(one.message) for one in told], len(trace)) == ([WORDS, SCALE], 1)


def test_a_refresh_and_a_new_declaration_tell_nothing_again() -> None:
    """Once is once in a process: for the old function, the new one, and one declared before the first was called."""
    b = bench({"rust": answering(7.0)}, RUST, deprecated=GONE)
    twin: Any = b.dispatcher.catalogue.declare(b.dispatcher.catalogue["total"])
    with warned() as told:
        b.function(CALL)
        b.dispatcher.refresh()
        late: Any = b.dispatcher.catalogue.declare(b.dispatcher.catalogue["total"])
        assert not names(late)
        assert [function(CALL) for function in (b.function, twin, late) for _ in range(2)] == [7.0] * 6
        assert not names(twin)
    assert len(told) == 1


def test_a_warning_that_is_an_error_is_raised_by_every_call() -> None:
    """Where the filters make errors of warnings nothing counts as told, so that no call slips through."""
    b = bench({"rust": answering(7.0)}, RUST, deprecated=GONE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            with pytest.raises(DeprecationWarning, match="kernel 'total'"):
                b.function(CALL)
    with warned() as told:
        assert b.function(CALL) == 7.0
    assert [one.category for one in told] == [DeprecationWarning]


def test_many_threads_are_told_once() -> None:
    """Of calls that begin together one warns, and each gets its answer with the default in its place."""
    b = bench({}, standing(2, 0, "floor"), deprecated=GONE, deprecated_arguments=OLD)
    barrier, answers = threading.Barrier(8), []

    def call(place: int) -> None:
        barrier.wait()
        answers.append([b.function(CALL, shift=1.0) if (place + turn) % 2 else b.function(CALL) for turn in range(50)])

    with warned() as told:
        threads = [threading.Thread(target=call, args=(place,)) for place in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert sorted(map(sorted, answers)) == [[3.0] * 25 + [4.0] * 25] * 8
    assert sorted(str(one.message) for one in told) == sorted([WORDS, SHIFT])


def test_what_shows_the_warning_may_call_the_kernel() -> None:
    """A hook that calls the very kernel gets its answer, and no second warning."""
    b = bench({}, standing(2, 0, "floor"), deprecated=GONE)
    shown: list[Any] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda *_: shown.append(b.function(CALL))  # type: ignore[assignment]
        assert b.function(CALL) == 3.0
    assert shown == [3.0]


def test_the_decorator_takes_deprecations() -> None:
    """`polytier.kernel` marks the kernel and its arguments; the warning names the package that declares it."""

    @polytier.kernel(
        size="n",
        tolerance=Tolerance(),
        cases=list,
        deprecated=polytier.Deprecation("1.4", "successor", "2.0"),
        deprecated_arguments={"step": polytier.Deprecation("1.5")},
    )
    def only_told_here(n: int, step: int = 1) -> int:
        """Return a later number."""
        return n + step

    with warned() as told:
        assert [only_told_here(4), only_told_here(4, step=2)] == [5, 6]
    owner = __name__.partition(".")[0]
    assert [str(one.message).partition("\n")[0] for one in told] == [
        f"kernel 'only_told_here': deprecated since {owner} 1.4, removed in 2.0",
        f"argument 'step' of kernel 'only_told_here': deprecated since {owner} 1.5",
    ]
    polytier.dispatcher.told.clear()
