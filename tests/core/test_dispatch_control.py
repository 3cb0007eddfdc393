"""Dispatch: pins, traces, explanations, re-ranking, threads, processes, and which table holds."""

from __future__ import annotations

import asyncio
import copy
import logging
import multiprocessing
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import pytest
from helpers_dispatch import HOST, Functions, bench, standing, table, total, total_cases
from test_dispatch_chain import CALL, Flaky, answering, raising

import polytier
from polytier.dispatch import Dispatcher, Reason
from polytier.dispatch.tables import find_sources, shipped_path
from polytier.errors import FileFormatError, PinError, TierLoadError, UnknownNameError
from polytier.kernels.declaration import Catalogue, Kernel
from polytier.kernels.tolerance import Tolerance
from polytier.record import TierBuild
from polytier.record.tables import format_table, parse_table

if TYPE_CHECKING:
    from pathlib import Path


def by_name(explanation: Any) -> dict[str, Any]:
    """Return the reasons of an explanation by name."""
    return {why.name: why for why in (*explanation.links, *explanation.left_out)}


# Pins ------------------------------------------------------------------------------------------------------------


def test_using_pins_a_tier_inside_the_block() -> None:
    """A pin holds in the block, an inner one wins, and the floor can be pinned too."""
    b = bench({"go": answering(4.0), "rust": answering(7.0)}, standing(2, 0, "rust", "go", "floor"))
    assert b.function(CALL) == 7.0
    with b.dispatcher.using("go"):
        assert b.function(CALL) == 4.0
        with b.dispatcher.using("floor"):
            assert b.function(CALL) == 3.0
        assert b.function(CALL) == 4.0
    assert b.function(CALL) == 7.0


