//! How a failure reaches Python.

use pyo3::exceptions::{
    PyKeyboardInterrupt, PyMemoryError, PyNotImplementedError, PyRuntimeError, PyValueError,
};
use pyo3::prelude::*;

use crate::failure::{Failure, contained};

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotFinite => PyValueError::new_err(
                "arguments must be finite: found one that is not\nhint: check them with numpy.isfinite",
            ),
            Failure::Refused(message) => PyValueError::new_err(message),
            Failure::Declined(why) => PyNotImplementedError::new_err(format!(
                "the rust tier leaves this call to the next one: {why}\nhint: unpin the rust tier"
            )),
            Failure::Memory => PyMemoryError::new_err(
                "the rust tier cannot have the memory for this call\nhint: ask for less, for instance fewer steps",
            ),
            Failure::Stopped => PyKeyboardInterrupt::new_err(()),
            Failure::Panic(message) => PyRuntimeError::new_err(format!(
                "the rust tier met a defect of its own: {message}\nhint: report it with the arguments of the call"
            )),
        }
    }
}

/// Why a call gives no answer yet.
pub enum Trouble {
    /// The kernel failed.
    Kernel(Failure),
    /// Python raised.
    Raised(PyErr),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Kernel(failure)
    }
}

impl From<PyErr> for Trouble {
    fn from(raised: PyErr) -> Self {
        Self::Raised(raised)
    }
}

impl From<Trouble> for PyErr {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Kernel(failure) => failure.into(),
            Trouble::Raised(raised) => raised,
        }
    }
}

/// Runs `body` on arguments read where they lie; where they cannot be, or turn out not to be finite,
/// on arguments that polytier's own checks return, so that these raise the error.
pub fn retried<A, T>(
    peek: impl FnOnce() -> Option<A>,
    check: impl FnOnce() -> PyResult<A>,
    body: impl Fn(&A) -> Result<T, Trouble>,
) -> PyResult<T> {
    let answer = contained(|| match peek().map(|arguments| body(&arguments)) {
        None | Some(Err(Trouble::Kernel(Failure::NotFinite))) => body(&check()?),
        Some(answer) => answer,
    });
    answer.map_err(PyErr::from)
}
