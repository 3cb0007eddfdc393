"""Tests of `polytier.record.tables`, with the fast reader and the line finder below it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from helpers_record import records
from hypothesis import given
from hypothesis import strategies as st

from polytier import rank
from polytier.errors import FileFormatError
from polytier.record import KernelRanks, Standing, Table, TierBuild, format_table, parse_table, read_table, write_table
from polytier.record.canonical import canonical
from polytier.record.lines import line_of

if TYPE_CHECKING:
    from pathlib import Path

    from polytier.record import Record

BUILDS = {"rust": TierBuild("0.1.0", "12ab"), "c.fast": TierBuild('0.2 "dev" \\', "34cd")}
STANDINGS = (
    Standing(8, 0, ("floor", "c.fast"), ("c.fast",), {"floor": 1.23456789e-6, "c.fast": 2.0}),
    Standing(64, 23, ("rust", "floor", "c.fast"), (), {"floor": 3e-6, "rust": 2.5e-7, "c.fast": 3e-5}),
    Standing(512, 182, ("rust", "floor"), ("floor",), {"floor": 4e-6, "rust": 3.9e-6}),
)
REFUSED = {
    "go": 'mean_phase [n=8]: it raised E: "\\d"',
    "d.slow": "mean_phase [empty]: 0.0, the floor raises ValueError",
}
RANKS = KernelRanks("mean_phase", BUILDS, STANDINGS, REFUSED, "0123456789abcdef")
GOOD = Table("linux-x86_64-test-2c-avx2-00000000", {"mean_phase": RANKS})
TEXT = format_table(GOOD)
PLAIN_TEXT = """\
# Generated: `polytier rank` computes it from records, `polytier freeze` from the ranks in force.
# Do not edit it: ranks are measured, and the next run overwrites this file.
format = 1
host = "test"

[kernels.mean_phase]
record = "0123456789abcdef"

[kernels.mean_phase.tiers.rust]
version = "0.1.0"
digest = "12ab"

[kernels.mean_phase.refused]
go = "mean_phase [n=8]: index 3 is 0.25, \\"0.5\\" \\\\ the floor"
julia = "mean_phase [n=64]: it was ended by signal SIGSEGV"

[[kernels.mean_phase.standings]]
size = 8
start = 0
order = ["floor", "rust"]
level = ["rust"]
seconds = { floor = 1e-06, rust = 1.2346e-06 }

