"""How a call waits: where replies come at once it looks for its own before it sleeps, and has the worker do the same.

To wake a sleeping processor takes longer than most calls; where none is idle, looking keeps the other side from it.
So calls look in turns, which go on as long as almost all replies come quickly: the README states the times.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

from polytier_mojo.frames import SOON

if TYPE_CHECKING:
    import select

TURN: Final = 16
"""Calls that look, before the times of their replies are judged; at the first the worker may still sleep."""

QUICK: Final = 30e-6
"""Seconds within which replies must come for the next calls to look too: where worker and caller share a processor, a
worker that looks holds its caller up for longer."""

SLOW_MOST: Final = 3
"""Replies of a turn that may take longer: where half of them do, as on busy processors, to sleep at once is faster."""

BRIEF: Final = 200e-6
"""Seconds that a call looks: a sleeping worker on an idle host needs most of them to wake."""

REST_MOST: Final = 4096
"""Calls between two turns at most; they become four times as many with each turn in vain."""


class Outlook:
    """Whether the present call looks for its reply."""

    def __init__(self) -> None:
        self.looks = False
        self._left = 0
        self._rest = TURN
        self._quick = 0
        self._start = 0.0

    def asked(self) -> int:
        """Begin a call, and return what its request adds to the kernel."""
        if not self._left:
            self._judge()
        self._left -= 1
        if not self.looks:
            return 0
        self._start = perf_counter()
        return SOON

    def sees(self, poll: select.poll) -> bool:
        """Look for the reply, and say whether it is there."""
        end = self._start + BRIEF
        while not poll.poll(0):
            if perf_counter() > end:
                return False
        self._quick += perf_counter() - self._start < QUICK
        return True

    def _judge(self) -> None:
        """Begin a turn of calls that look, or of calls that sleep at once."""
        if not self.looks:
            self.looks, self._left = True, TURN
        elif self._quick >= TURN - SLOW_MOST:
            self._left, self._rest = TURN, TURN
        else:
            self.looks, self._left = False, self._rest
            self._rest = min(4 * self._rest, REST_MOST)
        self._quick = 0