def test_using_is_a_decorator_too() -> None:
    """A decorated function runs pinned, also from several threads at once."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    decorated = b.dispatcher.using("floor")(lambda: b.function(CALL))
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: decorated(), range(200))) == {3.0}
    assert b.function(CALL) == 7.0


def test_a_pin_is_local_to_its_thread_and_task() -> None:
    """Another thread and another task do not see the pin."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))

    async def pinned() -> float:
        with b.dispatcher.using("floor"):
            await asyncio.sleep(0)
            return b.function(CALL)  # type: ignore[no-any-return]

    async def free() -> float:
        await asyncio.sleep(0)
        return b.function(CALL)  # type: ignore[no-any-return]

    async def both() -> list[float]:
        return await asyncio.gather(pinned(), free(), pinned(), free())

    assert asyncio.run(both()) == [3.0, 7.0, 3.0, 7.0]
    with b.dispatcher.using("floor"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(b.function, CALL).result() == 7.0
        assert copy_context().run(b.function, CALL) == 3.0


@pytest.mark.parametrize("failure", [RuntimeError("dead"), ImportError("gone")])
def test_a_pinned_tier_that_fails_is_an_error(failure: Exception) -> None:
    """A pin never falls through, and a pinned failure quarantines nothing."""
    b = bench({"rust": raising(failure)}, standing(2, 0, "rust", "floor"))
    with b.dispatcher.using("rust"), pytest.raises(type(failure)) as caught:
        b.function(CALL)
    assert caught.value is failure
    assert b.dispatcher.quarantine.report("total", "rust") is None


def test_a_pinned_tier_that_cannot_be_had_is_an_error() -> None:
    """The error names kernel and tier, says why, and how to go on."""
    broken = TierLoadError.of("rust", "its module is missing", "install it")
    b = bench({"go": None, "rust": broken}, standing(2, 0, "rust", "floor"))
    for name in ("go", "rust"):
        with b.dispatcher.using(name), pytest.raises(PinError, match=f"'total' pinned to tier '{name}'.*\nhint: unpin"):
            b.function(CALL)


def test_using_an_unknown_tier_lists_the_known_ones() -> None:
    """A misspelt pin is refused at once."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    with pytest.raises(UnknownNameError, match="use tier 'rsut': no tier has this name\nhint: known: 'floor', 'rust'"):
        b.dispatcher.using("rsut")


def test_the_handle_gives_one_tier_without_dispatch() -> None:
    """`.tier(name)` is the implementation itself, `.tier('floor')` the floor."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "floor"))
    assert b.function.dispatch.tier("rust")(CALL) == 7.0
    assert b.function.dispatch.tier("floor") is total


# Traces ----------------------------------------------------------------------------------------------------------


def test_a_trace_notes_every_call_of_its_block() -> None:
    """Kernel, size, tier, reason, fall-throughs and time stand in each event; outside the block nothing is noted."""
    rust = Flaky(1)
    b = bench({"rust": rust}, standing(2, 0, "rust", "floor"))
    b.function([])
    rust.calls = 0
    with b.dispatcher.trace() as trace:
        b.function(CALL)
        b.function([1.0] * 5)
        with b.dispatcher.using("floor"):
            b.function(CALL)
    b.function(CALL)
    assert [(e.kernel, e.size, e.tier) for e in trace] == [
        ("total", 2, "floor"),
        ("total", 5, "rust"),
        ("total", 2, "floor"),
    ]
    assert [e.reason for e in trace] == [Reason.FELL_THROUGH, Reason.MEASURED, Reason.PINNED]
    assert trace[0].fell_through == (("rust", "RuntimeError: failure 1"),)
    assert all(e.nanoseconds > 0 for e in trace[:2])
    assert len(trace) == 3


def test_nested_traces_both_note() -> None:
    """An inner trace does not take events from the outer one, and a call without a size is noted without."""
    b = bench({}, standing(2, 0, "floor"))
    with b.dispatcher.trace() as outer:
        b.function(CALL)
        with b.dispatcher.trace() as inner:
            b.function([1.0])
    assert [e.size for e in outer] == [2, 1]
    assert [e.size for e in inner] == [1]


def test_a_trace_is_exact_per_thread() -> None:
    """Calls of other threads are not noted."""
    b = bench({}, standing(2, 0, "floor"))
    with b.dispatcher.trace() as trace, ThreadPoolExecutor(2) as pool:
        list(pool.map(b.function, [CALL] * 10))
    assert len(trace) == 0


# Reasons ---------------------------------------------------------------------------------------------------------


def test_why_gives_each_tier_its_reason() -> None:
    """Measured, level, slower, unmeasured, absent, disabled, quarantined and floor are told apart."""
    b = bench(
        {
            "rust": answering(7.0),
            "go": answering(4.0),
            "slow": answering(5.0),
            "new": answering(6.0),
            "off": answering(8.0),
            "sick": TierLoadError.of("sick", "no library", "install it"),
            "bare": None,
        },
        standing(2, 0, "rust", "go", "off", "gone", "sick", "bare", "floor", "slow", level=("go",)),
        denied={"off": "POLYTIER_DISABLE=off"},
    )
    explanation = b.function.dispatch.why(CALL)
    assert {name: str(why.reason) for name, why in by_name(explanation).items()} == {
        "rust": "measured",
        "go": "level",
        "floor": "floor",
        "slow": "slower-than-floor",
        "new": "unmeasured",
        "gone": "absent",
        "off": "disabled",
        "sick": "quarantined",
        "bare": "absent",
    }
    assert [why.name for why in explanation.links] == ["rust", "go", "floor"]
    assert b.function.dispatch.chain(2) == ("rust", "go", "bare", "floor")
    text = str(explanation)
    assert text.startswith(
        f"total at size 2 on {HOST}\nranks: a table given to this process\n  1. rust: measured 1e-06 s, 64 times"
    )
    assert "sick: quarantined, until polytier.refresh(): load tier 'sick': no library" in text.replace(
        "TierLoadError: ", ""
    )


def test_why_tells_the_rest_of_a_quarantine() -> None:
    """A timed quarantine says how long it lasts and what the tier raised."""
    b = bench({"rust": raising(RuntimeError("dead"))}, standing(2, 0, "rust", "floor"))
    for _ in range(3):
        b.function(CALL)
    why = by_name(b.dispatcher.explain("total", 2))["rust"]
    assert (why.reason, why.detail) == (Reason.QUARANTINED, "for another 1 s: RuntimeError: dead")


def test_another_build_than_measured_is_stale() -> None:
    """A tier whose digest differs from the table's still serves, and why says so."""
    builds = {"rust": TierBuild("1.0", "digest of rust"), "go": TierBuild("0.9", "an older build")}
    b = bench({"rust": answering(7.0), "go": answering(4.0)})
    b.dispatcher.rank_by(table(standing(2, 0, "go", "rust", "floor"), tiers=builds))
    reasons = by_name(b.dispatcher.explain("total", 2))
    assert (reasons["rust"].reason, reasons["go"].reason) == (Reason.MEASURED, Reason.STALE)
    assert "measured with build an older bui of version 0.9" in reasons["go"].detail
    with b.dispatcher.trace() as trace:
        assert b.function(CALL) == 4.0
    assert trace[0].reason == Reason.STALE


def test_a_table_of_another_host_is_an_estimate() -> None:
    """Ranks of another kind of host serve, but nobody calls them measured here."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"), host="another-host")
    assert b.function(CALL) == 7.0
    assert by_name(b.dispatcher.explain("total", 2))["rust"].reason == Reason.ESTIMATED


def test_an_unmeasured_tier_is_not_tried_unless_allowed() -> None:
    """POLYTIER_UNMEASURED=allow places it below the measured ones and above the floor."""
    closed = bench({"new": answering(6.0)}, standing(2, 0, "floor"))
    assert closed.function(CALL) == 3.0
    allowed = bench(
        {"new": answering(6.0), "rust": Flaky(1)},
        standing(2, 0, "rust", "floor"),
        environ={"POLYTIER_UNMEASURED": "allow"},
    )
    assert allowed.function.dispatch.chain(2) == ("rust", "new", "floor")
    assert allowed.function(CALL) == 6.0
    assert by_name(allowed.dispatcher.explain("total", 2))["new"].reason == Reason.UNMEASURED


def test_without_ranks_the_floor_serves() -> None:
    """A kernel that no table knows runs on its floor, and why says what to do."""
    b = bench({"rust": answering(7.0)})
    b.dispatcher.rank_by(table(standing(2, 0, "rust", "floor"), kernel="another"))
    assert b.function(CALL) == 3.0
    assert "`polytier measure` makes one" in b.dispatcher.explain("total", 2).origin


def test_a_standing_without_medians_is_ranked_all_the_same() -> None:
    """A table need not hold seconds for every name."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor", rust=0.0))
    assert by_name(b.dispatcher.explain("total", 2))["rust"].detail == "ranked"


