//! Answers with named parts: polytier's own classes.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};

/// A class of named results that polytier exports, looked up at the first answer.
pub struct Named {
    name: &'static str,
    class: PyOnceLock<(Py<PyAny>, Py<PyType>)>,
}

impl Named {
    /// Returns the class of this name.
    pub const fn new(name: &'static str) -> Self {
        Self { name, class: PyOnceLock::new() }
    }

    /// Returns a result with these parts.
    pub fn of<'py, const N: usize>(
        &self,
        py: Python<'py>,
        parts: [Bound<'py, PyAny>; N],
    ) -> PyResult<Bound<'py, PyAny>> {
        let (make, class) = self.class.get_or_try_init(py, || {
            let class = py.import("polytier")?.getattr(self.name)?.cast_into::<PyType>()?;
            PyResult::Ok((py.get_type::<PyTuple>().getattr("__new__")?.unbind(), class.unbind()))
        })?;
        // The class's own constructor is a Python function: 0.3 us more.
        make.bind(py).call1((class.bind(py), PyTuple::new(py, parts)?))
    }
}
