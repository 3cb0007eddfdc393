"""The Julia tier of polytier; Julia itself starts at the first call, in this process."""

from polytier_julia.aer import aer_decode_isi, aer_decode_rate, aer_decode_temporal
from polytier_julia.bare import bare_seconds
from polytier_julia.doppler import doppler_kuramoto, doppler_kuramoto_trace
from polytier_julia.faraday import faraday_back_emf, faraday_recovery
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
from polytier_julia.operators import (
    commutator_dense,
    dla_dimension,
    pauli_decompose,
    pauli_expectations,
    pauli_reconstruct,
    xy_hamiltonian_dense,
)
from polytier_julia.runtime import warm
from polytier_julia.sources import build_digest

BUILD_DIGEST = build_digest()
"""Identifies the Julia sources of this build."""

__all__ = [
    "BUILD_DIGEST",
    "aer_decode_isi",
    "aer_decode_rate",
    "aer_decode_temporal",
    "bare_seconds",
    "build_knm",
    "commutator_dense",
    "dla_dimension",
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
    "pauli_decompose",
    "pauli_expectations",
    "pauli_reconstruct",
    "warm",
    "xy_hamiltonian_dense",
]
