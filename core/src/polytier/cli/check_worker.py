"""The process in which one tier is compared with the floor: one JSON line per event on stdout."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import TYPE_CHECKING, Any, TextIO

import polytier
from polytier.agreement import first_difference
from polytier.cli import lookup

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytier.kernels.declaration import Case, Kernel

Report = dict[str, Any]

_LONGEST = 200


def serve(job: Report) -> None:
    """Report on each kernel of the job, `{"tier": ..., "kernels": [...]}`."""
    events = _claim_stdout()
    try:
        polytier.dispatcher.tiers.load(job["tier"])
    except ImportError as failure:
        _tell(events, {"kernel": None, "state": "unusable", "reason": _first_line(failure)})
        return
    for kernel in lookup.kernels(job["kernels"]):
        _tell(events, {"kernel": kernel.name, **judge(kernel, job["tier"], lambda event: _tell(events, event))})


def judge(kernel: Kernel, tier: str, tell: Callable[[Report], None]) -> Report:
    """Return the state of one kernel, with how many cases and why: agrees, differs, fails, rejected or absent."""
    try:
        implementation = polytier.dispatcher.tiers.implementation(tier, kernel.name)
    except NotImplementedError as failure:
        return {"state": "absent", "reason": _first_line(failure)}
    except ImportError as failure:
        return {"state": "rejected", "reason": _first_line(failure)}
    counts: Counter[str] = Counter()
    for case in kernel.cases:
        tell({"kernel": kernel.name, "case": case.label})
        report = _judge_case(kernel, tier, implementation, case)
        if "reason" in report:
            return report | {"case": case.label, "cases": counts["agrees"], "declined": counts["declines"]}
        counts[report["state"]] += 1
    return {"state": "agrees", "cases": counts["agrees"], "declined": counts["declines"]}


def _judge_case(kernel: Kernel, tier: str, implementation: Callable[..., Any], case: Case) -> Report:
    try:
        difference = first_difference(kernel, implementation, case, tier)
    except NotImplementedError:
        return {"state": "declines"}
    except (ImportError, RuntimeError) as failure:
        reason = f"{kernel.name} [{case.label}] of tier {tier!r}: {type(failure).__name__}: {_first_line(failure)}"
        return {"state": "fails", "reason": reason}
    if difference is None:
        return {"state": "agrees"}
    shown = {"where": difference.where, "wanted": _shown(difference.wanted), "found": _shown(difference.found)}
    return {"state": "differs", "reason": difference.sentence, **shown}


def _first_line(failure: BaseException) -> str:
    return str(failure).partition("\n")[0]


def _shown(value: Any) -> str:
    text = repr(value.item() if hasattr(value, "item") and getattr(value, "size", 1) == 1 else value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _claim_stdout() -> TextIO:
    # Native code may print where it likes; what it prints to stdout must not land between the events.
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return events


def _tell(events: TextIO, event: Report) -> None:
    events.write(json.dumps(event) + "\n")
    events.flush()
