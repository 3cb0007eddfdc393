"""The kit against real tiers: a right one passes, and each fault planted in a call fails the test that names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from helpers_testing import (
    ANSWER,
    BODY,
    COHERENCE,
    FORCE,
    changed,
    complaint,
    complaints,
    failed_tests,
    installed,
    kernel_with,
    property_complaint,
    run_faulty,
    run_kit,
)

from polytier.kernels.declaration import Case, Kernel, catalogue
from polytier.kernels.tolerance import Tolerance
from polytier.marks import FLOOR
from polytier.testing import test_cases as cases
from polytier.testing import test_contracts as contracts
from polytier.testing.selection import Selection, Subject
from polytier.tiers import Tiers

if TYPE_CHECKING:
    from conftest import Installer

pytest_plugins = ["pytester"]

OWN_NAME = "    answer = cosine * (coupling @ sine) - sine * (coupling @ cosine)\n"
"""FORCE's last line with a name for the answer."""


def force_with(*lines: str) -> str:
    """Return the source of a networked_force that does more before it returns its answer."""
    source = changed(FORCE, (OWN_NAME.replace("answer =", "return"), OWN_NAME))
    return source + "".join(f"    {line}\n" for line in lines)


def test_a_right_tier_passes(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that keeps every promise passes, and the table says what was tested and what is absent."""
    install_tier("right", COHERENCE)
    result = run_kit(pytester, "--tier", "right")
    assert result.ret == 0
    assert failed_tests(result) == set()
    result.stdout.fnmatch_lines(
        ["tier *kernels *cases *examples *", f"right *1 of {len(tuple(catalogue))} *", "*absent kernels*mean_phase*"]
    )


@pytest.mark.parametrize(("source", "kernel"), [(COHERENCE, "order_parameter"), (FORCE, "networked_force")])
def test_no_complaint_about_right_calls(install_tier: Installer, source: str, kernel: str) -> None:
    """The tests that find the faults below find none in the sources that the faults are planted in."""
    assert complaints(installed(install_tier, source, kernel)) == {}


def test_a_wrong_value_is_named_with_its_index(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """One wrong element fails test_agrees, and the message names kernel, case, tier, index and values."""
    source = force_with("answer[3:4] += 1e-6", "return answer")
    failed, said = run_faulty(pytester, install_tier, source, "-k", "cases or result or force-agrees or signature")
    assert failed == {"test_agrees", "test_property"}
    assert "tier 'faulty', kernel 'networked_force', case 'n=8'" in said
    assert "index 3 is" in said
    assert "exceeds absolute 1e-10" in said
    assert "hint: the floor defines the answer" in said


def test_writing_to_an_input_is_found(install_tier: Installer) -> None:
    """A tier that writes to its input fails test_inputs_stay_untouched."""
    write = "    if isinstance(theta, np.ndarray) and theta.flags.writeable:\n        theta[0] += 6.283185307179586\n"
    said = complaints(installed(install_tier, changed(COHERENCE, (BODY, BODY + write))))
    assert "input 'theta' was written to: index 0 was" in said["test_inputs_stay_untouched"]


def test_another_dtype_is_found(install_tier: Installer) -> None:
    """A tier that returns float32 fails test_result."""
    source = force_with("return answer.astype('f4')")
    said = complaints(installed(install_tier, source, "networked_force"))
    assert "the answer has dtype <f4, the floor's has <f8" in said["test_result"]


def test_another_layout_is_found(install_tier: Installer) -> None:
    """A tier whose answer is no C-contiguous array fails test_result and nothing else."""
    source = force_with("return np.repeat(answer, 2)[::2]")
    said = complaints(installed(install_tier, source, "networked_force"))
    assert list(said) == ["test_result"]
    assert "the answer is not C-contiguous (strides (16,))" in said["test_result"]


def test_a_read_only_answer_is_found(install_tier: Installer) -> None:
    """A tier whose answer cannot be written to fails test_result."""
    source = force_with("answer.flags.writeable = False", "return answer")
    said = complaints(installed(install_tier, source, "networked_force"))
    assert "the answer is read-only" in said["test_result"]


def test_another_shape_is_found(install_tier: Installer) -> None:
    """A tier that returns a row instead of a vector fails test_result."""
    said = complaints(installed(install_tier, force_with("return answer[np.newaxis]"), "networked_force"))
    assert "the answer has shape (1, 1), the floor's has (1,)" in said["test_result"]


def test_another_type_is_found(install_tier: Installer) -> None:
    """A tier that returns a NumPy scalar where the floor returns a float fails test_result."""
    said = complaints(installed(install_tier, changed(COHERENCE, ("math.hypot", "np.hypot"))))
    assert "it returns numpy.float64, the floor float" in said["test_result"]


@pytest.mark.parametrize(
    ("raising", "found"),
    [
        ("KeyError(str(failure)) from None", "where the case wants ValueError"),
        ("RuntimeError('bad') from None", "raised RuntimeError: bad, where bad input must raise"),
    ],
)
def test_another_refusal_is_found(install_tier: Installer, raising: str, found: str) -> None:
    """A tier that refuses bad input with another class fails test_agrees alone, even if it means to decline."""
    refuse = f"    except ValueError as failure:\n        raise {raising}\n"
    body = BODY.replace("    phases", "    try:\n        phases") + refuse
    said = complaints(installed(install_tier, changed(COHERENCE, (BODY, body))))
    assert list(said) == ["test_agrees"]
    assert found in said["test_agrees"]


def test_an_unexpected_exception_is_found(install_tier: Installer) -> None:
    """A tier that refuses what the floor answers fails by name."""
    refuse = "    if getattr(theta, 'flags', np.zeros(0).flags).aligned is False:\n        raise BufferError('no')\n"
    said = complaints(installed(install_tier, changed(COHERENCE, (BODY, refuse + BODY))))
    assert list(said) == ["test_form"]
    assert "arrays as unaligned raise BufferError: no" in said["test_form"]


def test_an_exception_in_every_call_is_found(install_tier: Installer) -> None:
    """A tier that raises on good input fails every test that needs an answer, and its property."""
    subject = installed(install_tier, changed(COHERENCE, (ANSWER, "    return math.sqrt(-1)\n")))
    said = complaints(subject)
    assert {"test_agrees", "test_form", "test_result", "test_keywords"} <= set(said)
    assert "case 'n=1': raised ValueError: math domain error" in said["test_result"]
    assert "It raised ValueError: math domain error" in property_complaint(subject, "lies_between_0_and_1")


def test_a_form_that_changes_the_answer_is_found(install_tier: Installer) -> None:
    """A tier that reads big-endian numbers as native ones fails test_form."""
    misread = '    if getattr(theta, "dtype", None) == ">f8":\n        theta = np.nan_to_num(theta.view("<f8"))\n'
    said = complaints(installed(install_tier, changed(COHERENCE, (BODY, misread + BODY))))
    assert {"test_form", "test_agrees"} <= set(said)
    assert "arrays as big-endian change the answer" in said["test_form"]


def test_random_bits_are_found(install_tier: Installer) -> None:
    """A tier whose answers differ from call to call within the tolerance fails test_repeats_bit_for_bit."""
    source = changed(COHERENCE, (ANSWER, ANSWER.rstrip() + " * (1.0 - 1e-13 * np.random.random())\n"))
    said = complaints(installed(install_tier, source))
    assert "test_agrees" not in said
    assert "call 2 differs from call 1" in said["test_repeats_bit_for_bit"]


def test_returning_an_input_is_found(install_tier: Installer) -> None:
    """A tier that returns its input where nothing is to do fails test_fresh_memory, and its property."""
    source = """
    import numpy as np
    from polytier.kernels.declaration import catalogue

    def kuramoto_euler(theta0, omega, K, dt, n_steps):
        answer = catalogue["kuramoto_euler"].floor(theta0, omega, K, dt, n_steps)
        return theta0 if n_steps == 0 and isinstance(theta0, np.ndarray) else answer
    """
    subject = installed(install_tier, source, "kuramoto_euler")
    assert "the answer shares memory with input 'theta0'" in complaint(contracts.test_fresh_memory, subject)
    assert "the answer shares memory with theta0" in property_complaint(subject, "copies_when_there_is_no_step")


def test_reusing_an_answer_is_found(install_tier: Installer) -> None:
    """A tier that returns the same buffer for every call of one size fails test_fresh_memory."""
    reuse = ("buffer = buffers.setdefault(len(answer), answer)", "buffer[:] = answer", "return buffer")
    said = complaints(installed(install_tier, force_with(*reuse) + "\nbuffers = {}\n", "networked_force"))
    assert "shares memory with the answer of the call before" in said["test_fresh_memory"]


def test_another_signature_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier whose function has other parameters fails test_signature, and the table names the rejected kernel."""
    source = COHERENCE.replace("(theta)", "(theta, fast=True)") + FORCE
    failed, said = run_faulty(pytester, install_tier, source, "-k", "signature or loads")
    assert failed == {"test_signature"}
    assert "hint: give it the signature order_parameter(theta:" in said
    assert "rejected kernel order_parameter" in said


def test_misread_keywords_are_found(install_tier: Installer) -> None:
    """A tier that takes keyword arguments by their order fails test_keywords and nothing else."""
    source = """
    import inspect
    from polytier.kernels.declaration import catalogue

    def build_knm(*args, **kwargs):
        if len(kwargs) == 3:
            kwargs = {"n": kwargs["n"], "k_base": kwargs["alpha"], "alpha": kwargs["k_base"]}
        return catalogue["build_knm"].floor(*args, **kwargs)

    build_knm.__signature__ = inspect.signature(catalogue["build_knm"].floor)
    """
    said = complaints(installed(install_tier, source, "build_knm"))
    assert list(said) == ["test_keywords"]
    assert "read every argument by its own name" in said["test_keywords"]


def test_positional_parameters_have_no_keywords() -> None:
    """A kernel whose parameters are positional only is not called by keyword, and the test says so."""

    def halved(x: float, /) -> float:
        return x / 2

    kernel = Kernel("halved", halved, "1", Tolerance(), lambda: [Case("one", lambda: (1.0,))])
    with pytest.raises(pytest.skip.Exception, match="positional-only parameters"):
        contracts.test_keywords(Subject(FLOOR, kernel, Tiers(catalogue.__getitem__)))


def test_a_leaked_reference_is_found(install_tier: Installer) -> None:
    """A tier that keeps a reference to its input at every call fails test_keeps_no_reference and nothing else."""
    source = changed(COHERENCE, (BODY, "    kept.append(theta)\n" + BODY)) + "\nkept = []\n"
    said = complaints(installed(install_tier, source))
    assert list(said) == ["test_keeps_no_reference"]
    assert "after 100 calls input 'theta' has 100 more references" in said["test_keeps_no_reference"]


def test_references_of_refused_calls_are_counted_without_measured_cases() -> None:
    """A kernel without measured cases is held to its cases of bad input."""

    def refusing(x: list[float]) -> None:
        kept.append(x)
        raise ValueError

    kept: list[list[float]] = []
    bad = Case("bad", lambda: ([],), raises=ValueError)
    subject = Subject(FLOOR, Kernel("refusing", refusing, "len(x)", Tolerance(), lambda: [bad]), Tiers(lambda _: None))
    assert "input 'x' has 100 more references" in complaint(contracts.test_keeps_no_reference, subject)
    right = Subject(FLOOR, kernel_with(bad), Tiers(lambda _: None))
    assert complaint(contracts.test_keeps_no_reference, right) == ""


def test_a_memory_of_earlier_calls_is_found(install_tier: Installer) -> None:
    """A tier whose answer depends on the calls before it fails the property that says so, with the calls."""
    source = changed(COHERENCE, (ANSWER, ANSWER.rstrip() + " + 1e-13 * (before == 2)\n"))
    source = changed(source, (BODY, BODY + "    global last\n    before, last = last, len(phases)\n"))
    said = property_complaint(installed(install_tier, source + "\nlast = 0\n"), "forgets_earlier_calls")
    assert "An answer does not depend on the calls before it" in said
    assert "the smallest input found is calls=[" in said


def test_declining_is_shown(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that declines some calls passes, and the table says how often and why."""
    decline = BODY + "    if len(phases) > 1000:\n        raise NotImplementedError('too large for me')\n"
    install_tier("small", changed(COHERENCE, (BODY, decline)))
    result = run_kit(pytester, "--tier", "small", "-k", "agrees or answers or gil")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["*kernel order_parameter: declined * times, first with NotImplementedError: too large*"]
    )


def test_declining_everything_is_found(install_tier: Installer) -> None:
    """A tier that declines every measured case fails test_answers_a_measured_case and no other test."""
    decline = BODY + "    raise NotImplementedError('not today')\n"
    subject = installed(install_tier, changed(COHERENCE, (BODY, decline)))
    selection = Selection(["faulty"])
    assert complaints(subject) == {}
    assert property_complaint(subject, "lies_between_0_and_1", selection) == ""
    found = complaint(cases.test_answers_a_measured_case, subject, selection)
    assert "all 4 measured cases were declined: NotImplementedError: not today" in found
