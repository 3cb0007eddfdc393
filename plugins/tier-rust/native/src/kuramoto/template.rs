//! The coupling template of a stack of layers.

use crate::failure::Failure;
use crate::memory::Buffer;

/// Couplings of neighbours that are known.
const CALIBRATED: [(usize, usize, f64); 4] = [(0, 1, 0.302), (1, 2, 0.201), (2, 3, 0.252), (3, 4, 0.154)];
/// Couplings that are at least so strong.
const AT_LEAST: [(usize, usize, f64); 2] = [(4, 6, 0.15), (0, 15, 0.05)];

/// Writes the template of `n` layers: the rows are windows of one symmetric sequence.
///
/// # Safety
/// `n * n` values are writable at `to`, which may hold nothing yet, and `n` is at least 1.
pub unsafe fn fill(to: *mut f64, n: usize, base: f64, decay: f64) -> Result<(), Failure> {
    let memory = Buffer::zeroed(2 * n)?;
    // SAFETY: the sequence has `2 n - 1` values around its middle, and windows of `n` begin at or before that.
    unsafe {
        let middle = memory.start().add(n - 1);
        for distance in 0..n {
            let value = base * (-decay * distance as f64).exp();
            middle.add(distance).write(value);
            middle.sub(distance).write(value);
        }
        for row in 0..n {
            to.add(row * n).copy_from_nonoverlapping(middle.sub(row), n);
        }
        for (i, j, strength) in CALIBRATED.into_iter().filter(|pair| pair.1 < n) {
            to.add(i * n + j).write(strength);
            to.add(j * n + i).write(strength);
        }
        for (i, j, strength) in AT_LEAST.into_iter().filter(|pair| pair.1 < n) {
            let strength = (*to.add(i * n + j)).max(strength);
            to.add(i * n + j).write(strength);
            to.add(j * n + i).write(strength);
        }
    }
    Ok(())
}
