"""What a scenario is: figures and tables that the kernels must bring out, and calls whose times are compared."""

# Language policy: exempt, it compares the answers that dispatched kernels computed.

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROUNDS = 5


class Call(NamedTuple):
    """One call of a kernel, as the dispatched function and the floor both get it."""

    title: str
    kernel: Any
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]

    @property
    def answer(self) -> Any:
        """The dispatched kernel's answer."""
        return self.kernel(*self.arguments, **self.keywords)

    @property
    def floor_answer(self) -> Any:
        """The floor's answer."""
        return self.kernel.dispatch.floor(*self.arguments, **self.keywords)


class Check(NamedTuple):
    """One figure of a scenario: what it is, what was found, and what is known of it."""

    label: str
    found: float
    wanted: float


class Table(NamedTuple):
    """One table of a scenario: what it shows, the names of its columns, and its rows."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


class Scenario(NamedTuple):
    """What a demonstration shows: checks that the kernels must pass, calls whose times are compared, and tables."""

    checks: Callable[[], list[Check]]
    timed: tuple[Call, ...]
    tables: Callable[[], list[Table]] = list


class Speed(NamedTuple):
    """The seconds of one call, and the largest difference between the answers."""

    dispatched: float
    floor: float
    difference: float


def compared(call: Call, rounds: int = ROUNDS) -> Speed:
    """Return the fastest of some rounds, turn and turn about, and how far the answers are apart."""
    seconds: dict[str, list[float]] = {"answer": [], "floor_answer": []}
    found = {}
    for turn in range(rounds):
        for name in seconds if turn % 2 == 0 else reversed(seconds):
            began = time.perf_counter()
            found[name] = getattr(call, name)
            seconds[name].append(time.perf_counter() - began)
    return Speed(min(seconds["answer"]), min(seconds["floor_answer"]), apart(**found))


def apart(answer: Any, floor_answer: Any) -> float:
    """Return the largest difference between two answers of one structure."""
    if isinstance(answer, tuple):
        return max(map(apart, answer, floor_answer))
    return float(np.abs(np.subtract(answer, floor_answer)).max())
