//! Factors split into planes of real parts, imaginary parts and their sums.

use std::ops::Range;

use super::{Planes, Source, WHOLE_ROWS, panel};
use crate::simd::Lanes;

/// Body of [`Planes::split_left`].
///
/// # Safety
/// As for that.
#[inline(always)]
pub unsafe fn rows_generic<L: Lanes>(
    planes: &Planes,
    from: Source,
    rows: Range<usize>,
    at: usize,
    count: usize,
    sign: f64,
) {
    let stride = Planes::stride(planes.depth);
    let plane = planes.rows.next_multiple_of(WHOLE_ROWS) * stride;
    for row in rows {
        // SAFETY: as promised to `split_left`.
        unsafe {
            let from = from.start.add(2 * row * from.stride);
            split::<L>(from, count, planes.left.add(row * stride + at), plane, sign);
        }
    }
}

/// Splits `count` numbers, `sign` times, into real parts, imaginary parts and their sums.
#[inline(always)]
unsafe fn split<L: Lanes>(from: *const f64, count: usize, to: *mut f64, plane: usize, sign: f64) {
    let whole = count - count % L::WIDTH;
    // SAFETY: as promised to `split_left` and `split_right`.
    unsafe {
        let factor = L::splat(sign);
        for j in (0..whole).step_by(L::WIDTH) {
            let (one, other) = (L::load(from.add(2 * j)), L::load(from.add(2 * j + L::WIDTH)));
            let (re, im) = one.mul(factor).deinterleave(other.mul(factor));
            re.store(to.add(j));
            im.store(to.add(plane + j));
            re.add(im).store(to.add(2 * plane + j));
        }
        for j in whole..count {
            let (re, im) = (sign * *from.add(2 * j), sign * *from.add(2 * j + 1));
            to.add(j).write(re);
            to.add(plane + j).write(im);
            to.add(2 * plane + j).write(re + im);
        }
    }
}

/// Body of [`Planes::split_right`].
///
/// # Safety
/// As for that.
#[inline(always)]
pub unsafe fn panels_generic<L: Lanes>(
    planes: &Planes,
    from: Source,
    panels: Range<usize>,
    at: usize,
    count: usize,
) {
    let wide = panel(planes.level);
    let plane = planes.depth * wide;
    for panel in panels {
        let first = panel * wide;
        let whole = planes.columns - first >= wide;
        for k in 0..count {
            // SAFETY: as promised to `split_right`.
            unsafe {
                let from = from.start.add(2 * (k * from.stride + first));
                let to = planes.right.add(3 * panel * plane + (at + k) * wide);
                if whole {
                    split::<L>(from, wide, to, plane, 1.0);
                } else {
                    for j in 0..3 * wide {
                        to.add(j / wide * plane + j % wide).write(0.0);
                    }
                    split::<L>(from, planes.columns - first, to, plane, 1.0);
                }
            }
        }
    }
}
