"""The installed tiers: validated kernel by kernel."""

from __future__ import annotations

import inspect
import math
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from polytier.errors import MissingImplementation, TierLoadError, UnknownNameError
from polytier.tiers import Tiers

if TYPE_CHECKING:
    from conftest import Installer

from helpers_tiers import GOOD, declared, declared_as, lookup, tiers


def test_a_kernel_that_a_tier_lacks_is_missing(install_tier: Installer) -> None:
    """Having no function for a kernel is a way to decline, not a failure."""
    install_tier("fast", GOOD)
    with pytest.raises(
        MissingImplementation, match="run 'mean_phase' on tier 'fast': the tier offers no function"
    ) as caught:
        tiers().implementation("fast", "mean_phase")
    assert isinstance(caught.value, NotImplementedError)


def test_an_unknown_kernel_is_the_callers_mistake(install_tier: Installer) -> None:
    """A kernel that nobody declared is an UnknownNameError and loads nothing."""
    install_tier("fast", GOOD)
    with pytest.raises(UnknownNameError):
        tiers().implementation("fast", "order_parametr")
    assert "tier_fast" not in sys.modules


def test_a_rejected_kernel_leaves_the_others(install_tier: Installer) -> None:
    """One wrong signature refuses one kernel, with the reason, and the tier's others are served."""
    source = GOOD + "def mean_phase(phases): ...\nbuild_knm = 3\nfrom polytier import networked_force\nhelper = print\n"
    install_tier("fast", source)
    found = tiers()
    assert found.offered("fast") == ("order_parameter",)
    assert found.rejected("fast") == {
        "build_knm": "it is a int, no function",
        "mean_phase": "its signature is (phases), the floor's is (theta): "
        "parameter 'theta' is missing; parameter 'phases' is unknown to the floor",
        "networked_force": "it is polytier's own dispatching function, which would call itself",
    }
    told = r"load tier 'fast': its 'mean_phase' is refused: its signature is \(phases\)"
    with pytest.raises(TierLoadError, match=told):
        found.implementation("fast", "mean_phase")


@pytest.mark.parametrize("flag", ["tryfirst", "trylast", "wrapper", "hookwrapper"])
def test_markers_of_order_and_wrapping_are_refused(install_tier: Installer, flag: str) -> None:
    """The order of tiers is measured, so a marker that claims a place or wraps others is refused."""
    install_tier("fast", f"from polytier.marks import hookimpl\n@hookimpl({flag}=True)\n{GOOD}")
    with pytest.raises(TierLoadError, match=f"it is marked {flag}, but the order of tiers is measured"):
        tiers().implementation("fast", "order_parameter")


def test_a_plain_marker_is_accepted(install_tier: Installer) -> None:
    """`marks.hookimpl` may stand on a tier's function; the function itself is bound."""
    install_tier("fast", f"from polytier.marks import hookimpl\n@hookimpl\n{GOOD}")
    found = tiers()
    assert found.implementation("fast", "order_parameter") is found.load("fast").order_parameter


def test_a_marker_that_renames_is_refused(install_tier: Installer) -> None:
    """One spelling per kernel: a specname that leads elsewhere is refused, by pluggy where the parameters differ."""
    source = "from polytier.marks import hookimpl\n"
    source += "@hookimpl(specname='order_parameter')\ndef mean_phase(theta): ...\n"
    source += "@hookimpl(specname='order_parameter')\ndef networked_force(theta, K): ...\n"
    install_tier("fast", source + GOOD)
    found = tiers()
    assert found.offered("fast") == ("order_parameter",)
    with pytest.raises(TierLoadError, match="pluggy lists it under another name: it is marked with a specname"):
        found.implementation("fast", "mean_phase")
    found.refresh()
    found.implementation("fast", "order_parameter")
    with pytest.raises(TierLoadError, match=r"pluggy refuses it: .* \{'K'\} are declared in the hookimpl but can not"):
        found.implementation("fast", "networked_force")
    assert found.implementation("fast", "order_parameter") is found.load("fast").order_parameter


