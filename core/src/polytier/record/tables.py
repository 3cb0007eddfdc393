"""The table: the ranks and crossovers of one host, as TOML."""

from __future__ import annotations

from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from polytier.errors import FileFormatError
from polytier.marks import FLOOR
from polytier.record.atomic import read_text, write_text
from polytier.record.canonical import canonical
from polytier.record.checks import HOST, KERNEL, TIER, MalformedError, Node, spelled
from polytier.record.summary import significant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT: Final = 1
HEAD: Final = """\
# Generated: `polytier rank` computes it from records, `polytier freeze` from the ranks in force.
# Do not edit it: ranks are measured, and the next run overwrites this file.
"""


# Named tuples: a first call waits for this module, and a frozen dataclass takes five times as long to make.
class TierBuild(NamedTuple):
    """Which build of a tier was measured: its version and the digest of what it was built from."""

    version: str
    digest: str


class Standing(NamedTuple):
    """The order of tiers and floor from size `start` on, as measured at `size`; best first, medians in seconds.

    A name in `level` is level with the name before it in `order`; names after the floor are slower than it.
    """

    size: int
    start: int
    order: tuple[str, ...]
    level: tuple[str, ...]
    seconds: Mapping[str, float]


class KernelRanks(NamedTuple):
    """The ranks of one kernel, by ascending size, and the builds they hold for.

    A tier in `refused`, which gives the reason in one line, was measured and found wrong: it stands in no order.
    Its build is among `tiers` where it is known, for another build may be right.
    `record` is the digest of the record that the ranks follow from, empty where nobody noted it.
    """

    kernel: str
    tiers: Mapping[str, TierBuild]
    standings: tuple[Standing, ...]
    refused: Mapping[str, str] = MappingProxyType({})
    record: str = ""

    @property
    def crossovers(self) -> tuple[tuple[int, str, str], ...]:
        """The sizes at which first place changes hands: (size, from, to)."""
        changes = ((low.order[0], high.order[0], high.start) for low, high in pairwise(self.standings))
        return tuple((size, before, after) for before, after, size in changes if before != after)


class Table(NamedTuple):
    """The ranks of one host."""

    host: str
    kernels: Mapping[str, KernelRanks]


def read_table(path: Path | str) -> Table:
    """Return the table in the file, or raise FileFormatError that names the first wrong line."""
    try:
        text = read_text(path, "table")
    except FileFormatError as failure:
        raise FileFormatError(f"{failure}; {_remedy(path)}") from failure.__cause__
    return parse_table(text, path)


def write_table(table: Table, path: Path | str) -> None:
    """Write the table atomically; one that could not be read back is refused and nothing is written."""
    text = format_table(table)
    parse_table(text, path)
    write_text(path, text, "table")


def parse_table(text: str, origin: Path | str) -> Table:
    """Return the table in the text; `origin` names it in errors."""
    try:
        return _table(Node(canonical(text) or _toml(text, origin)))
    except MalformedError as failure:
        raise _error(origin, _place(text, failure), failure.found, failure.hint) from None


def tier_build(node: Node) -> TierBuild:
    """Return the build that stands at this place."""
    parts = node.fields(("version", "digest"))
    return TierBuild(parts["version"].label(), parts["digest"].label())


