"""Compares one tier, as this process's environment has it load, with the floor; `test_bitwise.py` starts it.

Every case of every kernel that claims bits is run, and what is drawn beside them. Where the declared tolerance allows
nothing, every bit must be the floor's; elsewhere the tolerance holds as it is declared. A claim is never listed here.
The one line of the answer is JSON: the tier's refusal to load, or what was found of each kernel.
"""

from __future__ import annotations

import copy
import importlib
import json
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from bitwise_inputs import DRAWN

import polytier  # noqa: F401 - declares the kernels
from polytier.agreement import compare, first_difference
from polytier.agreement.comparison import BIT_EXACT, parts_of
from polytier.kernels.declaration import catalogue
from polytier.kernels.tolerance import Tolerance
from polytier.tiers import Tiers

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytier.kernels.declaration import Case, Kernel

WHOLE = "the answer"
"""What stands for the field of an answer that has none."""


class Kept:
    """A function that keeps its last answer."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.answer: Any = None

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the function."""
        self.answer = None
        self.answer = self.function(*arguments, **keywords)
        return self.answer


def allows_nothing(tolerance: Tolerance, case: Case) -> bool:
    """Say whether a tolerance asks for the floor's own numbers, whole or for these arguments."""
    if tolerance.kind == "scaled":
        if case.raises is not None or tolerance.scale is None:
            return False
        with np.errstate(all="ignore"):
            limit = tolerance.rtol * np.asarray(tolerance.scale(*case.arguments(), **case.keywords))
        return not limit.any()
    if tolerance.kind == "ulp":
        return tolerance.ulps == 0
    return tolerance.kind == "bit-exact" or (tolerance.kind == "absolute+relative" and tolerance[:2] == (0.0, 0.0))


def tolerances(kernel: Kernel) -> dict[str, Tolerance]:
    """Return a kernel's tolerances by field."""
    return {WHOLE: kernel.tolerance} if isinstance(kernel.tolerance, Tolerance) else dict(kernel.tolerance)


def claims(kernel: Kernel, case: Case) -> set[str]:
    """Return the fields in which this case's answer must have the floor's bits."""
    return {field for field, tolerance in tolerances(kernel).items() if allows_nothing(tolerance, case)}


def tightened(kernel: Kernel, claimed: set[str]) -> Kernel:
    """Return the kernel with bit-exact tolerances for the claimed fields."""
    tight = copy.copy(kernel)
    by_field = {field: BIT_EXACT if field in claimed else one for field, one in tolerances(kernel).items()}
    tight.tolerance = by_field.get(WHOLE, by_field)
    return tight


def equal_fields(found: Any, wanted: Any) -> set[str]:
    """Return the fields in which two answers have equal bits."""
    parts, others = parts_of(found), parts_of(wanted)
    if not hasattr(wanted, "_fields") or parts is None or others is None:
        return set() if compare(found, wanted, BIT_EXACT) else {WHOLE}
    pairs = zip(parts, others, strict=True)
    return {label.removeprefix("field ") for (label, a), (_, b) in pairs if not compare(a, b, BIT_EXACT)}


def examine(tier: str, kernel: Kernel, implementation: Callable[..., Any]) -> dict[str, Any] | None:
    """Return what was found of a kernel, up to the first difference; None of one that claims no bits."""
    cases = [*kernel.cases, *DRAWN.get(kernel.name, list)()]
    claimed = [claims(kernel, case) for case in cases]
    if not any(claimed):
        return None
    if kernel.name not in DRAWN:
        return {"difference": f"{kernel.name} claims bits: give bitwise_inputs.py inputs to draw for it"}
    also, kept, floor = set(tolerances(kernel)), Kept(implementation), Kept(kernel.floor)
    counts, answered = dict.fromkeys(tolerances(kernel), 0), 0
    for case, fields in zip(cases, claimed, strict=True):
        tight = tightened(kernel, fields)
        tight.floor = floor
        difference = first_difference(tight, kept, case, tier)
        if difference is not None:
            return {"difference": difference.sentence}
        if floor.answer is not None:
            answered += 1
            also &= equal_fields(kept.answer, floor.answer)
            counts.update({field: counts[field] + 1 for field in fields})
    beyond = sorted(field for field in also if counts[field] < answered)
    return {"difference": None, "cases": len(cases), "claimed": counts, "beyond": beyond}


def level_of(tier: str, tiers: Tiers) -> str:
    """Return the vector instructions that a tier says it uses."""
    module = tiers.load(tier)
    if hasattr(module, "simd_level"):
        return str(module.simd_level())
    if tier == "mojo":  # its levels are executables
        program = importlib.import_module(f"{module.__name__}.native").executable()
        return str(program.name.rpartition("-")[2])
    return ""


def report(tier: str) -> dict[str, Any]:
    """Return what was found of a tier: that it is refused, or its level and its kernels."""
    tiers, found = Tiers(catalogue.__getitem__), dict[str, Any]()
    try:
        for kernel in catalogue:
            kernel.signature  # noqa: B018 - kept by the kernel before its floor is wrapped
            found[kernel.name] = examine(tier, kernel, tiers.implementation(tier, kernel.name))
        level = level_of(tier, tiers)
    except ImportError as failure:
        return {"refused": f"{type(failure).__name__}: {failure}"}
    return {"level": level, "kernels": {name: one for name, one in found.items() if one is not None}}


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of searches that a case's limit stops
    sys.stdout.write(json.dumps(report(sys.argv[1])) + "\n")
