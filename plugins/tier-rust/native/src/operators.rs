//! The family `operators`: matrices that act on qubits, and the algebra that they generate.

pub mod algebra;
pub mod commutator;
mod direct;
pub mod expectations;
pub mod hamiltonian;
pub mod product;
#[cfg(test)]
mod tests;
pub mod weights;

#[cfg(not(test))]
pub use hooks::*;

use crate::failure::{Failure, overflowed};
use crate::kuramoto::network::all_finite as finite;

/// Returns the refusal of a result that finite arguments take beyond float64.
#[cold]
fn too_large(quantity: &str) -> Failure {
    overflowed(quantity, "a value beyond float64")
}

/// The functions that Python calls.
#[cfg(not(test))]
mod hooks {
    use pyo3::exceptions::PyRuntimeWarning;
    use pyo3::prelude::*;

    use super::algebra::{Caller, Limits, Stack, dimension};
    use super::commutator::{self, Pair, commutator};
    use super::expectations::{MOST, spins};
    use super::hamiltonian::{self, Network, fill};
    use super::weights::{self, Direction, Task, transform};
    use crate::arrays::{
        ANY, Entries, Given, Values, fresh, fresh_complex, integer, peek_integer, peek_positive, peek_real,
        positive, qubit_count, real, require_memory, zeros_complex,
    };
    use crate::detach::without_lock;
    use crate::errors::{Trouble, retried};
    use crate::failure::refused;
    use crate::simd::level;
    use crate::threads;

    type Any<'a, 'py> = &'a Bound<'py, PyAny>;

    /// Returns how many threads share work of this size.
    fn team(size: usize, least: usize) -> usize {
        if size < least { 1 } else { threads::count() }
    }

