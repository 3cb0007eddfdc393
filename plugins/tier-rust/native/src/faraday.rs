//! The family `faraday`: energy recovered by induction.

mod block;
mod energy;
#[cfg(test)]
mod tests;
pub mod waveform;

#[cfg(not(test))]
pub use hooks::*;

/// The functions that Python calls.
#[cfg(not(test))]
mod hooks {
    use pyo3::prelude::*;
    use pyo3::types::PyFloat;
    use std::f64::consts::PI;

    use super::waveform::{Samples, recover};
    use crate::arrays::{ANY, Given, Values, fresh, peek_positive, peek_real, positive, real};
    use crate::detach::without_lock;
    use crate::errors::{Trouble, retried};
    use crate::failure::{contained, overflowed, refused};
    use crate::named::Named;
    use crate::simd::level;
    use crate::threads;

    type Any<'a, 'py> = &'a Bound<'py, PyAny>;

    /// Samples from which helpers are asked to share the work.
    const SHARED: usize = 16_384;
    /// The class of the answer.
    static RECOVERY: Named = Named::new("FaradayRecovery");

    /// The arguments of a recovery, checked.
    struct Checked<'py> {
        samples: [Values<'py>; 5],
        turns: f64,
        load: f64,
        efficiency: f64,
    }

    /// The numbers of a recovery, as they were given.
    struct Numbers<'a, 'py> {
        turns: Any<'a, 'py>,
        load: Any<'a, 'py>,
        efficiency: &'a Given<'py>,
    }

    impl<'py> Checked<'py> {
        /// Returns the arguments if they can be read where they lie.
        fn peek(arrays: [Any<'_, 'py>; 5], numbers: &Numbers<'_, 'py>) -> Option<Self> {
            let [time, radius, velocity, field, rate] = arrays;
            let peek = |array| Values::peek(array, 1);
            let samples = [peek(time)?, peek(radius)?, peek(velocity)?, peek(field)?, peek(rate)?];
            let n = samples[0].shape[0];
            let efficiency = match &numbers.efficiency.0 {
                Some(given) => peek_real(given).filter(|number| (0.0..=1.0).contains(number))?,
                None => 1.0,
            };
            let (turns, load) = (peek_positive(numbers.turns)?, peek_positive(numbers.load)?);
            let alike = n > 1 && samples.iter().all(|array| array.shape[0] == n);
            alike.then_some(Self { samples, turns, load, efficiency })
        }

        /// Returns the arguments as polytier's checks convert them, or raises what they raise.
        fn check(arrays: [Any<'_, 'py>; 5], numbers: &Numbers<'_, 'py>) -> PyResult<Self> {
            let [time, radius, velocity, field, rate] = arrays;
            let time = Values::vector(time, "time", None)?;
            let n = time.shape[0];
            if n < 2 {
                let wanted = "a vector of at least 2 samples";
                return Err(refused("time", wanted, "1 element").into());
            }
            let vector = |array, name| Values::vector(array, name, Some(n));
            let samples = [
                time,
                vector(radius, "radius")?,
                vector(velocity, "radial_velocity")?,
                vector(field, "field")?,
                vector(rate, "field_rate")?,
            ];
            let efficiency = match &numbers.efficiency.0 {
                Some(given) => real(given, "coupling_efficiency", (0.0, 1.0))?,
                None => 1.0,
            };
            let (turns, load) =
                (positive(numbers.turns, "turns")?, positive(numbers.load, "load_resistance")?);
            Ok(Self { samples, turns, load, efficiency })
        }

        /// Returns the answer.
        fn recovery(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>, Trouble> {
            let n = self.samples[0].shape[0];
            let ((flux, a), (rate, b)) = (fresh(py, &[n])?, fresh(py, &[n])?);
            let ((emf, c), (power, d)) = (fresh(py, &[n])?, fresh(py, &[n])?);
            let from = std::array::from_fn(|at| self.samples[at].start);
            let (turns, load, efficiency) = (self.turns, self.load, self.efficiency);
            let samples = Samples { n, from, turns, load, efficiency, to: [a, b, c, d] };
            let helpers = if n < SHARED { 0 } else { threads::count() - 1 };
            // SAFETY: the arguments stay alive during the call; nobody else has the new arrays yet.
            let work = |_: &mut dyn FnMut() -> bool| unsafe { recover(level(), &samples, helpers) };
            let totals = without_lock(py, n as u64 * 2, work)?;
            let number = |value| PyFloat::new(py, value).into_any();
            let peaks = [totals.peak_emf(), totals.peak_power()].map(number);
            let [peak_emf, peak_power] = peaks;
            let parts = [flux, rate, emf, power, number(totals.energy), peak_emf, peak_power];
            Ok(RECOVERY.of(py, parts)?)
        }
    }

    /// Return what a coil around a conducting column recovers while the column moves in a changing field.
    #[pyfunction]
    #[pyo3(signature = (time, radius, radial_velocity, field, field_rate, turns, load_resistance,
                        coupling_efficiency=Given(None)),
           text_signature = "(time, radius, radial_velocity, field, field_rate, turns, load_resistance, coupling_efficiency=1.0)")]
    #[expect(clippy::too_many_arguments, reason = "the kernel's parameters")]
    pub fn faraday_recovery<'py>(
        time: Any<'_, 'py>,
        radius: Any<'_, 'py>,
        radial_velocity: Any<'_, 'py>,
        field: Any<'_, 'py>,
        field_rate: Any<'_, 'py>,
        turns: Any<'_, 'py>,
        load_resistance: Any<'_, 'py>,
        coupling_efficiency: Given<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let arrays = [time, radius, radial_velocity, field, field_rate];
        let numbers = Numbers { turns, load: load_resistance, efficiency: &coupling_efficiency };
        retried(
            || Checked::peek(arrays, &numbers),
            || Checked::check(arrays, &numbers),
            |checked| checked.recovery(time.py()),
        )
    }

    /// Return the electromotive force of `faraday_recovery` at one moment.
    #[pyfunction]
    #[pyo3(signature = (radius, radial_velocity, field, field_rate, turns))]
    pub fn faraday_back_emf(
        radius: Any<'_, '_>,
        radial_velocity: Any<'_, '_>,
        field: Any<'_, '_>,
        field_rate: Any<'_, '_>,
        turns: Any<'_, '_>,
    ) -> PyResult<f64> {
        let body = || {
            let r = real(radius, "radius", (0.0, f64::INFINITY))?;
            let dr = real(radial_velocity, "radial_velocity", ANY)?;
            let (b, db) = (real(field, "field", ANY)?, real(field_rate, "field_rate", ANY)?);
            let coil = peek_positive(turns).map_or_else(|| positive(turns, "turns"), Ok)?;
            let emf = -coil * (PI * (((r * r) * db) + (((2.0 * r) * dr) * b)));
            if emf.is_finite() { Ok(emf) } else { Err(overflowed("back_emf", &emf.to_string()).into()) }
        };
        contained(body).map_err(|trouble: Trouble| trouble.into())
    }
}
