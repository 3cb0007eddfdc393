//! New arrays, where there is room for them.

use numpy::npyffi::{self, NPY_TYPES, NpyTypes, PY_ARRAY_API, PyArrayObject};
use pyo3::prelude::*;
use std::ffi::c_int;
use std::ptr::null_mut;

use crate::failure::Failure;

/// Bytes up to which nobody asks what memory is available, as in polytier.
const UNASKED: usize = 1 << 26;

/// Raises MemoryError where a float64 array of this shape is larger than the memory that is available.
pub fn require_memory(py: Python<'_>, name: &str, shape: &[usize]) -> PyResult<()> {
    if bytes(shape) > UNASKED {
        py.import("polytier.arrays")?.call_method1("require_memory", (name, shape, "float64"))?;
    }
    Ok(())
}

/// Returns the size of a float64 array of this shape, or the largest number where there is none.
fn bytes(shape: &[usize]) -> usize {
    shape.iter().fold(size_of::<f64>(), |bytes, length| bytes.saturating_mul(*length))
}

/// Returns a new float64 array, not yet filled, and the address of its first value.
pub fn fresh<'py>(py: Python<'py>, shape: &[usize]) -> PyResult<(Bound<'py, PyAny>, *mut f64)> {
    made(py, shape, NPY_TYPES::NPY_DOUBLE, false)
}

/// Returns a new complex128 array, not yet filled, and the address of its first real part.
pub fn fresh_complex<'py>(py: Python<'py>, shape: &[usize]) -> PyResult<(Bound<'py, PyAny>, *mut f64)> {
    made(py, shape, NPY_TYPES::NPY_CDOUBLE, false)
}

/// As [`fresh_complex`], filled with zeros that the system may hand out without touching them.
pub fn zeros_complex<'py>(py: Python<'py>, shape: &[usize]) -> PyResult<(Bound<'py, PyAny>, *mut f64)> {
    made(py, shape, NPY_TYPES::NPY_CDOUBLE, true)
}

/// Returns a new array of up to three dimensions and its address.
fn made<'py>(
    py: Python<'py>,
    shape: &[usize],
    kind: NPY_TYPES,
    zeros: bool,
) -> PyResult<(Bound<'py, PyAny>, *mut f64)> {
    let mut parts = [1; 4];
    parts[..shape.len()].copy_from_slice(shape);
    parts[3] = if kind == NPY_TYPES::NPY_CDOUBLE { 2 } else { 1 };
    require_memory(py, "the answer", &parts)?;
    if isize::try_from(bytes(&parts)).is_err() {
        return Err(Failure::Memory.into());
    }
    let mut lengths = [0; 3];
    for (to, length) in lengths.iter_mut().zip(shape) {
        *to = *length as npyffi::npy_intp;
    }
    let (nd, lengths) = (shape.len() as c_int, lengths.as_mut_ptr());
    // SAFETY: NumPy reads as many lengths as it is told of, takes the descriptor's reference,
    // and returns a new reference or raises.
    unsafe {
        let array = if zeros {
            let dtype = PY_ARRAY_API.PyArray_DescrFromType(py, kind as c_int);
            PY_ARRAY_API.PyArray_Zeros(py, nd, lengths, dtype, 0)
        } else {
            let class = npyffi::get_type_object(py, NpyTypes::PyArray_Type);
            let (strides, data, from) = (null_mut(), null_mut(), null_mut());
            PY_ARRAY_API.PyArray_New(py, class, nd, lengths, kind as c_int, strides, data, 0, 0, from)
        };
        let array = Bound::from_owned_ptr_or_err(py, array)?;
        let start = (*array.as_ptr().cast::<PyArrayObject>()).fields.data.cast();
        Ok((array, start))
    }
}
