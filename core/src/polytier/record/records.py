"""The record: the measurements of one kernel on one host, as JSON."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from polytier.errors import FileFormatError
from polytier.marks import FLOOR
from polytier.record.atomic import read_text, write_text
from polytier.record.checks import HOST, KERNEL, TIER, MalformedError, Node, spelled
from polytier.record.host import HostFacts
from polytier.record.summary import QUANTILES, significant
from polytier.record.tables import TierBuild, tier_build

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Measurement",
    "Record",
    "Refusal",
    "TierBuild",
    "digest_of",
    "format_record",
    "parse_record",
    "read_record",
    "read_records",
    "write_record",
]

FORMAT: Final = 1
REMEDY: Final = "restore the file, or measure again with `polytier measure`"
_TIMES: Final = (*QUANTILES, "first")


@dataclass(frozen=True)
class Measurement:
    """The timed samples of one implementation on one case, in seconds per call; `first` includes load and compile."""

    case: str
    size: int
    seed: int
    tier: str
    samples: int
    loops: int
    minimum: float
    p25: float
    median: float
    p75: float
    p95: float
    first: float


@dataclass(frozen=True)
class Refusal:
    """Why there is no measurement of a tier on a case: wrong answer, crash, time-out, load failure."""

    tier: str
    case: str
    reason: str


@dataclass(frozen=True)
class Record:
    """The measurements of one kernel on one host."""

    kernel: str
    host: HostFacts
    revision: str
    polytier: str
    tiers: Mapping[str, TierBuild]
    measurements: tuple[Measurement, ...]
    refusals: tuple[Refusal, ...]


def read_record(path: Path | str) -> Record:
    """Return the record in the file, or raise FileFormatError that names the first wrong place."""
    return parse_record(read_text(path, "record"), path)


def read_records(directory: Path | str) -> dict[str, Record]:
    """Return the records of one host's directory by kernel; a record of another host or kernel is an error."""
    try:
        paths = sorted(path for path in Path(directory).iterdir() if path.name.endswith(".json"))
    except OSError as failure:
        raise _bad_directory(directory, str(failure)) from failure
    records: dict[str, Record] = {}
    for path in paths:
        record = read_record(path)
        if record.kernel != path.stem:
            raise FileFormatError.of(
                "record", path, "kernel", f"it is of {record.kernel!r}", f"name it {record.kernel}.json"
            )
        first = next(iter(records.values()), record)
        if record.host.id != first.host.id:
            found = f"it is of {record.host.id!r}, but {first.kernel}.json is of {first.host.id!r}"
            raise FileFormatError.of("record", path, "host.id", found, "keep one directory for each host")
        records[record.kernel] = record
    return records


def write_record(record: Record, path: Path | str) -> None:
    """Write the record atomically; one that could not be read back is refused and nothing is written."""
    text = format_record(record)
    parse_record(text, path)
    write_text(path, text, "record")


def parse_record(text: str, origin: Path | str) -> Record:
    """Return the record in the text; `origin` names it in errors."""
    try:
        parsed = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_duplicates)
        return _record(Node(parsed))
    except json.JSONDecodeError as failure:
        place = f"line {failure.lineno}, column {failure.colno}"
        raise FileFormatError.of("record", origin, place, failure.msg, REMEDY) from None
    except MalformedError as failure:
        raise FileFormatError.of("record", origin, spelled(failure.place), failure.found, failure.hint) from None
    except (ValueError, RecursionError) as failure:  # numbers of too many digits, nesting that is too deep
        raise FileFormatError.of("record", origin, "", str(failure), REMEDY) from None


def format_record(record: Record) -> str:
    """Return the record as text: sorted, five significant digits, one line for each measurement."""
    measurements = sorted(record.measurements, key=lambda entry: (entry.size, entry.case, entry.tier))
    refusals = sorted(record.refusals, key=lambda entry: (entry.tier, entry.case, entry.reason))
    plain = {
        "format": FORMAT,
        "host": {"facts": dict(record.host.facts), "id": record.host.id},
        "kernel": record.kernel,
        "measurements": [_rounded(entry) for entry in measurements],
        "polytier": record.polytier,
        "refusals": [asdict(entry) for entry in refusals],
        "revision": record.revision,
        "tiers": {name: build._asdict() for name, build in record.tiers.items()},
    }
    return "{\n" + ",\n".join(f"  {json.dumps(key)}: {_lines(plain[key])}" for key in sorted(plain)) + "\n}\n"


