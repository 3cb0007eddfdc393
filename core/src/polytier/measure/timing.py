"""Batches of calls against the clock."""

# Language policy: exempt, it plans batches of calls between samples.

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import repeat
from time import perf_counter_ns
from typing import Any, Final, cast

Clock = Callable[[], int]
Loop = Callable[..., int]

UNROLLED: Final = 8
"""Calls per turn of the loop: its own cost falls from 9 ns to about 1 ns per call (EPYC, CPython 3.11).

What is left is the same for every tier, and no baseline is subtracted.
"""

_STEPS: Final = 100  # a batch lasts at least so many steps of the clock: the reading is good to 1 %
_TRUSTED: Final = 10  # a batch of fewer steps than this says little about one call
_GROWTH: Final = 10  # a first estimate may be wrong by any factor, so a batch grows by this at most


def clock_step(clock: Clock = perf_counter_ns) -> int:
    """Return the smallest step of the clock that is seen, in ns."""
    return min(_step(clock) for _ in range(5))


def _step(clock: Clock) -> int:
    start = now = clock()
    while now == start:
        now = clock()
    return now - start


class Batches:
    """One function with its arguments, ready to be called many times between two readings of the clock."""

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: Sequence[Any],
        keywords: Mapping[str, Any],
        clock: Clock = perf_counter_ns,
    ) -> None:
        self._loop = _compile_loop(len(arguments), tuple(keywords))
        self._given = (clock, function)
        self._arguments = (*arguments, *keywords.values())
        self._step = clock_step(clock)

    def calibrate(self, batch: float, warm_up: float) -> tuple[int, float]:
        """Warm up for `warm_up` seconds and return how many calls last `batch` seconds, and the seconds of one."""
        wanted = max(batch * 1e9, _STEPS * self._step)
        loops, best, spent = 1, math.inf, 0
        while True:
            took = self._run(loops)
            spent += took
            if took < _TRUSTED * self._step:
                loops *= _GROWTH
                continue
            best = min(best, took / loops)
            enough = math.ceil(wanted / best)
            if enough <= loops and spent >= warm_up * 1e9:
                return enough, best / 1e9
            loops = min(enough, loops * _GROWTH)

    def sample(self, loops: int) -> float:
        """Return the seconds per call over one batch; one call before it is not timed.

        While the other tiers had their turns, this process lost its caches and its threads fell asleep: the median of
        a parallel tier over 131072 phases was 116 to 127 us in three runs with that call, 104 to 253 us without it.
        """
        self._run(1)
        return max(self._run(loops), 1) / loops / 1e9

    def _run(self, loops: int) -> int:
        turns, rest = divmod(loops, UNROLLED)
        collecting = gc.isenabled()
        gc.disable()
        try:
            return self._loop(*self._given, repeat(None, turns), repeat(None, rest), *self._arguments)
        finally:
            if collecting:
                gc.enable()


@cache
def _compile_loop(positional: int, keywords: tuple[str, ...]) -> Loop:
    # Written out for its parameters: a call with *arguments and **keywords would cost 50 to 80 ns more.
    values = [f"a{i}" for i in range(positional + len(keywords))]
    passed = values[:positional] + [
        f"{name}={value}" for name, value in zip(keywords, values[positional:], strict=True)
    ]
    call = f"function({', '.join(passed)})"
    lines = [
        f"def loop({', '.join(['clock', 'function', 'turns', 'singles', *values])}):",
        "    start = clock()",
        *_repeated("turns", [call] * UNROLLED),
        *_repeated("singles", [call]),
        "    return clock() - start",
    ]
    namespace: dict[str, Any] = {}
    exec("\n".join(lines), namespace)  # noqa: S102 - made of our own words and parameter names only
    return cast("Loop", namespace["loop"])


def _repeated(turns: str, calls: Iterable[str]) -> list[str]:
    return [f"    for _ in {turns}:", *(f"        {call}" for call in calls)]
