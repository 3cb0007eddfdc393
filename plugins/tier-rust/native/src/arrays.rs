//! Arguments and answers: NumPy arrays read where they lie, everything else through polytier's own checks.

use numpy::npyffi::{self, NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NpyTypes, PY_ARRAY_API, PyArrayObject};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyDict};
use pyo3::{Borrowed, ffi};
use std::convert::Infallible;
use std::ffi::c_int;
use std::ptr::null_mut;

use crate::failure::Failure;

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

/// Returns the address and the shape of a float64 array that can be read as it is.
#[inline]
pub fn look(object: &Bound<'_, PyAny>, dimensions: usize) -> Option<(*const f64, [usize; 2])> {
    let (start, shape, kind) = look_at(object, dimensions)?;
    (kind == npyffi::NPY_TYPES::NPY_DOUBLE as c_int && shape[0] > 0 && shape[1] > 0)
        .then(|| (start.cast(), shape))
}

/// Returns the address, the shape and the type number of an array in native order that can be read as it is.
///
/// The struct is read directly: the buffer protocol would cost 40 ns, and borrow tracking more.
#[inline]
fn look_at(object: &Bound<'_, PyAny>, dimensions: usize) -> Option<(*const u8, [usize; 2], c_int)> {
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
        let rows = *array.dimensions as usize;
        let columns = if dimensions == 2 { *array.dimensions.add(1) as usize } else { 1 };
        Some((array.data.cast_const().cast(), [rows, columns], dtype.type_num))
    }
}

/// A vector of integers to read from, which may be empty: C-contiguous, aligned, in native order.
pub struct Integers<'py> {
    /// Address of the first number.
    pub start: *const u8,
    /// How many there are.
    pub len: usize,
    /// What they are.
    pub kind: Kind,
    /// Keeps the numbers alive while the call may run without the interpreter.
    _owner: Bound<'py, PyAny>,
}

/// The integers that kernels read as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Signed, of 8 bits.
    I8,
    /// Signed, of 64 bits.
    I64,
    /// Unsigned, of 64 bits.
    U64,
}

impl Kind {
    /// Returns the kind of a NumPy type number.
    #[inline]
    fn of(number: c_int) -> Option<Self> {
        use npyffi::NPY_TYPES::*;
        const WIDE: bool = size_of::<std::ffi::c_long>() == 8;
        match number {
            _ if number == NPY_BYTE as c_int => Some(Self::I8),
            _ if number == NPY_LONGLONG as c_int || WIDE && number == NPY_LONG as c_int => Some(Self::I64),
            _ if number == NPY_ULONGLONG as c_int || WIDE && number == NPY_ULONG as c_int => Some(Self::U64),
            _ => None,
        }
    }
}

impl<'py> Integers<'py> {
    /// Returns a vector that can be read as it is.
    #[inline]
    pub fn peek(object: &Bound<'py, PyAny>) -> Option<Self> {
        let (start, [len, _], number) = look_at(object, 1)?;
        Some(Self { start, len, kind: Kind::of(number)?, _owner: object.clone() })
    }

    /// Returns a vector as the check of this name in polytier converts it, or raises what that raises.
    pub fn checked(
        object: &Bound<'py, PyAny>,
        check: &str,
        name: &str,
        length: Option<usize>,
    ) -> PyResult<Self> {
        let py = object.py();
        let wanted = length.map(|length| [("length", length)].into_py_dict(py)).transpose()?;
        let array = py.import("polytier.arrays")?.getattr(check)?.call((object, name), wanted.as_ref())?;
        if let Some(integers) = Self::peek(&array) {
            return Ok(integers);
        }
        let copy = array.call_method0("copy")?;
        Self::peek(&copy).ok_or_else(|| {
            PyRuntimeError::new_err(format!("polytier.arrays returned {copy:?}, not integers"))
        })
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

/// Returns a plain Python float that is finite and greater than zero.
#[inline]
pub fn peek_positive(object: &Bound<'_, PyAny>) -> Option<f64> {
    // SAFETY: the object is alive; reading an exact float cannot fail.
    let number = unsafe {
        (ffi::PyFloat_CheckExact(object.as_ptr()) != 0).then(|| ffi::PyFloat_AsDouble(object.as_ptr()))?
    };
    (number > 0.0 && number.is_finite()).then_some(number)
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

/// Returns a finite number within the bounds, or raises what polytier's check raises.
pub fn real(object: &Bound<'_, PyAny>, name: &str, bounds: (f64, f64)) -> PyResult<f64> {
    if let Some(number) = peek_real(object).filter(|number| (bounds.0..=bounds.1).contains(number)) {
        return Ok(number);
    }
    let py = object.py();
    let limits = [("minimum", bounds.0), ("maximum", bounds.1)].into_py_dict(py)?;
    py.import("polytier.arrays")?.getattr("real")?.call((object, name), Some(&limits))?.extract()
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

/// Returns a new float64 array, not yet filled, and the address of its first value.
pub fn fresh<'py>(py: Python<'py>, shape: &[usize]) -> PyResult<(Bound<'py, PyAny>, *mut f64)> {
    let size = shape.iter().try_fold(size_of::<f64>(), |size, length| size.checked_mul(*length));
    let Some(_) = size.filter(|size| isize::try_from(*size).is_ok()) else {
        return Err(Failure::Memory.into());
    };
    let mut lengths = [0; 2];
    for (to, length) in lengths.iter_mut().zip(shape) {
        *to = *length as npyffi::npy_intp;
    }
    // SAFETY: NumPy reads as many lengths as it is told of, and returns a new reference or raises.
    unsafe {
        let array = PY_ARRAY_API.PyArray_New(
            py,
            npyffi::get_type_object(py, NpyTypes::PyArray_Type),
            shape.len() as c_int,
            lengths.as_mut_ptr(),
            npyffi::NPY_TYPES::NPY_DOUBLE as c_int,
            null_mut(),
            null_mut(),
            0,
            0,
            null_mut(),
        );
        let array = Bound::from_owned_ptr_or_err(py, array)?;
        let start = (*array.as_ptr().cast::<PyArrayObject>()).fields.data.cast();
        Ok((array, start))
    }
}
