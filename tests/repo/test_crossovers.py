"""The README's table of crossovers follows from dispatch.toml, and the tool that writes it works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from polytier.record.tables import KernelRanks, Standing, Table
from tools import crossovers

if TYPE_CHECKING:
    from pathlib import Path


def standing(start: int, first: str, gain: float) -> Standing:
    """Return a standing in which `first` is so many times as fast as the floor."""
    return Standing(size=start + 1, start=start, order=(first, "floor"), level=(), seconds={first: 1.0, "floor": gain})


def test_the_readme_is_current() -> None:
    """The committed README holds what the tool would write."""
    assert crossovers.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("given", "names", "gains"),
    [
        ([(0, "a", 2.0)], "a", "2"),
        ([(0, "a", 2.0), (8, "a", 4.0), (64, "b", 3.0)], "a below 64, b from 64 on", "2 to 4"),
        ([(0, "a", 2.0), (8, "b", 20.0), (64, "a", 3.0)], "a below 8, b below 64, a from 64 on", "2 to 20"),
    ],
)
def test_a_row_tells_who_is_first_where(given: list[tuple[int, str, float]], names: str, gains: str) -> None:
    """Neighbouring sizes with the same first name are one range."""
    ranks = KernelRanks("k", {}, tuple(standing(*one) for one in given))
    assert f"| `k` | {names} | {gains} |\n" in crossovers.lines(Table("here", {"k": ranks}))


def test_a_stale_table_is_told_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` exits with 1 where the page differs; without it the page is written."""
    page = (crossovers.ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "README.md").write_text(page.replace("| `order_parameter` |", "| `old` |"), encoding="utf-8")
    (tmp_path / "dispatch.toml").write_bytes((crossovers.ROOT / "dispatch.toml").read_bytes())
    monkeypatch.setattr(crossovers, "ROOT", tmp_path)
    assert crossovers.main(["--check"]) == 1
    assert "hint: python -m tools.crossovers" in capsys.readouterr().out
    assert crossovers.main([]) == 0
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == page


def test_a_page_without_marks_is_refused() -> None:
    """A page that has lost the marks is an error that shows them."""
    with pytest.raises(SystemExit, match="marks of the table of crossovers are missing"):
        crossovers.written("# polytier\n", Table("here", {}))
