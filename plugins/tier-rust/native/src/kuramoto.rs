//! The family `kuramoto`: phase oscillators coupled by a matrix.

mod advance;
#[cfg(not(test))]
mod bare;
pub mod force;
pub mod integrate;
pub mod network;
pub mod step;
pub mod sums;
pub mod template;
#[cfg(test)]
mod tests;

#[cfg(not(test))]
pub use bare::bare_seconds;
#[cfg(not(test))]
pub use hooks::*;

/// The functions that Python calls.
#[cfg(not(test))]
mod hooks {
    use std::ptr::null_mut;

    use pyo3::prelude::*;

    use super::force::force;
    use super::integrate::{SHARED_LEAST, Task, integrate};
    use super::network::Start;
    use super::step::Method;
    use super::sums::{BLOCK, Sums, block_sums, sums, sums_helpers};
    use super::template;
    use crate::arrays::{Given, Values, fresh, integer, look, peek_integer, peek_positive, positive};
    use crate::detach::without_lock;
    use crate::errors::{Trouble, retried};
    use crate::failure::{attempted, contained};
    use crate::simd::level;
    use crate::threads;

    type Any<'a, 'py> = &'a Bound<'py, PyAny>;

    /// Oscillators from which helpers are asked to share the forces: 39 us alone, 29 us with one.
    const FORCE_SHARED: usize = 512;

    /// Return how much the oscillators agree: 1 when all phases are equal, 0 when they balance.
    #[pyfunction]
    #[pyo3(signature = (theta))]
    pub fn order_parameter(theta: Any<'_, '_>) -> PyResult<f64> {
        mean_field(theta, Sums::order)
    }

    /// Return the phase of the oscillators' mean field.
    #[pyfunction]
    #[pyo3(signature = (theta))]
    pub fn mean_phase(theta: Any<'_, '_>) -> PyResult<f64> {
        mean_field(theta, |sums, _| sums.phase())
    }

    /// Returns what `finish` makes of the sums over the phases and their number.
    #[inline(always)]
    fn mean_field(theta: Any<'_, '_>, finish: fn(Sums, usize) -> f64) -> PyResult<f64> {
        let answer = attempted(|| match look(theta, 1) {
            // SAFETY: the values stay alive and in place: the interpreter lock is held.
            Some((start, [n, _])) if n <= BLOCK => finish(unsafe { block_sums(level(), start, n) }, n),
            _ => f64::NAN,
        });
        if answer.is_nan() { long_mean_field(theta, finish) } else { Ok(answer) }
    }