def digest_of(record: Record) -> str:
    """Return a short digest of the record's text: a table names by it what it was computed from."""
    return hashlib.sha256(format_record(record).encode()).hexdigest()[:16]


def _rounded(measurement: Measurement) -> dict[str, Any]:
    return {name: significant(value) if name in _TIMES else value for name, value in asdict(measurement).items()}


def _lines(value: Any) -> str:
    # One line per element: a new measurement of one tier changes that tier's lines and no others.
    if not value or not isinstance(value, dict | list):
        return json.dumps(value)
    if isinstance(value, dict):
        inner = [f"{json.dumps(key)}: {json.dumps(value[key], sort_keys=True)}" for key in sorted(value)]
        return "{\n    " + ",\n    ".join(inner) + "\n  }"
    return "[\n    " + ",\n    ".join(json.dumps(element, sort_keys=True) for element in value) + "\n  ]"


def _record(node: Node) -> Record:
    parts = node.fields(("format", "host", "kernel", "measurements", "polytier", "refusals", "revision", "tiers"))
    if parts["format"].integer(1) != FORMAT:
        parts["format"].refuse(f"it is {parts['format'].value}, known is {FORMAT}", "update polytier, or measure again")
    record = Record(
        kernel=parts["kernel"].name(KERNEL),
        host=_host(parts["host"]),
        revision=parts["revision"].label(),
        polytier=parts["polytier"].label(),
        tiers={name: tier_build(build) for name, build in parts["tiers"].named(TIER)},
        measurements=tuple(_measurement(entry) for entry in parts["measurements"].items()),
        refusals=tuple(_refusal(entry) for entry in parts["refusals"].items()),
    )
    _check_whole(record, parts)
    return record


def _host(node: Node) -> HostFacts:
    parts = node.fields(("id", "facts"))
    return HostFacts(parts["id"].name(HOST), parts["facts"].mapping())


def _refusal(node: Node) -> Refusal:
    parts = node.fields(("tier", "case", "reason"))
    return Refusal(parts["tier"].name(TIER), parts["case"].label(), parts["reason"].text())


def _measurement(node: Node) -> Measurement:
    parts = node.fields(("case", "size", "seed", "tier", "samples", "loops", *_TIMES))
    times = {name: parts[name].seconds() for name in _TIMES}
    figures = [times[name] for name in QUANTILES]
    if figures != sorted(figures):
        node.refuse(f"{' <= '.join(QUANTILES)} does not hold: {figures}", REMEDY)
    return Measurement(
        case=parts["case"].label(),
        size=parts["size"].integer(0),
        seed=parts["seed"].integer(0),
        tier=parts["tier"].name(TIER),
        samples=parts["samples"].integer(1),
        loops=parts["loops"].integer(1),
        **times,
    )


def _check_whole(record: Record, parts: dict[str, Node]) -> None:
    if FLOOR not in record.tiers:
        parts["tiers"].refuse(f"{FLOOR!r} is missing", "a record names the floor's build too")
    sizes: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    for entry, node in zip(record.measurements, parts["measurements"].items(), strict=True):
        if entry.tier not in record.tiers:
            node.refuse(f"tier {entry.tier!r} is not among 'tiers'", "name its version and digest there")
        if (entry.case, entry.tier) in seen:
            node.refuse(f"case {entry.case!r} of tier {entry.tier!r} stands here twice", "keep one of the two")
        if sizes.setdefault(entry.case, entry.size) != entry.size:
            node.refuse(f"case {entry.case!r} has size {entry.size}, and {sizes[entry.case]} above", REMEDY)
        seen.add((entry.case, entry.tier))


def _no_constant(text: str) -> NoReturn:
    raise MalformedError((), f"{text} is no JSON number", REMEDY)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedError((), f"the key {twice!r} stands twice in one object", "keep one of the two")
    return members


def _bad_directory(directory: Path | str, found: str) -> FileFormatError:
    return FileFormatError.of("records", directory, "", f"it cannot be listed ({found})", "name a host's directory")
