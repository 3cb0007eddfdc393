"""Probes: one attempt to use a tier, in this process and in one of its own."""

from __future__ import annotations

import json
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from polytier.kernels.declaration import Case, Kernel, catalogue
from polytier.kernels.tolerance import Tolerance
from polytier.tiers import Tiers
from polytier.tiers.probe import Probe, main, probe, probe_isolated

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Installer

RIGHT = """
import math

def order_parameter(theta):
    return math.hypot(sum(map(math.cos, theta)), sum(map(math.sin, theta))) / len(theta)

"""
WRONG = "def order_parameter(theta):\n    return 0.25\n"


def probed(name: str) -> Probe:
    """Probe a tier in this process over the real catalogue."""
    return probe(Tiers(catalogue.__getitem__), catalogue, name)


def test_a_sound_tier_passes(install_tier: Installer) -> None:
    """A tier that agrees with the floor has a receipt and no complaint; kernels that it lacks are left out."""
    install_tier("fast", RIGHT)
    found = probed("fast")
    assert found.receipt is not None
    assert found.receipt.distribution == "polytier-fast"
    assert (found.failure, found.agreement, found.passed) == (None, {"order_parameter": None}, True)


def test_a_wrong_answer_is_told(install_tier: Installer) -> None:
    """A disagreement is a sentence that names kernel, case and tier, and the probe does not pass."""
    install_tier("fast", WRONG)
    found = probed("fast")
    assert str(found.agreement["order_parameter"]).startswith("order_parameter [n=1] of tier 'fast': ")
    assert not found.passed


def test_a_tier_that_cannot_load_is_told(install_tier: Installer) -> None:
    """A tier that fails to load has no receipt, and the failure says why."""
    install_tier("broken", "raise SystemExit(1)")
    found = probed("broken")
    assert (found.receipt, found.agreement, found.passed) == (None, {}, False)
    assert "importing 'tier_broken' raised SystemExit(1)" in str(found.failure)


def test_refused_and_failing_kernels_are_told_one_by_one(install_tier: Installer) -> None:
    """A refused signature, a failing call and an attempt to exit concern one kernel each; a decline is no failure."""
    source = "def mean_phase(x): ...\ndef networked_force(theta, K):\n    raise SystemExit(1)\n"
    source += "def build_knm(n=16, k_base=0.45, alpha=0.3):\n    raise NotImplementedError('not here')\n"
    install_tier("fast", source + RIGHT)
    told = probed("fast").agreement
    assert list(told) == ["order_parameter", "mean_phase", "build_knm", "networked_force"]
    assert told["order_parameter"] is None
    assert "its 'mean_phase' is refused: its signature is (x)" in str(told["mean_phase"])
    assert told["build_knm"] is None
    assert told["networked_force"] == "its 'networked_force' raised SystemExit(1)"


def test_the_smallest_case_is_taken_whatever_kernels_offer(install_tier: Installer) -> None:
    """The first timed case is probed; a kernel without timed cases is probed on its first, one without any on none."""

    def floor(x: float) -> float:
        return x

    def kernel(*cases: Case) -> Kernel:
        return Kernel("floor", floor, "1", Tolerance(), lambda: cases)

    awkward, timed = Case("awkward", lambda: (1.0,)), Case("timed", lambda: (2.0,), timed=True)
    install_tier("fast", "def floor(x):\n    return 0.0")
    told = []
    for cases in ((awkward, timed), (awkward,), ()):
        declared = kernel(*cases)
        told.append(probe(Tiers({"floor": declared}.__getitem__), [declared], "fast").agreement["floor"])
    assert [str(sentence)[:18] for sentence in told] == ["floor [timed] of t", "floor [awkward] of", "None"]