    /// As [`mean_field`] for many phases, for arguments to be converted, and for those that are refused.
    #[cold]
    fn long_mean_field(theta: Any<'_, '_>, finish: fn(Sums, usize) -> f64) -> PyResult<f64> {
        let field = |values: &Values<'_>| {
            let [n, _] = values.shape;
            let helpers = sums_helpers(n);
            // SAFETY: the values stay alive and in place during the call.
            let work = |_: &mut dyn FnMut() -> bool| unsafe { sums(level(), values.start, n, helpers) };
            without_lock(theta.py(), n as u64 / 2, work).map(|sums| finish(sums, n))
        };
        retried(|| Values::peek(theta, 1), || Values::vector(theta, "theta", None), field)
    }

    /// Return the coupling template of a stack of layers: exponential decay plus calibrated entries.
    #[pyfunction]
    #[pyo3(signature = (n=Given(None), k_base=Given(None), alpha=Given(None)),
           text_signature = "(n=16, k_base=0.45, alpha=0.3)")]
    pub fn build_knm<'py>(
        py: Python<'py>,
        n: Given<'py>,
        k_base: Given<'py>,
        alpha: Given<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let body = || {
            let n = given(&n, 16, |n| peek_integer(n, 1).map_or_else(|| integer(n, "n", 1), Ok))?;
            let number = |name| move |x: Any<'_, '_>| peek_positive(x).map_or_else(|| positive(x, name), Ok);
            let base = given(&k_base, 0.45, number("k_base"))?;
            let decay = given(&alpha, 0.3, number("alpha"))?;
            let n = n as usize;
            let (array, start) = fresh(py, &[n, n])?;
            // SAFETY: nobody else has the new array yet.
            let work = |_: &mut dyn FnMut() -> bool| unsafe { template::fill(start, n, base, decay) };
            without_lock(py, (n * n / 2 + 20 * n) as u64, work)?;
            Ok(array)
        };
        contained(body).map_err(|trouble: Trouble| trouble.into())
    }

    /// Returns the value of a parameter: what was given, checked, or the default.
    fn given<'py, T>(
        argument: &Given<'py>,
        default: T,
        check: impl Fn(Any<'_, 'py>) -> PyResult<T>,
    ) -> PyResult<T> {
        argument.0.as_ref().map_or(Ok(default), check)
    }

    /// Return the pull of the network on every oscillator.
    #[pyfunction]
    #[pyo3(signature = (theta, K))]
    #[expect(non_snake_case, reason = "the kernel's parameter")]
    pub fn networked_force<'py>(theta: Any<'_, 'py>, K: Any<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        let py = theta.py();
        let peek = || {
            let (theta, coupling) = (Values::peek(theta, 1)?, Values::peek(K, 2)?);
            let n = theta.shape[0];
            (coupling.shape == [n, n]).then_some((theta, coupling))
        };
        let check = || {
            let theta = Values::vector(theta, "theta", None)?;
            let coupling = Values::matrix(K, "K", theta.shape[0])?;
            Ok((theta, coupling))
        };
        retried(peek, check, |(theta, coupling)| {
            let [n, _] = theta.shape;
            let (array, start) = fresh(py, &[n])?;
            let helpers = if n < FORCE_SHARED { 0 } else { threads::count() - 1 };
            // SAFETY: the arguments stay alive during the call; nobody else has the new array yet.
            let work = |_: &mut dyn FnMut() -> bool| unsafe {
                force(level(), n, theta.start, coupling.start, start, helpers)
            };
            without_lock(py, (n * n / 4 + 2 * n) as u64, work).map(|()| array)
        })
    }

    /// The arguments of an integration, as they were given.
    #[derive(Clone, Copy)]
    struct Arguments<'a, 'py>(Any<'a, 'py>, Any<'a, 'py>, Any<'a, 'py>, Any<'a, 'py>, Any<'a, 'py>);

    /// The arguments of an integration, checked.
    struct Checked<'py> {
        theta: Values<'py>,
        omega: Values<'py>,
        coupling: Values<'py>,
        dt: f64,
        steps: u64,
    }

    impl<'py> Arguments<'_, 'py> {
        /// Returns the arguments if they can be read where they lie.
        fn peek(self) -> Option<Checked<'py>> {
            let checked = Checked {
                theta: Values::peek(self.0, 1)?,
                omega: Values::peek(self.1, 1)?,
                coupling: Values::peek(self.2, 2)?,
                dt: peek_positive(self.3)?,
                steps: peek_integer(self.4, 0)?,
            };
            let [n, _] = checked.theta.shape;
            (checked.omega.shape == [n, 1] && checked.coupling.shape == [n, n]).then_some(checked)
        }

        /// Returns the arguments as polytier's checks convert them, or raises what they raise.
        fn check(self) -> PyResult<Checked<'py>> {
            let theta = Values::vector(self.0, "theta0", None)?;
            let n = theta.shape[0];
            Ok(Checked {
                omega: Values::vector(self.1, "omega", Some(n))?,
                coupling: Values::matrix(self.2, "K", n)?,
                dt: positive(self.3, "dt")?,
                steps: integer(self.4, "n_steps", 0)?,
                theta,
            })
        }

        /// Runs `body` on the checked arguments, and a task that keeps nothing yet.
        fn solve<T>(
            self,
            method: Method,
            body: impl Fn(&Checked<'py>, Task) -> Result<T, Trouble>,
        ) -> PyResult<T> {
            retried(
                || self.peek(),
                || self.check(),
                |checked| {
                    let start = Start {
                        n: checked.theta.shape[0],
                        theta: checked.theta.start,
                        omega: checked.omega.start,
                        coupling: checked.coupling.start,
                        dt: checked.dt,
                    };
                    let (path, order, last) = (null_mut(), null_mut(), null_mut());
                    body(checked, Task { start, steps: checked.steps, method, path, order, last })
                },
            )
        }
    }

    /// Runs a task.
    fn complete(py: Python<'_>, task: Task) -> Result<(), Trouble> {
        let threads = if task.start.n < SHARED_LEAST { 1 } else { threads::count() };
        // SAFETY: the arguments stay alive during the call; nobody else has the new arrays yet.
        without_lock(py, task.cost(), |go_on| unsafe { integrate(level(), &task, threads, go_on) })
    }

    /// Integrates and returns the last phases.
    fn last_phases<'py>(arguments: Arguments<'_, 'py>, method: Method) -> PyResult<Bound<'py, PyAny>> {
        let py = arguments.0.py();
        arguments.solve(method, |_, task| {
            let (array, last) = fresh(py, &[task.start.n])?;
            complete(py, Task { last, ..task })?;
            Ok(array)
        })
    }

    /// Return the phases after `n_steps` explicit Euler steps of the Kuramoto network.
    #[pyfunction]
    #[pyo3(signature = (theta0, omega, K, dt, n_steps))]
    #[expect(non_snake_case, reason = "the kernel's parameter")]
    pub fn kuramoto_euler<'py>(
        theta0: Any<'_, 'py>,
        omega: Any<'_, 'py>,
        K: Any<'_, 'py>,
        dt: Any<'_, 'py>,
        n_steps: Any<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        last_phases(Arguments(theta0, omega, K, dt, n_steps), Method::Euler)
    }

    /// Return the phases after `n_steps` classical fourth-order Runge-Kutta steps of the Kuramoto network.
    #[pyfunction]
    #[pyo3(signature = (theta0, omega, K, dt, n_steps))]
    #[expect(non_snake_case, reason = "the kernel's parameter")]
    pub fn kuramoto_rk4<'py>(
        theta0: Any<'_, 'py>,
        omega: Any<'_, 'py>,
        K: Any<'_, 'py>,
        dt: Any<'_, 'py>,
        n_steps: Any<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        last_phases(Arguments(theta0, omega, K, dt, n_steps), Method::Rk4)
    }

    /// Return the whole path of `kuramoto_euler`: the phases before the first and after every step.
    #[pyfunction]
    #[pyo3(signature = (theta0, omega, K, dt, n_steps))]
    #[expect(non_snake_case, reason = "the kernel's parameter")]
    pub fn kuramoto_phases<'py>(
        theta0: Any<'_, 'py>,
        omega: Any<'_, 'py>,
        K: Any<'_, 'py>,
        dt: Any<'_, 'py>,
        n_steps: Any<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = theta0.py();
        Arguments(theta0, omega, K, dt, n_steps).solve(Method::Euler, |_, task| {
            let (array, path) = fresh(py, &[task.steps as usize + 1, task.start.n])?;
            complete(py, Task { path, ..task })?;
            Ok(array)
        })
    }

    /// Return the coherence history of `kuramoto_euler`: times, and the order parameter at each.
    #[pyfunction]
    #[pyo3(signature = (theta0, omega, K, dt, n_steps))]
    #[expect(non_snake_case, reason = "the kernel's parameter")]
    pub fn kuramoto_trajectory<'py>(
        theta0: Any<'_, 'py>,
        omega: Any<'_, 'py>,
        K: Any<'_, 'py>,
        dt: Any<'_, 'py>,
        n_steps: Any<'_, 'py>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let py = theta0.py();
        Arguments(theta0, omega, K, dt, n_steps).solve(Method::Euler, |checked, task| {
            let places = task.steps as usize + 1;
            let (times, time) = fresh(py, &[places])?;
            let (orders, order) = fresh(py, &[places])?;
            complete(py, Task { order, ..task })?;
            for step in 0..places {
                // SAFETY: nobody else has the new array yet, and it has this many places.
                unsafe { time.add(step).write(step as f64 * checked.dt) };
            }
            Ok((times, orders))
        })
    }
}
