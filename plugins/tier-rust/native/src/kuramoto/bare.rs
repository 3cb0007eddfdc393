//! The native `order_parameter` without its boundary, timed where it runs.
//!
//! What a call costs beyond this is the boundary's share: argument checks, conversion, the interpreter.

use std::hint::black_box;
use std::time::Instant;

use pyo3::prelude::*;

use super::sums::{BLOCK, block_sums, sums, sums_helpers};
use crate::arrays::Values;
use crate::errors::Trouble;
use crate::failure::{Failure, contained};
use crate::simd::level;

/// Return the mean seconds of one of `calls` calls of the native `order_parameter`.
#[pyfunction]
#[pyo3(signature = (theta, calls))]
pub fn bare_seconds(theta: &Bound<'_, PyAny>, calls: u32) -> PyResult<f64> {
    let body = || {
        let values = Values::vector(theta, "theta", None)?;
        let [n, _] = values.shape;
        let start = Instant::now();
        for _ in 0..calls {
            // SAFETY: the values stay alive and in place during the call.
            black_box(unsafe { once(black_box(values.start), n) }?);
        }
        Ok(start.elapsed().as_secs_f64() / f64::from(calls.max(1)))
    };
    contained(body).map_err(|trouble: Trouble| trouble.into())
}

/// Computes the order parameter of `n` phases at `start`.
///
/// # Safety
/// `n` values are readable at `start`.
unsafe fn once(start: *const f64, n: usize) -> Result<f64, Failure> {
    // SAFETY: as the caller promises; the level is the one that the CPU has.
    let found = unsafe {
        if n <= BLOCK { block_sums(level(), start, n) } else { sums(level(), start, n, sums_helpers(n))? }
    };
    Ok(found.order(n))
}
