"""The lock around imports; what imports raise is tested with the registry."""

from __future__ import annotations

import os
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
