"""Every case of every kernel that a tier offers: the answer, or the refusal, is the floor's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from polytier.agreement import first_difference
from polytier.testing.answers import DECLINED, told_failure
from polytier.testing.complaints import decline, fail

if TYPE_CHECKING:
    from polytier.kernels.declaration import Case
    from polytier.testing.selection import Selection, Subject

pytestmark = pytest.mark.usefixtures("alive")


def test_agrees(subject: Subject, case: Case) -> None:
    """The answer agrees with the floor's within the kernel's tolerance; bad input gives the floor's exception class."""
    try:
        difference = first_difference(subject.kernel, subject.implementation, case)
    except (ImportError, RuntimeError) as failure:
        if case.raises is not None:
            hint = f"raise {case.raises.__name__}: dispatch reads ImportError and RuntimeError as 'ask the next tier'"
            fail(subject, f"raised {told_failure(failure)}, where bad input must raise", hint, case.label)
        decline(failure)
    if difference is not None:
        hint = "the floor defines the answer: correct the implementation; where the floor is wrong, tell its author"
        fail(subject, difference.sentence, hint, case.label)


def test_answers_a_measured_case(subject: Subject, selection: Selection) -> None:
    """An implementation answers at least one of the cases that are measured: one that only declines never serves."""
    outcomes = selection.answers(subject).fresh.outcomes
    measured = [outcomes[case.label] for case in subject.kernel.timed_cases if case.label in outcomes]
    if measured and all(outcome.startswith(DECLINED) for outcome in measured):
        hint = "answer one of them, or leave the function out: an absent kernel is no fault"
        fail(subject, f"all {len(measured)} measured cases were {measured[0]}", hint)