[[kernels.mean_phase.standings]]
size = 64
start = 23
order = ["rust", "floor"]
level = []
seconds = { rust = 2.5e-07, floor = 3e-06 }
"""


def refused(text: str) -> str:
    """Return how the text is refused."""
    with pytest.raises(FileFormatError) as caught:
        parse_table(text, "here.toml")
    assert str(caught.value).startswith("read table 'here.toml': ")
    assert "\nhint: " in str(caught.value)
    return str(caught.value)


def test_the_text_is_what_is_documented() -> None:
    """The form of a table is fixed, character for character."""
    table = parse_table(PLAIN_TEXT, "here.toml")
    assert format_table(table) == PLAIN_TEXT
    assert table.kernels["mean_phase"].tiers == {"rust": TierBuild("0.1.0", "12ab")}
    assert table.kernels["mean_phase"].refused == {
        "go": 'mean_phase [n=8]: index 3 is 0.25, "0.5" \\ the floor',
        "julia": "mean_phase [n=64]: it was ended by signal SIGSEGV",
    }
    assert table.kernels["mean_phase"].standings[1] == Standing(
        64, 23, ("rust", "floor"), (), {"rust": 2.5e-7, "floor": 3e-6}
    )


def test_a_table_goes_through_a_file(tmp_path: Path) -> None:
    """Names that need quotes, quotes in versions and all orders survive; seconds keep five digits."""
    write_table(GOOD, tmp_path / "dispatch.toml")
    read = read_table(tmp_path / "dispatch.toml")
    assert (read.host, list(read.kernels)) == (GOOD.host, ["mean_phase"])
    ranks = read.kernels["mean_phase"]
    assert ranks.tiers == BUILDS
    assert (ranks.refused, ranks.record) == (REFUSED, "0123456789abcdef")
    assert [standing.order for standing in ranks.standings] == [standing.order for standing in STANDINGS]
    assert ranks.standings[0].seconds == {"floor": 1.2346e-6, "c.fast": 2.0}
    assert format_table(read) == TEXT


def test_crossovers_are_where_first_place_changes() -> None:
    """A crossover says at which size who takes over from whom."""
    assert GOOD.kernels["mean_phase"].crossovers == ((23, "floor", "rust"),)


def test_a_table_without_kernels_is_read() -> None:
    """A host on which only floors serve may have a table too."""
    assert parse_table('format = 1\nhost = "test"\n', "here.toml") == Table("test", {})


def test_a_table_of_floors_needs_no_tiers() -> None:
    """The floor needs no build."""
    ranks = KernelRanks("mean_phase", {}, (Standing(8, 0, ("floor",), (), {"floor": 1.0}),))
    assert parse_table(format_table(Table("test", {"mean_phase": ranks})), "here.toml").kernels["mean_phase"] == ranks


def test_a_table_that_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    """A bad table is refused before the file that stands there is touched."""
    write_table(GOOD, tmp_path / "dispatch.toml")
    ranks = GOOD.kernels["mean_phase"]._replace(standings=STANDINGS[1:])
    with pytest.raises(FileFormatError, match="the first standing starts at 0"):
        write_table(Table("test", {"mean_phase": ranks}), tmp_path / "dispatch.toml")
    assert (tmp_path / "dispatch.toml").read_text("utf-8") == TEXT


FIRST = "kernels.mean_phase.standings[0]"
SECOND = "kernels.mean_phase.standings[1]"
RUST = "kernels.mean_phase.tiers.rust"
ORDER = 'order = ["rust", "floor"]'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("format = 1", "format = 2", "line 3, format: it is 2, known is 1\nhint: update polytier"),
        ("format = 1\n", "", "'here.toml': 'format' is missing\nhint: it needs 'format', 'host'"),
        ('host = "test"', 'host = "a/b"', "line 4, host: it must be a name like"),
        ("\n\n[kernels", "\nowner = 'me'\n[kernels", "line 5, owner: it is unknown here\nhint: known: 'format'"),
        ("kernels.mean_phase", 'kernels."mean phase"', "line 6, kernels.mean phase: 'mean phase' is no valid name"),
        ("tiers.rust", 'tiers."ru st"', "line 9, kernels.mean_phase.tiers.ru st: 'ru st' is no valid name"),
        ("tiers.rust", "tiers.go", f"line 20, {FIRST}.order: tier 'rust' is not among 'tiers'"),
        ('version = "0.1.0"\n', "", f"line 9, {RUST}: 'version' is missing"),
        ('digest = "12ab"', "digest = 12", f"line 11, {RUST}.digest: it must be a string, found 12"),
        ("size = 64", "size = 6.4", f"line 25, {SECOND}.size: it must be an integer of at least 0"),
        ("start = 0", "start = 1", f"line 19, {FIRST}.start: it is 1\nhint: the first standing starts at 0"),
        ("start = 23", "start = 8", f"line 26, {SECOND}.start: 8 is not above 8 and at most 64"),
        ("start = 23", "start = 65", f"line 26, {SECOND}.start: 65 is not above 8 and at most 64"),
        (ORDER, 'order = ["rust"]', f"line 27, {SECOND}.order: 'floor' is missing"),
        (ORDER, "order = 5", f"line 27, {SECOND}.order: it must be a list, found 5"),
        (ORDER, 'order = ["rust", 5]', f"line 27, {SECOND}.order[1]: it must be a string"),
        (ORDER, 'order = ["floor", "floor"]', f"line 27, {SECOND}.order: a name stands here twice"),
        ('level = ["rust"]', 'level = ["floor"]', f"line 21, {FIRST}.level: 'floor' follows no other name in 'order'"),
        ("floor = 3e-06 }", "go = 3e-06 }", f"line 29, {SECOND}.seconds: it names ['go', 'rust'], 'order' names"),
        ("floor = 3e-06 }", "floor = inf }", f"line 29, {SECOND}.seconds.floor: it must be seconds between"),
        ("floor = 3e-06 }", "floor = 1979-13-01 }", "line 29"),
        ("floor = 3e-06 }", "floor = 3e-06, floor = 3e-06 }", "line 29"),
        ('record = "0123456789abcdef"', "record = 7", "line 7, kernels.mean_phase.record: it must be a string"),
        ("julia = ", "rust = ", "line 15, kernels.mean_phase.refused.rust: 'rust' stands in an order too"),
        ("julia = ", "floor = ", "line 15, kernels.mean_phase.refused.floor: 'floor' stands in an order too"),
        ("julia = ", '"ju lia" = ', "line 15, kernels.mean_phase.refused.ju lia: 'ju lia' is no valid name"),
        ("signal SIGSEGV", "\\n", "line 15, kernels.mean_phase.refused.julia: it must be a printable"),
        ("julia = ", "julia = 3 #", "line 15, kernels.mean_phase.refused.julia: it must be a string, found 3"),
        ("size = 64", "size = 64 64", "line 25, column 11: Expected newline or end of document after a statement"),
        ("size = 64", "size = " + "9" * 5000, "Exceeds the limit"),
        ("size = 64", "size = " + "[" * 5000, "recursion"),
        (PLAIN_TEXT, 'format = "', "end of document"),
    ],
)
def test_a_wrong_line_is_named(old: str, new: str, said: str) -> None:
    """The message names the line and the place, what was wanted and what was found."""
    assert said in refused(PLAIN_TEXT.replace(old, new))


def test_no_standings_are_refused() -> None:
    """A kernel without any standing has no rank to read."""
    assert "line 3, kernels.k.standings: it is empty" in refused('format = 1\nhost = "test"\nkernels.k.standings = []')
    assert "line 3, kernels.k: 'standings' is missing" in refused('format = 1\nhost = "test"\n[kernels.k]')


@pytest.mark.parametrize("text", [PLAIN_TEXT, PLAIN_TEXT.replace('["rust"]', "[]"), "format = 1\nhost = 'x'\n", ""])
def test_a_generated_text_needs_no_toml_parser(text: str) -> None:
    """The fast reader gives what tomllib gives."""
    text = text.replace("'", '"')
    assert canonical(text) == tomllib.loads(text)


@pytest.mark.parametrize("text", [TEXT, PLAIN_TEXT.replace("\n", "\r\n"), PLAIN_TEXT + "# mine\n", "\n" + PLAIN_TEXT])
def test_a_text_of_another_form_is_left_to_tomllib(text: str) -> None:
    """Quoted keys, other line ends and comments elsewhere are TOML all the same."""
    assert canonical(text) is None
    assert parse_table(text, "here.toml").kernels["mean_phase"].standings[0].order[0] == "floor"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN_TEXT + 'format = 1\nhost = "test"\n',
        PLAIN_TEXT + '\n[kernels.mean_phase.tiers.rust]\nversion = "1"\ndigest = "2"\n',
        PLAIN_TEXT + '\n[kernels.mean_phase]\nrecord = "twice"\n',
        PLAIN_TEXT + '\n[kernels.mean_phase.refused]\ngo = "twice"\n',
        PLAIN_TEXT.replace("julia =", "go ="),
        PLAIN_TEXT.replace("rust = 1.2346e-06 }", "rust = 1.2346e-06, rust = 1.0 }"),
    ],
)
def test_what_toml_forbids_the_fast_reader_does_not_take(text: str) -> None:
    """What stands twice is left to tomllib, which refuses it with its line."""
    assert canonical(text) is None
    assert "line " in refused(text)


@given(st.data())
def test_the_fast_reader_never_disagrees_with_tomllib(data: st.DataObject) -> None:
    """Of a text with parts moved, doubled and replaced, it gives what tomllib gives, or leaves it to tomllib."""
    lines = PLAIN_TEXT.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        start = data.draw(st.integers(0, len(lines) - 1))
        lines[place : place + data.draw(st.integers(0, 2))] = lines[start : start + data.draw(st.integers(0, 8))]
        lines = lines or ["\n"]
    text = "".join(lines)
    if data.draw(st.booleans()):
        start = data.draw(st.integers(0, len(text)))
        junk = st.text(alphabet='0e-_.+"\\[]{}=, \n\tafx#\x7fµ', max_size=2)
        text = text[:start] + data.draw(junk) + text[start + data.draw(st.integers(0, 2)) :]
    found = canonical(text)
    if found is not None:
        assert found == tomllib.loads(text)


@given(st.data())
def test_a_spoiled_text_is_never_half_read(data: st.DataObject) -> None:
    """A text that ends early, or has other characters in it, is a whole table or FileFormatError."""
    start = data.draw(st.integers(0, len(TEXT)))
    text = TEXT[:start] + data.draw(st.text(max_size=4)) + TEXT[start + data.draw(st.integers(0, 40)) :]
    try:
        read = parse_table(text, "here.toml")
    except FileFormatError:
        return
    plain = tomllib.loads(text).get("kernels", {})
    assert {name: len(ranks.standings) for name, ranks in read.kernels.items()} == {
        name: len(ranks["standings"]) for name, ranks in plain.items()
    }


@given(records())
def test_every_ranked_record_goes_through_a_table(record: Record) -> None:
    """What rank computes can be written, and comes back equal."""
    table = rank.table([record])
    assert parse_table(format_table(table), "here.toml") == table


NESTED = """\
a."b c".d = 1
[x.'y']
z = 2
[[x.list]]
k = 1
[[x.list.inner]]
[x.list.inner.deep]
q = 3
[[x.list]]
k = 5
"""


def test_lines_are_found_in_any_form_of_toml() -> None:
    """Dotted keys, quoted keys, inner tables and nested arrays of tables lead to their lines."""
    assert tomllib.loads(NESTED)["x"]["list"][0]["inner"][0]["deep"]["q"] == 3
    assert line_of(NESTED, ("a", "b c", "d")) == 1
    assert line_of(NESTED, ("a", "b c")) == 1
    assert line_of(NESTED, ("x", "y", "z")) == 3
    assert line_of(NESTED, ("x", "list", 0, "inner", 0, "deep", "q")) == 8
    assert line_of(NESTED, ("x", "list", 1, "k", 7)) == 10
    assert line_of(NESTED, ("elsewhere",)) is None
    assert line_of(NESTED, ()) is None