def test_explaining_an_unknown_kernel_lists_the_known_ones() -> None:
    """The error names what was asked and what there is."""
    b = bench({}, standing(2, 0, "floor"))
    with pytest.raises(UnknownNameError, match=r"use kernel 'totl'.*\nhint: known: 'total'"):
        b.dispatcher.explain("totl", 2)


# Re-ranking and threads ------------------------------------------------------------------------------------------


def test_reranking_reaches_every_reference() -> None:
    """The function object stays the same; only its body changes."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    reference = b.function
    assert [reference(CALL), reference(CALL)] == [7.0, 7.0]
    b.dispatcher.rank_by(table(standing(2, 0, "floor", "rust")))
    assert reference.dispatch.last_tier == "rust"
    assert [reference(CALL), reference(CALL)] == [3.0, 3.0]


def test_reranking_back_and_forth_compiles_nothing_anew() -> None:
    """Equal chains share one body, so that a process that re-ranks for days does not grow."""
    b = bench({"go": answering(4.0), "rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    one, other = (
        table(standing(2, 0, "rust", "floor")),
        table(standing(2, 0, "go", "floor"), standing(9, 5, "rust", "floor")),
    )
    for _ in range(20):
        for chosen in (one, other):
            b.dispatcher.rank_by(chosen)
            b.function(CALL)
    assert len(b.function.dispatch._bodies) == 2


def test_eight_threads_call_while_the_table_is_reranked() -> None:
    """1000 re-rankings under load give no wrong result and no exception."""
    flaky = {"n": 0}

    def sometimes(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        flaky["n"] += 1
        if flaky["n"] % 50 == 0:
            raise RuntimeError("now and then")
        return scale * sum(values) + shift

    def exact(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        return scale * sum(values) + shift

    b = bench({"go": sometimes, "rust": exact}, standing(2, 0, "rust", "floor"))
    tables = [
        table(standing(2, 0, "rust", "floor")),
        table(standing(2, 0, "go", "rust", "floor"), standing(9, 3, "rust", "floor")),
        table(standing(2, 0, "floor", "go")),
        table(standing(2, 0, "floor"), standing(4, 3, "go", "floor"), standing(9, 6, "rust", "go", "floor")),
    ]
    stop = threading.Event()
    wrong: list[Any] = []

    def call() -> int:
        calls = 0
        while not stop.is_set():
            for n in range(9):
                answer = b.function([1.0] * n, 2.0, shift=1.0)
                if answer != 2.0 * n + 1.0:
                    wrong.append((n, answer))
                calls += 1
        return calls

    with ThreadPoolExecutor(8) as pool:
        callers = [pool.submit(call) for _ in range(8)]
        for round_ in range(1000):
            b.dispatcher.rank_by(tables[round_ % len(tables)])
            if round_ % 100 == 0:
                b.dispatcher.refresh()
        stop.set()
        assert all(caller.result() > 0 for caller in callers)
    assert wrong == []


def test_a_plan_made_during_a_reranking_is_not_kept() -> None:
    """A plan of an older generation serves its own call and is forgotten."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    plain = b.tiers.implementation

    def reranking(name: str, kernel: str) -> Any:
        b.tiers.implementation = plain  # type: ignore[method-assign]
        b.dispatcher.rank_by(table(standing(2, 0, "floor")))
        return plain(name, kernel)

    b.tiers.implementation = reranking  # type: ignore[method-assign]
    assert [b.function(CALL), b.function(CALL)] == [7.0, 3.0]


