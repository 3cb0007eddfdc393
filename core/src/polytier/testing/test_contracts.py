"""What every call promises besides the right numbers: signature, inputs, result, memory, determinism."""

# Language policy: exempt, it looks at the memory and the references of arrays.

from __future__ import annotations

import copy
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from polytier.agreement import Difference, compare
from polytier.kernels.tolerance import Tolerance
from polytier.testing.answers import DECLINED, arrays, bits, outcome, told_failure
from polytier.testing.complaints import decline, fail
from polytier.testing.forms import formed, plain_case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytier.kernels.declaration import Case
    from polytier.testing.selection import Selection, Subject

REPEATS = 5
CALLS = 100
_BIT_EXACT = Tolerance.bit_exact()


def test_loads(tier: str, selection: Selection) -> None:
    """A tier loads in a fresh process, offers at least one kernel, and states no absence wrongly."""
    offer = selection.offer(tier)
    if offer.failure:
        fail(tier, offer.failure, "import the module of its entry point by hand to see the whole traceback")
    if not offer.offered and not offer.rejected:
        fail(tier, "it offers none of the kernels under test", f"known kernels: {', '.join(selection.kernels)}")
    if offer.problems:
        fail(tier, "; ".join(offer.problems), "give ABSENT kernels that the tier lacks, each with one line of text")


def test_signature(candidate: Subject) -> None:
    """An implementation has the floor's parameters: same names, kinds and defaults; binding it says what differs."""
    if candidate.rejected is not None:
        hint = f"give it the signature {candidate.kernel.name}{candidate.kernel.signature}"
        fail(candidate, candidate.rejected, hint)


@pytest.mark.usefixtures("alive")
def test_keywords(subject: Subject) -> None:
    """Arguments given by keyword mean what they mean by position."""
    for case, arguments, answer in _answers(subject):
        names = [name for name, p in subject.kernel.signature.parameters.items() if p.kind is not p.POSITIONAL_ONLY]
        if len(names) < len(subject.kernel.signature.parameters):
            pytest.skip("the kernel has positional-only parameters")
        again = subject.implementation(**dict(zip(names, arguments, strict=False)), **case.keywords)
        if bits(again) != bits(answer):
            found = f"by keyword it answers {again!r}, by position {answer!r}"
            fail(subject, found, "read every argument by its own name", case.label)


@pytest.mark.usefixtures("alive")
def test_inputs_stay_untouched(subject: Subject) -> None:
    """No call writes to its inputs, neither one that answers nor one that refuses."""
    for case in subject.kernel.cases:
        arguments = case.arguments()
        before = copy.deepcopy(arguments)
        outcome(subject.implementation, case, arguments)
        for (name, now), then in zip(_by_name(subject, arguments), before, strict=True):
            change = compare(now, then, _BIT_EXACT)
            if change is not None:
                found = f"input {name!r} was written to: {change.where} was {change.wanted!r}, is {change.found!r}"
                fail(subject, found, "compute in memory of your own; inputs belong to the caller", case.label)


@pytest.mark.usefixtures("alive")
def test_result(subject: Subject) -> None:
    """An answer has the floor's types; its arrays have the floor's dtype and shape, are in C order and writeable."""
    for case, _, answer in _answers(subject):
        floor = subject.kernel.floor(*case.arguments(), **case.keywords)
        if type(answer) is not type(floor):
            found = f"it returns {_typed(answer)}, the floor {_typed(floor)}"
            fail(subject, found, "return the floor's type", case.label)
        for (where, array), (_, wanted) in zip(arrays(answer), arrays(floor), strict=False):
            for found in _faults(array, wanted):
                fail(subject, f"{where} {found}", "return a new C-contiguous array of the floor's kind", case.label)


@pytest.mark.usefixtures("alive")
def test_fresh_memory(subject: Subject) -> None:
    """The arrays of an answer are new memory: no input's, and no earlier answer's."""
    for case, arguments, answer in _answers(subject):
        again = subject.implementation(*arguments, **case.keywords)
        others = [(f"input {name!r}", value) for name, value in _by_name(subject, arguments)]
        others += [(f"{where} of the call before", array) for where, array in arrays(answer)]
        for where, array in arrays(again):
            for whose, other in others:
                if isinstance(other, np.ndarray) and np.shares_memory(array, other):
                    hint = "return a copy: a caller may write to an answer and keep it"
                    fail(subject, f"{where} shares memory with {whose}", hint, case.label)