def test_a_declined_case_leaves_the_next_one_to_tell(install_tier: Installer) -> None:
    """A tier may decline the small ones; it is judged by the first case that it answers, and by none if it has none."""

    def floor(x: float) -> float:
        return x

    timed = [Case(f"n={n}", partial(tuple, [float(n)]), timed=True) for n in (1, 2, 3)]
    declared = Kernel("floor", floor, "1", Tolerance(), lambda: [Case("awkward", lambda: (9.0,)), *timed])
    for least, told in ((2, "floor [n=2] of tier"), (9, "floor [awkward] of"), (10, None)):
        source = f"def floor(x):\n    if x < {least}:\n        raise NotImplementedError('too small')\n    return 0.0"
        install_tier(f"from{least}", source)
        found = probe(Tiers({"floor": declared}.__getitem__), [declared], f"from{least}").agreement["floor"]
        assert (found or "")[: len(told or "")] == (told or "")
        assert (found is None) == (told is None)


def test_a_process_of_its_own_gives_the_same_answer(install_tier: Installer) -> None:
    """An isolated probe finds what a probe in this process finds, and the tier may print what it likes."""
    install_tier("fast", "print('hello')\n" + WRONG)
    found = probe_isolated("fast")
    assert "tier_fast" not in sys.modules
    assert found == probed("fast")


def test_places_added_at_run_time_are_found(install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tier on a sys.path entry that no environment variable names can be probed in isolation."""
    install_tier("fast", RIGHT)
    monkeypatch.delenv("PYTHONPATH")
    monkeypatch.chdir(install_tier.root)
    monkeypatch.setattr(sys, "path", ["", *[place for place in sys.path if place != str(install_tier.root)], 7])
    assert probe_isolated("fast").passed


@pytest.mark.parametrize(
    ("source", "failure"),
    [
        ("import os, sys\nsys.stderr.write('the last word')\nsys.stderr.flush()\nos.abort()", "by signal SIGABRT"),
        ("import os\nos._exit(3)", "its process ended with status 3 before it answered"),
        ("import os\nos._exit(0)", "its process ended with status 0 before it answered"),
        ("raise KeyboardInterrupt", "before it answered"),
    ],
)
def test_a_tier_that_ends_its_process_is_only_reported(install_tier: Installer, source: str, failure: str) -> None:
    """A crash says by which signal or status, and what was said last."""
    install_tier("broken", source)
    found = probe_isolated("broken")
    assert (found.receipt, found.passed) == (None, False)
    assert failure in str(found.failure)
    assert ("the last word" in str(found.failure)) == ("abort" in source)


def test_only_the_last_lines_are_kept(install_tier: Installer) -> None:
    """However much a tier says before it dies, a few lines are kept."""
    install_tier("broken", "import os\nprint('line\\n' * 100_000 + 'the end', flush=True)\nos._exit(1)")
    lines = str(probe_isolated("broken").failure).splitlines()
    assert (len(lines), lines[-1]) == (6, "the end")


def test_a_tier_that_hangs_is_ended_with_what_it_started(install_tier: Installer, tmp_path: Path) -> None:
    """After the time limit the tier's process and its children are gone, and the failure says so."""
    note = tmp_path / "child"
    source = f"""
        import pathlib, subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        pathlib.Path({str(note)!r}).write_text(str(child.pid))
        time.sleep(60)
    """
    install_tier("slow", source)
    found = probe_isolated("slow", seconds=5.0)
    assert str(found.failure).startswith("it gave no answer within 5 s")
    assert ended(int(note.read_text()))


def ended(process: int) -> bool:
    """Say whether a process is gone, or only waits to be reaped, within 5 s."""
    for _ in range(100):
        try:
            os.kill(process, 0)
            with open(f"/proc/{process}/stat", encoding="ascii") as file:  # noqa: PTH123 - a file of the kernel
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


def test_the_process_writes_its_answer_to_a_file(install_tier: Installer, tmp_path: Path) -> None:
    """What the process of an isolated probe leaves behind is JSON."""
    install_tier("fast", RIGHT)
    main("fast", str(tmp_path / "answer"))
    content: dict[str, Any] = json.loads((tmp_path / "answer").read_text())
    assert content["receipt"]["tier"] == "fast"
    assert (content["failure"], content["agreement"]) == (None, {"order_parameter": None})