def test_refresh_reads_the_environment_anew() -> None:
    """Settings are read once, and again after a refresh."""
    environ = {"POLYTIER_STRICT": "0"}
    b = bench({"rust": raising(RuntimeError("dead"))}, standing(2, 0, "rust", "floor"), environ=environ)
    assert b.function(CALL) == 3.0
    environ["POLYTIER_STRICT"] = "1"
    assert b.function(CALL) == 3.0
    b.dispatcher.refresh()
    with pytest.raises(RuntimeError, match="dead"):
        b.function(CALL)


def test_warming_loads_and_starts_tiers() -> None:
    """`warm` runs a tier's own `warm()`, for all allowed tiers or for those named; an unknown name is refused."""
    tiers = Functions({"warmable": {}, "plain": {}, "off": {}}, {"off": "POLYTIER_DISABLE=off"})
    dispatcher = Dispatcher(Catalogue(), tiers=tiers, environ={})
    dispatcher.warm()
    dispatcher.warm("warmable")
    assert tiers.warmed == ["warmable", "warmable"]
    with pytest.raises(UnknownNameError, match="use tier 'ghost'"):
        dispatcher.warm("ghost")


# Processes -------------------------------------------------------------------------------------------------------


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
        child = threading.Thread(target=b.dispatcher._renew_locks)
        child.start()
        child.join(10)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(b.function, CALL).result(timeout=10) == 7.0


