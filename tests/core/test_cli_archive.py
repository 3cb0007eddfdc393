"""`polytier archive`: records of kernels that go are kept beside the others, and never ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from helpers_cli import Ran, run
from helpers_record import measurement, record

from polytier.record import HostFacts
from polytier.record.records import write_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Polytier = Callable[..., Ran]

HOSTS = ("host-a", "host-b")


def write(kernel: str, host: str, path: Path) -> None:
    """Write a small record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_record(record(measurement("floor", 16, 1e-6), kernel=kernel, host=HostFacts(host, {})), path)


@pytest.fixture
def polytier(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Polytier:
    """Run verbs in a directory with the records of a kernel that exists and one that does not, on two hosts."""
    for host in HOSTS:
        for kernel in ("order_parameter", "order"):
            write(kernel, host, tmp_path / "docs/benchmarks" / host / f"{kernel}.json")
    monkeypatch.chdir(tmp_path)
    return lambda *argv: run(capsys, *argv)


def test_the_records_of_every_host_are_archived(polytier: Polytier, tmp_path: Path) -> None:
    """Each record lies in the archive of its host as it was, and in its old place no more."""
    before = (tmp_path / "docs/benchmarks/host-a/order.json").read_bytes()
    ran = polytier("archive", "order")
    assert (ran.code, ran.out.splitlines()) == (0, [f"docs/benchmarks/{host}/archive/order.json" for host in HOSTS])
    assert ran.err == "archived 2 records\nhint: `polytier rank` writes the table without them\n"
    assert (tmp_path / "docs/benchmarks/host-a/archive/order.json").read_bytes() == before
    assert [path.name for path in sorted((tmp_path / "docs/benchmarks/host-b").iterdir())] == [
        "archive",
        "order_parameter.json",
    ]


def test_one_hosts_records_are_archived(polytier: Polytier, tmp_path: Path) -> None:
    """--host, or the directory of one host, leaves the other hosts alone; --json tells what was moved."""
    host_a = "docs/benchmarks/host-a"
    ran = polytier("archive", "order", "order", "--host", "host-a", "--json")
    assert ran.document == {"moved": [{"from": f"{host_a}/order.json", "to": f"{host_a}/archive/order.json"}]}
    assert (tmp_path / "docs/benchmarks/host-b/order.json").is_file()
    assert polytier("archive", "order", "--records", "docs/benchmarks/host-b").code == 0
    assert not (tmp_path / "docs/benchmarks/host-b/order.json").exists()


def test_what_is_archived_is_not_lost(polytier: Polytier, tmp_path: Path) -> None:
    """A second record of a kernel is not put over the first, and nothing at all is moved."""
    polytier("archive", "order", "--host", "host-b")
    again = tmp_path / "docs/benchmarks/host-b/order.json"
    write("order", "host-b", again)
    ran = polytier("archive", "order")
    assert (ran.code, ran.out) == (2, "")
    assert "host-b/archive/order.json': a record is there already\nhint: keep one of the two" in ran.err
    assert again.is_file()
    assert not (tmp_path / "docs/benchmarks/host-a/archive").exists()


def test_a_record_that_is_not_there(polytier: Polytier) -> None:
    """A kernel without a record is an error that lists what there is."""
    ran = polytier("archive", "oder")
    assert ran.code == 2
    assert "use record 'oder': no record has this name\nhint: known: 'order'" in ran.err


def test_what_is_archived_already_is_no_record(polytier: Polytier) -> None:
    """The archive is never looked into, whatever directory is named."""
    polytier("archive", "order")
    assert polytier("archive", "order").code == 2
    assert "known: none" in polytier("archive", "order", "--records", "docs/benchmarks/host-a/archive").err


def test_rank_refuses_the_record_of_a_kernel_that_is_gone(polytier: Polytier, tmp_path: Path) -> None:
    """Written or checked, the table is refused with the remedy, and stays as it was."""
    for code, argv in ((2, ()), (1, ("--check",))):
        ran = polytier("rank", "--host", "host-a", *argv)
        assert (ran.code, ran.out) == (code, "")
        assert "host-a/order.json': kernel: no kernel has this name\nhint: `polytier archive order` puts" in ran.err
    assert not (tmp_path / "dispatch.toml").exists()


def test_rank_takes_no_notice_of_the_archive(polytier: Polytier, tmp_path: Path) -> None:
    """With the record in the archive the table is written and checked; what lies there may even be spoiled."""
    polytier("archive", "order")
    (tmp_path / "docs/benchmarks/host-a/archive/order.json").write_text("{")
    assert polytier("rank", "--host", "host-a").code == 0
    assert polytier("rank", "--check").code == 0
    assert "order]" not in (tmp_path / "dispatch.toml").read_text()


def test_a_host_of_which_all_is_archived_has_no_records(polytier: Polytier) -> None:
    """An archive is no host's directory."""
    polytier("archive", "order", "order_parameter")
    for records in ("docs/benchmarks", "docs/benchmarks/host-a"):
        ran = polytier("rank", "--records", records)
        assert (ran.code, "it holds no host's records" in ran.err) == (2, True)


@pytest.mark.parametrize("place", [("--records", "nowhere"), ("--records", "docs/benchmarks", "--host", "nowhere")])
def test_a_directory_that_is_not_there_is_named(polytier: Polytier, place: tuple[str, ...]) -> None:
    """Where the records were looked for is told, so that a wrong place is not taken for a wrong name."""
    ran = polytier("archive", "order", *place)
    assert ran.code == 2
    assert "nowhere': there is no such directory\nhint: name the directory of the records with --records" in ran.err
