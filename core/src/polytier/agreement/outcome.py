"""One case run on the floor and on an implementation: answers and exceptions compared, inputs watched."""

# Language policy: exempt, it asks NumPy whether two arrays share memory and computes nothing.

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.agreement.comparison import BIT_EXACT, Difference, compare, parts_of, placed, shown, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from polytier.kernels.declaration import Case, Kernel

_LONGEST = 200  # characters of an exception's text in a sentence


def first_difference(
    kernel: Kernel, implementation: Callable[..., Any], case: Case, tier: str | None = None
) -> Difference | None:
    """Run one case on the floor and on the implementation and return where they differ first.

    An exception is an answer too, except ImportError and RuntimeError: with these an implementation declines,
    and they are raised on.
    """
    floor_arguments, arguments = case.arguments(), case.arguments()
    wanted = _outcome(kernel.floor, case, floor_arguments)
    inputs = _named(kernel, case, arguments)
    before = copy.deepcopy(inputs)
    found = _outcome(implementation, case, arguments)
    difference = (
        _written(inputs, before)
        or _compare_outcomes(found, wanted, kernel, case, arguments)
        or _borrowed(found, wanted, inputs, _named(kernel, case, floor_arguments))
    )
    if difference is None:
        return None
    return dataclasses.replace(difference, sentence=f"{subject(kernel, case, tier)}: {difference.sentence}")


def subject(kernel: Kernel, case: Case, tier: str | None = None) -> str:
    """Return how sentences name what they are about: `order_parameter [n=64] of tier 'rust'`."""
    return f"{kernel.name} [{case.label}]" + (f" of tier {tier!r}" if tier else "")


@dataclass(frozen=True)
class _Raised:
    """The outcome of a call that raised."""

    failure: BaseException

    def __str__(self) -> str:
        # A lone surrogate, as from a file name that is no UTF-8, could not be printed.
        said = str(self.failure).partition("\n")[0].encode("utf-8", "replace").decode("utf-8")
        return f"raised {type(self.failure).__name__} ({said[:_LONGEST]})"


def _named(kernel: Kernel, case: Case, arguments: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(kernel.signature.parameters, arguments, strict=False)) | dict(case.keywords)


def _outcome(function: Callable[..., Any], case: Case, arguments: tuple[Any, ...]) -> Any:
    try:
        return function(*arguments, **case.keywords)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as failure:  # a Rust panic is no Exception
        expected = case.raises is not None and isinstance(failure, case.raises)
        if isinstance(failure, ImportError | RuntimeError) and not expected:
            raise
        return _Raised(failure)


def _compare_outcomes(
    found: Any, wanted: Any, kernel: Kernel, case: Case, arguments: tuple[Any, ...]
) -> Difference | None:
    if case.raises is not None:
        return _compare_refusals(found, wanted, case.raises)
    if isinstance(wanted, _Raised):
        sentence = f"the floor itself {wanted}, where the case wants an answer"
        return Difference("exception", "an answer", wanted.failure, sentence)
    if isinstance(found, _Raised):
        return Difference("exception", wanted, found.failure, f"it {found}, the floor says {shown(wanted)}")
    return compare(found, wanted, kernel.tolerance, arguments, case.keywords)


def _compare_refusals(found: Any, wanted: Any, raises: type[Exception]) -> Difference | None:
    for who, outcome in (("the floor itself", wanted), ("it", found)):
        failure = outcome.failure if isinstance(outcome, _Raised) else outcome
        if not isinstance(failure, raises):
            said = outcome if isinstance(outcome, _Raised) else f"answered {shown(outcome)}"
            sentence = f"{who} {said}, where the case wants {raises.__name__}"
            return Difference("exception", raises, failure, sentence)
    return None


def _written(inputs: Mapping[str, Any], before: Mapping[str, Any]) -> Difference | None:
    for name, value in inputs.items():
        change = compare(value, before[name], BIT_EXACT)
        if change:
            sentence = f"it wrote to its input {name!r}: {change.where} was {shown(change.wanted)}"
            return Difference(f"input {name}", change.wanted, change.found, f"{sentence}, is {shown(change.found)}")
    return None


def _borrowed(found: Any, wanted: Any, inputs: Mapping[str, Any], floor_inputs: Mapping[str, Any]) -> Difference | None:
    """Return the difference that an array is locked, or lives in an input's memory, where the floor's does not."""
    for (path, array), (_, floor_array) in zip(_arrays(found), _arrays(wanted), strict=False):
        part, where = path or "the answer", placed("memory", path)
        if floor_array.flags.writeable and not array.flags.writeable:
            return Difference(where, "writeable", "read-only", f"{part} is read-only, the floor's is not")
        for name, value in inputs.items():
            if _shares(array, value) and not _shares(floor_array, floor_inputs[name]):
                sentence = f"{part} shares memory with the input {name!r}, the floor's does not"
                return Difference(where, "memory of its own", f"memory of {name!r}", sentence)
    return None


def _shares(array: NDArray[Any], value: Any) -> bool:
    return isinstance(value, np.ndarray) and np.may_share_memory(array, value)


def _arrays(value: Any, path: str = "") -> Iterator[tuple[str, NDArray[Any]]]:
    if isinstance(value, np.ndarray):
        yield path, value
    for label, part in parts_of(value) or ():
        yield from _arrays(part, within(path, label))
