//! Single numbers.

use pyo3::prelude::*;
use pyo3::types::IntoPyDict;
use pyo3::{Borrowed, ffi};
use std::convert::Infallible;

use super::checks;

/// Steps that no run completes; larger counts are cut to it.
const ENDLESS: u64 = 1 << 58;

/// What a function was given for a parameter that has a default, if anything.
pub struct Given<'py>(pub Option<Bound<'py, PyAny>>);

impl<'py> FromPyObject<'_, 'py> for Given<'py> {
    type Error = Infallible;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Self(Some(object.to_owned())))
    }
}

/// Returns a plain Python float that is finite and greater than zero.
#[inline]
pub fn peek_positive(object: &Bound<'_, PyAny>) -> Option<f64> {
    peek_real(object).filter(|number| *number > 0.0)
}

/// Returns a finite number greater than zero, or raises what polytier's check raises.
pub fn positive(object: &Bound<'_, PyAny>, name: &str) -> PyResult<f64> {
    checks(object.py())?.2.bind(object.py()).call1((object, name))?.extract()
}

/// Returns a plain Python float that is finite.
#[inline]
pub fn peek_real(object: &Bound<'_, PyAny>) -> Option<f64> {
    // SAFETY: the object is alive; reading an exact float cannot fail.
    let number = unsafe {
        (ffi::PyFloat_CheckExact(object.as_ptr()) != 0).then(|| ffi::PyFloat_AsDouble(object.as_ptr()))?
    };
    number.is_finite().then_some(number)
}

/// Bounds that every finite number lies within.
pub const ANY: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// Returns a finite number within the bounds, or raises what polytier's check raises.
pub fn real(object: &Bound<'_, PyAny>, name: &str, bounds: (f64, f64)) -> PyResult<f64> {
    if let Some(number) = peek_real(object).filter(|number| (bounds.0..=bounds.1).contains(number)) {
        return Ok(number);
    }
    let py = object.py();
    let limits = [("minimum", bounds.0), ("maximum", bounds.1)].into_py_dict(py)?;
    py.import("polytier.arrays")?.call_method("real", (object, name), Some(&limits))?.extract()
}

/// Returns a plain Python integer that is at least `minimum` and not enormous.
#[inline]
pub fn peek_integer(object: &Bound<'_, PyAny>, minimum: u64) -> Option<u64> {
    let mut overflow = 0;
    // SAFETY: the object is alive; an overflow of an exact int is reported without an exception.
    let number = unsafe {
        (ffi::PyLong_CheckExact(object.as_ptr()) != 0)
            .then(|| ffi::PyLong_AsLongLongAndOverflow(object.as_ptr(), &raw mut overflow))?
    };
    u64::try_from(number).ok().filter(|number| overflow == 0 && (minimum..=ENDLESS).contains(number))
}

/// Returns an integer of at least `minimum`, or raises what polytier's check raises.
pub fn integer(object: &Bound<'_, PyAny>, name: &str, minimum: u64) -> PyResult<u64> {
    let wanted = [("minimum", minimum)].into_py_dict(object.py())?;
    let number = checks(object.py())?.3.bind(object.py()).call((object, name), Some(&wanted))?;
    // What is too large for the extraction is larger than the cut.
    Ok(number.extract::<u64>().map_or(ENDLESS, |number| number.min(ENDLESS)))
}

/// Returns an integer of at least `minimum`, `None` beyond 64 bits, or raises what polytier's check raises.
pub fn unsigned(object: &Bound<'_, PyAny>, name: &str, minimum: u64) -> PyResult<Option<u64>> {
    if let Some(number) = peek_integer(object, minimum) {
        return Ok(Some(number));
    }
    let wanted = [("minimum", minimum)].into_py_dict(object.py())?;
    let number = checks(object.py())?.3.bind(object.py()).call((object, name), Some(&wanted))?;
    Ok(number.extract::<u64>().ok())
}

/// Returns the exponent of a length that is a power of `base`, or raises what polytier's check raises.
pub fn qubit_count(py: Python<'_>, length: usize, name: &str, base: usize) -> PyResult<usize> {
    let wanted = [("base", base)].into_py_dict(py)?;
    py.import("polytier.arrays")?.call_method("qubit_count", (length, name), Some(&wanted))?.extract()
}
