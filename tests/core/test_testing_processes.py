"""The kit against tiers that crash, hang, start things, or answer otherwise in threads and other processes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from helpers_testing import (
    ANSWER,
    BODY,
    COHERENCE,
    FORCE,
    changed,
    complaint,
    complaints,
    failed_tests,
    installed,
    messages,
    run_faulty,
    run_kit,
)

from polytier.kernels.declaration import catalogue
from polytier.marks import FLOOR
from polytier.testing import test_processes as processes
from polytier.testing.processes import errand
from polytier.testing.selection import Selection, Subject
from polytier.tiers import Tiers

if TYPE_CHECKING:
    from conftest import Installer

pytest_plugins = ["pytester"]


def test_shared_scratch_is_found(install_tier: Installer) -> None:
    """A tier that keeps its input in a global fails test_threads_agree and nothing else."""
    keep = BODY + "    global kept\n    kept = phases\n    time.sleep(1e-4)\n    phases = kept\n"
    subject = installed(install_tier, "import time\n" + changed(COHERENCE, (BODY, keep)))
    assert complaints(subject) == {}
    assert "one thread alone answered bits with digest" in complaint(processes.test_threads_agree, subject)


def test_declining_in_other_threads_is_shown(install_tier: Installer) -> None:
    """A tier that serves the thread that loaded it and declines in others ends the test as declined."""
    decline = BODY + "    if threading.current_thread() is not threading.main_thread():\n"
    decline += "        raise RuntimeError('wrong thread')\n"
    subject = installed(install_tier, "import threading\n" + changed(COHERENCE, (BODY, decline)))
    with pytest.raises(pytest.skip.Exception, match="declined: RuntimeError: wrong thread"):
        processes.test_threads_agree(subject)


def test_holding_the_gil_is_found(install_tier: Installer) -> None:
    """A tier whose long call lets no other thread run fails test_releases_the_gil and nothing else."""
    # A remembered answer stands for a long call: neither lets go of the GIL.
    remembered = (
        "    key = (len(theta), theta[-1]) if isinstance(theta, np.ndarray) and theta.size > 500_000 else None\n"
    )
    remembered += "    if key in memory:\n        return memory[key]\n"
    source = changed(COHERENCE, ("    return", "    memory[key] = answer ="), (BODY, remembered + BODY))
    source += "    memory.pop(None, None)\n    return answer\n\nmemory = {}\n"
    assert complaints(installed(install_tier, source)) == {}
    subject = Subject("faulty", catalogue["order_parameter"], Tiers(catalogue.__getitem__))
    assert "no other thread ran before the answer was there" in complaint(processes.test_releases_the_gil, subject)


def test_the_gil_is_not_tested_where_it_says_nothing(install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel without a large measured case is not tested for the GIL, and no kernel on a Python without one."""
    subject = installed(install_tier, COHERENCE)
    with pytest.raises(pytest.skip.Exception, match="no measured case of size 100000 or more"):
        processes.test_releases_the_gil(subject)
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    with pytest.raises(pytest.skip.Exception, match="this Python has no GIL"):
        processes.test_releases_the_gil(subject)


@pytest.mark.parametrize(
    ("source", "found", "listed"),
    [
        ("import os\nprint('leaving')\nos._exit(7)", "the process ended with exit code 7", "not loaded: loading it"),
        ("raise OSError('no such library')", "no such library", "not loaded: load tier"),
        ("answer = 42", "it offers none of the kernels under test", "absent kernels"),
    ],
)
def test_a_tier_that_cannot_load_fails(
    pytester: pytest.Pytester, install_tier: Installer, source: str, found: str, listed: str
) -> None:
    """A tier that dies, raises or offers nothing when it is imported fails test_loads, and the table says so."""
    install_tier("faulty", source)
    result = run_kit(pytester, "--tier", "faulty")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert failed_tests(result) == {"test_loads"}
    assert found in messages(result)
    result.stdout.fnmatch_lines([f"faulty *0 of {len(tuple(catalogue))} *1 *", f"tier 'faulty', {listed}*"])


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()", "starts 1 threads"),
        ("import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''])", "processes: subprocess.Popen"),
    ],
)
def test_starting_something_at_import_is_found(install_tier: Installer, source: str, found: str) -> None:
    """A tier that starts a thread or a process when it is imported fails test_import_starts_nothing."""
    install_tier("faulty", source + COHERENCE)
    assert found in complaint(processes.test_import_starts_nothing, "faulty", Selection(["faulty"]))


