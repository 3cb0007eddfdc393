# ruff: noqa: D401 - a claim's docstring is a sentence about the kernel, and messages quote it
"""Claims of the family `faraday`."""

# Language policy: exempt, it draws inputs and states what holds of the answers, apart from every tier.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polytier.kernels.declaration import catalogue
from polytier.kernels.faraday import RECOVERY_TOLERANCE
from polytier.kernels.tolerance import Tolerance
from polytier.testing.claims import Family, agree

if TYPE_CHECKING:
    from polytier.testing.selection import Kernels

Waveform = tuple[Any, ...]

family = Family()

values = st.floats(-1e6, 1e6, allow_subnormal=False)
positives = st.floats(1e-3, 1e3)


@st.composite
def waveforms(draw: st.DrawFn) -> Waveform:
    """Draw the arguments of a recovery."""
    n = draw(st.integers(2, 400))
    time = np.cumsum(draw(arrays(np.float64, n, elements=st.floats(1e-6, 1.0))))
    radius = draw(arrays(np.float64, n, elements=st.floats(0.0, 10.0)))
    others = (draw(arrays(np.float64, n, elements=values)) for _ in range(3))
    return time, radius, *others, draw(positives), draw(positives), draw(st.floats(0.0, 1.0))


def resolved(*arguments: Any) -> dict[str, Tolerance]:
    """Return the tolerances of a recovery with what they take from its arguments filled in."""

    def taken(tolerance: Tolerance) -> Tolerance:
        if tolerance.scale is None:
            return tolerance
        scale = tolerance.scale(*arguments)
        return tolerance._replace(scale=lambda: scale)

    return {name: taken(tolerance) for name, tolerance in RECOVERY_TOLERANCE.items()}


@family.claim("faraday_recovery", waveform=waveforms())
def agrees_with_the_floor_on_drawn_waveforms(tier: Kernels, waveform: Waveform) -> None:
    """The recovery agrees with the floor's on any waveform."""
    wanted = catalogue["faraday_recovery"].floor(*waveform)
    agree(tier.faraday_recovery(*waveform), wanted, resolved(*waveform), "the floor")


@family.claim("faraday_recovery", waveform=waveforms())
def quadruples_with_twice_the_turns(tier: Kernels, waveform: Waveform) -> None:
    """Twice the turns give four times the energy, but for products that lose bits below the normal numbers."""
    once = tier.faraday_recovery(*waveform).energy
    twice = tier.faraday_recovery(*waveform[:5], 2.0 * waveform[5], *waveform[6:]).energy
    agree(twice, 4.0 * once, Tolerance(atol=1e-300, rtol=1e-15), "four times the energy")


@family.claim("faraday_back_emf", radius=st.floats(0.0, 10.0), rest=st.tuples(values, values, values), turns=positives)
def is_the_waveform_at_one_moment(tier: Kernels, radius: float, rest: tuple[float, ...], turns: float) -> None:
    """The scalar form is the floor's waveform at one moment."""
    moment = [np.array([part, part]) for part in (radius, *rest)]
    waveform = (np.array([0.0, 1.0]), *moment, turns, 1.0)
    wanted = float(catalogue["faraday_recovery"].floor(*waveform).back_emf[0])
    # Not every tolerance has a scale, but `resolved` gives this one.
    allowed = float(np.max(resolved(*waveform)["back_emf"].scale())) * 2.0**-50  # type: ignore[misc]
    agree(tier.faraday_back_emf(radius, *rest, turns), wanted, Tolerance(atol=allowed), "the waveform")
