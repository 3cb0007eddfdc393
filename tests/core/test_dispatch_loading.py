"""Dispatch: what a tier calls while it is loaded gets the floor, whoever loads it, and is not held against it."""

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING, Any

import pytest
from helpers_dispatch import (
    CALL,
    Bench,
    Flaky,
    answering,
    bench,
    raising,
    standing,
)

import polytier
from polytier.dispatch import Reason
from polytier.errors import TierLoadError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Installer

HALF = TierLoadError.of("rust", "it is only half imported", "wait", lasting=False)

SELFISH = """
import polytier

REFERENCE = polytier.order_parameter([0.0, 0.0])


def order_parameter(theta):
    return 9.0
"""


def importing(b: Bench, method: str) -> list[Any]:
    """Let a method of the tiers call the kernel, as a module that is imported may; return the answers it gets."""
    plain, answers = getattr(b.tiers, method), []

    def calling(*names: str) -> Any:
        if len(answers) < 5:  # without a plan of its own such a call would recurse for ever
            answers.append(b.function(CALL))
        return plain(*names)

    setattr(b.tiers, method, calling)
    return answers


LOADERS: dict[str, tuple[str, Callable[[Bench], Any]]] = {
    "call": ("implementation", lambda b: b.function(CALL)),
    "receipt": ("receipt", lambda b: b.function(CALL)),
    "why": ("implementation", lambda b: b.function.dispatch.why(CALL)),
    "why of the receipt": ("receipt", lambda b: b.function.dispatch.why(CALL)),
    "tier": ("implementation", lambda b: b.function.dispatch.tier("rust")),
    "warm": ("load", lambda b: b.dispatcher.warm("rust")),
}


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("pin", [None, "rust"])
def test_a_tier_gets_the_floor_while_it_is_loaded(loader: str, pin: str | None) -> None:
    """Whoever loads it, and whatever the caller has pinned, the call is served, and by the floor."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    method, load = LOADERS[loader]
    answers = importing(b, method)
    with b.dispatcher.using(pin) if pin and loader != "receipt" else contextlib.nullcontext():
        load(b)
    assert set(answers) == {3.0}
    assert b.function(CALL) == 7.0
    assert b.dispatcher.quarantine.report("total", "rust") is None


def test_a_later_link_gets_the_floor_while_it_is_loaded() -> None:
    """A link that is met only when a call falls to it may call kernels too."""
    b = bench({"rust": Flaky(0), "go": answering(4.0)}, standing(2, 0, "rust", "go", "floor"))
    assert b.function(CALL) == 7.0
    b.tiers.tiers["rust"]["total"].__init__(9)  # type: ignore[index, misc]
    answers = importing(b, "implementation")
    assert b.function(CALL) == 4.0
    assert answers == [3.0]


def test_loading_within_loading_is_still_loading() -> None:
    """A tier that has another one loaded while it is loaded gets the floor afterwards too."""
    b = bench({"rust": answering(7.0), "go": answering(4.0)}, standing(2, 0, "rust", "floor"))
    plain, answers = b.tiers.implementation, []

    def nested(name: str, kernel: str) -> Any:
        if name == "rust":
            b.function.dispatch.tier("go")
            answers.append(b.function(CALL))
        return plain(name, kernel)

    b.tiers.implementation = nested  # type: ignore[method-assign]
    assert b.function(CALL) == 7.0
    assert answers == [3.0]


@pytest.mark.parametrize("environ", [{}, {"POLYTIER_STRICT": "1"}])
def test_a_half_imported_tier_is_only_passed_over(environ: dict[str, str]) -> None:
    """A tier that is being imported is left out of the calls that it makes, and serves the next one."""
    b = bench({"rust": HALF, "go": answering(4.0)}, standing(2, 0, "rust", "go", "floor"), environ=environ)
    assert [b.function(CALL), b.function(CALL)] == [4.0, 4.0]
    why = b.function.dispatch.why(CALL)
    assert [(left.name, left.reason) for left in why.left_out] == [("rust", Reason.ABSENT)]
    assert "half imported" in why.left_out[0].detail
    b.tiers.tiers["rust"] = {"total": answering(7.0)}
    assert b.function(CALL) == 7.0
    assert b.dispatcher.quarantine.report("total", "rust") is None


def test_a_half_imported_later_link_is_only_passed_over() -> None:
    """The same holds where a call falls to it."""
    b = bench({"rust": raising(RuntimeError("dead")), "go": HALF}, standing(2, 0, "rust", "go", "floor"))
    assert b.function(CALL) == 3.0
    assert b.dispatcher.quarantine.report("total", "go") is None


WAYS: dict[str, Callable[[], Any]] = {
    "a call": lambda: polytier.order_parameter([0.0]),
    "why": lambda: polytier.order_parameter.dispatch.why([0.0]),
    "warm": lambda: polytier.warm("selfish"),
    "an import": lambda: importlib.import_module("tier_selfish"),
    "the handle": lambda: polytier.order_parameter.dispatch.tier("selfish"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_real_tier_may_call_kernels_while_it_is_imported(
    install_tier: Installer, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Whichever way it is first imported, it serves afterwards."""
    install_tier("selfish", SELFISH)
    monkeypatch.setenv("POLYTIER_UNMEASURED", "allow")
    monkeypatch.setenv("POLYTIER_TIERS", "selfish")
    polytier.refresh()
    WAYS[way]()
    assert polytier.order_parameter([0.0]) == 9.0


def test_a_pinned_real_tier_may_call_kernels_while_it_is_imported(install_tier: Installer) -> None:
    """The pin does not make the tier wait for itself."""
    install_tier("selfish", SELFISH)
    polytier.refresh()
    with polytier.using("selfish"):
        assert [polytier.order_parameter([0.0]) for _ in range(2)] == [9.0, 9.0]
