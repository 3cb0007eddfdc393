//! Arguments and answers: NumPy arrays read where they lie, everything else through polytier's own checks.

mod fresh;
mod integers;
mod scalars;

pub use fresh::{fresh, fresh_complex, require_memory, zeros_complex};
pub use integers::{Integers, Kind};
pub use scalars::{
    ANY, Given, integer, peek_integer, peek_positive, peek_real, positive, qubit_count, real, unsigned,
};

use numpy::npyffi::{self, NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NPY_TYPES, NpyTypes, PyArrayObject};
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyDict};
use std::ffi::c_int;

/// A float64 array to read from: at least one element, C-contiguous and aligned.
pub struct Values<'py> {
    /// Address of the first value.
    pub start: *const f64,
    /// Rows and columns; a vector is a column.
    pub shape: [usize; 2],
    /// Keeps the values alive while the call may run without the interpreter.
    _owner: Bound<'py, PyAny>,
}

impl<'py> Values<'py> {
    /// Returns an array that can be read as it is.
    #[inline]
    pub fn peek(object: &Bound<'py, PyAny>, dimensions: usize) -> Option<Self> {
        let (start, shape) = look(object, dimensions)?;
        Some(Self { start, shape, _owner: object.clone() })
    }

    /// Returns a vector as polytier's checks convert it, or raises what they raise.
    pub fn vector(object: &Bound<'py, PyAny>, name: &str, length: Option<usize>) -> PyResult<Self> {
        let wanted = length.map(|length| [("length", length)].into_py_dict(object.py())).transpose()?;
        Self::converted(&checks(object.py())?.0, (object, name), wanted, 1)
    }

    /// Returns a square matrix as polytier's checks convert it, or raises what they raise.
    pub fn matrix(object: &Bound<'py, PyAny>, name: &str, n: usize) -> PyResult<Self> {
        let wanted = [("shape", (n, n))].into_py_dict(object.py())?;
        Self::converted(&checks(object.py())?.1, (object, name), Some(wanted), 2)
    }

    /// Calls a check and reads what it returns, copied if it is not aligned.
    fn converted(
        check: &Py<PyAny>,
        arguments: (&Bound<'py, PyAny>, &str),
        wanted: Option<Bound<'py, PyDict>>,
        dimensions: usize,
    ) -> PyResult<Self> {
        let py = arguments.0.py();
        let array = check.bind(py).call(arguments, wanted.as_ref())?;
        if let Some(values) = Self::peek(&array, dimensions) {
            return Ok(values);
        }
        let copy = array.call_method0("copy")?;
        Self::peek(&copy, dimensions).ok_or_else(|| {
            PyRuntimeError::new_err(format!("polytier.arrays returned {copy:?}, not a float64 array"))
        })
    }
}

/// A complex128 array to read from: at least one element, C-contiguous and aligned.
pub struct Entries<'py> {
    /// Address of the first real part; real and imaginary parts alternate.
    pub start: *const f64,
    /// Lengths of up to three axes; 1 for those that the array has not.
    pub shape: [usize; 3],
    /// Keeps the entries alive while the call may run without the interpreter.
    _owner: Bound<'py, PyAny>,
}

impl<'py> Entries<'py> {
    /// Returns an array that can be read as it is.
    #[inline]
    pub fn peek(object: &Bound<'py, PyAny>, dimensions: usize) -> Option<Self> {
        let (start, shape) = look_for(object, NPY_TYPES::NPY_CDOUBLE, dimensions)?;
        Some(Self { start, shape, _owner: object.clone() })
    }

    /// Returns an array as the check of this name in `polytier.arrays` converts it, or raises what that raises.
    pub fn checked(
        object: &Bound<'py, PyAny>,
        check: &str,
        name: &str,
        size: Option<usize>,
    ) -> PyResult<Self> {
        let py = object.py();
        let wanted = size.map(|size| [("size", size)].into_py_dict(py)).transpose()?;
        let array = py.import("polytier.arrays")?.call_method(check, (object, name), wanted.as_ref())?;
        let dimensions = array.getattr("ndim")?.extract()?;
        if let Some(entries) = Self::peek(&array, dimensions) {
            return Ok(entries);
        }
        let copy = array.call_method0("copy")?;
        Self::peek(&copy, dimensions).ok_or_else(|| {
            PyRuntimeError::new_err(format!("polytier.arrays returned {copy:?}, not a complex128 array"))
        })
    }

    /// Returns how many float64 values the array holds.
    pub fn values(&self) -> usize {
        2 * self.shape.iter().product::<usize>()
    }
}

/// Returns the address and the shape of a float64 array that can be read as it is.
#[inline]
pub fn look(object: &Bound<'_, PyAny>, dimensions: usize) -> Option<(*const f64, [usize; 2])> {
    let (start, [rows, columns, _]) = look_for(object, NPY_TYPES::NPY_DOUBLE, dimensions)?;
    Some((start, [rows, columns]))
}

/// Returns the address and the shape of an array of this type that has an element and can be read as it is.
#[inline]
fn look_for(
    object: &Bound<'_, PyAny>,
    kind: NPY_TYPES,
    dimensions: usize,
) -> Option<(*const f64, [usize; 3])> {
    let Seen { start, shape, number } = look_at(object, dimensions)?;
    (number == kind as c_int && shape.iter().all(|length| *length > 0)).then(|| (start.cast(), shape))
}

/// An array that can be read as it is.
struct Seen {
    /// Address of its first byte.
    start: *const u8,
    /// Lengths of up to three axes; 1 for those that the array has not.
    shape: [usize; 3],
    /// NumPy's number of its type.
    number: c_int,
}

/// Returns an array of up to three dimensions that can be read as it is, in native order, whatever its type.
///
/// The struct is read directly: the buffer protocol would cost 40 ns, and borrow tracking more.
#[inline]
fn look_at(object: &Bound<'_, PyAny>, dimensions: usize) -> Option<Seen> {
    const READABLE: c_int = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED;
    // SAFETY: only an object of exactly NumPy's array type is read as one, and the reference keeps it alive.
    unsafe {
        if ffi::Py_TYPE(object.as_ptr()) != npyffi::get_type_object(object.py(), NpyTypes::PyArray_Type) {
            return None;
        }
        let array = &(*object.as_ptr().cast::<PyArrayObject>()).fields;
        let dtype = &(*array.descr).fields;
        let readable = matches!(dtype.byteorder as u8, b'=' | b'|')
            && array.nd == dimensions as c_int
            && array.flags & READABLE == READABLE;
        if !readable {
            return None;
        }
        let mut shape = [1; 3];
        for (axis, length) in shape.iter_mut().enumerate().take(dimensions) {
            *length = *array.dimensions.add(axis) as usize;
        }
        Some(Seen { start: array.data.cast_const().cast(), shape, number: dtype.type_num })
    }
}

/// The checks of `polytier.arrays`: vector, matrix, positive number, integer.
type Checks = (Py<PyAny>, Py<PyAny>, Py<PyAny>, Py<PyAny>);

/// Imports the checks at the first argument that needs them.
fn checks(py: Python<'_>) -> PyResult<&Checks> {
    static CHECKS: PyOnceLock<Checks> = PyOnceLock::new();
    CHECKS.get_or_try_init(py, || {
        let arrays = py.import("polytier.arrays")?;
        let take = |name| arrays.getattr(name).map(Bound::unbind);
        Ok((take("float_vector")?, take("float_matrix")?, take("positive")?, take("integer")?))
    })
}