# Tables ----------------------------------------------------------------------------------------------------------


def test_the_table_named_by_the_environment_stands_alone(tmp_path: Path) -> None:
    """POLYTIER_TABLE goes before all others, and one of another host is an estimate."""
    path = tmp_path / "mine.toml"
    path.write_text(format_table(table(standing(2, 0, "floor"))))
    sources = find_sources({"POLYTIER_TABLE": str(path)}, HOST, lambda: None)
    assert [source.estimated for source in sources.known] == [False]
    assert str(path) in sources.known[0].origin
    assert find_sources({"POLYTIER_TABLE": str(path)}, "elsewhere", lambda: None).known[0].estimated


def test_a_malformed_named_table_is_refused(tmp_path: Path) -> None:
    """Who names a table wants no other: the error says the line."""
    path = tmp_path / "bad.toml"
    path.write_text("format = 1\nhost = \n")
    with pytest.raises(FileFormatError, match="line 2"):
        find_sources({"POLYTIER_TABLE": str(path)}, HOST, lambda: None)
    with pytest.raises(FileFormatError):
        find_sources({"POLYTIER_TABLE": str(tmp_path / "absent.toml")}, HOST, lambda: None)


def test_the_users_table_goes_before_the_shipped_one(tmp_path: Path) -> None:
    """The user's own measurements come first, the shipped table second."""
    path = tmp_path / "dispatch.toml"
    path.write_text(format_table(table(standing(2, 0, "floor"))))
    known = find_sources({}, HOST, lambda: path).known
    assert known[0].origin.startswith("your own measurements of")
    assert [source.origin.split(" of")[0] for source in known[1:]] == ["the shipped table"] * shipped_path().exists()


def test_a_malformed_users_table_is_left_out_and_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is half-read: the next table holds, a warning is logged, and why shows the refusal."""
    path = tmp_path / "dispatch.toml"
    path.write_text("format = 99\n")
    with caplog.at_level(logging.WARNING, "polytier"):
        sources = find_sources({}, HOST, lambda: path)
    assert all("shipped" in source.origin for source in sources.known)
    assert str(path) in sources.refused[0]
    assert "a table is left out" in caplog.text


def test_the_environment_decides_at_the_first_call(tmp_path: Path) -> None:
    """A dispatcher without a given table reads POLYTIER_TABLE when it is first needed, and freezes what holds."""
    path = tmp_path / "mine.toml"
    path.write_text(format_table(table(standing(2, 0, "rust", "floor"), host="another-host")))
    catalogue = Catalogue()
    tiers = Functions({"rust": {"total": answering(7.0)}})
    dispatcher = Dispatcher(catalogue, tiers=tiers, environ={"POLYTIER_TABLE": str(path)})
    catalogue.publish = dispatcher.publish
    function: Any = catalogue.declare(Kernel("total", total, "len(values)", Tolerance(), total_cases))
    assert function(CALL) == 7.0
    assert parse_table(dispatcher.freeze(), "frozen").host == "another-host"


def test_freezing_keeps_the_ranks_in_force() -> None:
    """The frozen table ranks alike, for the host on which it was measured."""
    b = bench({"rust": answering(7.0)}, standing(2, 0, "rust", "floor"))
    frozen = parse_table(b.dispatcher.freeze(), "frozen")
    assert frozen == table(standing(2, 0, "rust", "floor"))
    b.dispatcher.rank_by(None)
    unknown = Dispatcher(Catalogue(), tiers=Functions({}), environ={}, table=frozen)
    assert unknown.sources().known[0].table is frozen


def test_a_dispatcher_finds_the_installed_tiers_by_itself() -> None:
    """Without tiers given, those of the process are found at the first use."""
    dispatcher = Dispatcher(Catalogue(), environ={"POLYTIER_TIERS": ""})
    assert isinstance(dispatcher.tiers.installed(), tuple)
