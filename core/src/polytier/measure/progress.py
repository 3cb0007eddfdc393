"""What a session tells while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Tell = Callable[[str, str, str], None]
"""Takes the case, the tier and a note, which is mostly empty."""


@dataclass(frozen=True)
class Progress:
    """Which tier is at work on which case, how many of all (case, tier) pairs are done, and what is worth a note."""

    kernel: str
    case: str
    tier: str
    done: int
    total: int
    note: str = ""
