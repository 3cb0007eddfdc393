"""Whole sessions with real workers: what is kept, what is refused, and what is told."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

import pytest
from helpers_measure import GOOD, HASTY, MODULE, SHORT, install_pack

import polytier
from polytier.measure import Progress, run, session
from polytier.measure.session import TABLE, Session
from polytier.record.records import read_record
from polytier.record.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import Installer

    from polytier.kernels.declaration import Kernel
    from polytier.measure.settings import Settings
    from polytier.record.records import Record


@pytest.fixture
def kernels(install_tier: Installer) -> dict[str, Kernel]:
    """Install the kernels that are measured here."""
    return install_pack(install_tier)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every session short."""
    monkeypatch.setattr(session, "FULL", SHORT)
    monkeypatch.setattr(session, "QUICK", HASTY)


class Told:
    """Keeps what a session tells."""

    def __init__(self) -> None:
        self.all: list[Progress] = []

    def __call__(self, progress: Progress) -> None:
        """Keep it."""
        self.all.append(progress)

    @property
    def notes(self) -> list[str]:
        """The notes, without the empty ones."""
        return [progress.note for progress in self.all if progress.note]


def measured(kernel: Kernel, tiers: Sequence[str], output: Path, **options: Any) -> Record:
    """Measure one kernel."""
    (record,) = run([kernel], tiers, output=output, **options)
    return record


def cases(record: Record, tier: str) -> list[str]:
    """Return the cases on which a tier was measured."""
    return [measurement.case for measurement in record.measurements if measurement.tier == tier]


def reasons(record: Record) -> list[tuple[str, str, str]]:
    """Return the refusals, each with the first line of its reason."""
    return [(refusal.tier, refusal.case, refusal.reason.partition("\n")[0]) for refusal in record.refusals]


def test_a_session_keeps_records_and_table(kernels: dict[str, Kernel], install_tier: Installer, tmp_path: Path) -> None:
    """Floor and tier are measured on every timed case, and the files hold what is returned."""
    install_tier("good", GOOD, version="3.1")
    record = measured(kernels["pack_double"], ["good"], tmp_path)
    assert cases(record, "floor") == cases(record, "good") == ["n=2", "n=8"]
    assert record.refusals == ()
    assert (record.kernel, record.polytier) == ("pack_double", polytier.__version__)
    assert record.tiers["good"].version == "3.1"
    assert len(record.tiers["floor"].digest) == 16
    for entry in record.measurements:
        assert entry.samples == 3
        assert entry.size == entry.seed == int(entry.case.removeprefix("n="))
        assert 0 < entry.minimum <= entry.median <= entry.p95 < 1
        assert 0 < entry.first < 10
    assert {(entry.case, entry.tier) for entry in read_record(tmp_path / "pack_double.json").measurements} == {
        (entry.case, entry.tier) for entry in record.measurements
    }
    assert set(read_table(tmp_path / TABLE).kernels) == {"pack_double"}
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [TABLE, "pack_double.json"]


def test_progress_counts_up_to_the_total(kernels: dict[str, Kernel], install_tier: Installer, tmp_path: Path) -> None:
    """Every case of every tier is told before it begins, and at the end all is done."""
    install_tier("good", GOOD)
    told = Told()
    run([kernels["pack_double"], kernels["pack_again"]], ["good"], output=tmp_path / "out", progress=told)
    done = [progress.done for progress in told.all]
    assert done == sorted(done)
    assert told.all[0] == Progress("pack_double", "n=2", "floor", 0, 8)
    assert told.all[-1] == Progress("pack_again", "n=8", "good", 8, 8)
    assert {(progress.kernel, progress.case, progress.tier) for progress in told.all} == {
        (kernel, case, tier)
        for kernel in ("pack_double", "pack_again")
        for case in ("n=2", "n=8")
        for tier in ("floor", "good")
    }


