"""The Mojo tier of polytier: compiled kernels in a process of its own, which the first call starts."""

from polytier_mojo._build import BUILD_DIGEST
from polytier_mojo.aer import aer_decode_isi, aer_decode_rate, aer_decode_temporal
from polytier_mojo.doppler import doppler_kuramoto, doppler_kuramoto_trace
from polytier_mojo.faraday import faraday_back_emf, faraday_recovery
from polytier_mojo.kuramoto import (
    bare_seconds,
    build_knm,
    empty,
    kuramoto_euler,
    kuramoto_phases,
    kuramoto_rk4,
    kuramoto_trajectory,
    mean_phase,
    networked_force,
    order_parameter,
    warm,
)
from polytier_mojo.operators import (
    commutator_dense,
    dla_dimension,
    pauli_decompose,
    pauli_expectations,
    pauli_reconstruct,
    xy_hamiltonian_dense,
)

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
    "empty",
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
