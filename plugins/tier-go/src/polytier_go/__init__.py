"""The Go tier of polytier: importing it starts nothing; the library is loaded at the first call."""

from polytier_go._build import BUILD_DIGEST
from polytier_go.aer import aer_decode_isi, aer_decode_rate, aer_decode_temporal
from polytier_go.doppler import doppler_kuramoto, doppler_kuramoto_trace
from polytier_go.faraday import faraday_back_emf, faraday_recovery
from polytier_go.kuramoto import (
    bare_seconds,
    build_knm,
    kuramoto_euler,
    kuramoto_phases,
    kuramoto_rk4,
    kuramoto_trajectory,
    mean_phase,
    networked_force,
    order_parameter,
)
from polytier_go.runtime import simd_level, warm

__all__ = [
    "BUILD_DIGEST",
    "aer_decode_isi",
    "aer_decode_rate",
    "aer_decode_temporal",
    "bare_seconds",
    "build_knm",
    "doppler_kuramoto",
    "doppler_kuramoto_trace",
    "faraday_back_emf",
    "faraday_recovery",
    "kuramoto_euler",
    "kuramoto_phases",
    "kuramoto_rk4",
    "kuramoto_trajectory",
    "mean_phase",
    "networked_force",
    "order_parameter",
    "simd_level",
    "warm",
]