def test_a_quick_session_leaves_out_what_takes_long(
    kernels: dict[str, Kernel], install_tier: Installer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case is left out where the floor is bound to take longer than the settings allow, and counts as done."""
    install_tier("good", GOOD)
    monkeypatch.setattr(session, "QUICK", dataclasses.replace(SHORT, longest=1e-9))
    told = Told()
    record = measured(kernels["pack_double"], ["good"], tmp_path, quick=True, progress=told)
    assert cases(record, "floor") == cases(record, "good") == ["n=2"]
    assert (told.all[-1].done, told.all[-1].total) == (4, 4)
    assert set(read_table(tmp_path / TABLE).kernels) == {"pack_double"}


def test_the_floor_is_measured_once(kernels: dict[str, Kernel], tmp_path: Path) -> None:
    """The floor may be named, and a tier may be named twice: each is measured once."""
    record = measured(kernels["pack_double"], ["floor", "floor"], tmp_path, with_table=False)
    assert cases(record, "floor") == ["n=2", "n=8"]
    assert not (tmp_path / TABLE).exists()


def test_a_kernel_without_timed_cases_is_left_out(kernels: dict[str, Kernel], tmp_path: Path) -> None:
    """What has nothing to time has no record."""
    told = Told()
    assert run([kernels["pack_untimed"]], [], output=tmp_path, progress=told) == []
    assert list(tmp_path.glob("*.json")) == []
    assert told.all == []


WRONG = "index 0 is 1.0, the floor says 0.0; the difference 1 exceeds absolute 1e-09, relative 0"

FAULTS: dict[str, tuple[str | None, list[tuple[str, str, str | None]]]] = {
    "wrong": (
        "def pack_double(values):\n    return values * 2.0 + 1.0",
        [
            ("wrong", "n=2", WRONG),
            ("wrong", "n=8", WRONG),
        ],
    ),
    "crash": (
        "import os, signal\ndef pack_double(values):\n    os.kill(os.getpid(), signal.SIGSEGV)",
        [("crash", "n=2", "it was ended by signal SIGSEGV; its last words:")],
    ),
    "hang": (
        "import time\ndef pack_double(values):\n    time.sleep(60 * (len(values) == 8))\n    return values * 2.0",
        [("hang", "n=8", "it gave no answer within 3 s; its last words:")],
    ),
    "late": (
        """
        import sys

        def pack_double(values):
            if sys._getframe(3).f_code.co_name == "sample":
                raise RuntimeError("tired")
            return values * 2.0
        """,
        [("late", case, "it raised RuntimeError: tired") for case in ("n=2", "n=8")],
    ),
    "gone": ("import no_such_library", [("gone", "n=2", None)]),
    "missing": (None, [("missing", "n=2", None)]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_tier_is_refused_and_the_run_goes_on(
    kernels: dict[str, Kernel], install_tier: Installer, tmp_path: Path, name: str
) -> None:
    """The record names what is wrong with one tier and has the measurements of the others."""
    source, wanted = FAULTS[name]
    install_tier("good", GOOD)
    if source is not None:
        install_tier(name, source)
    told = Told()
    record = measured(kernels["pack_double"], [name, "good"], tmp_path / "out", quick=name == "hang", progress=told)
    assert cases(record, "floor") == cases(record, "good") == ["n=2", "n=8"]
    found = reasons(record)
    assert [entry[:2] for entry in found] == [entry[:2] for entry in wanted]
    for (_, _, reason), (_, _, expected) in zip(found, wanted, strict=True):
        load_failure = f"it raised TierLoadError: load tier {name!r}"
        assert reason == expected or (expected is None and reason.startswith(load_failure))
    assert (name in record.tiers) == (name not in {"gone", "missing"})
    assert told.notes[0].startswith(f"pack_double [{wanted[0][1]}] of tier {name!r}: i")
    assert read_record(tmp_path / "out" / "pack_double.json").refusals


def test_a_denied_tier_is_refused(
    kernels: dict[str, Kernel], install_tier: Installer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The allow and deny lists of the environment hold in the workers."""
    install_tier("good", GOOD)
    monkeypatch.setenv("POLYTIER_DISABLE", "good")
    record = measured(kernels["pack_double"], ["good"], tmp_path / "out")
    assert cases(record, "good") == []
    assert "POLYTIER_DISABLE" in reasons(record)[0][2]


def test_declining_is_no_refusal(kernels: dict[str, Kernel], install_tier: Installer, tmp_path: Path) -> None:
    """A tier that declines a case is not measured there, and a note says so; one without the kernel is silent."""
    source = (
        "def pack_double(values):\n    if len(values) == 2: raise NotImplementedError('small')\n    return values * 2.0"
    )
    install_tier("choosy", source)
    install_tier("other", "")
    told = Told()
    record = measured(kernels["pack_double"], ["choosy", "other"], tmp_path / "out", progress=told)
    assert cases(record, "choosy") == ["n=8"]
    assert record.refusals == ()
    assert set(record.tiers) == {"floor", "choosy"}
    assert told.notes == ["pack_double [n=2] of tier 'choosy': it raised NotImplementedError: small"]


def test_a_broken_floor_is_refused_like_a_tier(kernels: dict[str, Kernel], tmp_path: Path) -> None:
    """A floor that refuses its own timed case is named, and the record is kept."""
    record = measured(kernels["pack_broken"], [], tmp_path)
    assert cases(record, "floor") == ["n=2"]
    (refusal,) = record.refusals
    assert (refusal.tier, refusal.case) == ("floor", "n=8")
    assert refusal.reason == "the floor itself raised ValueError (not eight), where the case wants an answer"


def test_a_floor_that_cannot_start_leaves_an_empty_record(
    kernels: dict[str, Kernel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the kernel's module cannot be imported by a worker, all are refused."""
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if not entry.startswith(str(tmp_path))])
    monkeypatch.delenv("PYTHONPATH")
    record = measured(kernels["pack_double"], [], tmp_path / "out")
    assert reasons(record) == [("floor", "n=2", f"it raised ModuleNotFoundError: No module named {MODULE!r}")]


def test_records_of_other_kernels_stay(kernels: dict[str, Kernel], tmp_path: Path) -> None:
    """A later session replaces the records of its own kernels, and the table has them all."""
    run([kernels["pack_double"], kernels["pack_again"]], [], output=tmp_path)
    kept = (tmp_path / "pack_again.json").read_bytes()
    (tmp_path / "pack_double.json").write_text("{ malformed")
    measured(kernels["pack_double"], [], tmp_path)
    assert (tmp_path / "pack_again.json").read_bytes() == kept
    assert read_record(tmp_path / "pack_double.json").kernel == "pack_double"
    assert set(read_table(tmp_path / TABLE).kernels) == {"pack_double", "pack_again"}


def test_slow_tiers_take_fewer_turns_spread_over_all_rounds(
    kernels: dict[str, Kernel], install_tier: Installer, tmp_path: Path
) -> None:
    """A tier whose samples would cost more than the budget is sampled less, the others as usual."""
    install_tier("slow", "import time\ndef pack_double(values):\n    time.sleep(0.01)\n    return values * 2.0")
    settings: Settings = dataclasses.replace(SHORT, rounds=9, budget=0.08)
    (record,) = Session([kernels["pack_double"]], ["slow"], tmp_path, settings, lambda _: None).run()
    samples = {(entry.tier, entry.case): entry.samples for entry in record.measurements}
    assert samples["floor", "n=2"] == samples["floor", "n=8"] == 9
    assert 2 <= samples["slow", "n=2"] <= 4
