//! Closure of a Lie algebra: exactly on Pauli strings as bit masks, and by an orthonormal basis on matrices.

mod span;
mod strings;
#[cfg(test)]
mod tests;

use super::finite;
use crate::failure::Failure;
use crate::simd::Level;

/// What stops the search, and what counts as zero.
#[derive(Clone, Copy)]
pub struct Limits {
    /// Rounds of brackets at most.
    pub rounds: u64,
    /// Dimensions counted at most.
    pub most: Option<u64>,
    /// What is so much smaller than its own scale counts as zero.
    pub small: f64,
}

/// A stack of square matrices.
#[derive(Clone, Copy)]
pub struct Stack {
    /// How many.
    pub count: usize,
    /// Size of each.
    pub d: usize,
    /// Address of the first real part.
    pub start: *const f64,
}

impl Stack {
    /// Returns the values of one matrix.
    ///
    /// # Safety
    /// The stack holds it, for as long as the answer is used.
    unsafe fn matrix<'a>(&self, index: usize) -> &'a [f64] {
        let values = 2 * self.d * self.d;
        // SAFETY: as promised by the caller.
        unsafe { std::slice::from_raw_parts(self.start.add(index * values), values) }
    }
}

/// One generator that is not zero: its values, and the largest of them in magnitude.
#[derive(Clone, Copy)]
struct Generator<'a> {
    values: &'a [f64],
    scale: f64,
}

/// What a search asks its caller: may it have so many bytes, and shall it go on.
pub struct Caller<'a> {
    /// Says whether so many float64 values may be allocated.
    pub allows: &'a mut dyn FnMut(usize) -> bool,
    /// Says whether to go on.
    pub go_on: &'a mut dyn FnMut() -> bool,
}

/// Returns the dimension of the algebra, and whether no limit stopped the search.
///
/// # Safety
/// The CPU has `level`; the stack is readable.
pub unsafe fn dimension(
    level: Level,
    stack: Stack,
    limits: Limits,
    caller: &mut Caller<'_>,
) -> Result<(u64, bool), Failure> {
    // SAFETY: as promised by the caller.
    let matrices: Vec<&[f64]> = unsafe { (0..stack.count).map(|index| stack.matrix(index)).collect() };
    // SAFETY: likewise.
    if !unsafe { finite(level, stack.start, 2 * stack.count * stack.d * stack.d) } {
        return Err(Failure::NotFinite);
    }
    let scales: Vec<f64> = matrices.iter().map(|values| largest(values)).collect();
    let top = scales.iter().copied().fold(0.0, f64::max);
    let mut generators = Vec::new();
    for (index, (values, scale)) in matrices.into_iter().zip(scales).enumerate() {
        if scale > 0.0 && scale / top > limits.small {
            if !hermitian(values, stack.d, limits.small * scale) {
                return Err(Failure::Refused(format!(
                    "argument 'generators' must be Hermitian: found a matrix that is not, at index {index}\n\
                     hint: pass generators as Hermitian"
                )));
            }
            generators.push(Generator { values, scale });
        }
    }
    if generators.is_empty() {
        return Ok((0, true));
    }
    match strings::of(&generators, stack.d, limits.small) {
        Some(strings) => Ok(strings::close(&strings, stack.d.trailing_zeros(), limits)),
        // SAFETY: as promised by the caller.
        None => unsafe { span::close(level, &generators, stack.d, limits, caller) },
    }
}

/// Returns the largest magnitude.
fn largest(values: &[f64]) -> f64 {
    let mut lanes = [0.0_f64; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = if value.abs() > *lane { value.abs() } else { *lane };
        }
    }
    lanes.into_iter().chain(rest.iter().map(|value| value.abs())).fold(0.0, f64::max)
}

/// Says whether a matrix is its own adjoint, up to `slack` in magnitude.
fn hermitian(values: &[f64], d: usize, slack: f64) -> bool {
    const SQUARE: usize = 16;
    for i0 in (0..d).step_by(SQUARE) {
        for j0 in (i0..d).step_by(SQUARE) {
            for i in i0..d.min(i0 + SQUARE) {
                for j in j0.max(i)..d.min(j0 + SQUARE) {
                    let (one, other) = (2 * (i * d + j), 2 * (j * d + i));
                    let re = values[one] - values[other];
                    let im = values[one + 1] + values[other + 1];
                    if re.abs() > slack || im.abs() > slack || re.hypot(im) > slack {
                        return false;
                    }
                }
            }
        }
    }
    true
}
