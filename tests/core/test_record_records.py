"""Tests of `polytier.record.records`: the record file, what it refuses, and its schema."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from helpers_record import HOST, measurement, record, records
from hypothesis import given
from hypothesis import strategies as st

from polytier.errors import FileFormatError
from polytier.record import Record, Refusal, read_record, read_records, write_record
from polytier.record.records import format_record, parse_record

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = json.loads(resources.files("polytier.record").joinpath("record.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
GOOD = record(
    measurement("rust", 64, 1.23456e-7, spread=0.125),
    measurement("floor", 64, 2e-6),
    measurement("floor", 8, 1e-6),
    refusals=(Refusal("go", "n=8", "index 3 is 0.25,\nthe floor says 0.5"),),
)
PLAIN = json.loads(format_record(GOOD))
RUST_LINE = (
    '    {"case": "n=64", "first": 2.7778e-07, "loops": 100, "median": 1.2346e-07, "minimum": 1.0802e-07, '
    '"p25": 1.0802e-07, "p75": 1.3889e-07, "p95": 1.3889e-07, "samples": 9, "seed": 7, "size": 64, "tier": "rust"}'
)


def refused(content: Any) -> str:
    """Return how the text, or the JSON of the value, is refused."""
    text = content if isinstance(content, str) else json.dumps(content)
    with pytest.raises(FileFormatError) as caught:
        parse_record(text, "here.json")
    assert str(caught.value).startswith("read record 'here.json': ")
    assert "\nhint: " in str(caught.value)
    return str(caught.value)


def changed(*place: str | int, to: Any) -> Any:
    """Return the good record as plain JSON with one value replaced."""
    plain = copy.deepcopy(PLAIN)
    inner = plain
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = to
    return plain


def test_the_text_is_sorted_rounded_and_one_line_for_each_measurement() -> None:
    """Equal measurements give equal text, and a new one changes one line."""
    lines = format_record(GOOD).splitlines()
    assert [line[2:].partition(":")[0] for line in lines if line.startswith('  "')] == sorted(
        f'"{key}"' for key in PLAIN
    )
    assert [line for line in lines if '"tier": "rust"' in line] == [RUST_LINE]
    assert [(entry["size"], entry["tier"]) for entry in PLAIN["measurements"]] == [
        (8, "floor"),
        (64, "floor"),
        (64, "rust"),
    ]
    assert format_record(GOOD).endswith("}\n")
    assert format_record(GOOD).isascii()


@given(records(cases=2))
def test_what_is_written_is_read(entry: Record) -> None:
    """A record survives the file but for the digits that are not kept, and a second writing changes nothing."""
    text = format_record(entry)
    read = parse_record(text, "here.json")
    assert format_record(read) == text
    assert (read.kernel, read.host, read.tiers) == (entry.kernel, entry.host, entry.tiers)
    assert {(m.case, m.tier, m.seed, m.loops) for m in read.measurements} == {
        (m.case, m.tier, m.seed, m.loops) for m in entry.measurements
    }
    assert sorted(read.refusals, key=str) == sorted(entry.refusals, key=str)
    for found in read.measurements:
        (wanted,) = (m for m in entry.measurements if (m.case, m.tier) == (found.case, found.tier))
        assert found.median == pytest.approx(wanted.median, rel=1e-4)
    VALIDATOR.validate(json.loads(text))


def test_a_record_goes_through_a_file(tmp_path: Path) -> None:
    """Writing and reading a file give the same record again."""
    write_record(GOOD, tmp_path / "order_parameter.json")
    read = read_record(tmp_path / "order_parameter.json")
    assert format_record(read) == (tmp_path / "order_parameter.json").read_text("utf-8") == format_record(GOOD)


def test_a_record_that_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    """A bad record is refused before the file that stands there is touched."""
    path = tmp_path / "order_parameter.json"
    write_record(GOOD, path)
    bad = replace(GOOD, measurements=(replace(GOOD.measurements[0], median=float("nan")),))
    with pytest.raises(FileFormatError, match="NaN is no JSON number"):
        write_record(bad, path)
    assert read_record(path).measurements


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("format",), 2, "format: it is 2, known is 1\nhint: update polytier"),
        (("format",), True, "format: it must be an integer of at least 1 that fits 64 bits, found True"),
        (
            ("kernel",),
            "order parameter",
            "kernel: it must be a name like [A-Za-z_][A-Za-z0-9_]*, found 'order parameter'",
        ),
        (("kernel",), None, "kernel: it must be a string, found None"),
        (("host",), [], "host: it must be a table of named values, found []"),
        (("host", "id"), "../elsewhere", "host.id: it must be a name like [a-z0-9][a-z0-9._-]*"),
        (("host", "facts"), "fast", "host.facts: it must be a table of named values, found 'fast'"),
        (("revision",), "", "revision: it must be a printable, non-empty string, found ''"),
        (("polytier",), "1\n2", "polytier: it must be a printable, non-empty string"),
        (("tiers",), {}, "tiers: 'floor' is missing\nhint: a record names the floor's build too"),
        (("tiers", "ru st"), {}, "tiers.ru st: 'ru st' is no valid name\nhint: names match"),
        (("tiers", "rust"), {"version": "1"}, "tiers.rust: 'digest' is missing\nhint: it needs 'digest', 'version'"),
        (("surplus",), 1, "surplus: it is unknown here\nhint: known: 'format', 'host',"),
        (("measurements",), {}, "measurements: it must be a list, found {}"),
        (("measurements", 0, "case"), 5, "measurements[0].case: it must be a string, found 5"),
        (("measurements", 0, "size"), -1, "measurements[0].size: it must be an integer of at least 0"),
        (("measurements", 0, "size"), 2**63, "measurements[0].size: it must be an integer of at least 0 that fits"),
        (("measurements", 0, "seed"), 1.0, "measurements[0].seed: it must be an integer of at least 0"),
        (("measurements", 0, "loops"), 0, "measurements[0].loops: it must be an integer of at least 1"),
        (("measurements", 0, "first"), 0, "measurements[0].first: it must be seconds between 1e-15 and 1e+09, found 0"),
        (("measurements", 0, "p95"), "1", "measurements[0].p95: it must be seconds"),
        (("measurements", 0, "p95"), True, "measurements[0].p95: it must be seconds"),
        (("measurements", 0, "p25"), 1.0, "measurements[0]: minimum <= p25 <= median <= p75 <= p95 does not hold"),
        (
            ("measurements", 0, "tier"),
            "zig",
            "measurements[0]: tier 'zig' is not among 'tiers'\nhint: name its version",
        ),
        (("measurements", 1, "case"), "n=8", "measurements[1]: case 'n=8' of tier 'floor' stands here twice"),
        (("measurements", 2, "size"), 65, "measurements[2]: case 'n=64' has size 65, and 64 above"),
        (("refusals", 0, "reason"), None, "refusals[0].reason: it must be a string, found None"),
        (("kernel",), ["x" * 90], "found ['" + "x" * 58 + "..."),
    ],
)
def test_a_wrong_value_is_named_with_its_place(place: tuple[str | int, ...], value: Any, said: str) -> None:
    """The message names the place, what was wanted and what was found."""
    assert said in refused(changed(*place, to=value))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1, column 1: Expecting value"),
        ('{\n "format": }', "line 2, column 12: Expecting value"),
        ("[]", "it must be a table of named values, found []"),
        ('{"format": 1, "format": 1}', "the key 'format' stands twice in one object\nhint: keep one of the two"),
        ('{"format": Infinity}', "Infinity is no JSON number"),
        ('{"format": ' + "9" * 5000 + "}", "Exceeds the limit"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_what_is_no_json_is_refused(text: str, said: str) -> None:
    """Broken, ambiguous and hostile text is refused with its place where there is one."""
    assert said in refused(text)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(2**70),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["size", "floor", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(value: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the places of all values in a parsed JSON text."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, inner in inside for found in ((*above, key), *places(inner, (*above, key)))]


@given(st.data())
def test_a_mutated_record_is_read_whole_or_refused(data: st.DataObject) -> None:
    """Whatever stands in place of a value, reading gives a whole record that the schema allows, or FileFormatError."""
    plain = changed(*data.draw(st.sampled_from(places(PLAIN))), to=data.draw(JUNK))
    try:
        read = parse_record(json.dumps(plain), "here.json")
    except FileFormatError:
        return
    VALIDATOR.validate(plain)
    assert parse_record(format_record(read), "here.json").kernel == read.kernel


@given(st.data())
def test_a_record_without_a_member_is_refused_as_the_schema_says(data: st.DataObject) -> None:
    """Leaving out a member, or adding one, is refused by the reader exactly where the schema refuses it."""
    plain = copy.deepcopy(PLAIN)
    place = data.draw(st.sampled_from([place for place in places(plain) if isinstance(place[-1], str)]))
    inner = plain
    for part in place[:-1]:
        inner = inner[part]
    inner["added"] = inner.pop(place[-1]) if data.draw(st.booleans()) else 1
    try:
        parse_record(json.dumps(plain), "here.json")
        said = None
    except FileFormatError as failure:
        said = str(failure)
    assert VALIDATOR.is_valid(plain) == (said is None or "not among 'tiers'" in said)


@given(st.data())
def test_a_cut_or_spoiled_text_is_never_half_read(data: st.DataObject) -> None:
    """A text that ends early, or has other characters in it, is a whole record or FileFormatError."""
    text = format_record(GOOD)
    start = data.draw(st.integers(0, len(text)))
    spoiled = text[:start] + data.draw(st.text(max_size=4)) + text[start + data.draw(st.integers(0, 40)) :]
    try:
        read = parse_record(spoiled, "here.json")
    except FileFormatError:
        return
    assert json.loads(spoiled)["measurements"]
    assert len(read.measurements) == len(json.loads(spoiled)["measurements"])


def test_the_schema_is_a_schema() -> None:
    """The schema is itself valid, and the good record fits it."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(PLAIN)


