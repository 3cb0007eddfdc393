"""Stated absences: a tier says which kernels it does not offer, and why; what it says wrongly is reported."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from helpers_cli import COPY_OF_THE_FLOOR, run
from helpers_testing import complaint
from helpers_tiers import GOOD, tiers

from polytier.testing import test_contracts as contracts
from polytier.testing.selection import Selection
from polytier.tiers.absences import absences
from polytier.tiers.probe import probe_isolated

if TYPE_CHECKING:
    from conftest import Installer

REASON = "the template is built faster than a call takes"


def read(found: Any) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what is read where `one` and `two` are kernels and `one` is offered."""
    stated, problems = absences(found, {"one", "two"}.__contains__, "one".__eq__)
    return dict(stated), problems


@pytest.mark.parametrize("found", [{}, MappingProxyType({})])
def test_a_tier_may_state_nothing(found: Any) -> None:
    """An empty mapping of any kind states nothing."""
    assert read(found) == ({}, ())


def test_an_absence_has_a_kernel_and_a_reason() -> None:
    """A kernel that is not offered, with one line of text, is a stated absence."""
    assert read({"two": "it recurses"}) == ({"two": "it recurses"}, ())


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (["two"], "its ABSENT is a list, no mapping of kernels to reasons"),
        ({"tow": "it recurses"}, "its ABSENT names 'tow', which is no known kernel"),
        ({2: "it recurses"}, "its ABSENT names 2, which is no known kernel"),
        ({"one": "it recurses"}, "its ABSENT names 'one', which the tier offers"),
        ({"two": ""}, "its ABSENT gives 'two' the reason '': one line of text is needed"),
        ({"two": " "}, "its ABSENT gives 'two' the reason ' ': one line of text is needed"),
        ({"two": "a\nb"}, "its ABSENT gives 'two' the reason 'a\\nb': one line of text is needed"),
        ({"two": None}, "its ABSENT gives 'two' the reason None: one line of text is needed"),
    ],
)
def test_a_wrong_statement_is_a_problem(found: Any, problem: str) -> None:
    """A statement about no kernel or an offered one, or without a reason, does not count and is told."""
    assert read(found) == ({}, (problem,))


def test_a_wrong_statement_spoils_no_other() -> None:
    """What is right among a tier's statements counts whatever stands beside it."""
    stated, problems = read({"one": "", "two": "it recurses"})
    assert (stated, len(problems)) == ({"two": "it recurses"}, 2)


def test_a_tier_states_its_absences_in_its_module(install_tier: Installer) -> None:
    """ABSENT of the entry point's module is read, and a tier without one states nothing."""
    install_tier("silent", GOOD)
    install_tier("open", f"{GOOD}ABSENT = {{'build_knm': {REASON!r}}}\n")
    assert tiers().absences("silent") == ({}, ())
    assert tiers().absences("open") == ({"build_knm": REASON}, ())


def test_statements_that_cannot_be_read_are_a_problem(install_tier: Installer) -> None:
    """A mapping whose items cannot be had states nothing, and the exception is told."""
    source = "import collections\nclass Sly(collections.UserDict):\n    def items(self):\n        raise SystemExit(1)\n"
    install_tier("sly", f"{source}ABSENT = Sly()\n")
    assert tiers().absences("sly") == ({}, ("reading its ABSENT raised SystemExit(1)",))


def test_a_probe_carries_the_absences(install_tier: Installer) -> None:
    """An isolated probe brings statements and problems along, and does not pass with a problem."""
    source = f"{COPY_OF_THE_FLOOR}\n    ABSENT = {{'kuramoto_rk4': {REASON!r}, 'mean_phase': {REASON!r}}}\n"
    install_tier("half", source)
    found = probe_isolated("half")
    assert found.absent == {"kuramoto_rk4": REASON}
    assert found.problems == ("its ABSENT names 'mean_phase', which the tier offers",)
    assert (found.failure, set(found.agreement.values()), found.passed) == (None, {None}, False)


def test_a_probe_without_calls_reads_the_offer_alone(install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without calls a wrong answer is no matter, a wrong signature is, and the environment keeps no tier out."""
    source = "def order_parameter(theta):\n    raise SystemExit\ndef mean_phase(x): ...\n"
    install_tier("fast", f"{source}ABSENT = {{'build_knm': {REASON!r}}}\n")
    monkeypatch.setenv("POLYTIER_TIERS", "floor")
    found = probe_isolated("fast", calls=False)
    assert found.receipt is not None
    assert found.agreement["order_parameter"] is None
    assert "its 'mean_phase' is refused" in str(found.agreement["mean_phase"])
    assert found.absent == {"build_knm": REASON}


def test_the_verb_tiers_tells_absences_and_problems(
    capsys: pytest.CaptureFixture[str], install_tier: Installer
) -> None:
    """A tier that states something wrong is impaired: the sentence is printed, and the document has both lists."""
    install_tier("half", f"{GOOD}ABSENT = {{'build_knm': {REASON!r}, 'tow': 'it recurses'}}\n")
    ran = run(capsys, "tiers")
    assert "half:\n  its ABSENT names 'tow', which is no known kernel\n" in ran.out
    assert ran.rows[1][1] == "impaired"
    (half,) = run(capsys, "tiers", "--json").document["tiers"]
    assert half["absent"] == {"build_knm": REASON}
    assert half["problems"] == ["its ABSENT names 'tow', which is no known kernel"]


def test_the_verb_kernels_lists_absences(capsys: pytest.CaptureFixture[str], install_tier: Installer) -> None:
    """Below a family stand its stated absences with tier and reason; what is stated wrongly is a warning."""
    install_tier("half", f"{COPY_OF_THE_FLOOR}\n    ABSENT = {{'kuramoto_rk4': {REASON!r}, 'tow': 'it recurses'}}\n")
    ran = run(capsys, "kernels")
    assert ["absent", "from", "reason"] in ran.rows
    assert ["kuramoto_rk4", "half", *REASON.split()] in ran.rows
    warned = "polytier: warning: list what tier 'half' lacks: its ABSENT names 'tow', which is no known kernel\nhint: "
    assert ran.err.startswith(warned)
    (kernel,) = run(capsys, "kernels", "kuramoto_rk4", "--json").document["kernels"]
    assert (kernel["tiers"], kernel["absent"]) == ([], {"half": REASON})


def test_the_conformance_kit_tells_a_wrong_statement(install_tier: Installer) -> None:
    """A tier that states an absence wrongly fails test_loads; one that states it rightly passes."""
    install_tier("right", f"{GOOD}ABSENT = {{'build_knm': {REASON!r}}}\n")
    install_tier("wrong", f"{GOOD}ABSENT = {{'tow': {REASON!r}, 'order_parameter': {REASON!r}}}\n")
    selection = Selection(["right", "wrong"])
    assert complaint(contracts.test_loads, "right", selection) == ""
    said = complaint(contracts.test_loads, "wrong", selection)
    assert "its ABSENT names 'tow', which is no known kernel; its ABSENT names 'order_parameter'" in said
    assert "hint: give ABSENT kernels that the tier lacks" in said