def _toml(text: str, origin: Path | str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as failure:
        found, _, place = str(failure).removesuffix(")").partition(" (at ")
        raise _error(origin, place, found) from None
    except (ValueError, RecursionError) as failure:  # a number of too many digits, nesting that is too deep
        raise _error(origin, "", str(failure)) from None


def _error(origin: Path | str, place: str, found: str, wanted: str = "") -> FileFormatError:
    hint = "; ".join(part for part in (wanted, _remedy(origin)) if part)
    return FileFormatError.of("table", origin, place, found, hint)


def _remedy(origin: Path | str) -> str:
    from polytier.record.paths import remedy_of  # only a failure pays for it

    return remedy_of(origin)


def _place(text: str, failure: MalformedError) -> str:
    from polytier.record.lines import line_of

    line = line_of(text, failure.place)
    return ", ".join(part for part in (f"line {line}" if line else "", spelled(failure.place)) if part)


def format_table(table: Table) -> str:
    """Return the table as text, the same for equal tables."""
    blocks = [f"{HEAD}format = {FORMAT}\nhost = {_quoted(table.host)}\n"]
    for kernel in sorted(table.kernels):
        ranks = table.kernels[kernel]
        if ranks.record:
            blocks.append(f"[kernels.{_key(kernel)}]\nrecord = {_quoted(ranks.record)}\n")
        for tier in sorted(ranks.tiers):
            build = ranks.tiers[tier]
            heading = f"[kernels.{_key(kernel)}.tiers.{_key(tier)}]"
            blocks.append(f"{heading}\nversion = {_quoted(build.version)}\ndigest = {_quoted(build.digest)}\n")
        if ranks.refused:
            blocks.append(_refused_text(kernel, ranks.refused))
        blocks.extend(_standing_text(kernel, standing) for standing in ranks.standings)
    return "\n".join(blocks)


def _refused_text(kernel: str, refused: Mapping[str, str]) -> str:
    reasons = "".join(f"{_key(tier)} = {_quoted(refused[tier])}\n" for tier in sorted(refused))
    return f"[kernels.{_key(kernel)}.refused]\n{reasons}"


def _standing_text(kernel: str, standing: Standing) -> str:
    names = [*standing.order, *sorted(set(standing.seconds) - set(standing.order))]
    seconds = ", ".join(f"{_key(name)} = {significant(standing.seconds[name])!r}" for name in names)
    return (
        f"[[kernels.{_key(kernel)}.standings]]\n"
        f"size = {standing.size}\n"
        f"start = {standing.start}\n"
        f"order = [{', '.join(map(_quoted, standing.order))}]\n"
        f"level = [{', '.join(map(_quoted, standing.level))}]\n"
        f"seconds = {{ {seconds} }}\n"
    )


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() else _quoted(name)


def _quoted(text: str) -> str:
    # Enough for what a table may hold: parse_table takes printable strings only, and write_table parses first.
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _table(node: Node) -> Table:
    parts = node.fields(("format", "host"), ("kernels",))
    if parts["format"].integer(1) != FORMAT:
        parts["format"].refuse(f"it is {parts['format'].value}, known is {FORMAT}", "update polytier")
    kernels = parts["kernels"].named(KERNEL) if "kernels" in parts else ()
    return Table(parts["host"].name(HOST), {name: _ranks(name, ranks) for name, ranks in kernels})


def _ranks(kernel: str, node: Node) -> KernelRanks:
    parts = node.fields(("standings",), ("record", "refused", "tiers"))
    tiers = {name: tier_build(build) for name, build in parts["tiers"].named(TIER)} if "tiers" in parts else {}
    nodes = parts["standings"].items()
    if not nodes:
        parts["standings"].refuse("it is empty", "a kernel without standings has no place in a table")
    standings = tuple(_standing(entry, tiers) for entry in nodes)
    _check_sizes(nodes, standings)
    refused = _refused(parts["refused"], standings) if "refused" in parts else {}
    return KernelRanks(kernel, tiers, standings, refused, parts["record"].label() if "record" in parts else "")


def _refused(node: Node, standings: tuple[Standing, ...]) -> dict[str, str]:
    ranked = {FLOOR}.union(*(standing.order for standing in standings))
    reasons: dict[str, str] = {}
    for tier, reason in node.named(TIER):
        if tier in ranked:
            reason.refuse(f"{tier!r} stands in an order too", "a name is either ranked or refused")
        reasons[tier] = reason.label()
    return reasons


def _standing(node: Node, tiers: Mapping[str, TierBuild]) -> Standing:
    parts = node.fields(("size", "start", "order", "level", "seconds"))
    order = _names(parts["order"])
    level = _names(parts["level"])
    seconds = {name: value.seconds() for name, value in parts["seconds"].named(TIER)}
    if FLOOR not in order:
        parts["order"].refuse(f"{FLOOR!r} is missing", "the floor has its place in every order")
    for name in order:
        if name != FLOOR and name not in tiers:
            parts["order"].refuse(f"tier {name!r} is not among 'tiers'", "name its version and digest there")
    if strange := [name for name in level if name not in order[1:]]:
        parts["level"].refuse(f"{strange[0]!r} follows no other name in 'order'", "the first name is level with none")
    if set(seconds) != set(order):
        parts["seconds"].refuse(f"it names {sorted(seconds)}, 'order' names {sorted(order)}", "name the same tiers")
    return Standing(parts["size"].integer(0), parts["start"].integer(0), order, level, seconds)


def _names(node: Node) -> tuple[str, ...]:
    names = tuple(name.name(TIER) for name in node.items())
    if len(set(names)) != len(names):
        node.refuse(f"a name stands here twice: {list(names)}", "name each tier once")
    return names


def _check_sizes(nodes: list[Node], standings: tuple[Standing, ...]) -> None:
    # The first start is 0 and every start lies behind the size before: each size has one standing, none lacks one.
    before = -1
    for node, standing in zip(nodes, standings, strict=True):
        start = Node(standing.start, (*node.place, "start"))
        if before < 0 and standing.start != 0:
            start.refuse(f"it is {standing.start}", "the first standing starts at 0")
        if not before < standing.start <= standing.size:
            start.refuse(
                f"{standing.start} is not above {before} and at most {standing.size}", "sizes and starts ascend"
            )
        before = standing.size
