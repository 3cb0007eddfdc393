//! Products of complex matrices as three real ones (Karatsuba): 12 instead of 16 real operations per term.
//!
//! The sums of real and imaginary parts are formed while the factors are split into planes, and the three
//! products are joined tile by tile: done with whole matrices the passes over memory would eat the gain.
//!
//! Both factors lie in the order in which tiles read them: as rows of a plane they would be many streams, each in
//! pages of its own.

mod split;
mod tiles;

use std::ops::Range;

use crate::simd::{Lanes, Level, per_level};
use split::{panels_generic, rows_generic};
use tiles::panel_tiles;

/// Depth that is multiplied at once: one plane of a tile's rows and of a panel stay in the first cache.
pub const DEPTH: usize = 256;
/// Rows whose planes stay in the second cache while all panels pass by; whole tiles at every level.
const BLOCK: usize = 48;
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
        3 * depth * (rows.next_multiple_of(tile(level).0) + columns.next_multiple_of(panel(level)))
    }

    /// Returns planes at this address, which has room for [`Planes::values`].
    pub fn new(level: Level, rows: usize, columns: usize, depth: usize, start: *mut f64) -> Self {
        let left = 3 * depth * rows.next_multiple_of(tile(level).0);
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

    /// Splits `count` columns of some rows of tiles of the left factor, `sign` times, to the depths from `at` on.
    ///
    /// # Safety
    /// The source has all rows and these columns; nobody else touches these tiles' rows of the planes.
    pub unsafe fn split_left(&self, from: Source, tiles: Range<usize>, at: usize, count: usize, sign: f64) {
        // SAFETY: as promised by the caller, and by who made the planes.
        unsafe { split_rows(self.level, self, from, tiles, at, count, sign) }
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
    fn split_rows(planes: &Planes, from: Source, tiles: Range<usize>, at: usize, count: usize, sign: f64) = rows_generic;
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
