"""The installed tiers: found, kept out, and loaded once."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

import pytest

from polytier.errors import PolytierWarning, TierLoadError
from polytier.kernels.declaration import catalogue
from polytier.tiers import Tiers

if TYPE_CHECKING:
    from conftest import Installer

from helpers_tiers import GOOD, refusal, tiers


def test_installed_names_are_sorted_and_nothing_is_imported(install_tier: Installer) -> None:
    """All names are listed, denied and broken ones included, and no module is imported for it."""
    install_tier("slow", "raise SystemError")
    install_tier("fast", GOOD)
    found = tiers(POLYTIER_DISABLE="fast")
    assert found.installed() == ("fast", "slow")
    assert found.entry_point("fast").module == "tier_fast"
    assert not {"tier_fast", "tier_slow"} & set(sys.modules)


def test_a_tier_is_loaded_and_bound(install_tier: Installer) -> None:
    """The module is imported when it is wanted, and the module's own function is what is bound."""
    install_tier("fast", GOOD)
    found = tiers()
    assert found.implementation("fast", "order_parameter") is found.load("fast").order_parameter
    assert found.load("fast") is sys.modules["tier_fast"]
    assert found.offered("fast") == ("order_parameter",)
    assert found.rejected("fast") == {}


def test_os_environ_is_the_default(install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a mapping of their own, the lists come from the process's environment."""
    install_tier("fast", GOOD)
    monkeypatch.setenv("POLYTIER_DISABLE", "fast")
    assert Tiers(catalogue.__getitem__).denied("fast") == "POLYTIER_DISABLE names it"


@pytest.mark.parametrize("environ", [{"POLYTIER_TIERS": "other"}, {"POLYTIER_DISABLE": "fast"}])
def test_a_denied_tier_is_never_imported(install_tier: Installer, environ: dict[str, str]) -> None:
    """The lists work before anything is imported: the module never enters sys.modules."""
    install_tier("fast", GOOD)
    install_tier("other", GOOD)
    found = tiers(**environ)
    assert callable(found.implementation("other", "order_parameter"))
    for attempt in (found.load, found.offered, found.rejected, found.receipt):
        with pytest.raises(TierLoadError, match=r"load tier 'fast': POLYTIER_\w+(=other does not)? names? it"):
            attempt("fast")
    with pytest.raises(TierLoadError, match=r"then call polytier\.refresh\(\)"):
        found.implementation("fast", "order_parameter")
    assert "tier_fast" not in sys.modules


def test_an_absent_tier_is_told_with_those_installed(install_tier: Installer) -> None:
    """A name that no distribution offers is an error that lists the names there are."""
    install_tier("fast", GOOD)
    expected = "load tier 'quick': no installed distribution offers it\nhint: installed: 'fast'"
    assert refusal(tiers(), "quick") == expected


def test_unknown_names_in_the_lists_warn_once(install_tier: Installer) -> None:
    """A misspelt tier in a list is one warning, also after a refresh."""
    install_tier("fast", GOOD)
    found = tiers(POLYTIER_TIERS="fast,quick")
    with pytest.warns(PolytierWarning, match="no installed tier is named 'quick'") as caught:
        found.installed()
    assert len(caught) == 1
    found.refresh()
    found.load("fast")


def test_a_warning_made_an_error_is_raised_once(install_tier: Installer) -> None:
    """Where warnings are errors the first look fails and the tiers work from then on."""
    install_tier("fast", GOOD)
    found = tiers(POLYTIER_DISABLE="quick")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PolytierWarning):
            found.installed()
        assert found.installed() == ("fast",)


def test_two_distributions_of_one_name_are_both_refused(install_tier: Installer) -> None:
    """A name that two distributions claim loads neither, and the error names both."""
    install_tier("fast", GOOD, module="one", distribution="polytier-one")
    install_tier("fast", GOOD, version="3.0", module="two", distribution="polytier-two")
    found = tiers()
    assert found.installed() == ("fast",)
    told = refusal(found, "fast")
    assert "the name is claimed by 'polytier-two' 3.0 ('two') and by 'polytier-one' 1.0 ('one')" in told
    assert "hint: uninstall all but one of them" in told
    assert not {"one", "two"} & set(sys.modules)


