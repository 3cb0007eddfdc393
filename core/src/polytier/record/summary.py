"""The figures of a sample: minimum, quartiles and 95th percentile; and the digits in which they are kept."""

# Language policy: exempt, it sums up a few samples in pure arithmetic that any host repeats digit for digit.

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from polytier.errors import bad_value

if TYPE_CHECKING:
    from collections.abc import Sequence

QUANTILES: Final = {"minimum": 0, "p25": 25, "median": 50, "p75": 75, "p95": 95}
"""The figures kept of a sample, as percentages."""


def summarise(samples: Sequence[float]) -> dict[str, float]:
    """Return the figures of the samples, in any order; quantiles are linear between order statistics, ends included."""
    if not samples:
        raise bad_value("samples", "a non-empty sequence of seconds", "none")
    for sample in samples:
        if not 0 < sample < math.inf:
            raise bad_value("samples", "finite and greater than 0", repr(sample))
    ordered = sorted(samples)
    return {name: _quantile(ordered, percent) for name, percent in QUANTILES.items()}


def significant(seconds: float) -> float:
    """Return the number rounded to the five significant digits that files keep."""
    return float(f"{seconds:.4e}")


def _quantile(ordered: Sequence[float], percent: int) -> float:
    place, part = divmod((len(ordered) - 1) * percent, 100)
    if not part:
        return ordered[place]
    low, high = ordered[place], ordered[place + 1]
    # low + step, not a weighted sum: that one can leave [low, high] by a rounding, and quartiles must never cross.
    return min(low + (high - low) * (part / 100), high)
