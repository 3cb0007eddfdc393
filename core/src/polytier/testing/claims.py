"""Claims about a kernel that hold for all inputs, not only for its cases; Hypothesis looks for a counterexample."""

# Language policy: exempt, it prints arrays, and the floors and tiers under test compute.

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning

from polytier.agreement import compare
from polytier.testing.answers import DECLINED, outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polytier.kernels.declaration import Kernel
    from polytier.kernels.tolerance import Tolerance
    from polytier.testing.selection import Kernels

FAMILIES = "polytier.testing.families"
_CALM = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example, HealthCheck.filter_too_much)


@dataclass(frozen=True)
class Claim:
    """One sentence about a kernel, the inputs it speaks of, and the check that raises AssertionError if it is false."""

    kernel: str
    label: str
    sentence: str
    inputs: st.SearchStrategy[dict[str, Any]]
    check: Callable[..., None]


class Family:
    """The claims about the kernels of one family, gathered by a decorator."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []

    def claim(
        self, *kernels: str, **inputs: st.SearchStrategy[Any]
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Declare a function `(tier, [kernel,] **inputs)` as a claim about each kernel; its docstring says it."""

        def declare(check: Callable[..., None]) -> Callable[..., None]:
            for kernel in kernels:
                drawn = {**inputs, "kernel": st.just(kernel)} if len(kernels) > 1 else inputs
                label, sentence = check.__name__, " ".join((check.__doc__ or "").split())
                self.claims.append(Claim(kernel, label, sentence, st.fixed_dictionaries(drawn), check))
            return check

        return declare


def claims_of(kernel: Kernel) -> list[Claim]:
    """Return the claims about a kernel: its family's, and that its answers do not depend on the calls before."""
    claims = [_history(kernel)]
    module = f"{FAMILIES}.{kernel.family}"
    if kernel.module.startswith("polytier.kernels.") and find_spec(module) is not None:
        family: Family = importlib.import_module(module).family
        claims += [claim for claim in family.claims if claim.kernel == kernel.name]
    return claims


def search(claim: Claim, tier: Kernels, examples: int) -> int:
    """Look for a counterexample and raise AssertionError with it; return how many examples held."""
    held = 0
    last: dict[str, Any] = {}

    @settings(max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=_CALM)
    @given(drawn=claim.inputs)
    def hold(drawn: dict[str, Any]) -> None:
        nonlocal held, last
        last = drawn
        claim.check(tier, **drawn)
        held += 1

    try:
        with warnings.catch_warnings():  # Hypothesis would print large arrays whole; the message here does not
            warnings.filterwarnings("ignore", "Generating overly large repr", HypothesisWarning)
            hold()
    except AssertionError as failure:
        raise AssertionError(f"{failure}; the smallest input found is {_shown(last)}") from failure
    except ExceptionGroup as failures:  # several faults, or one that did not come again
        first = failures.exceptions[0]
        raise AssertionError(f"{type(first).__name__}: {first}; the last input tried is {_shown(last)}") from failures
    return held


def agree(found: Any, wanted: Any, tolerance: Tolerance | Mapping[str, Tolerance], who: str = "the claim") -> None:
    """Raise AssertionError with the first difference of two values, where they differ."""
    difference = compare(found, wanted, tolerance)
    if difference is not None:
        raise AssertionError(difference.sentence.replace("the floor says", f"{who} says"))


def insist(holds: bool, found: str) -> None:
    """Raise AssertionError with what was found, unless the condition holds."""
    if not holds:
        raise AssertionError(found)


def _history(kernel: Kernel) -> Claim:
    slow = kernel.timed_cases[len(kernel.timed_cases) // 2 :]
    labels = [case.label for case in kernel.cases if case not in slow]
    cases = {case.label: case for case in kernel.cases}

    def check(tier: Kernels, calls: list[str]) -> None:
        implementation = getattr(tier, kernel.name)
        fresh = {label: outcome(implementation, cases[label]) for label in calls}
        for place, label in enumerate(calls):
            again = outcome(implementation, cases[label])
            same = again == fresh[label] or again.startswith(DECLINED) or fresh[label].startswith(DECLINED)
            insist(same, f"call {place + 1}, case {label!r}, {again}; before these calls it {fresh[label]}")

    sentence = "An answer does not depend on the calls before it, whatever they were."
    inputs = st.fixed_dictionaries({"calls": st.lists(st.sampled_from(labels), min_size=2, max_size=12)})
    return Claim(kernel.name, "forgets_earlier_calls", sentence, inputs, check)


def _shown(drawn: Mapping[str, Any]) -> str:
    with np.printoptions(threshold=40, floatmode="unique"):
        return ", ".join(f"{name}={value!r}" for name, value in drawn.items())
