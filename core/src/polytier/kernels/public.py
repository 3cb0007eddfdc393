"""The public names of all families: `polytier` exports what stands here, so a new family touches no other module.

The names are spelled out because type checkers lose star imports of star imports.
"""

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
    "build_knm",
    "commutator_dense",
    "dla_dimension",
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
