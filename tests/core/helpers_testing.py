"""Sources of tiers, right and faulty, and the runs of the kit that the tests of the kit share."""

from __future__ import annotations

import importlib
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

# A run inside this process forgets what it imported; NumPy and Hypothesis cannot be imported twice.
import polytier.testing.families.aer
import polytier.testing.families.doppler
import polytier.testing.families.faraday
import polytier.testing.families.kuramoto
import polytier.testing.families.operators  # noqa: F401
from polytier.kernels.declaration import Case, Kernel, catalogue
from polytier.kernels.tolerance import Tolerance
from polytier.testing import test_cases as cases
from polytier.testing import test_contracts as contracts
from polytier.testing import test_properties as properties
from polytier.testing.claims import claims_of
from polytier.testing.forms import forms_of
from polytier.testing.selection import Selection, Subject
from polytier.tiers import Tiers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Installer

# Such a run registers the plugin anew, and pytest warns of one that it did not rewrite.
pytest.register_assert_rewrite("polytier.testing.plugin")
importlib.import_module("polytier.testing.plugin")

ALWAYS = (
    *("-p", "no:cacheprovider", "-rfs", "--pyargs", "polytier.testing"),
    *("--conformance-limit", "60", "--conformance-examples", "5"),
)

COHERENCE = """
import math
import numpy as np
from polytier.arrays import float_vector

def order_parameter(theta):
    phases = float_vector(theta, "theta")
    return math.hypot(np.cos(phases).sum(), np.sin(phases).sum()) / len(phases)
"""
"""A right order_parameter."""

FORCE = """
import numpy as np
from polytier.arrays import float_matrix, float_vector

def networked_force(theta, K):
    phases = float_vector(theta, "theta")
    coupling = float_matrix(K, "K", shape=(len(phases), len(phases))).copy()
    np.fill_diagonal(coupling, 0.0)
    sine, cosine = np.sin(phases), np.cos(phases)
    return cosine * (coupling @ sine) - sine * (coupling @ cosine)
"""
"""A right networked_force."""


BODY = '    phases = float_vector(theta, "theta")\n'
"""The line of COHERENCE that reads its input."""

ANSWER = "    return math.hypot(np.cos(phases).sum(), np.sin(phases).sum()) / len(phases)\n"
"""The line of COHERENCE that answers."""

CONTRACTS = (
    contracts.test_keywords,
    contracts.test_inputs_stay_untouched,
    contracts.test_result,
    contracts.test_fresh_memory,
    contracts.test_repeats_bit_for_bit,
    contracts.test_keeps_no_reference,
)
"""The tests of the kit that take nothing but an implementation."""


def changed(source: str, *changes: tuple[str, str]) -> str:
    """Return a source with a fault planted: each text, which must be there, replaced by another."""
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return source


def kernel_with(*cases: Case) -> Kernel:
    """Return a kernel that no family declares."""

    def doubled(x: Any) -> Any:
        return 2.0 * np.asarray(x)

    return Kernel("doubled", doubled, "len(x)", Tolerance(), lambda: cases)


def installed(install_tier: Installer, source: str, kernel: str = "order_parameter") -> Subject:
    """Return a kernel, without its largest cases, by the tier 'faulty', which is installed with this source."""
    install_tier("faulty", source)
    declared = catalogue[kernel]
    large = declared.timed_cases[4:]
    kept = Kernel(
        declared.name,
        declared.floor,
        declared.size,
        declared.tolerance,
        lambda: (case for case in declared.cases if case not in large),
    )
    return Subject("faulty", kept, Tiers(catalogue.__getitem__))


def complaint(test: Callable[..., None], *arguments: Any) -> str:
    """Return what one test of the kit says as it fails; '' if it passes or ends without a verdict."""
    try:
        test(*arguments)
    except pytest.fail.Exception as failure:
        return str(failure)
    except pytest.skip.Exception:
        return ""
    return ""


def complaints(subject: Subject) -> dict[str, str]:
    """Return what each test that fails says first, of those about calls: cases, forms and contracts."""
    said: dict[str, str] = {}
    for test, *arguments in _calls(subject):
        found = complaint(test, subject, *arguments)
        if found:
            said.setdefault(test.__name__, found)
    return said


def property_complaint(subject: Subject, label: str, selection: Selection | None = None) -> str:
    """Return what the test of one claim says as it fails; '' if it passes."""
    (claim,) = (claim for claim in claims_of(subject.kernel) if claim.label == label)
    config = SimpleNamespace(option=SimpleNamespace(conformance_examples=30))
    selection = selection or Selection([subject.tier])
    return complaint(properties.test_property, subject, claim, selection, config, lambda *_: None)


def _calls(subject: Subject) -> Iterator[tuple[Any, ...]]:
    yield from ((cases.test_agrees, case) for case in subject.kernel.cases)
    yield from ((contracts.test_form, form) for form in forms_of(subject.kernel))
    yield from ((test,) for test in CONTRACTS)


def run_kit(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run the kit in this process; its entry point brings the options."""
    return pytester.runpytest_inprocess(*ALWAYS, *arguments)


def run_faulty(
    pytester: pytest.Pytester, install_tier: Installer, source: str, *arguments: str
) -> tuple[set[str], str]:
    """Run the kit on one tier with this source and return the names of the failed tests and all that was printed."""
    install_tier("faulty", source)
    result = run_kit(pytester, "--tier", "faulty", *arguments)
    return failed_tests(result), messages(result)


def failed_tests(result: pytest.RunResult) -> set[str]:
    """Return the names of the kit's tests that failed, their parameters left out."""
    return set(re.findall(r"^FAILED \S*::(test_\w+)", result.stdout.str(), re.MULTILINE))


def messages(result: pytest.RunResult) -> str:
    """Return all that a run printed."""
    return result.stdout.str() + result.stderr.str()
