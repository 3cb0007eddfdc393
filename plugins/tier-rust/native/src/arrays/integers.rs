//! Vectors of integers.

use numpy::npyffi::NPY_TYPES;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::IntoPyDict;
use std::ffi::{c_int, c_long};

use super::look_at;

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
        use NPY_TYPES::*;
        const WIDE: bool = size_of::<c_long>() == 8;
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
        let seen = look_at(object, 1)?;
        let kind = Kind::of(seen.number)?;
        Some(Self { start: seen.start, len: seen.shape[0], kind, _owner: object.clone() })
    }

    /// Returns a vector as the check of this name in `polytier.arrays` converts it, or raises what that raises.
    pub fn checked(
        object: &Bound<'py, PyAny>,
        check: &str,
        name: &str,
        length: Option<usize>,
    ) -> PyResult<Self> {
        let py = object.py();
        let wanted = length.map(|length| [("length", length)].into_py_dict(py)).transpose()?;
        let array = py.import("polytier.arrays")?.call_method(check, (object, name), wanted.as_ref())?;
        if let Some(integers) = Self::peek(&array) {
            return Ok(integers);
        }
        let copy = array.call_method0("copy")?;
        Self::peek(&copy).ok_or_else(|| {
            PyRuntimeError::new_err(format!("polytier.arrays returned {copy:?}, not integers"))
        })
    }
}
