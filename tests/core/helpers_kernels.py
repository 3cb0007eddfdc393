"""What the tests of every family of kernels ask: each case against its oracle, doctests, sizes and labels."""

from __future__ import annotations

import doctest
import importlib
from typing import TYPE_CHECKING, Any

import pytest

import polytier

if TYPE_CHECKING:
    from polytier.kernels.declaration import Case, Kernel


def family(name: str) -> list[Kernel]:
    """Return the kernels of a family of core."""
    return [kernel for kernel in polytier.dispatcher.catalogue if kernel.module == f"polytier.kernels.{name}"]


def cases(name: str) -> list[Any]:
    """Return all cases of a family as parameters of a test."""
    return [pytest.param(k, case, id=f"{k.name}: {case.label}") for k in family(name) for case in k.cases]


def answered(kernel: Kernel, case: Case) -> Any:
    """Return the floor's answer to a good case; of bad input insist on the stated exception and return None."""
    if case.raises is None:
        return kernel.floor(*case.arguments(), **case.keywords)
    with pytest.raises(case.raises, match="\nhint: "):
        kernel.floor(*case.arguments(), **case.keywords)
    return None


def insist_on_form(kernel: Kernel) -> None:
    """Insist that the doctest of a kernel holds, that sizes of timed cases ascend, and that labels differ."""
    names = vars(importlib.import_module(kernel.module)).copy()
    # doctest's own finder does not see generated functions.
    example = doctest.DocTestParser().get_doctest(kernel.floor.__doc__ or "", names, kernel.name, None, 0)
    assert example.examples, f"{kernel.name} has no doctest"
    assert doctest.DocTestRunner(verbose=False).run(example).failed == 0
    sizes = [kernel.case_size(case) for case in kernel.timed_cases]
    assert sizes == sorted(set(sizes))
    assert len({case.label for case in kernel.cases}) == len(kernel.cases)
