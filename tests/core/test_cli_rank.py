"""`polytier rank`, `why` and `freeze`: tables computed, explained and printed."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from helpers_cli import Ran, run

import polytier
from polytier.rank import table
from polytier.record.host import HostFacts, host_id
from polytier.record.records import Measurement, Record, write_record
from polytier.record.tables import TierBuild, format_table, write_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Rank = Callable[..., Ran]

SIZES = (16, 1024)


def record(kernel: str, host: str) -> Record:
    """Return a record in which tier 'fast' takes over from the floor somewhere between two sizes."""
    times = {"floor": (1e-6, 8e-6), "fast": (2e-6, 4e-6)}
    measurements = [
        Measurement(f"n={size}", size, 0, tier, 9, 100, *[median[place]] * 5, first=1e-3)
        for tier, median in times.items()
        for place, size in enumerate(SIZES)
    ]
    builds = {name: TierBuild("1.0", f"digest of {name}") for name in times}
    return Record(kernel, HostFacts(host, {}), "unknown", "0.1.0", builds, tuple(measurements), ())


@pytest.fixture
def rank(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rank:
    """Run `polytier rank` in a directory with the records of two hosts."""
    for host in ("host-a", "host-b"):
        directory = tmp_path / "docs" / "benchmarks" / host
        directory.mkdir(parents=True)
        write_record(record("order_parameter", host), directory / "order_parameter.json")
    monkeypatch.chdir(tmp_path)
    return lambda *argv: run(capsys, "rank", *argv)


def test_table_is_written_and_then_follows(rank: Rank, tmp_path: Path) -> None:
    """The table is what the records give, byte for byte, and --check says so."""
    ran = rank("--host", "host-b")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "wrote dispatch.toml: what the 1 record of host-b gives\n"
    assert (tmp_path / "dispatch.toml").read_text() == format_table(table([record("order_parameter", "host-b")]))
    assert rank("--check").code == 0
    assert rank().err.endswith("gives, as before\n")


def test_difference_is_shown(rank: Rank, tmp_path: Path) -> None:
    """A table that was edited gets exit code 1 and a diff, and is left alone."""
    rank("--host", "host-a")
    path = tmp_path / "dispatch.toml"
    edited = path.read_text().replace('["floor", "fast"]', '["fast", "floor"]')
    path.write_text(edited)
    ran = rank("--check")
    assert ran.code == 1
    assert '-order = ["fast", "floor"]' in ran.out
    assert '+order = ["floor", "fast"]' in ran.out
    assert "`polytier rank` writes it anew" in ran.err
    assert path.read_text() == edited


def test_a_change_that_moves_no_rank_is_a_difference(rank: Rank, tmp_path: Path) -> None:
    """A record with other facts than those that the table was computed from fails the check, whatever the ranks."""
    rank("--host", "host-a")
    path = tmp_path / "docs" / "benchmarks" / "host-a" / "order_parameter.json"
    path.write_text(path.read_text().replace('"revision": "unknown"', '"revision": "0123456"'))
    ran = rank("--check")
    assert ran.code == 1
    changed = [line for line in ran.out.splitlines() if line[0] in "+-"][2:]
    assert [line[:10] for line in changed] == ["-record = ", "+record = "]


def test_a_spoiled_record_is_a_finding(rank: Rank, tmp_path: Path) -> None:
    """A record that can no longer be read fails a check; without --check it is trouble."""
    rank("--host", "host-a")
    path = tmp_path / "docs" / "benchmarks" / "host-a" / "order_parameter.json"
    path.write_text(path.read_text().replace('"median": ', '"median": 9', 1))
    ran = rank("--check")
    assert (ran.code, ran.out) == (1, "")
    assert "read record" in ran.err
    assert rank("--host", "host-a").code == 2


def test_missing_table_differs(rank: Rank, tmp_path: Path) -> None:
    """--check on a table that does not exist says so in a sentence and writes nothing."""
    ran = rank("--check", "--host", "host-a")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "dispatch.toml does not exist\nhint: `polytier rank` writes what the 1 record of host-a gives\n"
    document = rank("--check", "--host", "host-a", "--json").document
    assert (document["same"], document["difference"]) == (False, ["there is no such file"])
    assert not (tmp_path / "dispatch.toml").exists()


def test_line_ends_count(rank: Rank, tmp_path: Path) -> None:
    """Byte for byte means the line ends too."""
    rank("--host", "host-a")
    path = tmp_path / "dispatch.toml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    ran = rank("--check", "--host", "host-a")
    assert (ran.code, ran.out) == (1, "line ends or the end of the file differ\n")


def test_host_is_that_of_the_present_table(rank: Rank) -> None:
    """Among several hosts the table that is there says whose records count."""
    rank("--host", "host-b")
    assert rank("--json").document["host"] == "host-b"


def test_a_malformed_table_can_be_written_anew(rank: Rank, tmp_path: Path) -> None:
    """A table that cannot be read differs from what the records give, and stands in nobody's way."""
    (tmp_path / "dispatch.toml").write_text("format = 99\n")
    assert rank("--check", "--host", "host-a").code == 1
    assert f"use host {host_id()!r}" in rank().err
    assert rank("--host", "host-a").code == 0