def test_the_floors_name_is_reserved(install_tier: Installer) -> None:
    """A tier that calls itself 'floor' is reported and never loaded."""
    install_tier("floor", GOOD)
    found = tiers()
    with pytest.warns(PolytierWarning, match=r"'polytier-floor' 1\.0 takes the name of the kernels' own bodies"):
        assert found.installed() == ()
    assert "no installed distribution offers it" in refusal(found, "floor")
    assert "tier_floor" not in sys.modules


@pytest.mark.parametrize(
    "raised",
    [
        "ImportError('no libfast.so')",
        "RuntimeError('driver')",
        "ValueError('bad')",
        "OSError('gone')",
        "SystemExit(3)",
        "NotImplementedError()",
        "BaseException('panic')",
    ],
)
def test_whatever_an_import_raises_is_the_tiers_failure(
    install_tier: Installer, monkeypatch: pytest.MonkeyPatch, raised: str
) -> None:
    """The failure keeps its cause, is remembered until a refresh, and breaks no other tier."""
    attempts: list[int] = []
    monkeypatch.setattr("builtins.attempts", attempts, raising=False)
    install_tier("broken", f"import builtins\nbuiltins.attempts.append(1)\nraise {raised}")
    install_tier("fast", GOOD)
    found = tiers()
    for _ in range(2):
        with pytest.raises(TierLoadError, match=r"load tier 'broken': importing 'tier_broken' raised") as caught:
            found.load("broken")
        assert raised.partition("(")[0] == type(caught.value.__cause__).__name__
        assert "reinstall 'polytier-broken' 1.0" in str(caught.value)
    assert callable(found.implementation("fast", "order_parameter"))
    found.refresh()
    with pytest.raises(TierLoadError):
        found.load("broken")
    assert len(attempts) == 2


@pytest.mark.parametrize("raised", [KeyboardInterrupt, MemoryError, RecursionError, GeneratorExit])
def test_what_says_nothing_about_the_tier_is_raised_on(
    install_tier: Installer, monkeypatch: pytest.MonkeyPatch, raised: type[BaseException]
) -> None:
    """An interruption or exhaustion reaches the caller and is not held against the tier."""
    monkeypatch.setattr("builtins.troubles", [raised], raising=False)
    source = "import builtins\nif builtins.troubles:\n    raise builtins.troubles.pop()\n"
    install_tier("fast", source + GOOD)
    found = tiers()
    with pytest.raises(raised):
        found.load("fast")
    assert callable(found.implementation("fast", "order_parameter"))


def test_endless_recursion_while_importing_is_raised_on(install_tier: Installer) -> None:
    """A real RecursionError out of a tier's module is raised on."""
    install_tier("fast", "def again():\n    again()\nagain()")
    with pytest.raises(RecursionError):
        tiers().load("fast")


def test_a_syntax_error_is_the_tiers_failure(install_tier: Installer) -> None:
    """Source that Python cannot read is a failure with its cause."""
    install_tier("broken", "def order_parameter(theta: return")
    with pytest.raises(TierLoadError, match="SyntaxError") as caught:
        tiers().load("broken")
    assert isinstance(caught.value.__cause__, SyntaxError)


def test_a_missing_module_is_the_tiers_failure(install_tier: Installer) -> None:
    """A .dist-info that outlived its package is a failure that names the module."""
    install_tier("gone", None)
    assert "importing 'tier_gone' raised ModuleNotFoundError(\"No module named 'tier_gone'\")" in refusal(
        tiers(), "gone"
    )


@pytest.mark.parametrize(
    "line", ["fast = two words", "fast = m:attribute", "fast = .m", "fast = 1st", "no equals sign"]
)
def test_a_malformed_entry_point_is_the_tiers_failure(install_tier: Installer, line: str) -> None:
    """A line that names no module stays visible and says so when it is loaded."""
    install_tier("odd", info={"entry_points.txt": f"[polytier.tiers]\n{line}\n"})
    found = tiers()
    (name,) = found.installed()
    assert "its entry point names no module" in refusal(found, name)


def test_the_same_line_twice_is_one_tier(install_tier: Installer) -> None:
    """An entry point that a file repeats is no clash."""
    line = "fast = tier_fast\n"
    install_tier("fast", GOOD, info={"entry_points.txt": f"[polytier.tiers]\n{line}{line}"})
    assert tiers().load("fast")


def test_missing_metadata_stops_no_tier(install_tier: Installer) -> None:
    """A tier without METADATA loads, under the name of its folder."""
    install_tier("fast", GOOD, info={"METADATA": None})
    found = tiers()
    found.load("fast")
    assert found.receipt("fast").distribution == "polytier_fast"
