"""The public names of all families: `polytier` exports what stands here, so a new family touches no other module.

The names are spelled out because type checkers lose star imports of star imports.
"""

from polytier.kernels.aer import aer_decode_isi, aer_decode_rate, aer_decode_temporal
from polytier.kernels.doppler import DopplerTrace, doppler_kuramoto, doppler_kuramoto_trace
from polytier.kernels.faraday import FaradayRecovery, faraday_back_emf, faraday_recovery
from polytier.kernels.kuramoto import (
    OMEGA_16,
    build_knm,
    kuramoto_euler,
    kuramoto_phases,
    kuramoto_rk4,
    kuramoto_trajectory,
    mean_phase,
    natural_frequencies,
    networked_force,
    order_parameter,
)
from polytier.kernels.operators import (
    commutator_dense,
    dla_dimension,
    pauli_decompose,
    pauli_expectations,
    pauli_reconstruct,
    xy_hamiltonian_dense,
)

__all__ = [
    "OMEGA_16",
    "DopplerTrace",
    "FaradayRecovery",
    "aer_decode_isi",
    "aer_decode_rate",
    "aer_decode_temporal",
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
    "natural_frequencies",
    "networked_force",
    "order_parameter",
    "pauli_decompose",
    "pauli_expectations",
    "pauli_reconstruct",
    "xy_hamiltonian_dense",
]
