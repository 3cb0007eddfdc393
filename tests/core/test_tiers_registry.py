"""The installed tiers: found, kept out, loaded once, validated kernel by kernel, forgotten by a refresh."""

from __future__ import annotations

import importlib
import inspect
import math
import sys
import textwrap
import threading
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from polytier.errors import MissingImplementation, PolytierWarning, TierLoadError, UnknownNameError
from polytier.kernels.declaration import Kernel, catalogue
from polytier.kernels.tolerance import Tolerance
from polytier.tiers import Tiers

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Installer

GOOD = "def order_parameter(theta):\n    return 1.0\n"


def tiers(**environ: str) -> Tiers:
    """Return the installed tiers over the real catalogue."""
    return Tiers(catalogue.__getitem__, environ=environ)


def declared(floor: Callable[..., Any]) -> Kernel:
    """Return a kernel with this floor."""
    return Kernel(floor.__name__, floor, "1", Tolerance(), list)


def lookup(*kernels: Kernel) -> Callable[[str], Kernel]:
    """Return a look-up over hand-made kernels."""
    by_name = {kernel.name: kernel for kernel in kernels}

    def find(name: str) -> Kernel:
        try:
            return by_name[name]
        except KeyError:
            raise UnknownNameError.of("kernel", name, by_name) from None

    return find


def refusal(found: Tiers, name: str) -> str:
    """Return what loading a tier is refused with."""
    with pytest.raises(TierLoadError) as caught:
        found.load(name)
    return str(caught.value)


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


def declared_as(name: str, floor: Callable[..., Any]) -> Kernel:
    """Return a kernel of this name."""
    return Kernel(name, floor, "1", Tolerance(), list)


def test_a_refresh_finds_what_changed(install_tier: Installer) -> None:
    """After a refresh a mended tier loads, a new one is found, a removed one is gone and the lists are read again."""
    environ = {"POLYTIER_DISABLE": "fast"}
    broken = install_tier("broken", "raise ImportError")
    fast = install_tier("fast", GOOD)
    found = Tiers(catalogue.__getitem__, environ=environ)
    refusal(found, "broken")
    refusal(found, "fast")
    (broken.package / "__init__.py").write_text(GOOD + "# mended")
    install_tier("late", GOOD)
    environ.clear()
    assert found.installed() == ("broken", "fast")
    found.refresh()
    assert found.installed() == ("broken", "fast", "late")
    modules = [found.load(name) for name in found.installed()]
    install_tier.uninstall(fast)
    found.refresh()
    assert found.installed() == ("broken", "late")
    assert found.load("late") is modules[2]


def test_other_places_than_sys_path_can_be_searched(install_tier: Installer) -> None:
    """A hand-made path decides what is installed."""
    install_tier("fast", GOOD)
    assert Tiers(catalogue.__getitem__, path=[]).installed() == ()


def test_a_receipt_is_taken_once(install_tier: Installer) -> None:
    """The receipt tells distribution, version, digest and file, and is kept until a refresh."""
    installed = install_tier("fast", f"BUILD_DIGEST = 'abc'\n{GOOD}", version="1.5")
    found = tiers()
    receipt = found.receipt("fast")
    file = str(installed.package / "__init__.py")
    assert vars(receipt) == {
        "tier": "fast",
        "distribution": "polytier-fast",
        "version": "1.5",
        "digest": "abc",
        "file": file,
    }
    assert found.receipt("fast") is receipt


def test_a_receipt_that_cannot_be_taken_is_a_failure(install_tier: Installer) -> None:
    """Files that cannot be read any more are the tier's failure."""
    installed = install_tier("fast", GOOD)
    found = tiers()
    found.load("fast")
    install_tier.uninstall(installed)
    with pytest.raises(TierLoadError, match="load tier 'fast': taking its receipt raised FileNotFoundError"):
        found.receipt("fast")


def together(count: int, action: Callable[[], Any]) -> list[Any]:
    """Return what an action returns or raises in several threads that start at once."""
    results: list[Any] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait(10)
        try:
            results.append(action())
        except TierLoadError as failure:
            results.append(str(failure))

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(results) == count, "a thread hangs"
    return results


COUNTING = "import builtins, time\nbuiltins.imports.append(1)\ntime.sleep(0.05)\n"


@pytest.mark.parametrize("then", [GOOD, "raise ImportError('no')"])
def test_threads_at_once_import_a_tier_once(
    install_tier: Installer, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    """Whether it loads or fails, a tier that several threads want at once is imported once."""
    imports: list[int] = []
    monkeypatch.setattr("builtins.imports", imports, raising=False)
    install_tier("fast", COUNTING + then)
    found = tiers()
    results = together(8, lambda: found.implementation("fast", "order_parameter"))
    assert len(set(results)) == 1
    assert imports == [1]


def test_a_tier_that_calls_kernels_while_imported_is_not_served_by_itself(
    install_tier: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half imported tier is a failure of that moment only: once imported it serves."""
    installed = install_tier(
        "fast",
        """
        import builtins
        try:
            builtins.tiers.implementation("fast", "order_parameter")
        except ImportError as failure:
            said = str(failure)
        def order_parameter(theta): ...
        """,
    )
    found = tiers()
    monkeypatch.setattr("builtins.tiers", found, raising=False)
    module: Any = found.load("fast")
    assert f"'{installed.module}' is only half imported" in module.said
    assert found.implementation("fast", "order_parameter") is module.order_parameter


def test_an_import_that_needs_the_tier_never_deadlocks(
    install_tier: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread imports a tier that waits for a module, another that module, which calls a kernel of the tier."""
    install_tier.add_root(install_tier.root)
    (install_tier.root / "needed.py").write_text(
        "import builtins\nbuiltins.started.set()\nbuiltins.entered.wait(10)\n"
        "try:\n    builtins.tiers.load('fast')\nexcept ImportError as failure:\n    said = str(failure)\n"
    )
    install_tier("fast", "import builtins\nbuiltins.entered.set()\nbuiltins.started.wait(10)\nimport needed\n" + GOOD)
    found = tiers()
    monkeypatch.setattr("builtins.tiers", found, raising=False)
    for event in ("started", "entered"):
        monkeypatch.setattr(f"builtins.{event}", threading.Event(), raising=False)
    todo: list[Callable[[], Any]] = [partial(importlib.import_module, "needed"), partial(found.load, "fast")]

    def one_of_the_two() -> Any:
        return todo.pop()()

    together(2, one_of_the_two)
    assert callable(found.implementation("fast", "order_parameter"))
