"""`polytier measure`: what is written, what changed, and what the terminal sees meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from helpers_cli import COPY_OF_THE_FLOOR, at_terminal, run

from polytier.record.host import host_id
from polytier.record.paths import user_directory
from polytier.record.records import read_record

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

QUICK = ("measure", "--quick", "--kernel", "build_knm")


def test_records_and_table_go_to_the_users_directory(capsys: pytest.CaptureFixture[str]) -> None:
    """A first measurement is written where dispatch looks, and the first places are told; a second changes nothing."""
    ran = run(capsys, *QUICK)
    assert ran.code == 0
    assert ran.rows == [["kernel", "before", "now"], ["build_knm", "-", "floor"]]
    assert f"wrote 1 record and the table to {user_directory()}" in ran.err
    assert "build_knm" in ran.err.splitlines()[0]
    assert "your own measurements" in run(capsys, "why", "build_knm", "--size", "9").out
    ran = run(capsys, *QUICK, "--tier", "floor")
    assert (ran.code, ran.out) == (0, "")
    assert "first places unchanged: 1 kernel" in ran.err


def test_shipped_records_get_no_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """--records writes below the host's id, and leaves the table to `polytier rank`."""
    document = run(capsys, *QUICK, "--records", str(tmp_path), "--json").document
    assert document["table"] is None
    assert document["records"] == [str(tmp_path / host_id() / "build_knm.json")]
    assert document["first_places"] == [{"kernel": "build_knm", "before": None, "now": "floor"}]
    assert not (tmp_path / host_id() / "dispatch.toml").exists()


def test_wrong_answers_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path, install_tier: Any) -> None:
    """A tier that answers wrongly is not ranked, told once, and a finding even if nobody asked for it."""
    install_tier("wrong", "def build_knm(n=16, k_base=0.45, alpha=0.3):\n    return 7.0\n")
    install_tier("fast", COPY_OF_THE_FLOOR)
    ran = run(capsys, *QUICK, "--output", str(tmp_path), "--tier", "wrong")
    assert ran.code == 1
    told = ran.err.count("build_knm [n=")
    assert ran.err.count("the floor's is numpy.ndarray") == told > 3  # how many depends on the host: --quick leaves out
    assert f"not ranked: wrong for build_knm: refused on {told} cases, as told above" in ran.err
    assert "fast" not in read_record(tmp_path / "build_knm.json").tiers
    assert run(capsys, *QUICK, "--output", str(tmp_path)).code == 1
    assert "fast" in read_record(tmp_path / "build_knm.json").tiers


def test_tiers_that_lose_their_rank_are_told(capsys: pytest.CaptureFixture[str], install_tier: Any) -> None:
    """A run that leaves out installed tiers with a rank says so beforehand, with the command that measures all."""
    install_tier("fast", COPY_OF_THE_FLOOR)
    install_tier("rust", COPY_OF_THE_FLOOR)
    told = (
        "polytier: warning: measure 'build_knm': tier{} for this run does not measure {}\n"
        "hint: `polytier measure --quick --kernel build_knm` measures all that are installed and allowed\n"
    )
    ran = run(capsys, *QUICK, "--tier", "fast")
    assert ran.err.startswith(told.format(" 'rust' loses its rank,", "it"))  # the rank that the shipped table gives it
    assert "warning" not in run(capsys, *QUICK).err
    ran = run(capsys, *QUICK, "--tier", "floor")
    assert ran.err.startswith(told.format("s 'fast', 'rust' lose their ranks,", "them"))
    assert "warning" not in run(capsys, *QUICK, "--tier", "fast").err


def test_a_loss_among_shipped_records_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, install_tier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another directory only its own records count, and the command names the directory."""
    install_tier("rust", COPY_OF_THE_FLOOR)
    place = ("--records", str(tmp_path / "new records"))
    assert "warning" not in run(capsys, *QUICK, "--tier", "floor", *place).err
    run(capsys, *QUICK, *place)
    ran = run(capsys, *QUICK, "--tier", "floor", *place)
    assert f"`polytier measure --quick --kernel build_knm --records '{tmp_path / 'new records'}'` measures" in ran.err
    monkeypatch.setattr("polytier.dispatch.tables.shipped_path", lambda: tmp_path / "absent.toml")
    assert "warning" not in run(capsys, *QUICK, "--tier", "floor").err


def test_disabled_tier_takes_no_part(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, install_tier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tier that the environment keeps out is not measured."""
    install_tier("fast", COPY_OF_THE_FLOOR)
    monkeypatch.setenv("POLYTIER_DISABLE", "fast")
    assert run(capsys, *QUICK, "--output", str(tmp_path)).code == 0
    assert list(read_record(tmp_path / "build_knm.json").tiers) == ["floor"]


def test_places_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    """--output and --records cannot stand together."""
    ran = run(capsys, *QUICK, "--output", "a", "--records", "b")
    assert (ran.code, "not allowed with" in ran.err) == (2, True)


def test_terminal_shows_a_bar_and_keeps_notes(install_tier: Any) -> None:
    """On a terminal a bar shows what is measured and the time left; notes stay."""
    install_tier("wrong", "def build_knm(n=16, k_base=0.45, alpha=0.3):\n    return 7.0\n")
    code, text = at_terminal(*QUICK)
    assert code == 1
    assert "left" in text
    assert "\x1b[" in text
    assert "build_knm" in text


def test_dumb_terminal_gets_lines() -> None:
    """On a dumb terminal progress is a line per kernel."""
    code, text = at_terminal(*QUICK, TERM="dumb")
    assert code == 0
    assert "\x1b" not in text
    assert text.startswith("[0/7] build_knm\n")