def test_a_crash_only_fails_its_own_test(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that kills its process at one case fails test_survives_every_case; the run goes on without that kernel."""
    die = BODY + "    if len(phases) == 37:\n        os.kill(os.getpid(), signal.SIGSEGV)\n"
    source = "import os, signal\n" + changed(COHERENCE, (BODY, die)) + FORCE
    failed, said = run_faulty(pytester, install_tier, source, "-k", "agrees or survives or gil or force-forgets")
    assert failed == {"test_survives_every_case"}
    assert (
        "tier 'faulty', kernel 'order_parameter', case 'odd length': the process was killed by signal SIGSEGV" in said
    )
    assert "not run: a fresh process did not survive this kernel" in said


def test_a_hang_only_fails_its_own_test(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that hangs at one case is ended and fails test_survives_every_case."""
    source = changed(COHERENCE, (BODY, BODY + "    if len(phases) == 37:\n        time.sleep(600)\n"))
    install_tier("faulty", "import time\n" + source)
    result = run_kit(pytester, "--tier", "faulty", "--conformance-limit", "0.5")
    assert failed_tests(result) == {"test_survives_every_case"}
    assert "case 'odd length': the process was silent for 1 s" in messages(result)


def after_fork(install_tier: Installer, source: str, limit: float = 60.0) -> str:
    """Return what the kit says about the forked child of a tier that is right in its parent."""
    subject = installed(install_tier, "import os, time\nborn = os.getpid()\n" + source)
    assert complaints(subject) == {}
    return complaint(processes.test_child_computes_the_same, subject, "fork", Selection(["faulty"], limit=limit))


def test_another_answer_after_fork_is_found(install_tier: Installer) -> None:
    """A tier that computes otherwise in a forked child fails test_child_computes_the_same and nothing else."""
    source = changed(COHERENCE, (ANSWER, ANSWER.rstrip() + " + 1e-12 * (os.getpid() != born)\n"))
    assert "a forked child answered bits with digest" in after_fork(install_tier, source)


def test_a_hang_after_fork_is_found(install_tier: Installer) -> None:
    """A tier that hangs in a forked child is ended there and fails test_child_computes_the_same."""
    hang = BODY + "    if os.getpid() != born:\n        time.sleep(600)\n"
    assert "the forked child was silent for 1 s" in after_fork(install_tier, changed(COHERENCE, (BODY, hang)), 1.0)


def test_a_crash_after_fork_is_found(install_tier: Installer) -> None:
    """A tier that ends a forked child fails test_child_computes_the_same."""
    die = BODY + "    if os.getpid() != born:\n        os._exit(9)\n"
    found = after_fork(install_tier, changed(COHERENCE, (BODY, die)))
    assert "case 'n=1': the forked child ended with exit code 9" in found


def test_declining_after_fork_is_shown(install_tier: Installer) -> None:
    """A tier that declines in a forked child, as it should where it cannot go on, ends the test as declined."""
    decline = BODY + "    if os.getpid() != born:\n        raise RuntimeError('forked')\n"
    source = "import os\nborn = os.getpid()\n" + changed(COHERENCE, (BODY, decline))
    subject = installed(install_tier, source)
    with pytest.raises(pytest.skip.Exception, match="declined: RuntimeError: forked"):
        processes.test_child_computes_the_same(subject, "fork", Selection(["faulty"]))


def test_bits_that_differ_between_processes_are_found(install_tier: Installer) -> None:
    """A tier whose bits depend on the process fails the tests of a fresh process and of its children."""
    source = changed(COHERENCE, (ANSWER, ANSWER.rstrip() + " + 1e-13 * (os.getpid() % 1000)\n"))
    subject, selection = installed(install_tier, "import os\n" + source), Selection(["faulty"])
    subject = Subject("faulty", catalogue["order_parameter"], subject.tiers)
    assert "a fresh process answered bits" in complaint(processes.test_same_bits_in_a_fresh_process, subject, selection)
    assert "a spawned child answered bits" in complaint(
        processes.test_child_computes_the_same, subject, "spawn", selection
    )


def test_a_start_method_that_is_missing_is_not_tried() -> None:
    """Where the system lacks a way to start a child, the test says so."""
    subject = Subject(FLOOR, catalogue["build_knm"], Tiers(catalogue.__getitem__))
    with pytest.raises(pytest.skip.Exception, match="this system does not clone"):
        processes.test_child_computes_the_same(subject, "clone", Selection([FLOOR]))


def test_a_hang_is_ended_without_process_groups(install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no process groups the process itself is ended."""
    install_tier("faulty", "import time\n\n\ndef order_parameter(theta):\n    time.sleep(600)\n")
    monkeypatch.delattr(os, "killpg")
    report = errand("answer", "faulty", "order_parameter", "0.2", limit=0.2)
    assert (report.end, report.fresh.begun) == ("was silent for 0.4 s", "n=1")
