"""The small parts of the kit: digests, forms, the file of expected failures, claims, and how processes end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from helpers_testing import kernel_with
from hypothesis import strategies as st

import polytier
from polytier.errors import FileFormatError
from polytier.kernels.declaration import Case
from polytier.kernels.tolerance import Tolerance
from polytier.testing.answers import arrays, bits, outcome
from polytier.testing.claims import Claim, agree, claims_of, insist, search
from polytier.testing.expected import read_expected
from polytier.testing.forms import FORMS, formed, forms_of, plain_case
from polytier.testing.scout import ending
from polytier.testing.selection import Kernels

if TYPE_CHECKING:
    from pathlib import Path

VECTOR = np.array([0.1, -2.5, 1e30])


class Pair(NamedTuple):
    """A structured answer."""

    times: Any
    label: str


@pytest.mark.parametrize(
    "other",
    [
        VECTOR.astype(np.float32),
        VECTOR.reshape(3, 1),
        -VECTOR,
        VECTOR.tolist(),
        (VECTOR,),
        Pair(VECTOR, "a"),
        0.1,
        None,
    ],
)
def test_bits_tell_answers_apart(other: object) -> None:
    """Another type, dtype, shape, structure or bit gives another digest; equal answers give one."""
    assert bits(other) == bits(other)
    assert bits(other) != bits(VECTOR)


def test_bits_see_signed_zeros_and_labels() -> None:
    """A sign of zero and a text count as bits."""
    assert bits(0.0) != bits(-0.0)
    assert bits(Pair(1.0, "a")) != bits(Pair(1.0, "b"))


def test_arrays_are_found_in_structures() -> None:
    """Every array of a structured answer is found, with the words for its place."""
    assert [where for where, _ in arrays((Pair(VECTOR, "a"), VECTOR))] == [
        "the answer element 0 field times",
        "the answer element 1",
    ]


def test_an_expected_runtime_error_is_no_declining() -> None:
    """Where a case wants a RuntimeError, raising it is the answer."""

    def refuse() -> None:
        raise RecursionError("deep")

    assert outcome(refuse, Case("deep", tuple, raises=RecursionError)) == "raised RecursionError"
    assert outcome(refuse, Case("deep", tuple)) == "declined: RecursionError: deep"


def test_leaving_the_process_is_no_outcome() -> None:
    """SystemExit out of a call is raised on."""
    with pytest.raises(SystemExit):
        outcome(lambda: sys.exit(3), Case("exit", tuple))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("factor", [1.0, 1.0 + 0.3j])
def test_forms_keep_the_numbers(form: str, factor: complex) -> None:
    """Every form of a real or complex array stands for the numbers of its plain one; what is no array stays itself."""
    array = factor * np.array([[0.1, -2.5], [0.0, 7.25]])
    (plain, count), (other, same) = formed((array, 3), form)
    assert np.array_equal(np.asarray(other, dtype=array.dtype), plain)
    assert plain.dtype == array.dtype
    assert count == same == 3


def test_a_kernel_without_arrays_has_no_forms() -> None:
    """A kernel without measured cases, or of numbers alone, is tried in no form."""
    assert plain_case(kernel_with()) is None
    assert forms_of(kernel_with()) == ()
    assert forms_of(polytier.build_knm.dispatch.kernel) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[[xfail]", "correct the TOML"),
        ("xfail = 3", "found xfail at the top"),
        ("[[expected]]", "found ['expected'] at the top"),
        ("xfail = [3]", "entry 1: 3 is no table"),
        ('[[xfail]]\ntest = "a"\nreason = "b"\n[[xfail]]\nreason = "c"', "entry 2: no test is given"),
        ('[[xfail]]\ntest = "a"\nreason = "b"\nkernels = "c"', "'kernels' is not known"),
        ('[[xfail]]\ntest = "a"\nreason = "b"\ncase = 3', "case is 3"),
    ],
)
def test_a_malformed_file_of_expected_failures_is_refused(tmp_path: Path, text: str, found: str) -> None:
    """The whole file is refused, with the place and what is wrong there."""
    path = tmp_path / "expected.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(FileFormatError) as refusal:
        read_expected(path)
    assert found in str(refusal.value)


def test_a_missing_file_of_expected_failures_is_refused(tmp_path: Path) -> None:
    """A file that cannot be read is an error that names it."""
    with pytest.raises(FileFormatError, match=r"read expected failures .*absent\.toml"):
        read_expected(tmp_path / "absent.toml")


def test_a_kernel_of_no_known_family_has_the_general_claim() -> None:
    """A third party's kernel is held to the claim that needs nothing but its cases."""
    declared = kernel_with(Case("one", lambda: ([1.0],)), Case("two", lambda: ([2.0],)))
    (claim,) = claims_of(declared)
    assert claim.label == "forgets_earlier_calls"
    assert search(claim, Kernels({"doubled": declared.floor}), 30) >= 30


def test_a_counterexample_is_the_smallest() -> None:
    """A false claim is refuted with the smallest input found."""

    def below_7(_: Kernels, x: int) -> None:
        insist(x < 7, f"{x} is too much")

    claim = Claim(
        "doubled", "below_7", "All numbers lie below 7.", st.fixed_dictionaries({"x": st.integers(0, 999)}), below_7
    )
    with pytest.raises(AssertionError, match="7 is too much; the smallest input found is x=7"):
        search(claim, Kernels({}), 100)


def test_a_fault_that_does_not_come_again_is_told() -> None:
    """A claim that fails once and then holds is reported as such."""
    calls: list[int] = []

    def once(_: Kernels, x: int) -> None:
        calls.append(x)
        insist(len(calls) != 5, "the fifth call")

    claim = Claim("doubled", "once", "Never.", st.fixed_dictionaries({"x": st.integers()}), once)
    with pytest.raises(AssertionError, match="the last input tried is x="):
        search(claim, Kernels({}), 30)


def test_agreement_names_who_disagrees() -> None:
    """A difference in a claim names what the answer is compared with, which is not the floor."""
    with pytest.raises(AssertionError, match=r"index 1 is 2\.0, the sum says 3\.0"):
        agree(np.array([1.0, 2.0]), np.array([1.0, 3.0]), Tolerance(atol=0.5), "the sum")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (3, "ended with exit code 3"),
        (None, "ended with exit code None"),
        (-11, "was killed by signal SIGSEGV"),
        (-200, "was killed by signal 200"),
    ],
)
def test_the_end_of_a_process_is_told(code: int | None, words: str) -> None:
    """An exit code is told as words, a signal by its name where it has one."""
    assert ending(code) == words
