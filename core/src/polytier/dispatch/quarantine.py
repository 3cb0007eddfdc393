"""Which tiers failed for which kernel, how often, and until when they are kept out."""

# Language policy: exempt, of math it takes infinity alone.

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

from polytier.errors import in_words

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0
FAILURES_IN_A_ROW = 3


class Failures:
    """What is kept of one tier's failures for one kernel."""

    __slots__ = ("count", "first", "in_a_row", "last", "quarantines", "until")

    def __init__(self) -> None:
        self.count = self.in_a_row = self.quarantines = 0
        self.until = -math.inf
        self.first = self.last = ""


class Quarantine:
    """The failures of every (kernel, tier) of one dispatcher."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        # Re-entrant: what the collector happens to free while it is held may call kernels too.
        self.lock = threading.RLock()
        self._failures: dict[tuple[str, str], Failures] = {}

    def failed(self, kernel: str, tier: str, failure: BaseException) -> bool:
        """Count a failure; say whether it puts the tier into quarantine."""
        # Foreign code forms the text, so it is formed before the lock is taken; only text is kept.
        last = f"{type(failure).__name__}: {in_words(failure)}"
        reported = self.report(kernel, tier)
        first = "" if reported and reported.first else in_words(failure, _traceback)
        with self.lock:
            kept = self._failures.setdefault((kernel, tier), Failures())
            kept.count += 1
            kept.in_a_row += 1
            kept.last, kept.first = last, kept.first or first
            count, sentenced = kept.count, self._sentence(kept, failure)
        if count == 1:
            _warn(kernel, tier, last)
        return sentenced

    def _sentence(self, kept: Failures, failure: BaseException) -> bool:
        if isinstance(failure, ImportError):
            kept.until = math.inf
        elif kept.in_a_row >= FAILURES_IN_A_ROW:
            kept.until = self.clock() + min(FIRST_SECONDS * 2**kept.quarantines, LONGEST_SECONDS)
            kept.quarantines += 1
            kept.in_a_row = 0
        else:
            return False
        return True

    def succeeded(self, kernel: str, tier: str) -> None:
        """End a row of failures; the next quarantine is a short one again."""
        kept = self._failures.get((kernel, tier))
        if kept is not None:
            kept.in_a_row = kept.quarantines = 0

    def suspected(self, kernel: str, tier: str) -> bool:
        """Say whether the tier's last observed call for this kernel failed."""
        kept = self._failures.get((kernel, tier))
        return kept is not None and kept.in_a_row > 0

    def until(self, kernel: str, tier: str) -> float:
        """Return the time on the clock until which the tier is kept out; the past if it is not."""
        kept = self._failures.get((kernel, tier))
        return -math.inf if kept is None else kept.until

    def report(self, kernel: str, tier: str) -> Failures | None:
        """Return what is kept of the tier's failures for this kernel."""
        return self._failures.get((kernel, tier))

    def clear(self) -> None:
        """Forget every failure."""
        with self.lock:
            self._failures.clear()


def _traceback(failure: BaseException) -> str:
    import traceback  # only a failure pays for it

    return "".join(traceback.format_exception(failure))


def _warn(kernel: str, tier: str, failure: str) -> None:
    import logging  # only a failure pays for it

    logging.getLogger("polytier").warning(
        "tier %r failed for kernel %r, and the chain went on: %s", tier, kernel, failure
    )
