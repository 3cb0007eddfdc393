"""How long to measure."""

# Language policy: exempt, of math it takes infinity alone.

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Settings:
    """The lengths of a session; all times in seconds.

    Each tier is called for `warm_up` before the first sample of a case. A sample is a batch of calls that lasts
    `batch` or is one call. There are `rounds` samples, fewer where they would take longer than `budget`, but never
    fewer than `fewest`. A worker that has not answered after `limit` is ended. A case is left out, and all larger
    ones, where a call of the floor takes longer than `longest` by what the case before it took for its size.
    """

    rounds: int
    fewest: int
    batch: float
    warm_up: float
    budget: float
    limit: float
    longest: float = math.inf


FULL: Final = Settings(rounds=40, fewest=10, batch=2e-3, warm_up=50e-3, budget=2.0, limit=120.0)
"""For ranks that are kept."""

QUICK: Final = Settings(rounds=9, fewest=5, batch=0.5e-3, warm_up=5e-3, budget=0.3, limit=120.0, longest=10e-3)
"""For a first impression: some seconds for each kernel, most of them to start the tiers."""
