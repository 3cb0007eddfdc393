# ruff: noqa: D401 - a claim's docstring is a sentence about the kernel, and messages quote it
"""Claims of the family `aer`."""

# Language policy: exempt, it draws inputs and states what holds of the answers, apart from every tier.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

from polytier.kernels.declaration import catalogue
from polytier.kernels.tolerance import Tolerance
from polytier.testing.claims import Family, agree

if TYPE_CHECKING:
    from polytier.testing.selection import Kernels

Events = tuple[Any, Any, Any, int, int]

family = Family()

DECODERS = ("aer_decode_rate", "aer_decode_temporal", "aer_decode_isi")
EXACT = Tolerance.bit_exact()


@st.composite
def streams(draw: st.DrawFn) -> Events:
    """Draw the arguments of a decoder; windows of all sizes, most of them no power of two."""
    n, m, seed = draw(st.integers(1, 40)), draw(st.integers(1, 3000)), draw(st.integers(0, 999))
    random = np.random.default_rng(seed)
    times = np.cumsum(random.integers(0, draw(st.integers(1, 50)), m)).astype(np.uint64)
    window = draw(st.integers(1, int(times[-1]) + 9))
    return random.integers(0, n, m), times, random.choice([-1, 1, 1], m).astype(np.int8), n, window


@family.claim(*DECODERS, events=streams())
def agrees_with_the_floor_on_drawn_events(tier: Kernels, kernel: str, events: Events) -> None:
    """The answer is the floor's to the bit on any events."""
    agree(getattr(tier, kernel)(*events), catalogue[kernel].floor(*events), EXACT, "the floor")


@family.claim(*DECODERS, events=streams(), delay=st.integers(0, 2**62))
def is_unchanged_by_a_delay(tier: Kernels, kernel: str, events: Events, delay: int) -> None:
    """The answer does not change when all events and the window come later."""
    address, times, *rest = events
    late = getattr(tier, kernel)(address, times + np.uint64(delay), *rest)
    agree(late, getattr(tier, kernel)(*events), EXACT, "the stream without delay")
