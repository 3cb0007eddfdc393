"""The Rust tier of polytier: its functions are compiled, and no Python frame stands before them."""

from polytier_rust._native import (
    BUILD_DIGEST,
    bare_seconds,
    build_knm,
    kuramoto_euler,
    kuramoto_phases,
    kuramoto_rk4,
    kuramoto_trajectory,
    mean_phase,
    networked_force,
    order_parameter,
    simd_level,
)

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
    "simd_level",
]
