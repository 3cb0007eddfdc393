"""What every verb prints with: alignment, units, encodings, terminals."""

from __future__ import annotations

import io
import sys

import pytest
from helpers_cli import at_terminal, spawn

from polytier.cli import output


def test_columns_are_aligned() -> None:
    """Cells start below their heading, or end below it where the column is flush right."""
    lines = output.table(("name", "size", "note"), [("a", 5, "x"), ("bcdef", 1000, "")], right=frozenset({1}))
    assert lines == ["name   size  note", "a         5  x", "bcdef  1000"]


def test_last_column_may_end_flush() -> None:
    """The last column can be a column of figures."""
    lines = output.table(("name", "size"), [("a", 5), ("b", 1000)], right=frozenset({1}))
    assert lines == ["name  size", "a        5", "b     1000"]


def test_text_of_several_lines_is_one_cell() -> None:
    """Away from a terminal a cell never breaks its row."""
    assert output.table(("a", "b"), [("1", "told\nhint")]) == ["a  b", "1  told hint"]
    assert output.wrapped("word " * 50, 4) == ["word " * 50]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ns"),
        (36e-9, "36 ns"),
        (1.2345e-6, "1.23 us"),
        (0.0471, "47.1 ms"),
        (1.0, "1 s"),
        (75.25, "75.2 s"),
        (1234.5, "1234 s"),
    ],
)
def test_seconds_have_three_digits_and_a_unit(seconds: float, text: str) -> None:
    """A duration is told in the unit that suits it."""
    assert output.seconds(seconds) == text


def test_rounding_up_to_the_next_unit_keeps_plain_digits() -> None:
    """Just below a unit three digits round up; no exponent appears."""
    assert output.seconds(999.96e-9) == "1 us"
    assert output.seconds(0.9996) == "1 s"


def test_count_has_singular_and_plural() -> None:
    """Counts read as words do."""
    assert [output.count(n, "tier") for n in (0, 1, 2)] == ["no tiers", "1 tier", "2 tiers"]


def test_what_an_encoding_lacks_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A character that stdout cannot encode is escaped, never an error."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    output.emit("µ \udcff")
    output.flush()
    assert raw.getvalue() == b"\\xb5 \\udcff\n"
    assert not output.speaks_unicode()


def test_closed_streams_are_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was started without stdout and stderr prints nothing."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    output.emit("a")
    output.say("b")
    output.flush()
    assert output.table(("a", "b"), [("1", "2")]) == ["a  b", "1  2"]


@pytest.mark.parametrize("variable", [{"PYTHONUTF8": "0", "LC_ALL": "C"}, {"TERM": "dumb"}])
def test_every_verb_speaks_ascii_where_it_must(variable: dict[str, str]) -> None:
    """A stdout in ASCII, or a dumb terminal, gets the plot in ASCII."""
    ran = spawn(
        "demo", "--points", "3", "--steps", "20", encoding="ascii" if "LC_ALL" in variable else "utf-8", **variable
    )
    assert ran.code == 0
    assert "1.0 |" in ran.out
    assert ran.out.isascii()


def test_terminal_wraps_the_last_column(install_tier: object) -> None:
    """On a terminal of 80 columns no line is longer, and states are coloured."""
    install_tier("broken", f"raise ImportError('{'many words ' * 30}')")  # type: ignore[operator]
    code, text = at_terminal("tiers")
    assert code == 0
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b[31munusable\x1b[0m" in text


@pytest.mark.parametrize("setting", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_where_none_is_wanted(install_tier: object, setting: dict[str, str]) -> None:
    """NO_COLOR and a dumb terminal get plain text."""
    install_tier("broken", "import nothing_of_this_name")  # type: ignore[operator]
    assert "\x1b" not in at_terminal("tiers", **setting)[1]
