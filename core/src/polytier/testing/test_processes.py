"""Threads and processes: importing starts nothing, other threads go on, and a child computes the same."""

# Language policy: exempt, it deals cases out to threads.

from __future__ import annotations

import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from polytier.marks import FLOOR
from polytier.testing.answers import DECLINED, outcome
from polytier.testing.complaints import decline, fail
from polytier.testing.processes import Report, Stage
from polytier.testing.scout import METHODS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polytier.testing.selection import Selection, Subject

THREADS = 8
ROUNDS = 3
LARGE = 100_000
"""From this size on a call is expected to let other threads run."""

ATTEMPTS = 20


def test_import_starts_nothing(tier: str, selection: Selection) -> None:
    """Importing a tier's module starts no thread and no process: a runtime starts at the first call."""
    if tier == FLOOR:
        pytest.skip("the floor has no module of its own to import")
    report = selection.report("starts", tier)
    if report.end or report.facts.get("failure"):
        pytest.skip("the tier does not load, see test_loads")
    threads, processes = report.facts["threads"], report.facts["processes"]
    if threads or processes:
        found = f"importing it starts {threads} threads and these processes: {', '.join(processes) or 'none'}"
        fail(tier, found, "start the runtime at the first call that wants it")


def test_survives_every_case(subject: Subject, selection: Selection) -> None:
    """A fresh process computes every case and lives."""
    report = selection.answers(subject)
    if report.end and (not report.fresh.outcomes or report.fresh.begun is not None):
        found = f"the process {report.end}{_last_words(report)}"
        fail(subject, found, "raise an exception instead; a tier must not end its process", report.fresh.begun)


@pytest.mark.usefixtures("alive")
def test_same_bits_in_a_fresh_process(subject: Subject, selection: Selection) -> None:
    """A fresh process gives the bits that this one gives."""
    here = {case.label: outcome(subject.implementation, case) for case in subject.kernel.cases}
    _same(subject, here, selection.answers(subject).fresh.outcomes, "a fresh process")


@pytest.mark.usefixtures("alive")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_child_computes_the_same(subject: Subject, method: str, selection: Selection) -> None:
    """A child of multiprocessing, forked after its parent computed or spawned, gives its parent's bits."""
    if method not in METHODS:
        pytest.skip(f"this system does not {method}")
    report = selection.answers(subject)
    stage = report.stages.get(method, Stage(end="was never started"))
    if stage.end or report.end:
        found = f"the {method}ed child {stage.end or report.end}{_last_words(report)}"
        hint = "after a fork start anew or raise RuntimeError: threads and locks of the parent do not live on"
        fail(subject, found, hint, stage.begun)
    _same(subject, report.fresh.outcomes, stage.outcomes, f"a {method}ed child")


@pytest.mark.usefixtures("alive")
def test_threads_agree(subject: Subject) -> None:
    """Eight threads that call at once, each with its own arguments, get the bits that one thread gets."""
    cases = [case for case in subject.kernel.cases if case.raises is None]
    timed = subject.kernel.timed_cases
    slow = timed[len(timed) // 2 :]
    alone = [outcome(subject.implementation, case) for case in cases]
    barrier, wrong, lock = threading.Barrier(THREADS), Counter[tuple[int, str]](), threading.Lock()

    def work(offset: int) -> None:
        barrier.wait()
        for turn in range(ROUNDS * len(cases)):
            place = (offset * len(cases) // THREADS + turn) % len(cases)
            if turn >= len(cases) and cases[place] in slow:
                continue
            found = outcome(subject.implementation, cases[place])
            if found != alone[place]:
                with lock:
                    wrong[place, found] += 1

    _with_switches(1e-6, lambda: _run_all([threading.Thread(target=work, args=(i,)) for i in range(THREADS)]))
    refusals = [found for _, found in wrong if found.startswith(DECLINED)]
    for (place, found), times in wrong.items():
        if not found.startswith(DECLINED):
            said = f"of {THREADS} threads, {times} calls {_shown(found)}, one thread alone {_shown(alone[place])}"
            fail(subject, said, "share nothing that a call writes, or hold a lock while it does", cases[place].label)
    if refusals:
        decline(refusals[0].removeprefix(DECLINED))


@pytest.mark.usefixtures("alive")
def test_releases_the_gil(subject: Subject) -> None:
    """While a large input is computed, another thread runs."""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        pytest.skip("this Python has no GIL")
    case = max(subject.kernel.timed_cases, key=subject.kernel.case_size, default=None)
    if case is None or subject.kernel.case_size(case) < LARGE:
        pytest.skip(f"the kernel has no measured case of size {LARGE} or more")
    arguments = case.arguments()
    call = outcome(subject.implementation, case, arguments)
    if call.startswith(DECLINED):
        decline(call.removeprefix(DECLINED))

    def compute() -> None:
        subject.implementation(*arguments, **case.keywords)

    # No switch is forced: between start and end another thread runs only if the call itself lets go.
    # One attempt may miss a short release, so several are made.
    if not any(_with_switches(1000.0, lambda: _seen_during(compute)) for _ in range(ATTEMPTS)):
        hint = "release the GIL around the computation (PyO3: py.detach, cffi: by itself)"
        fail(subject, f"in {ATTEMPTS} calls no other thread ran before the answer was there", hint, case.label)


def _seen_during(compute: Callable[[], None]) -> bool:
    begun, ended = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        compute()
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    seen = not ended.is_set()
    thread.join()
    return seen


def _with_switches(interval: float, action: Callable[[], Any]) -> Any:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(interval)
    try:
        return action()
    finally:
        sys.setswitchinterval(usual)


def _run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _same(subject: Subject, here: Mapping[str, str], there: Mapping[str, str], where: str) -> None:
    declined = ""
    for label, found in there.items():
        if found.startswith(DECLINED) and not here[label].startswith(DECLINED):
            declined = declined or found
        elif found.partition(":")[0] != here[label].partition(":")[0]:
            hint = "fix the order of every sum, and depend on nothing that differs between processes"
            fail(subject, f"{where} {_shown(found)}, its parent {_shown(here[label])}", hint, label)
    if declined:
        decline(declined.removeprefix(DECLINED))


def _shown(outcome: str) -> str:
    return outcome.replace("answered ", "answered bits with digest ")


def _last_words(report: Report) -> str:
    return f"; the last lines it wrote to stderr:\n{report.stderr.rstrip()}" if report.stderr.strip() else ""
