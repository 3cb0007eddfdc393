"""The kit against real tiers: a right one passes, and each fault planted in a call fails the test that names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers_testing import (
    ANSWER,
    BODY,
    COHERENCE,
    FORCE,
    changed,
    failed_tests,
    messages,
    run_faulty,
    run_kit,
    run_kit_apart,
)

if TYPE_CHECKING:
    import pytest
    from conftest import Installer

pytest_plugins = ["pytester"]


def test_a_right_tier_passes(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that keeps every promise passes, and the table says what was tested and what is absent."""
    install_tier("right", COHERENCE + FORCE)
    result = run_kit(pytester, "--tier", "right")
    assert result.ret == 0
    assert failed_tests(result) == set()
    result.stdout.fnmatch_lines(["tier *kernels *cases *examples *", "right *2 of 8 *", "*absent kernels*mean_phase*"])


def test_a_wrong_value_is_named_with_its_index(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """One wrong element fails test_agrees, and the message names kernel, case, tier, index and values."""
    source = changed(FORCE, ("    return cosine", "    answer = cosine"))
    source += "    answer[3:4] += 1e-6\n    return answer\n"
    failed, said = run_faulty(pytester, install_tier, source)
    assert failed == {"test_agrees", "test_property"}
    assert "tier 'faulty', kernel 'networked_force', case 'n=8'" in said
    assert "index 3 is" in said
    assert "exceeds absolute 1e-10" in said
    assert "hint: the floor defines the answer" in said


def test_writing_to_an_input_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that writes to its input fails test_inputs_stay_untouched."""
    write = (
        BODY
        + "    if isinstance(theta, np.ndarray) and theta.flags.writeable:\n        theta[0] += 6.283185307179586\n"
    )
    install_tier("writer", changed(COHERENCE, (BODY, write)))
    result = run_kit_apart(pytester, "--tier", "writer", "-k", "untouched")
    assert failed_tests(result) == {"test_inputs_stay_untouched"}
    assert "input 'theta' was written to: index 0 was" in messages(result)


def test_another_dtype_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that returns float32 fails test_result."""
    failed, said = run_faulty(
        pytester,
        install_tier,
        FORCE.rstrip().replace("return ", "return np.float32(1) * (") + ").astype('f4')",
        "-k",
        "result or test_agrees",
    )
    assert "test_result" in failed
    assert "the answer has dtype <f4, the floor's has <f8" in said


def test_another_layout_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier whose answer is no writeable C-contiguous array fails test_result and nothing else."""
    source = changed(FORCE, ("    return cosine", "    answer = cosine")) + "    return np.repeat(answer, 2)[::2]\n"
    failed, said = run_faulty(pytester, install_tier, source, "-k", "result or test_agrees")
    assert failed == {"test_result"}
    assert "the answer is not C-contiguous (strides (16,))" in said


def test_another_type_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that returns a NumPy scalar where the floor returns a float fails test_result."""
    failed, said = run_faulty(
        pytester, install_tier, changed(COHERENCE, ("math.hypot", "np.hypot")), "-k", "result or test_agrees"
    )
    assert "test_result" in failed
    assert "it returns numpy.float64, the floor float" in said


def test_another_exception_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that refuses bad input with another class fails test_agrees and nothing else."""
    source = changed(COHERENCE, (BODY, BODY.replace("    phases", "    try:\n        phases")))
    source = changed(
        source, (ANSWER, "    except ValueError as failure:\n        raise KeyError(str(failure)) from None\n" + ANSWER)
    )
    failed, said = run_faulty(pytester, install_tier, source, "-k", "agrees")
    assert failed == {"test_agrees"}
    assert "raised KeyError" in said
    assert "where the case wants ValueError" in said


def test_declining_bad_input_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that raises RuntimeError on bad input fails test_agrees: dispatch would ask the next tier."""
    source = changed(COHERENCE, (BODY, BODY.replace("    phases", "    try:\n        phases")))
    source = changed(
        source, (ANSWER, "    except ValueError as failure:\n        raise RuntimeError('bad') from failure\n" + ANSWER)
    )
    failed, said = run_faulty(pytester, install_tier, source, "-k", "agrees")
    assert failed == {"test_agrees"}
    assert "raised RuntimeError: bad, where bad input must raise" in said


def test_an_unexpected_exception_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that refuses what the floor answers fails by name, in forms and everywhere else."""
    refuse = "    if getattr(theta, 'flags', np.zeros(0).flags).aligned is False:\n        raise BufferError('no')\n"
    failed, said = run_faulty(
        pytester, install_tier, changed(COHERENCE, (BODY, refuse + BODY)), "-k", "form or test_agrees"
    )
    assert failed == {"test_form"}
    assert "arrays as unaligned raise BufferError: no" in said


def test_a_form_that_changes_the_answer_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that reads big-endian numbers as native ones fails test_form."""
    misread = '    if getattr(theta, "dtype", None) == ">f8":\n        theta = np.nan_to_num(theta.view("<f8"))\n'
    failed, said = run_faulty(
        pytester, install_tier, changed(COHERENCE, (BODY, misread + BODY)), "-k", "form or test_agrees"
    )
    assert {"test_form", "test_agrees"} <= failed
    assert "arrays as big-endian change the answer" in said


def test_random_bits_are_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier whose answers differ from call to call within the tolerance fails test_repeats_bit_for_bit."""
    source = changed(COHERENCE, (ANSWER, ANSWER.rstrip() + " * (1.0 - 1e-13 * np.random.random())\n"))
    failed, said = run_faulty(pytester, install_tier, source, "-k", "repeats or test_agrees")
    assert "test_repeats_bit_for_bit" in failed
    assert "test_agrees" not in failed
    assert "call 2 differs from call 1" in said


def test_returning_an_input_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that returns its input where nothing is to do fails test_fresh_memory."""
    source = """
    import numpy as np
    from polytier.kernels.declaration import catalogue

    def kuramoto_euler(theta0, omega, K, dt, n_steps):
        answer = catalogue["kuramoto_euler"].floor(theta0, omega, K, dt, n_steps)
        return theta0 if n_steps == 0 and isinstance(theta0, np.ndarray) else answer
    """
    failed, said = run_faulty(pytester, install_tier, source, "-k", "fresh_memory or no_step or repeats")
    assert failed == {"test_fresh_memory", "test_property"}
    assert "the answer shares memory with input 'theta0'" in said


def test_reusing_an_answer_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that returns the same buffer for every call of one size fails test_fresh_memory."""
    source = changed(FORCE, ("    return cosine", "    answer = cosine"))
    source += "    buffer = buffers.setdefault(len(answer), answer)\n    buffer[:] = answer\n    return buffer\n"
    source += "\nbuffers = {}\n"
    failed, said = run_faulty(pytester, install_tier, source, "-k", "fresh_memory or test_agrees")
    assert "test_fresh_memory" in failed
    assert "shares memory with the answer of the call before" in said


def test_another_signature_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier whose function has other parameters fails test_signature, and the table names the rejected kernel."""
    failed, said = run_faulty(pytester, install_tier, COHERENCE.replace("(theta)", "(theta, fast=True)") + FORCE)
    assert failed == {"test_signature"}
    assert "hint: give it the signature order_parameter(theta:" in said
    assert "rejected kernel order_parameter" in said


def test_misread_keywords_are_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
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
    failed, said = run_faulty(pytester, install_tier, source, "-k", "keywords or test_agrees")
    assert failed == {"test_keywords"}
    assert "read every argument by its own name" in said


def test_a_leaked_reference_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that keeps a reference to its input at every call fails test_keeps_no_reference and nothing else."""
    source = changed(COHERENCE, (BODY, "    kept.append(theta)\n" + BODY)) + "\nkept = []\n"
    failed, said = run_faulty(pytester, install_tier, source, "-k", "reference or test_agrees")
    assert failed == {"test_keeps_no_reference"}
    assert "after 100 calls input 'theta' has 100 more references" in said


def test_a_memory_of_earlier_calls_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier whose answer depends on the calls before it fails the property that says so, with the calls."""
    source = changed(COHERENCE, (ANSWER, ANSWER.rstrip() + " + 1e-13 * (before == 8)\n"))
    source = changed(source, (BODY, BODY + "    global last\n    before, last = last, len(phases)\n"))
    failed, said = run_faulty(pytester, install_tier, source + "\nlast = 0\n", "-k", "forgets")
    assert failed == {"test_property"}
    assert "An answer does not depend on the calls before it" in said
    assert "the smallest input found is calls=[" in said


def test_declining_is_shown(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that declines some calls passes, and the table says how often and why."""
    decline = BODY + "    if len(phases) > 1000:\n        raise NotImplementedError('too large for me')\n"
    install_tier("small", changed(COHERENCE, (BODY, decline)))
    result = run_kit(pytester, "--tier", "small")
    assert failed_tests(result) == set()
    result.stdout.fnmatch_lines(
        ["*kernel order_parameter: declined * times, first with NotImplementedError: too large*"]
    )


def test_declining_everything_is_found(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that declines every measured case fails test_answers_a_measured_case and nothing else."""
    decline = BODY + "    raise NotImplementedError('not today')\n"
    failed, said = run_faulty(pytester, install_tier, changed(COHERENCE, (BODY, decline)))
    assert failed == {"test_answers_a_measured_case"}
    assert "all 9 measured cases were declined: NotImplementedError: not today" in said
