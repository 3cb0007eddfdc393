"""Running one case on floor and implementation: answers, exceptions, and what becomes of the inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from polytier.agreement import first_difference
from polytier.kernels.declaration import Case, Kernel
from polytier.kernels.tolerance import Tolerance

if TYPE_CHECKING:
    from collections.abc import Callable


class Panic(BaseException):
    """What a Rust panic looks like from Python."""


def doubled(values: Any, factor: float = 2.0) -> Any:
    """Return the values times the factor."""
    if len(values) == 0:
        raise ValueError("values are empty")
    return np.asarray(values) * factor


def a_kernel(floor: Callable[..., Any] = doubled) -> Kernel:
    """Return a kernel around a floor."""
    return Kernel("doubled", floor, "len(values)", Tolerance(atol=1e-9), tuple)


GOOD = Case("n=3", lambda: (np.arange(3.0),))
BAD = Case("empty", lambda: ([],), raises=ValueError)


def raising(failure: BaseException) -> Callable[..., Any]:
    """Return an implementation that only raises."""

    def implementation(*_: Any, **__: Any) -> Any:
        raise failure

    return implementation


def sentence(implementation: Callable[..., Any], case: Case = GOOD, kernel: Kernel | None = None) -> str:
    """Return the sentence of a difference that must be there."""
    difference = first_difference(kernel or a_kernel(), implementation, case)
    assert difference is not None
    return difference.sentence


def test_the_floor_agrees_with_itself() -> None:
    """The floor run as an implementation gives no difference, for answers and for refusals."""
    assert first_difference(a_kernel(), doubled, GOOD) is None
    assert first_difference(a_kernel(), doubled, BAD) is None


def test_the_sentence_names_kernel_case_and_tier() -> None:
    """A difference says which kernel, case and tier it is about."""
    difference = first_difference(a_kernel(), lambda values: doubled(values) + 1, GOOD, "rust")
    assert difference is not None
    assert difference.where == "index 0"
    assert difference.sentence == (
        "doubled [n=3] of tier 'rust': index 0 is 1.0, the floor says 0.0; "
        "the difference 1 exceeds absolute 1e-09, relative 0"
    )


def test_keywords_of_the_case_are_passed() -> None:
    """A case's keywords reach floor and implementation."""
    case = Case("thrice", lambda: (np.arange(3.0),), keywords={"factor": 3.0})
    assert first_difference(a_kernel(), doubled, case) is None
    assert sentence(lambda values, **_: doubled(values), case).startswith("doubled [thrice]: index 1 is 2.0")


def test_an_exception_where_an_answer_is_wanted() -> None:
    """An implementation that refuses good input differs; the first line of its message is kept."""
    found = sentence(raising(ValueError("too odd\nhint: none")))
    assert found == "doubled [n=3]: it raised ValueError (too odd), the floor says array([0., 2., 4.])"


def test_a_panic_is_a_difference() -> None:
    """An exception that is no Exception is an answer like any other wrong one."""
    assert sentence(raising(Panic("index out of bounds"))).startswith("doubled [n=3]: it raised Panic (index out of")


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), SystemExit(), RuntimeError("busy"), ImportError()])
def test_declining_is_no_answer(failure: BaseException) -> None:
    """Interrupts, ImportError and RuntimeError pass through, on good input and on bad."""
    for case in (GOOD, BAD):
        with pytest.raises(type(failure)):
            first_difference(a_kernel(), raising(failure), case)


def test_bad_input_must_raise_the_wanted_class() -> None:
    """Another class, or an answer, where the case wants a ValueError is a difference; a subclass is none."""
    found = "doubled [empty]: it raised TypeError (no), where the case wants ValueError"
    assert sentence(raising(TypeError("no")), BAD) == found
    assert sentence(lambda _: 0.0, BAD) == "doubled [empty]: it answered 0.0, where the case wants ValueError"
    assert first_difference(a_kernel(), raising(UnicodeError()), BAD) is None


def test_a_case_may_want_a_runtime_error() -> None:
    """Where the case itself wants a RuntimeError, raising one is the right answer."""
    kernel, case = a_kernel(raising(RuntimeError("no"))), Case("no", lambda: ([1.0],), raises=RuntimeError)
    assert first_difference(kernel, raising(RuntimeError("never")), case) is None


def test_a_floor_that_breaks_its_own_case_is_named() -> None:
    """The sentence blames the floor where it answers bad input or refuses good input."""
    found = sentence(doubled, Case("full", lambda: ([1.0],), raises=TypeError))
    assert found == "doubled [full]: the floor itself answered array([2.]), where the case wants TypeError"
    found = sentence(doubled, Case("void", lambda: ([],)))
    assert (
        found == "doubled [void]: the floor itself raised ValueError (values are empty), where the case wants an answer"
    )


def test_writing_into_an_input_is_a_difference() -> None:
    """Writing into an array, a list, or a keyword's value is found out, even with a right answer."""

    def writing(values: Any, factor: Any = 2.0) -> Any:
        answer = doubled(values, factor)
        values[1] = 7.0
        return answer

    assert sentence(writing) == "doubled [n=3]: it wrote to its input 'values': index 1 was 1.0, is 7.0"
    assert sentence(writing, Case("list", lambda: ([1.0, 2.0],))).endswith("'values': element 1 was 2.0, is 7.0")

    def scaling(values: Any, factor: Any) -> Any:
        answer = doubled(values, factor)
        factor *= 0.5
        return answer

    case = Case("factors", lambda: (np.arange(2.0),), keywords={"factor": np.ones(2)})
    assert sentence(scaling, case).endswith("it wrote to its input 'factor': index 0 was 1.0, is 0.5")


def test_an_answer_in_the_memory_of_an_input_is_a_difference() -> None:
    """The floor's answer is its own; a tier's must not change when the caller changes the input."""
    copying = a_kernel(lambda values: values.copy())
    found = sentence(lambda values: values, kernel=copying)
    assert found == "doubled [n=3]: the answer shares memory with the input 'values', the floor's does not"
    assert first_difference(a_kernel(lambda values: values), lambda values: values, GOOD) is None
    pair = a_kernel(lambda values: (1.0, values.copy()))
    assert sentence(lambda values: (1.0, values), kernel=pair).startswith("doubled [n=3]: element 1 shares memory")


def test_a_read_only_answer_is_a_difference() -> None:
    """A caller may write into the floor's answer, so it may write into a tier's."""

    def locked(values: Any) -> Any:
        answer = doubled(values)
        answer.flags.writeable = False
        return answer

    assert sentence(locked) == "doubled [n=3]: the answer is read-only, the floor's is not"
