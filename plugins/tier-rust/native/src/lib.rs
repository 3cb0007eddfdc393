//! Native kernels of polytier's Rust tier.
//!
//! The module's functions are the implementations themselves: no Python frame stands between caller and kernel.
//! `cargo test` builds everything but the parts that need an interpreter.

#![cfg_attr(test, allow(dead_code, reason = "the functions that Python calls are not part of the tests"))]

mod aer;
#[cfg(not(test))]
mod arrays;
#[cfg(not(test))]
mod detach;
mod doppler;
#[cfg(not(test))]
mod errors;
mod failure;
mod faraday;
mod kuramoto;
mod lockstep;
mod memory;
#[cfg(not(test))]
mod named;
mod operators;
mod simd;
mod threads;

/// Makes the module `polytier_rust._native`.
#[cfg(not(test))]
#[pyo3::pymodule]
mod _native {
    use pyo3::exceptions::PyImportError;
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::aer::{aer_decode_isi, aer_decode_rate, aer_decode_temporal};
    #[pymodule_export]
    use super::doppler::{doppler_kuramoto, doppler_kuramoto_trace};
    #[pymodule_export]
    use super::faraday::{faraday_back_emf, faraday_recovery};
    #[pymodule_export]
    use super::kuramoto::{
        bare_seconds, build_knm, kuramoto_euler, kuramoto_phases, kuramoto_rk4, kuramoto_trajectory,
        mean_phase, networked_force, order_parameter,
    };
    #[pymodule_export]
    use super::operators::{
        commutator_dense, dla_dimension, pauli_decompose, pauli_expectations, pauli_reconstruct,
        xy_hamiltonian_dense,
    };

    #[pymodule_export]
    const BUILD_DIGEST: &str = env!("BUILD_DIGEST");

    /// Return the vector instructions in use: 'avx512', 'avx2' or 'baseline'.
    #[pyfunction]
    #[pyo3(signature = ())]
    fn simd_level() -> &'static str {
        crate::simd::level().name()
    }

    /// Reads the environment once, so that a wrong value fails the import and not a call.
    #[pymodule_init]
    fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::simd::start().and_then(|()| crate::threads::start()).map_err(PyImportError::new_err)
    }
}
