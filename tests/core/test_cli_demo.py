"""`polytier demo`: the transition, who computed it, and how long it took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from helpers_cli import at_terminal, run

from polytier.record.host import host_id
from polytier.record.tables import KernelRanks, Standing, Table, TierBuild, write_table

if TYPE_CHECKING:
    from pathlib import Path

SHORT = ("demo", "--points", "3", "--steps", "40")


def test_core_alone_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Without tiers the floor serves every call, and the demo says how to get more."""
    ran = run(capsys, *SHORT)
    assert ran.code == 0
    assert ran.out.startswith("IEEE 118-bus test system: 118 buses, 186 branches\n3 strengths, 40 steps of 0.003 s")
    assert next(row for row in ran.rows if row[:1] == ["floor"])[:2] == ["floor", "3"]
    assert "only the floor is installed" in ran.out
    assert "pip install 'polytier[rust]'" in ran.out


def test_transition_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The whole transition shows: R near 0.1 at little strength, above 0.9 at the greatest."""
    document = run(capsys, "demo", "--points", "8", "--json").document
    assert (document["buses"], document["branches"], document["steps"]) == (118, 186, 4000)
    assert document["coherence"][0] < 0.2
    assert document["coherence"][-1] > 0.95
    assert document["largest_difference"] is None
    assert list(document["seconds"]) == ["dispatched"]
    ran = run(capsys, "demo", "--points", "1")
    assert "R goes from 0.98 at strength 0.5 to 0.98 at 0.5; it stays above 0.5 from 0.5 on" in ran.out


@pytest.fixture
def tier(install_tier: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a tier that nobody has measured, and allow it."""
    source = "from polytier.kernels.declaration import catalogue\n"
    source += "kuramoto_trajectory = catalogue.function('kuramoto_trajectory').dispatch.floor\n"
    install_tier("fast", source)
    monkeypatch.setenv("POLYTIER_UNMEASURED", "allow")


@pytest.mark.usefixtures("tier")
def test_tier_is_compared_with_the_floor(capsys: pytest.CaptureFixture[str]) -> None:
    """With a tier the demo says how often and why it served, both times, and how far the results lie apart."""
    ran = run(capsys, *SHORT)
    assert ran.code == 0
    served = next(row for row in ran.rows if row[:1] == ["fast"])
    assert served[1] == "3"
    assert "unmeasured" in served
    assert "this network, at size 556960: " in ran.out
    assert "by the floor alone, turn and turn about)" in ran.out
    assert "the rank's figure" not in ran.out
    assert "largest difference of R between the two: 0" in ran.out
    assert "only the floor" not in ran.out


def test_the_figure_of_a_rank_is_told_apart(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, install_tier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a table ranks the tier the demo says that the table's factor and its own are of two networks."""
    source = "from polytier.kernels.declaration import catalogue\n"
    install_tier("fast", f"{source}kuramoto_trajectory = catalogue.function('kuramoto_trajectory').dispatch.floor\n")
    standing = Standing(100, 0, ("fast", "floor"), (), {"fast": 1e-6, "floor": 9e-6})
    ranks = KernelRanks("kuramoto_trajectory", {"fast": TierBuild("1.0", "12ab")}, (standing,))
    write_table(Table(host_id(), {ranks.kernel: ranks}), tmp_path / "table.toml")
    monkeypatch.setenv("POLYTIER_TABLE", str(tmp_path / "table.toml"))
    ran = run(capsys, *SHORT)
    assert "9 times the floor's speed at size 100" in ran.out
    assert "the rank's figure is of another network, of the size it names" in ran.out


@pytest.mark.usefixtures("tier")
def test_fall_through_is_told(
    capsys: pytest.CaptureFixture[str], install_tier: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Calls that a tier refused are counted apart, with what it said."""
    install_tier(
        "fast", "def kuramoto_trajectory(theta0, omega, K, dt, n_steps):\n    raise NotImplementedError('not now')\n"
    )
    document = run(capsys, *SHORT, "--json").document
    (service,) = document["served"]
    assert (service["tier"], service["reason"], service["calls"]) == ("floor", "fell-through", 3)
    assert "fast fell through: NotImplementedError: not now" in service["detail"]
    assert document["largest_difference"] == 0.0
    assert not caplog.records


@pytest.mark.parametrize("option", ["--steps", "--points"])
@pytest.mark.parametrize("value", ["0", "-3", "few"])
def test_bad_numbers_are_usage_errors(capsys: pytest.CaptureFixture[str], option: str, value: str) -> None:
    """Steps and points are whole numbers from 1 up."""
    ran = run(capsys, "demo", f"{option}={value}")
    assert (ran.code, "is wanted, not" in ran.err) == (2, True)


def test_one_point_and_one_step(capsys: pytest.CaptureFixture[str]) -> None:
    """The smallest sweep works."""
    assert run(capsys, "demo", "--points", "1", "--steps", "1").code == 0


def test_terminal_shows_a_bar() -> None:
    """On a terminal a bar counts the strengths."""
    code, text = at_terminal(*SHORT)
    assert code == 0
    assert "strengths" in text.split("IEEE")[0]
    assert max(len(line) for line in text.split("IEEE")[1].splitlines()) <= 80


def test_missing_matplotlib_is_told_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without matplotlib --plot ends before the sweep, with the extra to install."""
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    ran = run(capsys, "demo", "--plot", str(tmp_path / "a.png"))
    assert (ran.code, ran.out) == (2, "")
    assert "pip install 'polytier[plot]'" in ran.err


def test_plot_is_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With matplotlib the plot is written, and its place told."""
    pytest.importorskip("matplotlib")
    path = tmp_path / "transition.png"
    ran = run(capsys, *SHORT, "--plot", str(path))
    assert ran.code == 0
    assert f"wrote {path}" in ran.err
    assert path.read_bytes().startswith(b"\x89PNG")