def test_a_compiled_function_is_bound_itself(install_tier: Installer) -> None:
    """A builtin, which pluggy cannot mark or bind, is what dispatch gets."""

    def sqrt(x: float, /) -> float:
        return 0.5 * x

    def isclose(a: float, b: float, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> bool:
        return abs(a - b) <= max(rel_tol, abs_tol)

    install_tier("fast", "from math import isclose, sqrt")
    found = Tiers(lookup(declared(sqrt), declared(isclose)))
    assert found.implementation("fast", "sqrt") is math.sqrt
    assert inspect.isbuiltin(found.implementation("fast", "isclose"))
    assert found.offered("fast") == ("isclose", "sqrt")


def test_a_floor_with_free_variables_and_no_parameters_works(install_tier: Installer) -> None:
    """A floor that closes over names of its surroundings, or takes nothing, can be specified."""
    place = 3.0

    def here() -> float:
        return place

    install_tier("fast", "def here():\n    return 4.0")
    assert Tiers(lookup(declared(here))).implementation("fast", "here")() == 4.0


def test_several_tiers_offer_one_kernel(install_tier: Installer) -> None:
    """Each tier's own function is bound."""
    install_tier("fast", GOOD)
    install_tier("slow", GOOD)
    found = tiers()
    fast, slow = (found.implementation(name, "order_parameter") for name in found.installed())
    assert (fast.__module__, slow.__module__) == ("tier_fast", "tier_slow")


def test_a_signature_that_cannot_be_asked_is_refused(install_tier: Installer) -> None:
    """Whatever reading a function's signature raises refuses that kernel alone."""
    source = """
        class Odd:
            def __call__(self, theta): ...

            @property
            def __signature__(self):
                raise SystemExit(2)

        mean_phase = Odd()
    """
    install_tier("fast", textwrap.dedent(source) + GOOD)
    found = tiers()
    assert found.offered("fast") == ("order_parameter",)
    assert found.rejected("fast") == {"mean_phase": "reading its signature raised SystemExit(2)"}


def test_attributes_made_on_demand_are_read_when_wanted(install_tier: Installer) -> None:
    """A module may make its functions in `__getattr__`: one reading per kernel, kept until a refresh."""
    source = """
        def __getattr__(name):
            if name == "order_parameter":
                return lambda theta: 1.0
            if name == "mean_phase":
                raise OSError("no library")
            if name == "build_knm":
                raise KeyboardInterrupt
            raise AttributeError(name)

        def __dir__():
            return ["order_parameter", "mean_phase", "networked_force"]
    """
    install_tier("lazy", source)
    found = tiers()
    assert found.offered("lazy") == ("order_parameter",)
    assert found.rejected("lazy") == {"mean_phase": "reading 'mean_phase' raised OSError('no library')"}
    first = found.implementation("lazy", "order_parameter")
    assert found.implementation("lazy", "order_parameter") is first
    with pytest.raises(TierLoadError, match="reading 'mean_phase' raised OSError") as caught:
        found.implementation("lazy", "mean_phase")
    assert isinstance(caught.value.__cause__, OSError)
    with pytest.raises(KeyboardInterrupt):
        found.implementation("lazy", "build_knm")


def test_a_kernel_declared_anew_is_validated_anew(install_tier: Installer) -> None:
    """A declaration that replaces an earlier one judges the tiers' functions by its own signature."""
    install_tier("fast", "def floor_of(x):\n    return x\n\ndef other(y):\n    return y")
    kernels = {"other": declared_as("other", lambda y: y), "floor_of": declared_as("floor_of", lambda x: x)}
    found = Tiers(kernels.__getitem__)
    assert callable(found.implementation("fast", "other"))
    assert callable(found.implementation("fast", "floor_of"))
    kernels["floor_of"] = declared_as("floor_of", lambda x, y: (x, y))
    with pytest.raises(TierLoadError, match="parameter 'y' is missing"):
        found.implementation("fast", "floor_of")
    assert callable(found.implementation("fast", "other"))
