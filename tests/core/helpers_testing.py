"""Sources of tiers, right and faulty, and the runs of the kit that the tests of the kit share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

# A run inside this process forgets what it imported; NumPy and Hypothesis cannot be imported twice.
import polytier.testing.families.kuramoto
import polytier.testing.plugin  # noqa: F401

if TYPE_CHECKING:
    import pytest
    from conftest import Installer

ALWAYS = (
    *("-p", "polytier.testing.plugin", "-p", "no:cacheprovider", "-rfs", "--pyargs", "polytier.testing"),
    *("--conformance-limit", "60", "--conformance-examples", "10"),
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


def changed(source: str, *changes: tuple[str, str]) -> str:
    """Return a source with a fault planted: each text, which must be there, replaced by another."""
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return source


def run_kit(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run the kit in this process, with the plugin as its entry point would load it."""
    return pytester.runpytest_inprocess(*ALWAYS, *arguments)


def run_kit_apart(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run the kit in a process of its own: a tier that writes to its inputs spoils the cases of the process."""
    return pytester.runpytest_subprocess(*ALWAYS, *arguments)


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
