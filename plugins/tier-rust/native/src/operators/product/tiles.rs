//! Tiles of the product: as many sums as registers hold, for a few rows and one panel.

use std::ops::Range;

use super::{Planes, WIDEST};
use crate::simd::Lanes;

/// Depths in one turn of the innermost loop: what counts the turns takes places that sums could have, a tenth of all
/// where the core is shared with another thread.
const UNROLLED: usize = 4;

/// Computes the tiles of some rows in one panel.
///
/// # Safety
/// As for `Planes::multiply`; the CPU has the level of `L`, whose tiles have `R` rows of `V` vectors.
#[inline(always)]
pub unsafe fn panel_tiles<L: Lanes, const R: usize, const V: usize>(
    planes: &Planes,
    rows: Range<usize>,
    panel: usize,
    depth: usize,
    to: *mut f64,
    add: bool,
) {
    let wide = V * L::WIDTH;
    let (left_plane, right_plane) = (planes.depth * R, planes.depth * wide);
    let columns = wide.min(planes.columns - panel * wide);
    for row in rows.clone().step_by(R) {
        // SAFETY: as promised to `multiply`; rows beyond the last are room, and their products are not kept.
        unsafe {
            let (left, right) =
                (planes.left.add(3 * row * planes.depth), planes.right.add(3 * panel * right_plane));
            let mut re = real_tile::<L, R, V>(left, right, depth);
            let mut im = real_tile::<L, R, V>(left.add(left_plane), right.add(right_plane), depth);
            for (re, im) in re.iter_mut().flatten().zip(im.iter_mut().flatten()) {
                (*re, *im) = (re.sub(*im), re.add(*im));
            }
            let (left, right) = (left.add(2 * left_plane), right.add(2 * right_plane));
            let both = real_tile::<L, R, V>(left, right, depth);
            for (im, both) in im.iter_mut().flatten().zip(both.iter().flatten()) {
                *im = both.sub(*im);
            }
            for r in 0..R.min(rows.end - row) {
                let to = to.add(2 * ((row + r) * planes.columns + panel * wide));
                if columns == wide {
                    put(&re[r], &im[r], to, add);
                } else {
                    let mut kept = [0.0; 2 * WIDEST];
                    put(&re[r], &im[r], kept.as_mut_ptr(), false);
                    for (j, value) in kept[..2 * columns].iter().enumerate() {
                        let before = if add { *to.add(j) } else { 0.0 };
                        to.add(j).write(before + value);
                    }
                }
            }
        }
    }
}

/// Multiplies `R` rows with a panel, in registers.
#[inline(always)]
unsafe fn real_tile<L: Lanes, const R: usize, const V: usize>(
    left: *const f64,
    right: *const f64,
    depth: usize,
) -> [[L; V]; R] {
    // SAFETY: as for `panel_tiles`.
    unsafe {
        let mut sums = [[L::splat(0.0); V]; R];
        let (mut left, mut right) = (left, right);
        for _ in 0..depth / UNROLLED {
            for k in 0..UNROLLED {
                add_products(&mut sums, left.add(k * R), right.add(k * V * L::WIDTH));
            }
            (left, right) = (left.add(UNROLLED * R), right.add(UNROLLED * V * L::WIDTH));
        }
        for k in 0..depth % UNROLLED {
            add_products(&mut sums, left.add(k * R), right.add(k * V * L::WIDTH));
        }
        sums
    }
}

/// Adds the products of `R` values with a row of a panel.
#[inline(always)]
unsafe fn add_products<L: Lanes, const R: usize, const V: usize>(
    sums: &mut [[L; V]; R],
    left: *const f64,
    right: *const f64,
) {
    // SAFETY: as for `panel_tiles`.
    unsafe {
        let factors: [L; V] = std::array::from_fn(|v| L::load(right.add(v * L::WIDTH)));
        for (r, sums) in sums.iter_mut().enumerate() {
            let left = L::splat(*left.add(r));
            for (sum, factor) in sums.iter_mut().zip(factors) {
                *sum = left.mul_add(factor, *sum);
            }
        }
    }
}

/// Writes, or adds, one row of a tile.
#[inline(always)]
unsafe fn put<L: Lanes, const V: usize>(re: &[L; V], im: &[L; V], to: *mut f64, add: bool) {
    for (v, (re, im)) in re.iter().zip(im).enumerate() {
        let (mut one, mut other) = re.interleave(*im);
        // SAFETY: as for `panel_tiles`: there is room for whole vectors.
        unsafe {
            let (first, second) = (to.add(2 * v * L::WIDTH), to.add((2 * v + 1) * L::WIDTH));
            if add {
                (one, other) = (one.add(L::load(first)), other.add(L::load(second)));
            }
            one.store(first);
            other.store(second);
        }
    }
}
