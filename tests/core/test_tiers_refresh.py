"""The installed tiers: refreshed, taken receipts of, and used by threads."""

from __future__ import annotations

import importlib
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from polytier.errors import TierLoadError
from polytier.kernels.declaration import catalogue
from polytier.tiers import Tiers

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Installer

from helpers_tiers import COUNTING, GOOD, refusal, tiers, together


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
        "deprecated": None,
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