def test_unknown_host(rank: Rank) -> None:
    """Without table and --host, records of other hosts only are not guessed among."""
    ran = rank()
    assert ran.code == 2
    assert f"use host {host_id()!r}" in ran.err
    assert "known: 'host-a', 'host-b'" in ran.err
    assert "did you mean 'host-a'?" in rank("--host", "hosta").err


def test_only_host_is_taken(rank: Rank, tmp_path: Path) -> None:
    """A single host's records need no --host; nor does the directory of one host."""
    (tmp_path / "docs/benchmarks/host-b/order_parameter.json").unlink()
    assert rank("--json").document["host"] == "host-a"
    answer = rank("--check", "--records", "docs/benchmarks/host-a", "--json")
    assert answer.document == {
        "host": "host-a",
        "kernels": ["order_parameter"],
        "table": "dispatch.toml",
        "written": False,
        "same": True,
        "difference": [],
    }


def test_no_records(rank: Rank, tmp_path: Path) -> None:
    """A directory that is missing or empty is told, with the remedy."""
    ran = rank("--records", "nowhere")
    assert (ran.code, "there is no such directory" in ran.err) == (2, True)
    (tmp_path / "empty").mkdir()
    ran = rank("--records", "empty")
    assert (ran.code, "`polytier measure --records`" in ran.err) == (2, True)


@pytest.fixture
def ranked(install_tier: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install tier 'fast' and 'other', with a table that ranks 'fast' from somewhere between two sizes."""
    source = "from polytier.kernels.declaration import catalogue\n"
    source += "order_parameter = catalogue.function('order_parameter').dispatch.floor\n"
    source += "BUILD_DIGEST = 'digest of fast'\n"
    install_tier("fast", source)
    install_tier("other", source)
    path = tmp_path / "table.toml"
    write_table(table([record("order_parameter", host_id())]), path)
    monkeypatch.setenv("POLYTIER_TABLE", str(path))


@pytest.mark.usefixtures("ranked")
def test_why_shows_the_chain_in_order(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The chain comes in order with reasons and medians, then what is left out, and where the ranks come from."""
    ran = run(capsys, "why", "order_parameter", "--size", "5000")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == f"order_parameter at size 5000 on {host_id()}"
    assert str(tmp_path / "table.toml") in lines[1]
    crossing = polytier.explain("order_parameter", 1).orders[1][0]
    assert lines[2] == f"first: floor below {crossing}, fast from {crossing} on"
    assert ran.rows[4] == ["tier", "reason", "median", "detail"]
    assert ran.rows[5][:5] == ["1", "fast", "measured", "4", "us"]
    assert ran.rows[6][:5] == ["2", "floor", "floor", "8", "us"]
    assert ran.rows[7][:3] == ["-", "other", "unmeasured"]
    assert "first: " not in run(capsys, "why", "mean_phase", "--size", "5000").out  # the table has no ranks of it


@pytest.mark.usefixtures("ranked")
def test_why_names_what_is_slower_than_the_floor(capsys: pytest.CaptureFixture[str]) -> None:
    """A tier that the table shows slower at the size is left out, and --json says so too."""
    document = run(capsys, "why", "order_parameter", "--size", "3", "--json").document
    assert [link["name"] for link in document["links"]] == ["floor"]
    reasons = {link["name"]: link["reason"] for link in document["left_out"]}
    assert reasons == {"fast": "slower-than-floor", "other": "unmeasured"}


def test_why_tells_of_refused_tables(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """The user's own table that cannot be read is left out, and that is told."""
    from polytier.record.paths import user_table

    path = user_table()
    assert path is not None
    path.parent.mkdir(parents=True)
    path.write_text("format = 99\n")
    ran = run(capsys, "why", "order_parameter", "--size", "3")
    assert ran.code == 0
    assert "refused: read table" in ran.out
    assert caplog.records


@pytest.mark.parametrize("size", ["-1", "many", "1.5", ""])
def test_bad_size_is_a_usage_error(capsys: pytest.CaptureFixture[str], size: str) -> None:
    """A size that is no whole number from 0 up is refused with the reason."""
    ran = run(capsys, "why", "order_parameter", f"--size={size}")
    assert ran.code == 2
    assert "a size is" in ran.err


@pytest.mark.usefixtures("ranked")
def test_freeze_prints_a_table_that_can_be_loaded(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What freeze prints is a table; a process that loads it has the same ranks."""
    frozen = run(capsys, "freeze")
    assert frozen.code == 0
    path = tmp_path / "frozen.toml"
    path.write_text(frozen.out)
    monkeypatch.setenv("POLYTIER_TABLE", str(path))
    assert run(capsys, "freeze").out == frozen.out
    assert run(capsys, "freeze", "--json").document == tomllib.loads(frozen.out)