def test_a_directory_of_records_is_read_by_kernel(tmp_path: Path) -> None:
    """Every .json of the directory is read, and other files are left alone."""
    for kernel in ("mean_phase", "build_knm"):
        write_record(replace(GOOD, kernel=kernel), tmp_path / f"{kernel}.json")
    (tmp_path / "dispatch.toml").touch()
    (tmp_path / ".mean_phase.json.0123.tmp").touch()
    assert list(read_records(tmp_path)) == ["build_knm", "mean_phase"]
    assert read_records(str(tmp_path))["mean_phase"].kernel == "mean_phase"


def test_an_empty_directory_has_no_records(tmp_path: Path) -> None:
    """A directory before its first measurement is no error."""
    assert read_records(tmp_path) == {}


def test_a_directory_that_is_none_is_refused(tmp_path: Path) -> None:
    """A mistyped directory is not taken for one without records."""
    with pytest.raises(
        FileFormatError, match=r"(?s)read records '.*absent': it cannot be listed .*hint: name a host's"
    ):
        read_records(tmp_path / "absent")


def test_a_record_under_a_wrong_name_is_refused(tmp_path: Path) -> None:
    """A record's file carries its kernel's name."""
    write_record(GOOD, tmp_path / "mean_phase.json")
    with pytest.raises(
        FileFormatError, match=r"kernel: it is of 'order_parameter'\nhint: name it order_parameter\.json"
    ):
        read_records(tmp_path)


def test_records_of_two_hosts_are_refused(tmp_path: Path) -> None:
    """One directory holds the records of one host."""
    write_record(GOOD, tmp_path / "order_parameter.json")
    write_record(replace(GOOD, kernel="mean_phase", host=HOST._replace(id="other")), tmp_path / "mean_phase.json")
    with pytest.raises(FileFormatError, match=r"host\.id: it is of 'linux-.*, but mean_phase\.json is of 'other'"):
        read_records(tmp_path)


def test_a_record_that_is_a_directory_is_refused(tmp_path: Path) -> None:
    """A directory with a record's name is named."""
    (tmp_path / "mean_phase.json").mkdir()
    with pytest.raises(FileFormatError, match="it is no regular file"):
        read_records(tmp_path)
