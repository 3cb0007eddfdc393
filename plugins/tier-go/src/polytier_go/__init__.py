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
from polytier_go.operators import (
    commutator_dense,
    dla_dimension,
    pauli_decompose,
    pauli_expectations,
    pauli_reconstruct,
    xy_hamiltonian_dense,
)
from polytier_go.runtime import simd_level, warm

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
    "simd_level",
    "warm",
    "xy_hamiltonian_dense",
]
