"""Dispatch: processes, forks, and threads that meet while something is looked up."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import threading
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from helpers_dispatch import (
    CALL,
    Functions,
    answering,
    bench,
    named,
    standing,
    total_cases,
)

import polytier
from polytier.dispatch import Dispatcher, state
from polytier.dispatch.tables import Sources
from polytier.kernels.declaration import Catalogue, Kernel
from polytier.kernels.tolerance import Tolerance

if TYPE_CHECKING:
    from collections.abc import Callable


def test_kernels_pickle_and_copy_as_themselves() -> None:
    """A kernel travels by name."""
    assert pickle.loads(pickle.dumps(polytier.order_parameter)) is polytier.order_parameter  # noqa: S301  our own bytes
    assert copy.deepcopy(polytier.order_parameter) is polytier.order_parameter


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_kernels_work_in_worker_processes(method: str) -> None:
    """A process pool runs a kernel by either start method."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
        assert list(pool.map(polytier.order_parameter, [[0.0, 0.0], [1.0]])) == [1.0, 1.0]


def test_a_fork_under_a_held_lock_does_not_hang() -> None:
    """A child gets locks of its own, whoever held them in the parent."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    with b.dispatcher.lock, b.dispatcher.quarantine.lock:
        child = threading.Thread(target=b.dispatcher._after_fork)
        child.start()
        child.join(10)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(b.function, CALL).result(timeout=10) == 7.0


def in_a_fork(check: Callable[[], bool]) -> bool:
    """Say whether the check holds in a forked child."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        threading.Timer(10, os._exit, [2]).start()
        os._exit(0 if check() else 1)
    return os.waitpid(child, 0)[1] == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_is_free_of_other_threads_blocks() -> None:
    """A trace of a thread that the child does not have slows nothing there; the survivor's own pin holds and ends."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    assert b.function(CALL) == 7.0
    opened, done = threading.Event(), threading.Event()

    def trace() -> None:
        with b.dispatcher.trace():
            opened.set()
            done.wait(10)

    other = threading.Thread(target=trace)
    other.start()
    assert opened.wait(10)
    pin = b.dispatcher.using("floor")

    def pinned_and_free() -> bool:
        pinned: float = b.function(CALL)
        pin.__exit__()
        return (pinned, b.function(CALL), b.fast()) == (3.0, 7.0, True)

    assert in_a_fork(lambda: b.function(CALL) == 7.0 and b.fast())
    pin.__enter__()
    assert in_a_fork(pinned_and_free)
    pin.__exit__()
    done.set()
    other.join()


def waiting(action: Callable[[], Any], lock: Any) -> list[Any]:
    """Return what two threads get that begin the action while the lock is held, or nothing if one did not wait."""
    with ThreadPoolExecutor(2) as pool:
        with lock:
            begun = [pool.submit(action) for _ in range(2)]
            if any(wait(future) for future in begun):
                return []
        return [future.result(10) for future in begun]


def wait(future: Any) -> bool:
    """Say whether a future is done within a moment."""
    try:
        future.result(0.1)
    except TimeoutError:
        return False
    return True


def test_the_installed_tiers_are_found_once() -> None:
    """Threads that ask at the same time get the same object."""
    dispatcher = Dispatcher(Catalogue(), environ={})
    one, other = waiting(lambda: dispatcher.tiers, dispatcher.lock)
    assert one is other


def test_declaring_waits_for_whoever_visits_the_kernels() -> None:
    """A kernel cannot be declared in the midst of a refresh or of the beginning of a pin."""
    catalogue = Catalogue()
    dispatcher = Dispatcher(catalogue, tiers=Functions({}), environ={})
    catalogue.publish = dispatcher.publish
    names = iter(("one", "two"))
    declared = waiting(
        lambda: catalogue.declare(Kernel("k", named(next(names)), "len(values)", Tolerance(), total_cases)),
        dispatcher.lock,
    )
    assert len(declared) == 2


def test_a_refresh_while_tables_are_read_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that were found before the refresh are not kept."""
    dispatcher = Dispatcher(Catalogue(), tiers=Functions({}), environ={})
    found = iter(("old", "new"))

    def find(*_: Any) -> Sources:
        told = next(found)
        if told == "old":
            dispatcher.refresh()
        return Sources((), (told,))

    monkeypatch.setattr(state, "find_sources", find)
    assert [dispatcher.sources().refused for _ in range(3)] == [("old",), ("new",), ("new",)]


def test_a_refresh_while_the_settings_are_read_holds() -> None:
    """Settings that were read before the refresh are not kept."""

    class Changing(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            before = super().get(name, default)
            if name == "POLYTIER_STRICT" and before is default:
                self[name] = "1"
                dispatcher.refresh()
            return before

    dispatcher = Dispatcher(Catalogue(), tiers=Functions({}), environ=Changing())
    assert [dispatcher.planner().strict for _ in range(3)] == [False, True, True]