    /// Return the commutator of two dense matrices.
    #[pyfunction]
    #[pyo3(signature = (a, b))]
    pub fn commutator_dense<'py>(a: Any<'_, 'py>, b: Any<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        let py = a.py();
        let peek = || {
            let (left, right) = (Entries::peek(a, 2)?, Entries::peek(b, 2)?);
            let [d, columns, _] = left.shape;
            (d == columns && right.shape == left.shape).then_some((left, right))
        };
        let check = || {
            let left = Entries::checked(a, "square_matrix", "a", None)?;
            let right = Entries::checked(b, "square_matrix", "b", Some(left.shape[0]))?;
            Ok((left, right))
        };
        retried(peek, check, |(left, right)| {
            let d = left.shape[0];
            let (array, to) = fresh_complex(py, &[d, d])?;
            let pair = Pair { d, a: left.start, b: right.start, to };
            let cost = (d * d * d / 2).max(d * d) as u64;
            let threads = team(d, commutator::SHARED_LEAST);
            // SAFETY: the arguments stay alive during the call; nobody else has the new array yet.
            without_lock(py, cost, |go_on| unsafe { commutator(level(), pair, threads, go_on) })?;
            Ok(array)
        })
    }

    /// Return the weights of a matrix in the basis of Pauli strings.
    #[pyfunction]
    #[pyo3(signature = (H))]
    #[expect(non_snake_case, reason = "the kernel's parameter")]
    pub fn pauli_decompose<'py>(H: Any<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        let peek = || Entries::peek(H, 2).filter(|matrix| matrix.shape[0] == matrix.shape[1]);
        let check = || Entries::checked(H, "square_matrix", "H", None);
        retried(peek, check, |matrix| {
            let d = matrix.shape[0];
            if !d.is_power_of_two() {
                qubit_count(H.py(), d, "H", 2)?;
            }
            transformed(H.py(), matrix, d.trailing_zeros() as usize, Direction::Weights)
        })
    }

    /// Return the matrix that has these weights in the basis of Pauli strings.
    #[pyfunction]
    #[pyo3(signature = (c))]
    pub fn pauli_reconstruct<'py>(c: Any<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        let (peek, check) = (|| Entries::peek(c, 1), || Entries::checked(c, "complex_vector", "c", None));
        retried(peek, check, |weights| {
            let length = weights.shape[0];
            if !length.is_power_of_two() || length.trailing_zeros() % 2 == 1 {
                qubit_count(c.py(), length, "c", 4)?;
            }
            transformed(c.py(), weights, length.trailing_zeros() as usize / 2, Direction::Entries)
        })
    }

    /// Transforms a matrix on `n` qubits into weights, or back.
    fn transformed<'py>(
        py: Python<'py>,
        numbers: &Entries<'py>,
        n: usize,
        direction: Direction,
    ) -> Result<Bound<'py, PyAny>, Trouble> {
        let (array, to) = match direction {
            Direction::Weights => fresh_complex(py, &[1 << (2 * n)])?,
            Direction::Entries => fresh_complex(py, &[1 << n, 1 << n])?,
        };
        let task = Task { n, from: numbers.start, to, direction };
        let threads = team(n, weights::SHARED_LEAST);
        // SAFETY: the argument stays alive during the call; nobody else has the new array yet.
        let work = |_: &mut dyn FnMut() -> bool| unsafe { transform(level(), task, threads) };
        without_lock(py, ((n + 1) << (2 * n)) as u64 / 4, work)?;
        Ok(array)
    }

    /// Return the Hamiltonian of qubits with XY couplings, local fields and an optional ZZ coupling.
    #[pyfunction]
    #[pyo3(signature = (K, omega, delta=Given(None)), text_signature = "(K, omega, delta=0.0)")]
    #[expect(non_snake_case, reason = "the kernel's parameter")]
    pub fn xy_hamiltonian_dense<'py>(
        K: Any<'_, 'py>,
        omega: Any<'_, 'py>,
        delta: Given<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = K.py();
        let peek = || {
            let (omega, coupling) = (Values::peek(omega, 1)?, Values::peek(K, 2)?);
            let delta = delta.0.as_ref().map_or(Some(0.0), peek_real)?;
            let n = omega.shape[0];
            (coupling.shape == [n, n]).then_some((omega, coupling, delta))
        };
        let check = || {
            let omega = Values::vector(omega, "omega", None)?;
            let coupling = Values::matrix(K, "K", omega.shape[0])?;
            let delta = delta.0.as_ref().map_or(Ok(0.0), |delta| real(delta, "delta", ANY))?;
            Ok((omega, coupling, delta))
        };
        retried(peek, check, |(omega, coupling, delta)| {
            let n = omega.shape[0];
            let size = 1 << n.min(60);
            let (array, to) = zeros_complex(py, &[size, size])?;
            // SAFETY: the arguments stay alive during the call.
            let network = unsafe {
                Network {
                    coupling: std::slice::from_raw_parts(coupling.start, n * n),
                    omega: std::slice::from_raw_parts(omega.start, n),
                    delta: *delta,
                }
            };
            let helpers = team(n, hamiltonian::SHARED_LEAST) - 1;
            // SAFETY: nobody else has the new array yet, which is all zeros.
            let work = |_: &mut dyn FnMut() -> bool| unsafe { fill(&network, to, helpers) };
            without_lock(py, ((n * n) << n) as u64, work)?;
            Ok(array)
        })
    }

    type Expectations<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, f64);

    /// Return each qubit's expectation values of X, Y and Z, and the coherence of the qubits.
    #[pyfunction]
    #[pyo3(signature = (psi))]
    pub fn pauli_expectations<'py>(psi: Any<'_, 'py>) -> PyResult<Expectations<'py>> {
        let py = psi.py();
        let (peek, check) =
            (|| Entries::peek(psi, 1), || Entries::checked(psi, "complex_vector", "psi", None));
        retried(peek, check, |state| {
            let length = state.shape[0];
            if !length.is_power_of_two() || length == 1 {
                qubit_count(py, length, "psi", 2)?;
                return Err(refused("psi", "a state of at least one qubit", "length 1").into());
            }
            let n = (length.trailing_zeros() as usize).min(MOST);
            let cost = (n * length / 4) as u64;
            // SAFETY: the argument stays alive during the call.
            let spins = without_lock(py, cost, |_| unsafe { spins(level(), state.start, n) })?;
            let ((ex, x), (ey, y), (ez, z)) = (fresh(py, &[n])?, fresh(py, &[n])?, fresh(py, &[n])?);
            let mut mean = [0.0, 0.0];
            for q in 0..n {
                let [re, im] = spins.overlap[q].map(|part| 2.0 * part);
                mean = [mean[0] + re / n as f64, mean[1] + im / n as f64];
                // SAFETY: nobody else has the new arrays yet, which have this many places.
                unsafe {
                    x.add(q).write(re);
                    y.add(q).write(im);
                    z.add(q).write(spins.polarity[q]);
                }
            }
            Ok((ex, ey, ez, mean[0].hypot(mean[1])))
        })
    }

    /// Return the dimension of the real Lie algebra that Hermitian generators span.
    #[pyfunction]
    #[pyo3(signature = (generators, max_iterations=Given(None), max_dimension=Given(None), tol=Given(None)),
           text_signature = "(generators, max_iterations=50, max_dimension=None, tol=1e-10)")]
    pub fn dla_dimension<'py>(
        generators: Any<'_, 'py>,
        max_iterations: Given<'py>,
        max_dimension: Given<'py>,
        tol: Given<'py>,
    ) -> PyResult<u64> {
        let py = generators.py();
        let count =
            |given: Any<'_, 'py>, name| peek_integer(given, 1).map_or_else(|| integer(given, name, 1), Ok);
        let limits = |_: &Entries<'py>| -> PyResult<Limits> {
            let most = max_dimension.0.as_ref().filter(|most| !most.is_none());
            Ok(Limits {
                rounds: max_iterations.0.as_ref().map_or(Ok(50), |given| count(given, "max_iterations"))?,
                most: most.map(|given| count(given, "max_dimension")).transpose()?,
                small: tol.0.as_ref().map_or(Ok(1e-10), |given| {
                    peek_positive(given).map_or_else(|| positive(given, "tol"), Ok)
                })?,
            })
        };
        let peek = || {
            let stack = Entries::peek(generators, 3).filter(|stack| stack.shape[1] == stack.shape[2])?;
            let limits = limits(&stack).ok()?;
            Some((stack, limits))
        };
        let check = || {
            let stack = Entries::checked(generators, "square_matrices", "generators", None)?;
            let limits = limits(&stack)?;
            Ok((stack, limits))
        };
        let (dimension, complete, limits) = retried(peek, check, |(entries, limits)| {
            let stack = Stack { count: entries.shape[0], d: entries.shape[1], start: entries.start };
            let work = |go_on: &mut dyn FnMut() -> bool| {
                let mut allows = |values: usize| {
                    let name = "the basis of the Lie algebra";
                    Python::attach(|py| require_memory(py, name, &[values])).is_ok()
                };
                let mut caller = Caller { allows: &mut allows, go_on };
                // SAFETY: the argument stays alive during the call.
                unsafe { dimension(level(), stack, *limits, &mut caller) }
            };
            let (dimension, complete) = without_lock(py, 8 * entries.values() as u64, work)?;
            Ok((dimension, complete, *limits))
        })?;
        if !complete {
            let most = limits.most.map_or_else(|| "None".to_owned(), |most| most.to_string());
            let message = format!(
                "close the Lie algebra: stopped at dimension {dimension} by max_iterations={} or \
                 max_dimension={most}\nhint: raise the limit",
                limits.rounds
            );
            let message = std::ffi::CString::new(message).unwrap_or_default();
            PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &message, 2)?;
        }
        Ok(dimension)
    }
}
