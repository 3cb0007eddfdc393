"""The audit of the kernels: who offers each, how closely, and where each tier is first, by the shipped table.

It speaks of the repository: of core's kernels and the first-party tiers as they are installed, on whatever host.
The user's own table, the environment's lists and third parties have no part in it.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import polytier.kernels
from polytier.cli.deprecations import document
from polytier.kernels.declaration import Kernel, catalogue
from polytier.kernels.tolerance import Tolerance
from polytier.marks import FLOOR, TIER_GROUP

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from polytier.record.tables import KernelRanks, Standing, Table
    from polytier.tiers.probe import Probe

FIRST_PARTY: Final = ("go", "julia", "mojo", "rust")
RECORDS: Final = "docs/benchmarks"

Document = dict[str, Any]


def audit(table: Path | None = None) -> Document:
    """Return the audit as data; `table` stands for the shipped one."""
    from polytier.dispatch.tables import shipped_path
    from polytier.record.tables import read_table

    shipped = read_table(table or shipped_path())
    probes = _probes()
    own = sorted((k for k in catalogue if k.module.startswith(f"{polytier.kernels.__name__}.")), key=_place)
    return {
        "hosts": [shipped.host],
        "tiers": [_tier(name, probes.get(name)) for name in FIRST_PARTY],
        "kernels": [_kernel(kernel, probes, shipped) for kernel in own],
    }


def _place(kernel: Kernel) -> tuple[str, int]:
    return kernel.family, kernel.floor.__code__.co_firstlineno


def _probes() -> dict[str, Probe]:
    from polytier.tiers import entry_points
    from polytier.tiers.probe import probe_isolated

    installed = {point.name for point in entry_points(TIER_GROUP)}
    return {name: probe_isolated(name, calls=False) for name in FIRST_PARTY if name in installed}


def _tier(name: str, probe: Probe | None) -> Document:
    if probe is None:
        return {"tier": name, "state": "not installed", "reason": None, "problems": [], "deprecated": None}
    return {
        "tier": name,
        "state": "unusable" if probe.failure else "installed",
        "reason": probe.failure,
        "problems": list(probe.problems),
        "deprecated": document(probe.receipt.deprecated) if probe.receipt else None,
    }


def _kernel(kernel: Kernel, probes: Mapping[str, Probe], table: Table) -> Document:
    return {
        "name": kernel.name,
        "family": kernel.family,
        "size": kernel.size,
        "deprecated": document(kernel.deprecated),
        "agreement": _agreement(kernel),
        "offers": [_offer(FLOOR, "present"), *(_offered(kernel.name, tier, probes.get(tier)) for tier in FIRST_PARTY)],
        "hosts": [_host(kernel.name, table)],
    }


def _offered(kernel: str, tier: str, probe: Probe | None) -> Document:
    if probe is None:
        return _offer(tier, "not installed")
    if probe.failure:
        return _offer(tier, "unusable", probe.failure)
    if kernel in probe.agreement:
        refusal = probe.agreement[kernel]
        return _offer(tier, "refused", refusal) if refusal else _offer(tier, "present")
    reason = probe.absent.get(kernel)
    return _offer(tier, "absent", reason) if reason else _offer(tier, "unstated")


def _offer(tier: str, state: str, reason: str | None = None) -> Document:
    return {"tier": tier, "state": state, "reason": reason}


def _agreement(kernel: Kernel) -> list[Document]:
    """Return class and tolerance of each field of a named result, and of any other answer once."""
    from polytier.agreement.comparison import BIT_EXACT, parts_of

    case = (*kernel.timed_cases, *kernel.cases)[0]
    answer = kernel.floor(*case.arguments(), **case.keywords)
    if isinstance(kernel.tolerance, Tolerance):
        parts = [part for _, part in parts_of(answer) or [("", answer)]]
        kinds = dict.fromkeys(_class(part, kernel.tolerance) for part in parts)
        return [_agrees("answer", kind, kernel.tolerance) for kind in kinds]
    fields = [(label.removeprefix("field "), part) for label, part in parts_of(answer) or ()]
    tolerances = {name: kernel.tolerance.get(name, BIT_EXACT) for name, _ in fields}
    return [_agrees(name, _class(part, tolerances[name]), tolerances[name]) for name, part in fields]


def _agrees(field: str, kind: str, tolerance: Tolerance) -> Document:
    return {"field": field, "class": kind, "tolerance": "none" if tolerance.kind == "bit-exact" else str(tolerance)}


def _class(answer: Any, tolerance: Tolerance) -> str:
    whole = isinstance(answer, int) or getattr(getattr(answer, "dtype", None), "kind", "") in {"i", "u"}
    return "exact integer" if whole and tolerance.kind == "bit-exact" else tolerance.kind


def _host(kernel: str, table: Table) -> Document:
    ranks = table.kernels.get(kernel)
    return {
        "host": table.host,
        "record": f"{RECORDS}/{table.host}/{kernel}.json" if ranks else None,
        "measured": sorted({FLOOR, *ranks.tiers} - set(ranks.refused)) if ranks else [],
        "refused": dict(ranks.refused) if ranks else {},
        "first": _firsts(ranks) if ranks else [],
    }


def _firsts(ranks: KernelRanks) -> list[Document]:
    runs = [(name, next(run).start) for name, run in groupby(ranks.standings, key=_first)]
    ends: list[int | None] = [start - 1 for _, start in runs[1:]]
    return [{"tier": name, "from": start, "to": end} for (name, start), end in zip(runs, [*ends, None], strict=True)]


def _first(standing: Standing) -> str:
    return standing.order[0]
