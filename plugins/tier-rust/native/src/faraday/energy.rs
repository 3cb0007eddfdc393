//! The energy of the intervals between samples, in sums whose order does not depend on the CPU.

use super::block::{Found, LANES};
use crate::simd::Lanes;

/// Returns the length and the energy of the interval between two samples.
///
/// # Safety
/// Two values are readable at both addresses.
#[inline(always)]
pub unsafe fn interval(time: *const f64, power: *const f64) -> (f64, f64) {
    // SAFETY: as promised by the caller.
    unsafe {
        let step = *time.add(1) - *time;
        (step, (0.5 * (*power + *power.add(1))) * step)
    }
}

/// Adds the energies of the intervals that end in some samples; the first sample of a block ends none.
///
/// A power or a time that is not a number makes the sum none.
///
/// # Safety
/// `len` values are readable at both addresses, and one before them unless a block begins.
#[inline(always)]
pub unsafe fn intervals<L: Lanes>(
    time: *const f64,
    power: *const f64,
    len: usize,
    begins: bool,
    found: &mut Found,
) {
    // SAFETY: as promised to `block`; there is a sample before each but the first of a block.
    unsafe {
        let (first, whole) = (if begins { LANES.min(len) } else { 0 }, len / LANES * LANES);
        for at in (1..first).chain(whole.max(first)..len) {
            let (step, energy) = interval(time.add(at).sub(1), power.add(at).sub(1));
            found.shortest = found.shortest.min(step);
            found.sums[at % LANES] += energy;
        }
        let (half, groups) = (L::splat(0.5), LANES / L::WIDTH);
        let mut shortest = L::splat(found.shortest);
        let mut sums = [L::splat(0.0); LANES];
        for (group, sum) in sums.iter_mut().enumerate().take(groups) {
            *sum = L::load(found.sums.as_ptr().add(group * L::WIDTH));
        }
        for at in (first..whole).step_by(LANES) {
            for (group, sum) in sums.iter_mut().enumerate().take(groups) {
                let (time, power) = (time.add(at + group * L::WIDTH), power.add(at + group * L::WIDTH));
                let step = L::load(time).sub(L::load(time.sub(1)));
                shortest = shortest.min(step);
                *sum = sum.add(half.mul(L::load(power.sub(1)).add(L::load(power))).mul(step));
            }
        }
        for (group, sum) in sums.iter().enumerate().take(groups) {
            sum.store(found.sums.as_mut_ptr().add(group * L::WIDTH));
        }
        found.shortest = lanes(shortest)[..L::WIDTH].iter().copied().fold(found.shortest, f64::min);
    }
}

/// Returns the lanes of a vector, then zeros.
#[inline(always)]
pub fn lanes<L: Lanes>(vector: L) -> [f64; LANES] {
    let mut lanes = [0.0; LANES];
    // SAFETY: no level has more lanes.
    unsafe { vector.store(lanes.as_mut_ptr()) };
    lanes
}
