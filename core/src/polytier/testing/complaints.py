"""How a test of the kit ends: what it asked of whom, what it found, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest

from polytier.errors import told
from polytier.testing.answers import DECLINED, told_failure

if TYPE_CHECKING:
    from polytier.testing.selection import Subject


def fail(subject: Subject | str, found: str, hint: str, case: str | None = None) -> NoReturn:
    """Fail the test with one message: tier, kernel and case; what was found; what to do."""
    who = f"tier {subject!r}" if isinstance(subject, str) else f"tier {subject.tier!r}, kernel {subject.kernel.name!r}"
    pytest.fail(told(f"{who}, case {case!r}" if case is not None else who, found, hint), pytrace=False)


def decline(failure: BaseException | str) -> NoReturn:
    """End the test without a verdict: the implementation left the answer to the next tier, and the table says so."""
    pytest.skip(DECLINED + (failure if isinstance(failure, str) else told_failure(failure)))
