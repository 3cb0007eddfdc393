//! Products of complex matrices as three real ones (Karatsuba): 12 instead of 16 real operations per term.
//!
//! The sums of real and imaginary parts are formed while the factors are split into planes, and the three
//! products are joined tile by tile: done with whole matrices the passes over memory would eat the gain.

mod split;

use std::ops::Range;

use self::split::{panels_generic, rows_generic};
use crate::simd::{Lanes, Level, per_level};

/// Depth that is multiplied at once: three planes of a panel stay near the core.
pub const DEPTH: usize = 256;
/// Rows whose planes stay in the second cache while all panels pass by; whole tiles at every level.
const BLOCK: usize = 48;
/// Left planes have room for whole tiles at every level.
const WHOLE_ROWS: usize = 24;
/// Columns of the widest tile.
const WIDEST: usize = 24;

/// Returns rows and vectors of a tile: as many sums as registers hold beside the factors.
///
/// Four rows of three vectors would fit 16 registers too, but the compiler then keeps one sum in memory.
const fn tile(level: Level) -> (usize, usize) {
    match level {
        Level::Avx512 => (8, 3),
        Level::Avx2 => (6, 2),
        Level::Baseline => (4, 2),
    }
}

/// Returns the columns of a panel at this level.
const fn panel(level: Level) -> usize {
    tile(level).1
        * match level {
            Level::Avx512 => 8,
            Level::Avx2 => 4,
            Level::Baseline => 2,
        }
}

/// A matrix inside an array: address of the first entry and entries from one row to the next.
#[derive(Clone, Copy)]
pub struct Source {
    /// Address of the first real part.
    pub start: *const f64,
    /// Entries, of two values each, from row to row.
    pub stride: usize,
}

/// The planes of both factors for one stretch of depth.
#[derive(Clone, Copy)]
pub struct Planes {
    level: Level,
    /// Rows of the product.
    pub rows: usize,
    /// Columns of the product.
    pub columns: usize,
    /// Room for depth.
    depth: usize,
    left: *mut f64,
    right: *mut f64,
}

// SAFETY: who splits or multiplies states which rows and panels are his alone.
unsafe impl Sync for Planes {}

impl Planes {
    /// Values that the planes of a product take, up to this depth.
    pub fn values(level: Level, rows: usize, columns: usize, depth: usize) -> usize {
        3 * (rows.next_multiple_of(WHOLE_ROWS) * Self::stride(depth)
            + columns.next_multiple_of(panel(level)) * depth)
    }

    /// Values from one row of a left plane to the next: not a power of two, whose rows would share cache lines.
    fn stride(depth: usize) -> usize {
        depth.next_multiple_of(8) + 8
    }

    /// Returns planes at this address, which has room for [`Planes::values`].
    pub fn new(level: Level, rows: usize, columns: usize, depth: usize, start: *mut f64) -> Self {
        let left = 3 * rows.next_multiple_of(WHOLE_ROWS) * Self::stride(depth);
        Self { level, rows, columns, depth, left: start, right: start.wrapping_add(left) }
    }

    /// Returns how many panels the columns make.
    pub fn panels(&self) -> usize {
        self.columns.div_ceil(panel(self.level))
    }

    /// Returns how many tiles stand one below the other.
    pub fn tiles(&self) -> usize {
        self.rows.div_ceil(tile(self.level).0)
    }

    /// Splits `count` columns of some rows of the left factor, `sign` times, to the depths from `at` on.
    ///
    /// # Safety
    /// The source has these rows and columns; nobody else touches these rows of the planes.
    pub unsafe fn split_left(&self, from: Source, rows: Range<usize>, at: usize, count: usize, sign: f64) {
        // SAFETY: as promised by the caller, and by who made the planes.
        unsafe { split_rows(self.level, self, from, rows, at, count, sign) }
    }

    /// Splits `count` rows of the right factor, of some panels, to the depths from `at` on.
    ///
    /// # Safety
    /// The source has these rows and all columns; nobody else touches these panels.
    pub unsafe fn split_right(&self, from: Source, panels: Range<usize>, at: usize, count: usize) {
        // SAFETY: likewise.
        unsafe { split_panels(self.level, self, from, panels, at, count) }
    }

    /// Multiplies some rows of tiles over the first `depth` depths, and adds to what stands at `to` or replaces it.
    ///
    /// # Safety
    /// Both factors are split that far; the product has room at `to`, and nobody else touches these rows of it.
    pub unsafe fn multiply(&self, tiles: Range<usize>, depth: usize, to: *mut f64, add: bool) {
        let tall = tile(self.level).0;
        let rows = tall * tiles.start..self.rows.min(tall * tiles.end);
        // SAFETY: likewise.
        unsafe { multiply_rows(self.level, self, rows, depth, to, add) }
    }
}

per_level! {
    fn split_rows(planes: &Planes, from: Source, rows: Range<usize>, at: usize, count: usize, sign: f64) = rows_generic;
    fn split_panels(planes: &Planes, from: Source, panels: Range<usize>, at: usize, count: usize) = panels_generic;
    fn multiply_rows(planes: &Planes, rows: Range<usize>, depth: usize, to: *mut f64, add: bool) = multiply_generic;
}

/// Body of [`Planes::multiply`].
#[inline(always)]
unsafe fn multiply_generic<L: Lanes>(
    planes: &Planes,
    rows: Range<usize>,
    depth: usize,
    to: *mut f64,
    add: bool,
) {
    for first in rows.clone().step_by(BLOCK) {
        let rows = first..rows.end.min(first + BLOCK);
        for panel in 0..planes.panels() {
            // SAFETY: as promised to `multiply`.
            unsafe {
                match L::WIDTH {
                    8 => panel_tiles::<L, 8, 3>(planes, rows.clone(), panel, depth, to, add),
                    4 => panel_tiles::<L, 6, 2>(planes, rows.clone(), panel, depth, to, add),
                    _ => panel_tiles::<L, 4, 2>(planes, rows.clone(), panel, depth, to, add),
                }
            }
        }
    }
}

/// Computes the tiles of some rows in one panel.
#[inline(always)]
unsafe fn panel_tiles<L: Lanes, const R: usize, const V: usize>(
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
