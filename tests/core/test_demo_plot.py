"""The demonstration's picture: dots in the terminal, an image where matplotlib is installed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from polytier.demo import plot
from polytier.errors import MissingExtraError, StorageError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

STRENGTHS = [0.1, 0.2, 0.3]
COHERENCE = [0.0, 0.5, 1.0]


def test_ascii_plot_draws_a_rising_line() -> None:
    """A straight rise fills the diagonal, with the scale at the left and the strengths below."""
    assert plot.terminal_plot(STRENGTHS, COHERENCE, width=9, height=3, braille=False) == [
        "  1.0 |      ***",
        "  0.5 |   ****",
        "  0.0 |****",
        "      +---------",
        "       0.1   0.3",
    ]


def test_ascii_plot_joins_a_jump() -> None:
    """A jump is drawn as a vertical line, without a gap."""
    lines = plot.terminal_plot([0.0, 0.49, 0.51, 1.0], [0.0, 0.0, 1.0, 1.0], width=10, height=5, braille=False)
    assert [line.count("*") > 0 for line in lines[:5]] == [True] * 5


def test_braille_plot_has_finer_dots() -> None:
    """A braille cell holds two by four dots; blank cells at the end of a line are left away."""
    lines = plot.terminal_plot(STRENGTHS, [1.0, 1.0, 0.0], width=4, height=3)
    assert lines[0] == "  1.0 │⠉⠉⢧"
    assert all(line == line.rstrip("\u2800 ") for line in lines)


def test_braille_and_ascii_take_the_same_room() -> None:
    """The two forms are as wide and as high as they are told to be."""
    for braille in (True, False):
        lines = plot.terminal_plot(STRENGTHS, COHERENCE, width=40, height=11, braille=braille)
        assert len(lines) == 13
        assert max(map(len, lines)) == 47


def test_one_point_is_a_level_line() -> None:
    """A single strength is drawn as a line across."""
    lines = plot.terminal_plot([0.5], [0.98], width=12, height=3, braille=False)
    assert lines[0].endswith("*" * 12)


def test_values_out_of_range_stay_in_the_picture() -> None:
    """What rounds above 1 or below 0 is drawn at the border."""
    lines = plot.terminal_plot([0.0, 1.0], [1.0 + 1e-12, -1e-12], width=5, height=3, braille=False)
    assert "*" in lines[0]
    assert "*" in lines[2]


def test_missing_matplotlib_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without matplotlib the error says which extra to install, before any work is done."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'polytier\[plot\]'"):
        plot.check_image(tmp_path / "out.png")


@pytest.fixture
def matplotlib() -> None:
    """Ask for the real matplotlib."""
    pytest.importorskip("matplotlib")


@pytest.mark.usefixtures("matplotlib")
def test_unknown_image_format_lists_the_known(tmp_path: Path) -> None:
    """A suffix that matplotlib cannot write is refused, with those that it can."""
    with pytest.raises(UnknownNameError, match=r"(?s)image format 'jepg'.*'png'"):
        plot.check_image(tmp_path / "out.jepg")


@pytest.mark.usefixtures("matplotlib")
def test_missing_directory_is_told_beforehand(tmp_path: Path) -> None:
    """A directory that does not exist is refused before any work is done."""
    with pytest.raises(StorageError, match="No such file or directory"):
        plot.check_image(tmp_path / "missing" / "out.png")


@pytest.mark.usefixtures("matplotlib")
def test_image_is_written(tmp_path: Path) -> None:
    """The image is a PNG file."""
    path = tmp_path / "out.png"
    plot.check_image(path)
    plot.draw_image(path, STRENGTHS, COHERENCE, "a title")
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("matplotlib")
def test_image_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    """A path that is a directory gives a StorageError."""
    path = tmp_path / "out.png"
    path.mkdir()
    with pytest.raises(StorageError, match="write plot"):
        plot.draw_image(path, STRENGTHS, COHERENCE, "a title")
