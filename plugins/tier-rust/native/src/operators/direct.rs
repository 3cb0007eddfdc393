//! The commutator of small matrices from their own entries: 16 real operations per term instead of 12, but nothing
//! is split or joined, which takes as long as the products of matrices that fit the first cache.

use super::commutator::Pair;
use crate::simd::{Lanes, Level, per_level};

/// Size up to which this is faster than three real products.
pub const MOST: usize = 36;

/// Says whether the rows of such matrices are whole vectors.
pub fn suits(level: Level, d: usize) -> bool {
    d <= MOST && d.is_multiple_of(numbers(level))
}

/// Returns how many complex numbers a vector holds.
fn numbers(level: Level) -> usize {
    match level {
        Level::Avx512 => 4,
        Level::Avx2 => 2,
        Level::Baseline => 1,
    }
}

per_level! {
    /// Writes `a b - b a`, or only `a b`.
    ///
    /// # Safety
    /// The CPU has `level`; the matrices have the sizes named, which suit it.
    pub fn direct(pair: Pair, both: bool) = direct_generic;
}

/// Body of [`direct`].
#[inline(always)]
unsafe fn direct_generic<L: Lanes>(pair: Pair, both: bool) {
    let mut row = 0;
    while row < pair.d {
        // SAFETY: as promised to `direct`.
        unsafe {
            row += match pair.d - row {
                1 => band::<L, 1>(&pair, row, both),
                2 | 4 => band::<L, 2>(&pair, row, both),
                _ => band::<L, 3>(&pair, row, both),
            };
        }
    }
}

/// Writes `R` rows and returns how many they are.
#[inline(always)]
unsafe fn band<L: Lanes, const R: usize>(pair: &Pair, row: usize, both: bool) -> usize {
    let (mut at, stop) = (0, 2 * pair.d);
    // SAFETY: as promised to `direct`.
    unsafe {
        while at + 2 * L::WIDTH <= stop {
            tile::<L, R, 2>(pair, row, at, both);
            at += 2 * L::WIDTH;
        }
        if at < stop {
            tile::<L, R, 1>(pair, row, at, both);
        }
    }
    R
}

/// Writes `V` vectors of `R` rows, from the value `at` of each on.
#[inline(always)]
unsafe fn tile<L: Lanes, const R: usize, const V: usize>(pair: &Pair, row: usize, at: usize, both: bool) {
    let Pair { d, a, b, to } = *pair;
    let start = 2 * row * d;
    // SAFETY: as promised to `direct`.
    unsafe {
        // Products with the real parts on the left, and with the imaginary ones.
        let mut sums = [[[L::splat(0.0); 2]; V]; R];
        add_products::<L, R, V>(&mut sums, d, a.add(start), b.add(at), |l, r, sum| l.mul_add(r, sum));
        if both {
            add_products::<L, R, V>(&mut sums, d, b.add(start), a.add(at), |l, r, sum| l.mul_from(r, sum));
        }
        for (r, sums) in sums.into_iter().enumerate() {
            for (v, [re, im]) in sums.into_iter().enumerate() {
                re.add(im.turn()).store(to.add(start + 2 * r * d + at + v * L::WIDTH));
            }
        }
    }
}

/// Adds the products of `R` rows with some columns by `add`.
#[inline(always)]
unsafe fn add_products<L: Lanes, const R: usize, const V: usize>(
    sums: &mut [[[L; 2]; V]; R],
    d: usize,
    left: *const f64,
    right: *const f64,
    add: impl Fn(L, L, L) -> L,
) {
    for k in 0..d {
        // SAFETY: as promised to `direct`.
        unsafe {
            let factors: [L; V] = std::array::from_fn(|v| L::load(right.add(2 * k * d + v * L::WIDTH)));
            for (r, sums) in sums.iter_mut().enumerate() {
                for part in 0..2 {
                    let left = L::splat(*left.add(2 * (r * d + k) + part));
                    for (sum, factor) in sums.iter_mut().zip(factors) {
                        sum[part] = add(left, factor, sum[part]);
                    }
                }
            }
        }
    }
}
