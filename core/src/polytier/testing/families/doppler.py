# ruff: noqa: D401 - a claim's docstring is a sentence about the kernel, and messages quote it
"""Claims of the family `doppler`."""

# Language policy: exempt, it draws inputs and states what holds of the answers, apart from every tier.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polytier.kernels.declaration import catalogue
from polytier.kernels.doppler import FORCE_TOLERANCE, TRACE_TOLERANCE
from polytier.kernels.tolerance import Tolerance
from polytier.testing.claims import Family, agree

if TYPE_CHECKING:
    from polytier.testing.selection import Kernels

Swarm = tuple[tuple[Any, ...], dict[str, Any]]

family = Family()

EXACT = Tolerance.bit_exact()
lags, strengths = st.floats(-1.0, 1.0), st.floats(0.0, 2.0)


@st.composite
def swarms(draw: st.DrawFn) -> Swarm:
    """Draw oscillators whose couplings synchronise, and all options."""
    n = draw(st.integers(1, 20))
    phases, positions, velocities, omega, rate = (
        draw(arrays(np.float64, n, elements=st.floats(-3.0, 3.0, allow_subnormal=False))) for _ in range(5)
    )
    coupling = draw(arrays(np.float64, (n, n), elements=st.floats(0.0, 2.0 / n, allow_subnormal=False)))
    options = {"phase_lag": draw(lags), "doppler_strength": draw(strengths), "velocity_epsilon": 0.5}
    options |= {"distance_scale": draw(st.floats(0.1, 10.0)), "time": draw(strengths)}
    return (phases, positions, velocities, omega, coupling), {**options, "omega_rate": rate}


def resolved(swarm: Swarm, factor: float = 1.0) -> Tolerance:
    """Return the tolerance of a derivative with the magnitudes of its terms filled in."""
    assert FORCE_TOLERANCE.scale is not None  # noqa: S101 - as declared
    scale = factor * FORCE_TOLERANCE.scale(*swarm[0], **swarm[1])
    return FORCE_TOLERANCE._replace(scale=lambda: scale)


@family.claim("doppler_kuramoto", swarm=swarms())
def agrees_with_the_floor_on_drawn_oscillators(tier: Kernels, swarm: Swarm) -> None:
    """The derivative agrees with the floor's on any oscillators."""
    wanted = catalogue["doppler_kuramoto"].floor(*swarm[0], **swarm[1])
    agree(tier.doppler_kuramoto(*swarm[0], **swarm[1]), wanted, resolved(swarm), "the floor")


@family.claim("doppler_kuramoto", swarm=swarms(), turn=st.floats(-9.0, 9.0))
def is_unchanged_by_a_turn_of_all_phases(tier: Kernels, swarm: Swarm, turn: float) -> None:
    """The derivative does not change when all phases turn alike."""
    (phases, *rest), options = swarm
    turned = tier.doppler_kuramoto(phases + turn, *rest, **options)
    agree(turned, tier.doppler_kuramoto(*swarm[0], **options), resolved(swarm, 10.0), "the derivative before")


@family.claim("doppler_kuramoto_trace", swarm=swarms(), dt=st.floats(1e-3, 0.05), n_steps=st.integers(0, 20))
def agrees_with_the_floor_on_drawn_swarms(tier: Kernels, swarm: Swarm, dt: float, n_steps: int) -> None:
    """The path agrees with the floor's on any oscillators."""
    arguments = (*swarm[0], dt, n_steps)
    wanted = catalogue["doppler_kuramoto_trace"].floor(*arguments, **swarm[1])
    agree(tier.doppler_kuramoto_trace(*arguments, **swarm[1]), wanted, TRACE_TOLERANCE, "the floor")


@family.claim("doppler_kuramoto_trace", swarm=swarms(), dt=st.floats(1e-3, 0.05), n_steps=st.integers(0, 20))
def begins_with_what_is_given(tier: Kernels, swarm: Swarm, dt: float, n_steps: int) -> None:
    """Row 0 is the given phases and positions to the bit, and times are a running sum from the given one."""
    path = tier.doppler_kuramoto_trace(*swarm[0], dt, n_steps, **swarm[1])
    agree(path.phases[0].copy(), swarm[0][0], EXACT, "the given phases")
    agree(path.positions[0].copy(), swarm[0][1], EXACT, "the given positions")
    times = np.add.accumulate(np.array([swarm[1]["time"], *[dt] * n_steps]))
    agree(path.time, times, EXACT, "the running sum")
