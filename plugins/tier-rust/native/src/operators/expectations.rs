//! Expectation values of single qubits, all from one pass over blocks of the state.

use crate::failure::Failure;
use crate::simd::{Lanes, Level, per_level};

use super::{finite, too_large};

/// Most qubits of a state that fits any memory.
pub const MOST: usize = 60;
/// Qubits of a block whose pairs are visited while it is near the core.
const BLOCK: usize = 10;

/// What the qubits of a state show; twice the overlap has the expectation values of X and Y.
pub struct Spins {
    /// Overlap of the halves of the state in which a qubit is up and down.
    pub overlap: [[f64; 2]; MOST],
    /// Squared norm of the half in which it is up, less the other.
    pub polarity: [f64; MOST],
}

per_level! {
    /// Adds the pairs of `2^n` amplitudes.
    fn visit(from: *const f64, n: usize, spins: &mut Spins) = visit_generic;
}

/// Returns what the qubits show.
///
/// # Safety
/// The CPU has `level`; `2 * 2^n` values are readable at `from`, and `n` is from 1 to [`MOST`].
pub unsafe fn spins(level: Level, from: *const f64, n: usize) -> Result<Spins, Failure> {
    let mut spins = Spins { overlap: [[0.0; 2]; MOST], polarity: [0.0; MOST] };
    // SAFETY: as promised by the caller.
    unsafe { visit(level, from, n, &mut spins) };
    let sound = (0..n).all(|q| {
        let [re, im] = spins.overlap[q];
        (2.0 * re).is_finite() && (2.0 * im).is_finite() && spins.polarity[q].is_finite()
    });
    if sound {
        return Ok(spins);
    }
    // SAFETY: likewise.
    let given = unsafe { finite(level, from, 2 << n) };
    Err(if given { too_large("the expectation values") } else { Failure::NotFinite })
}

/// Body of [`visit`]: the lower qubits block by block, then the others over pairs of blocks.
#[inline(always)]
unsafe fn visit_generic<L: Lanes>(from: *const f64, n: usize, spins: &mut Spins) {
    let block = n.min(BLOCK);
    // SAFETY: as promised to `spins`.
    unsafe {
        for at in 0..1 << (n - block) {
            let start = from.add(at << (block + 1));
            for q in 0..block {
                for pair in 0..1 << (block - q - 1) {
                    let up = start.add(pair << (q + 2));
                    add_halves::<L>(up, up.add(2 << q), 1 << q, q, spins);
                }
            }
            // A block that is complete pairs with all that differ in one higher bit and come before it.
            for q in (block..n).filter(|q| at >> (q - block) & 1 == 1) {
                let partner = from.add((at ^ 1 << (q - block)) << (block + 1));
                add_halves::<L>(partner, start, 1 << block, q, spins);
            }
        }
    }
}

/// Adds the products of two stretches of `length` amplitudes, in which qubit `q` is up and down.
#[inline(always)]
unsafe fn add_halves<L: Lanes>(up: *const f64, down: *const f64, length: usize, q: usize, spins: &mut Spins) {
    // SAFETY: as for `visit_generic`.
    unsafe {
        if 2 * length < L::WIDTH {
            for at in (0..2 * length).step_by(2) {
                let ([a, b], [c, d]) = ([*up.add(at), *up.add(at + 1)], [*down.add(at), *down.add(at + 1)]);
                spins.overlap[q][0] += a * c + b * d;
                spins.overlap[q][1] += a * d - b * c;
                spins.polarity[q] += a * a + b * b - (c * c + d * d);
            }
            return;
        }
        let mut sums = [L::splat(0.0); 4];
        for at in (0..2 * length).step_by(L::WIDTH) {
            let (a, b) = (L::load(up.add(at)), L::load(down.add(at)));
            sums[0] = a.mul_add(b, sums[0]);
            // i times b has the real part at the place where a has its imaginary one, with the sign to be had.
            sums[1] = a.mul_add(b.turn(), sums[1]);
            sums[2] = a.mul_add(a, sums[2]);
            sums[3] = b.mul_add(b, sums[3]);
        }
        spins.overlap[q][0] += sums[0].total();
        // Re(conj(a) i b) = -Im(conj(a) b).
        spins.overlap[q][1] -= sums[1].total();
        spins.polarity[q] += sums[2].sub(sums[3]).total();
    }
}
