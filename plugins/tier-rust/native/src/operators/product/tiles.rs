//! Tiles of the product: as many sums as registers hold, for a few rows and one panel.

use std::ops::Range;

use super::{Planes, WHOLE_ROWS, WIDEST};
use crate::simd::Lanes;

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
    let stride = Planes::stride(planes.depth);
    let (left_plane, right_plane) = (planes.rows.next_multiple_of(WHOLE_ROWS) * stride, planes.depth * wide);
    let columns = wide.min(planes.columns - panel * wide);
    for row in rows.clone().step_by(R) {
        // SAFETY: as promised to `multiply`; rows beyond the last are room, and their products are not kept.
        unsafe {
            let (left, right) = (planes.left.add(row * stride), planes.right.add(3 * panel * right_plane));
            let mut re = real_tile::<L, R, V>(left, stride, right, depth);
            let mut im = real_tile::<L, R, V>(left.add(left_plane), stride, right.add(right_plane), depth);
            for (re, im) in re.iter_mut().flatten().zip(im.iter_mut().flatten()) {
                (*re, *im) = (re.sub(*im), re.add(*im));
            }
            let (left, right) = (left.add(2 * left_plane), right.add(2 * right_plane));
            let both = real_tile::<L, R, V>(left, stride, right, depth);
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
    stride: usize,
    right: *const f64,
    depth: usize,
) -> [[L; V]; R] {
    // SAFETY: as for `panel_tiles`.
    unsafe {
        let mut sums = [[L::splat(0.0); V]; R];
        for k in 0..depth {
            let right = right.add(k * V * L::WIDTH);
            let factors: [L; V] = std::array::from_fn(|v| L::load(right.add(v * L::WIDTH)));
            for (r, sums) in sums.iter_mut().enumerate() {
                let left = L::splat(*left.add(r * stride + k));
                for (sum, factor) in sums.iter_mut().zip(factors) {
                    *sum = left.mul_add(factor, *sum);
                }
            }
        }
        sums
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
