//! The factors split into planes of real parts, imaginary parts and their sums.

use std::ops::Range;

use super::{Planes, Source, WIDEST};
use crate::simd::Lanes;

/// Panels that are split at once: their columns are read as one stream from row to row.
const TOGETHER: usize = 4;

/// Body of [`Planes::split_left`].
#[inline(always)]
pub unsafe fn rows_generic<L: Lanes>(
    planes: &Planes,
    from: Source,
    tiles: Range<usize>,
    at: usize,
    count: usize,
    sign: f64,
) {
    for tile in tiles {
        // SAFETY: as promised to `split_left`.
        unsafe {
            match L::WIDTH {
                8 => split_tile::<8>(planes, from, tile, at, count, sign),
                4 => split_tile::<6>(planes, from, tile, at, count, sign),
                _ => split_tile::<4>(planes, from, tile, at, count, sign),
            }
        }
    }
}

/// Splits `count` columns of the `R` rows of a tile; for rows beyond the last the last one stands again.
#[inline(always)]
unsafe fn split_tile<const R: usize>(
    planes: &Planes,
    from: Source,
    tile: usize,
    at: usize,
    count: usize,
    sign: f64,
) {
    // SAFETY: as promised to `split_left`.
    unsafe {
        let rows: [*const [f64; 2]; R] = std::array::from_fn(|r| {
            from.start.add(2 * (tile * R + r).min(planes.rows - 1) * from.stride).cast()
        });
        let to = planes.left.add((3 * tile * planes.depth + at) * R).cast::<[f64; R]>();
        for k in 0..count {
            let values = rows.map(|row| row.add(k).read());
            let (re, im) = (values.map(|value| sign * value[0]), values.map(|value| sign * value[1]));
            to.add(k).write(re);
            to.add(planes.depth + k).write(im);
            to.add(2 * planes.depth + k).write(std::array::from_fn(|r| re[r] + im[r]));
        }
    }
}

/// Body of [`Planes::split_right`].
#[inline(always)]
pub unsafe fn panels_generic<L: Lanes>(
    planes: &Planes,
    from: Source,
    panels: Range<usize>,
    at: usize,
    count: usize,
) {
    for first in panels.clone().step_by(TOGETHER) {
        let panels = first..panels.end.min(first + TOGETHER);
        // SAFETY: as promised to `split_right`.
        unsafe {
            match L::WIDTH {
                8 => split_panels::<L, 3>(planes, from, panels, at, count),
                _ => split_panels::<L, 2>(planes, from, panels, at, count),
            }
        }
    }
}

/// Splits `count` rows of a few panels of `V` vectors; what is missing in the last one is zero.
#[inline(always)]
unsafe fn split_panels<L: Lanes, const V: usize>(
    planes: &Planes,
    from: Source,
    panels: Range<usize>,
    at: usize,
    count: usize,
) {
    let wide = V * L::WIDTH;
    let plane = planes.depth * wide;
    for k in 0..count {
        for panel in panels.clone() {
            // SAFETY: as promised to `split_right`.
            unsafe {
                let from = from.start.add(2 * (k * from.stride + panel * wide));
                let to = planes.right.add(3 * panel * plane + (at + k) * wide);
                let present = planes.columns - panel * wide;
                if present >= wide {
                    split::<L, V>(from, to, plane);
                } else {
                    let mut padded = [0.0; 2 * WIDEST];
                    padded.as_mut_ptr().copy_from_nonoverlapping(from, 2 * present);
                    split::<L, V>(padded.as_ptr(), to, plane);
                }
            }
        }
    }
}

/// Splits `V` vectors of numbers into real parts, imaginary parts and their sums.
#[inline(always)]
unsafe fn split<L: Lanes, const V: usize>(from: *const f64, to: *mut f64, plane: usize) {
    for at in (0..V).map(|v| v * L::WIDTH) {
        // SAFETY: as promised to `split_right`.
        unsafe {
            let (re, im) = L::load(from.add(2 * at)).deinterleave(L::load(from.add(2 * at + L::WIDTH)));
            re.store(to.add(at));
            im.store(to.add(plane + at));
            re.add(im).store(to.add(2 * plane + at));
        }
    }
}