@pytest.mark.usefixtures("alive")
def test_repeats_bit_for_bit(subject: Subject) -> None:
    """Calls with equal arguments give equal bits."""
    for case, _, answer in _answers(subject):
        for repeat in range(1, REPEATS):
            again = subject.implementation(*case.arguments(), **case.keywords)
            if bits(again) != bits(answer):
                change = compare(again, answer, _BIT_EXACT)
                found = f"call {repeat + 1} differs from call 1" + (f": {_apart(change)}" if change else "")
                hint = "fix the order of every sum, and clear what stays between calls"
                fail(subject, found, hint, case.label)


@pytest.mark.usefixtures("alive")
def test_form(subject: Subject, form: str) -> None:
    """The same numbers in another form of array give the same answer, within the kernel's tolerance."""
    case = plain_case(subject.kernel)
    assert case is not None  # noqa: S101 - forms_of gives a kernel without measured cases no form
    plain, other = formed(case.arguments(), form)
    try:
        wanted = subject.implementation(*plain, **case.keywords)
        found = subject.implementation(*other, **case.keywords)
    except (ImportError, RuntimeError) as failure:
        decline(failure)
    except Exception as failure:  # noqa: BLE001 - whatever it raises is the finding
        hint = "accept any array_like that converts to the floor's dtype"
        fail(subject, f"arrays as {form} raise {told_failure(failure)}", hint, case.label)
    difference = compare(found, wanted, subject.kernel.tolerance, plain, case.keywords)
    if difference is not None:
        found = f"arrays as {form} change the answer: {_apart(difference)}"
        fail(subject, found, "convert to a C-contiguous array in native byte order first", case.label)


@pytest.mark.usefixtures("alive")
def test_keeps_no_reference(subject: Subject) -> None:
    """Calls do not pile up references to their inputs, neither those that answer nor those that refuse."""
    for case in (plain_case(subject.kernel), *(case for case in subject.kernel.cases if case.raises)):
        if case is None:
            continue
        arguments = case.arguments()
        before = _references(arguments)
        for _ in range(CALLS):
            outcome(subject.implementation, case, arguments)
        for place, more in enumerate(np.subtract(_references(arguments), before)):
            if more >= CALLS and isinstance(arguments[place], np.ndarray | list):
                name = list(subject.kernel.signature.parameters)[place]
                found = f"after {CALLS} calls input {name!r} has {more} more references"
                fail(subject, found, "release every reference that a call takes, on every way out", case.label)


def _answers(subject: Subject) -> Iterator[tuple[Case, tuple[Any, ...], Any]]:
    """Yield the good cases that are answered; a tier that declines all of them ends the test without a verdict."""
    answered, declined = False, f"{DECLINED}no case that is answered"
    for case in subject.kernel.cases:
        if case.raises is not None:
            continue
        arguments = case.arguments()
        try:
            answer = subject.implementation(*arguments, **case.keywords)
        except (ImportError, RuntimeError) as failure:
            declined = told_failure(failure)
            continue
        except Exception as failure:  # noqa: BLE001 - whatever it raises is the finding
            fail(subject, f"raised {told_failure(failure)}", "answer where the floor answers", case.label)
        answered = True
        yield case, arguments, answer
    if not answered:
        decline(declined)


def _references(arguments: tuple[Any, ...]) -> list[int]:
    return [sys.getrefcount(value) for value in arguments]


def _by_name(subject: Subject, arguments: tuple[Any, ...]) -> list[tuple[str, Any]]:
    return list(zip(subject.kernel.signature.parameters, arguments, strict=False))


def _apart(difference: Difference) -> str:
    return f"{difference.where} is {difference.found!r}, was {difference.wanted!r}"


def _typed(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


def _faults(array: Any, wanted: Any) -> Iterator[str]:
    if array.dtype != wanted.dtype or not array.dtype.isnative:
        yield f"has dtype {array.dtype.str}, the floor's has {wanted.dtype.str}"
    if array.shape != wanted.shape:
        yield f"has shape {array.shape}, the floor's has {wanted.shape}"
    if not array.flags.c_contiguous:
        yield f"is not C-contiguous (strides {array.strides})"
    if not array.flags.writeable:
        yield "is read-only"
