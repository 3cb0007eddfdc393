"""Dispatch: which table holds, and what freezing keeps."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from helpers_dispatch import (
    CALL,
    HOST,
    Functions,
    answering,
    bench,
    standing,
    table,
    total,
    total_cases,
)

from polytier.dispatch import Dispatcher
from polytier.dispatch.tables import find_sources, shipped_path
from polytier.errors import FileFormatError
from polytier.kernels.declaration import Catalogue, Kernel
from polytier.kernels.tolerance import Tolerance
from polytier.record import format_table, parse_table

if TYPE_CHECKING:
    from pathlib import Path


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


def test_an_unreadable_users_table_is_left_out_and_reported(tmp_path: Path) -> None:
    """What lies in the table's place but cannot be read is no absent table; without a home there is none."""
    (tmp_path / "dispatch.toml").mkdir()
    sources = find_sources({}, HOST, lambda: tmp_path / "dispatch.toml")
    assert "dispatch.toml" in sources.refused[0]
    assert find_sources({}, HOST, lambda: None).refused == ()


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
