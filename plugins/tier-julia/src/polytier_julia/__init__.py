"""The Julia tier of polytier; Julia itself starts at the first call, in this process."""

from polytier_julia.bare import bare_seconds
from polytier_julia.kuramoto import (
    build_knm,
    kuramoto_euler,
    kuramoto_phases,
    kuramoto_rk4,
    kuramoto_trajectory,
    mean_phase,
    networked_force,
    order_parameter,
)
from polytier_julia.runtime import warm
from polytier_julia.sources import build_digest

BUILD_DIGEST = build_digest()
"""Identifies the Julia sources of this build."""

__all__ = [
    "BUILD_DIGEST",
    "bare_seconds",
    "build_knm",
    "kuramoto_euler",
    "kuramoto_phases",
    "kuramoto_rk4",
    "kuramoto_trajectory",
    "mean_phase",
    "networked_force",
    "order_parameter",
    "warm",
]
