"""The kit against tiers that crash, hang, start things, or answer otherwise in threads and other processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from helpers_testing import (
    ANSWER,
    BODY,
    COHERENCE,
    FORCE,
    changed,
    run_faulty,
    run_kit,
)

if TYPE_CHECKING:
    from conftest import Installer

pytest_plugins = ["pytester"]


def test_shared_scratch_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that keeps its input in a global fails test_threads_agree and nothing else."""
    source = changed(
        COHERENCE, (BODY, BODY + "    global kept\n    kept = phases\n    time.sleep(1e-4)\n    phases = kept\n")
    )
    failed, said = run_faulty(pytester, install_tier, "import time\n" + source, "-k", "threads or test_agrees")
    assert failed == {"test_threads_agree"}
    assert "one thread alone answered bits with digest" in said


def test_declining_in_other_threads_is_shown(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that serves the thread that loaded it and declines in others passes, and the table says so."""
    decline = (
        BODY
        + "    if threading.current_thread() is not threading.main_thread():\n"
        + "        raise RuntimeError('wrong thread')\n"
    )
    install_tier("one-thread", "import threading\n" + changed(COHERENCE, (BODY, decline)))
    result = run_kit(pytester, "--tier", "one-thread", "-k", "threads_agree")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*declined 1 times, first with RuntimeError: wrong thread"])


def test_holding_the_gil_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier whose long call lets no other thread run fails test_releases_the_gil and nothing else."""
    # A remembered answer stands for a long call: neither lets go of the GIL.
    remembered = (
        "    key = (len(theta), theta[-1]) if isinstance(theta, np.ndarray) and theta.size > 500_000 else None\n"
    )
    remembered += "    if key in memory:\n        return memory[key]\n"
    source = changed(COHERENCE, ("    return", "    memory[key] = answer ="), (BODY, remembered + BODY))
    source += "    memory.pop(None, None)\n    return answer\n\nmemory = {}\n"
    failed, said = run_faulty(pytester, install_tier, source, "-k", "gil or test_agrees")
    assert failed == {"test_releases_the_gil"}
    assert "no other thread ran before the answer was there" in said


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import os\nprint('about to leave', flush=True)\nos._exit(7)", "the process ended with exit code 7"),
        ("raise OSError('no such library')", "no such library"),
        ("answer = 42", "it offers none of the kernels under test"),
    ],
)
def test_a_tier_that_cannot_load_fails(
    pytester: pytest.Pytester, install_tier: Installer, source: str, found: str
) -> None:
    """A tier that dies, raises or offers nothing when it is imported fails test_loads, and nothing is silent."""
    failed, said = run_faulty(pytester, install_tier, source)
    assert failed == {"test_loads"}
    assert found in said


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()", "starts 1 threads"),
        ("import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''])", "processes: subprocess.Popen"),
    ],
)
def test_starting_something_at_import_is_found(
    pytester: pytest.Pytester, install_tier: Installer, source: str, found: str
) -> None:
    """A tier that starts a thread or a process when it is imported fails test_import_starts_nothing."""
    failed, said = run_faulty(pytester, install_tier, source + COHERENCE, "-k", "import_starts")
    assert failed == {"test_import_starts_nothing"}
    assert found in said


def test_a_crash_only_fails_its_own_test(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that kills its process at one case fails test_survives_every_case; the run goes on without that kernel."""
    source = changed(
        COHERENCE, (BODY, BODY + "    if len(phases) == 37:\n        os.kill(os.getpid(), signal.SIGSEGV)\n")
    )
    failed, said = run_faulty(pytester, install_tier, "import os, signal\n" + source + FORCE)
    assert failed == {"test_survives_every_case"}
    assert (
        "tier 'faulty', kernel 'order_parameter', case 'odd length': the process was killed by signal SIGSEGV" in said
    )
    assert "not run: a fresh process did not survive this kernel" in said


def test_a_hang_only_fails_its_own_test(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that hangs at one case is ended and fails test_survives_every_case."""
    source = changed(COHERENCE, (BODY, BODY + "    if len(phases) == 37:\n        time.sleep(600)\n"))
    failed, said = run_faulty(pytester, install_tier, "import time\n" + source, "--conformance-limit", "1")
    assert failed == {"test_survives_every_case"}
    assert "case 'odd length': the process was silent for 2 s" in said


def test_another_answer_after_fork_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that computes otherwise in a forked child fails test_child_computes_the_same and nothing else."""
    source = changed(COHERENCE, (ANSWER, ANSWER.rstrip() + " + 1e-12 * (os.getpid() != born)\n"))
    failed, said = run_faulty(
        pytester, install_tier, "import os\nborn = os.getpid()\n" + source, "-k", "child or test_agrees"
    )
    assert failed == {"test_child_computes_the_same"}
    assert "a forked child answered bits with digest" in said


def test_a_hang_after_fork_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that hangs in a forked child is ended there and fails test_child_computes_the_same."""
    hang = BODY + "    if os.getpid() != born:\n        time.sleep(600)\n"
    source = "import os, time\nborn = os.getpid()\n" + changed(COHERENCE, (BODY, hang))
    failed, said = run_faulty(pytester, install_tier, source, "--conformance-limit", "3", "-k", "child or test_agrees")
    assert failed == {"test_child_computes_the_same"}
    assert "the forked child was silent for 3 s" in said


def test_a_crash_after_fork_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that ends a forked child fails test_child_computes_the_same."""
    die = BODY + "    if os.getpid() != born:\n        os._exit(9)\n"
    source = "import os\nborn = os.getpid()\n" + changed(COHERENCE, (BODY, die))
    failed, said = run_faulty(pytester, install_tier, source, "-k", "child or test_agrees")
    assert failed == {"test_child_computes_the_same"}
    assert "case 'n=1': the forked child ended with exit code 9" in said


def test_bits_that_differ_between_processes_are_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier whose bits depend on the process fails test_same_bits_in_a_fresh_process."""
    source = changed(COHERENCE, (ANSWER, ANSWER.rstrip() + " + 1e-13 * (os.getpid() % 1000)\n"))
    failed, _ = run_faulty(
        pytester, install_tier, "import os\n" + source, "-k", "fresh_process or child or test_agrees"
    )
    assert failed == {"test_same_bits_in_a_fresh_process", "test_child_computes_the_same"}
