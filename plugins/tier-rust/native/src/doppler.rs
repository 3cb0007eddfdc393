//! The family `doppler`: phase oscillators that move along an axis.

pub mod model;
mod steps;
#[cfg(test)]
mod tests;
pub mod trace;
mod work;

#[cfg(not(test))]
pub use hooks::*;

/// The functions that Python calls.
#[cfg(not(test))]
mod hooks {
    use std::ptr::null;

    use pyo3::prelude::*;

    use super::model::{Model, Moment, derivative};
    use super::trace::{Task, trace};
    use crate::arrays::{
        Given, Values, fresh, integer, peek_integer, peek_positive, peek_real, positive, real, require_memory,
    };
    use crate::detach::without_lock;
    use crate::errors::{Trouble, retried};
    use crate::failure::{Failure, overflowed};
    use crate::kuramoto::network::all_finite;
    use crate::named::Named;
    use crate::simd::level;
    use crate::threads;

    type Any<'a, 'py> = &'a Bound<'py, PyAny>;

    /// Oscillators from which helpers are asked to share the rows.
    const SHARED: usize = 64;
    /// The class of a path.
    static TRACE: Named = Named::new("DopplerTrace");

    /// The options, as they were given.
    struct Options<'py> {
        phase_lag: Given<'py>,
        doppler_strength: Given<'py>,
        velocity_epsilon: Given<'py>,
        distance_scale: Given<'py>,
        omega_rate: Option<Bound<'py, PyAny>>,
        time: Given<'py>,
    }

    /// The arguments, as they were given: phases, positions, velocities, frequencies, couplings.
    struct Arguments<'a, 'py> {
        arrays: [Any<'a, 'py>; 5],
        steps: Option<(Any<'a, 'py>, Any<'a, 'py>)>,
        options: Options<'py>,
    }

    /// The arguments, checked.
    struct Checked<'py> {
        arrays: [Values<'py>; 5],
        rate: Option<Values<'py>>,
        numbers: [f64; 5],
        dt: f64,
        steps: u64,
    }

    const NAMES: [&str; 4] = ["phases", "positions", "velocities", "omega"];

    impl<'py> Options<'py> {
        /// Returns lag, push, epsilon, scale and time if they are plain floats, or the defaults.
        fn peek(&self) -> Option<[f64; 5]> {
            let real = |given: &Given<'py>| given.0.as_ref().map_or(Some(0.0), peek_real);
            let positive =
                |given: &Given<'py>, default| given.0.as_ref().map_or(Some(default), peek_positive);
            Some([
                real(&self.phase_lag)?,
                real(&self.doppler_strength)?,
                positive(&self.velocity_epsilon, 1e-9)?,
                positive(&self.distance_scale, 1.0)?,
                real(&self.time).filter(|time| *time >= 0.0)?,
            ])
        }

        /// Returns the same as polytier's checks convert them, or raises what they raise.
        fn check(&self) -> PyResult<[f64; 5]> {
            let number = |given: &Given<'py>, name, least| match &given.0 {
                Some(given) => real(given, name, (least, f64::INFINITY)),
                None => Ok(0.0),
            };
            let above_zero = |given: &Given<'py>, name, default| match &given.0 {
                Some(given) => positive(given, name),
                None => Ok(default),
            };
            Ok([
                number(&self.phase_lag, "phase_lag", f64::NEG_INFINITY)?,
                number(&self.doppler_strength, "doppler_strength", f64::NEG_INFINITY)?,
                above_zero(&self.velocity_epsilon, "velocity_epsilon", 1e-9)?,
                above_zero(&self.distance_scale, "distance_scale", 1.0)?,
                number(&self.time, "time", 0.0)?,
            ])
        }
    }

    impl<'py> Arguments<'_, 'py> {
        /// Returns the arguments if they can be read where they lie.
        fn peek(&self) -> Option<Checked<'py>> {
            let [theta, z, v, omega, coupling] = self.arrays;
            let peek = |array| Values::peek(array, 1);
            let arrays = [peek(theta)?, peek(z)?, peek(v)?, peek(omega)?, Values::peek(coupling, 2)?];
            let n = arrays[0].shape[0];
            let rate = match &self.options.omega_rate {
                Some(rate) => Some(Values::peek(rate, 1).filter(|rate| rate.shape[0] == n)?),
                None => None,
            };
            let (dt, steps) = match self.steps {
                Some((dt, steps)) => (peek_positive(dt)?, peek_integer(steps, 0)?),
                None => (0.0, 0),
            };
            let alike = arrays[1..4].iter().all(|array| array.shape[0] == n) && arrays[4].shape == [n, n];
            let numbers = self.options.peek()?;
            if !alike {
                return None;
            }
            // A sum over the pairs would not tell of every argument that is not finite: a distance divides.
            // SAFETY: the arrays have these lengths.
            let finite = unsafe {
                arrays[..4].iter().all(|array| finite(array.start, n))
                    && finite(arrays[4].start, n * n)
                    && rate.as_ref().is_none_or(|rate| finite(rate.start, n))
            };
            finite.then_some(Checked { arrays, rate, numbers, dt, steps })
        }

        /// Returns the arguments as polytier's checks convert them, or raises what they raise.
        fn check(&self) -> PyResult<Checked<'py>> {
            let [theta, z, v, omega, coupling] = self.arrays;
            let theta = Values::vector(theta, NAMES[0], None)?;
            let n = theta.shape[0];
            let vector = |array, name| Values::vector(array, name, Some(n));
            let (z, v) = (vector(z, NAMES[1])?, vector(v, NAMES[2])?);
            let arrays = [theta, z, v, vector(omega, NAMES[3])?, Values::matrix(coupling, "coupling", n)?];
            let rate = self.options.omega_rate.as_ref().map(|rate| vector(rate, "omega_rate")).transpose()?;
            let numbers = self.options.check()?;
            let (dt, steps) = match self.steps {
                Some((dt, steps)) => (positive(dt, "dt")?, integer(steps, "n_steps", 0)?),
                None => (0.0, 0),
            };
            Ok(Checked { arrays, rate, numbers, dt, steps })
        }

        /// Runs `body` on the checked arguments.
        fn solve(
            &self,
            body: impl Fn(&Checked<'py>) -> Result<Bound<'py, PyAny>, Trouble>,
        ) -> PyResult<Bound<'py, PyAny>> {
            retried(|| self.peek(), || self.check(), body)
        }
    }

    /// Says whether all values are finite; a few are looked at here, which saves a call.
    ///
    /// # Safety
    /// `len` values are readable at `start`.
    #[inline]
    unsafe fn finite(start: *const f64, len: usize) -> bool {
        // SAFETY: as promised by the caller.
        unsafe {
            if len <= 16 {
                (0..len).fold(true, |finite, at| finite & (*start.add(at)).is_finite())
            } else {
                all_finite(level(), start, len)
            }
        }
    }

    impl Checked<'_> {
        /// Returns the model, and the moment at the start.
        fn start(&self) -> (Model, Moment) {
            let [theta, position, velocity, omega, coupling] =
                std::array::from_fn(|index| self.arrays[index].start);
            let [lag, push, epsilon, scale, time] = self.numbers;
            let rate = self.rate.as_ref().map_or(null(), |rate| rate.start);
            let n = self.arrays[0].shape[0];
            let model = Model { n, velocity, omega, rate, coupling, lag, push, epsilon, scale };
            (model, Moment { theta, position, time })
        }
    }

    /// Return the phase velocities of oscillators that move along an axis.
    #[pyfunction]
    #[pyo3(signature = (phases, positions, velocities, omega, coupling, *, phase_lag=Given(None),
                        doppler_strength=Given(None), velocity_epsilon=Given(None), distance_scale=Given(None),
                        omega_rate=None, time=Given(None)),
           text_signature = "(phases, positions, velocities, omega, coupling, *, phase_lag=0.0, doppler_strength=0.0, velocity_epsilon=1e-09, distance_scale=1.0, omega_rate=None, time=0.0)")]
    #[expect(clippy::too_many_arguments, reason = "the kernel's parameters")]
    pub fn doppler_kuramoto<'py>(
        phases: Any<'_, 'py>,
        positions: Any<'_, 'py>,
        velocities: Any<'_, 'py>,
        omega: Any<'_, 'py>,
        coupling: Any<'_, 'py>,
        phase_lag: Given<'py>,
        doppler_strength: Given<'py>,
        velocity_epsilon: Given<'py>,
        distance_scale: Given<'py>,
        omega_rate: Option<Bound<'py, PyAny>>,
        time: Given<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = phases.py();
        let options =
            Options { phase_lag, doppler_strength, velocity_epsilon, distance_scale, omega_rate, time };
        let arguments =
            Arguments { arrays: [phases, positions, velocities, omega, coupling], steps: None, options };
        arguments.solve(|checked| {
            let (model, moment) = checked.start();
            let n = model.n;
            let (array, to) = fresh(py, &[n])?;
            let helpers = if n < SHARED { 0 } else { threads::count() - 1 };
            // SAFETY: the arguments stay alive during the call; nobody else has the new array yet.
            let work = |_: &mut dyn FnMut() -> bool| unsafe {
                Ok(derivative(level(), &model, &moment, to, helpers))
            };
            if without_lock(py, (n * n * 4) as u64, work)? {
                return Ok(array);
            }
            // SAFETY: the array is filled.
            let values = unsafe { std::slice::from_raw_parts(to, n) };
            Err(beyond("the derivative", values, None).into())
        })
    }

    /// Returns the refusal of values of which one is not finite.
    #[cold]
    fn beyond(name: &str, values: &[f64], columns: Option<usize>) -> Failure {
        let at = values.iter().position(|value| !value.is_finite()).unwrap_or_default();
        let place = columns.map_or(at.to_string(), |n| format!("({}, {})", at / n, at % n));
        overflowed(name, &format!("{} at index {place}", values[at]))
    }

    /// Return the path of `doppler_kuramoto` by the classical fourth-order Runge-Kutta method.
    #[pyfunction]
    #[pyo3(signature = (phases, positions, velocities, omega, coupling, dt, n_steps, *, phase_lag=Given(None),
                        doppler_strength=Given(None), velocity_epsilon=Given(None), distance_scale=Given(None),
                        omega_rate=None, time=Given(None)),
           text_signature = "(phases, positions, velocities, omega, coupling, dt, n_steps, *, phase_lag=0.0, doppler_strength=0.0, velocity_epsilon=1e-09, distance_scale=1.0, omega_rate=None, time=0.0)")]
    #[expect(clippy::too_many_arguments, reason = "the kernel's parameters")]
    pub fn doppler_kuramoto_trace<'py>(
        phases: Any<'_, 'py>,
        positions: Any<'_, 'py>,
        velocities: Any<'_, 'py>,
        omega: Any<'_, 'py>,
        coupling: Any<'_, 'py>,
        dt: Any<'_, 'py>,
        n_steps: Any<'_, 'py>,
        phase_lag: Given<'py>,
        doppler_strength: Given<'py>,
        velocity_epsilon: Given<'py>,
        distance_scale: Given<'py>,
        omega_rate: Option<Bound<'py, PyAny>>,
        time: Given<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = phases.py();
        let options =
            Options { phase_lag, doppler_strength, velocity_epsilon, distance_scale, omega_rate, time };
        let arrays = [phases, positions, velocities, omega, coupling];
        Arguments { arrays, steps: Some((dt, n_steps)), options }.solve(|checked| path(py, checked))
    }

    /// Integrates and returns the path.
    fn path<'py>(py: Python<'py>, checked: &Checked<'py>) -> Result<Bound<'py, PyAny>, Trouble> {
        let (model, start) = checked.start();
        let (n, rows) = (model.n, checked.steps as usize + 1);
        require_memory(py, "the answer", &[rows, 2 * n + 3])?;
        let (times, a) = fresh(py, &[rows])?;
        let ((phases, b), (positions, c)) = (fresh(py, &[rows, n])?, fresh(py, &[rows, n])?);
        let ((order, d), (lock, e)) = (fresh(py, &[rows])?, fresh(py, &[rows])?);
        let task = Task { model, start, dt: checked.dt, steps: checked.steps, to: [a, b, c, d, e] };
        // SAFETY: the arguments stay alive during the call; nobody else has the new arrays yet.
        without_lock(py, task.cost(), |go_on| unsafe { trace(level(), &task, go_on) })?;
        for (to, name, columns) in [(a, "time", None), (b, "phases", Some(n)), (c, "positions", Some(n))] {
            let len = rows * columns.unwrap_or(1);
            // SAFETY: the array is filled; what is not finite in a row is not finite in the last.
            unsafe {
                let last = len - columns.unwrap_or(1);
                if !finite(to.add(last), len - last) {
                    return Err(beyond(name, std::slice::from_raw_parts(to, len), columns).into());
                }
            }
        }
        Ok(TRACE.of(py, [times, phases, positions, order, lock])?)
    }
}
