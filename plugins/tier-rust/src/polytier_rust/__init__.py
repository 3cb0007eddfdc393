"""The Rust tier of polytier: its functions are compiled, and no Python frame stands before them."""

from polytier_rust._native import (
    BUILD_DIGEST,
    build_knm,
    commutator_dense,
    dla_dimension,
    kuramoto_euler,
    kuramoto_phases,
    kuramoto_rk4,
    kuramoto_trajectory,
    mean_phase,
    networked_force,
    order_parameter,
    pauli_decompose,
    pauli_expectations,
    pauli_reconstruct,
    simd_level,
    xy_hamiltonian_dense,
)

__all__ = [
    "BUILD_DIGEST",
    "build_knm",
    "commutator_dense",
    "dla_dimension",
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
    "xy_hamiltonian_dense",
]
