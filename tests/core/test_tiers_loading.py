"""The lock around imports; what imports raise is tested with the registry."""

from __future__ import annotations

import os
import sys
import threading
import warnings
from typing import TYPE_CHECKING

import pytest

from polytier.tiers.loading import BrokenModuleError, ImportLock, guarded, import_module

if TYPE_CHECKING:
    from conftest import Installer


def occupied(lock: ImportLock) -> threading.Event:
    """Let another thread hold the lock until the returned event is set."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lock.held():
            held.set()
            done.wait(10)

    threading.Thread(target=hold, daemon=True).start()
    assert held.wait(10)
    return done


def test_the_lock_lets_one_thread_in() -> None:
    """A second thread waits until the first is done."""
    lock, entered = ImportLock(), threading.Event()
    done = occupied(lock)

    def enter() -> None:
        with lock.held():
            entered.set()

    thread = threading.Thread(target=enter, daemon=True)
    thread.start()
    assert not entered.wait(0.05)
    done.set()
    assert entered.wait(10)


def test_a_thread_that_imports_never_waits(install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the midst of an import the lock is entered at once, though another thread holds it."""
    lock = ImportLock()
    done = occupied(lock)
    monkeypatch.setattr("builtins.lock", lock, raising=False)
    install_tier("fast", "import builtins\nwith builtins.lock.held():\n    entered = True\n")
    assert import_module("tier_fast").entered
    done.set()


def test_a_lock_of_the_parent_process_is_free() -> None:
    """A lock that was held when the process was made by a fork is free in the child."""
    lock = ImportLock()
    done = occupied(lock)
    lock._process = -1
    with lock.held():
        pass
    done.set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_does_not_hang() -> None:
    """A real fork while another thread holds the lock leaves a child that can enter."""
    lock = ImportLock()
    done = occupied(lock)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        threading.Timer(5, os._exit, [1]).start()
        with lock.held():
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    done.set()


def test_foreign_failures_keep_their_cause() -> None:
    """What foreign code raises is told in one sentence and kept as the cause."""
    with pytest.raises(BrokenModuleError, match=r"^popping raised IndexError\('pop from empty list'\)$") as caught:
        guarded("popping", [].pop)
    assert isinstance(caught.value.__cause__, IndexError)
    assert caught.value.lasting


def test_a_module_without_a_spec_is_imported(install_tier: Installer) -> None:
    """A module that takes its `__spec__` away is nobody's failure."""
    install_tier("fast", "__spec__ = None")
    assert import_module("tier_fast")


def test_a_module_may_put_anything_in_its_place(install_tier: Installer) -> None:
    """An object without `__spec__` is a module like any other, and one that fails to tell it is the tier's failure."""
    source = "import sys\nclass Place:\n    order_parameter = len\nsys.modules[__name__] = Place()\n"
    install_tier("odd", source)
    assert import_module("tier_odd").order_parameter is len
    install_tier("worse", source + "Place.__spec__ = property(lambda self: {}['spec'])\n")
    with pytest.raises(BrokenModuleError, match=r"importing 'tier_worse' raised KeyError\('spec'\)"):
        import_module("tier_worse")
    for name in ("tier_odd", "tier_worse"):  # they tell no file by which the fixture could find them
        del sys.modules[name]


def test_a_half_imported_module_is_no_lasting_failure(install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that asks for itself while it is imported is refused for that moment only."""
    told: list[BrokenModuleError] = []
    monkeypatch.setattr("builtins.told", told, raising=False)
    source = """
    import builtins
    from polytier.tiers.loading import BrokenModuleError, import_module
    try:
        import_module(__name__)
    except BrokenModuleError as half:
        builtins.told.append(half.kept())
    """
    install_tier("selfish", source)
    import_module("tier_selfish")
    assert "is only half imported" in str(told[0])
    assert (told[0].lasting, told[0].where) == (False, "")


def test_a_failure_whose_text_fails_is_told() -> None:
    """What foreign code raises is the tier's failure, whatever its text does."""

    class NamelessError(Exception):
        def __repr__(self) -> str:
            raise TypeError("no name")

    def nameless() -> None:
        raise NamelessError

    with pytest.raises(BrokenModuleError, match=r"^digging raised <NamelessError, whose text cannot be had: it"):
        guarded("digging", nameless)


def test_what_is_kept_of_a_failure_holds_no_frame() -> None:
    """The place becomes text."""
    with pytest.raises(BrokenModuleError) as caught:
        guarded("popping", [].pop)
    kept = caught.value.kept()
    assert kept.__cause__ is not None
    assert (kept.__traceback__, kept.__cause__.__traceback__) == (None, None)
    assert "in guarded" in kept.where
