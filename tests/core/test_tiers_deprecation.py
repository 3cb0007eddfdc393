"""The tiers: one that is deprecated is told once, when dispatch loads it, and its receipt carries what it states."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from helpers_dispatch import standing, table, warned

import polytier
from polytier.errors import PinError, TierLoadError
from polytier.marks import Deprecation
from polytier.tiers.registry import Tiers

if TYPE_CHECKING:
    from collections.abc import Callable

STATED = "from polytier.marks import Deprecation\nDEPRECATED = Deprecation('1.4', 'rust', removal='2.0')\n"
SERVING = f"{STATED}def order_parameter(theta):\n    return 0.5\n"
WORDS = "tier 'old': deprecated since 1.4, removed in 2.0\nhint: use 'rust' instead"
USES = {
    "a call": lambda: polytier.order_parameter([1.0]),
    "a pin": lambda: polytier.order_parameter.dispatch.tier("old"),
    "warming": lambda: polytier.warm("old"),
    "why": lambda: polytier.order_parameter.dispatch.why([1.0]),
}


@pytest.fixture(autouse=True)
def told() -> Any:
    """Forget after each test what was told."""
    yield
    polytier.dispatcher.told.clear()


@pytest.fixture
def served(install_tier: Callable[..., Any]) -> Any:
    """Install the deprecated tier, and a table that ranks it first for order_parameter."""
    install_tier("old", SERVING)
    polytier.refresh()
    polytier.dispatcher.rank_by(table(standing(1, 0, "old", "floor"), kernel="order_parameter"))
    yield
    polytier.dispatcher.rank_by(None)


@pytest.mark.parametrize("use", USES)
@pytest.mark.usefixtures("served")
def test_a_deprecated_tier_is_told_when_it_is_loaded(use: str) -> None:
    """Whatever loads it first warns at the caller's line; nothing that follows does, a refresh included."""
    with warned() as heard:
        line = inspect.getsourcelines(USES[use])[1]
        USES[use]()
        assert polytier.order_parameter([1.0]) == 0.5
        polytier.refresh()
        assert [polytier.order_parameter([1.0]) for _ in range(2)] == [0.5] * 2
    assert [(str(one.message), one.category) for one in heard] == [(WORDS, DeprecationWarning)]
    assert (heard[0].filename, heard[0].lineno) == (__file__, line)


@pytest.mark.usefixtures("served")
def test_a_tier_that_is_only_installed_is_not_told() -> None:
    """A call that another tier or the floor serves loads nothing and is silent."""
    polytier.dispatcher.rank_by(table(standing(1, 0, "floor", "old"), kernel="order_parameter"))
    with warned() as heard:
        polytier.order_parameter([1.0])
        assert polytier.dispatcher.tiers.installed() == ("old",)
    assert heard == []


@pytest.mark.usefixtures("served")
def test_a_warning_that_is_an_error_reaches_the_caller() -> None:
    """Where the filters make errors of warnings each call raises, and the tier is not blamed."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            with pytest.raises(DeprecationWarning, match="tier 'old'"):
                polytier.order_parameter([1.0])
    with warned() as heard:
        assert polytier.order_parameter([1.0]) == 0.5
    assert len(heard) == 1


def test_the_receipt_carries_what_the_tier_states(install_tier: Callable[..., Any]) -> None:
    """The receipt of a deprecated tier has the deprecation, that of another has none; looking warns of nothing."""
    install_tier("old", SERVING)
    install_tier("new")
    tiers = Tiers({}.__getitem__)
    assert tiers.receipt("old").deprecated == Deprecation("1.4", "rust", "2.0")
    assert tiers.receipt("new").deprecated is None


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("DEPRECATED = {'since': '1.4'}", "cannot be used: {'since': '1.4'} is no Deprecation"),
        (STATED.replace("'rust'", "None"), "cannot be used: it names no replacement"),
        ("def __getattr__(name):\n    raise OSError(name)", r"reading its DEPRECATED raised OSError\('DEPRECATED'\)"),
        (
            "class Odd:\n    def __repr__(self):\n        raise OSError('no')\nDEPRECATED = Odd()",
            r"reading its DEPRECATED raised OSError\('no'\)",
        ),
    ],
)
def test_a_tier_that_states_nonsense_is_refused(install_tier: Callable[..., Any], stated: str, message: str) -> None:
    """A tier whose attribute cannot be read cannot be loaded, and dispatch says why."""
    install_tier("odd", f"{stated}\n")
    with pytest.raises(TierLoadError, match=f"load tier 'odd': .*{message}"):
        Tiers({}.__getitem__).load("odd")
    polytier.refresh()
    with pytest.raises(PinError, match=message):
        polytier.order_parameter.dispatch.tier("odd")
