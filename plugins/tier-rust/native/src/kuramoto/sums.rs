//! Sums of sines and cosines: the mean field of many phases.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::failure::Failure;
use crate::memory::Buffer;
use crate::simd::lanes::strays;
use crate::simd::{Lanes, Level, per_level, prefetch};
use crate::threads::{self, Shared, assisted};

/// Angles that are summed as one; fixed, so that the bits of the sums do not depend on who computes them.
pub const BLOCK: usize = 4096;
/// Vectors in flight.
const UNROLL: usize = 2;
/// Values between the one in use and the one prefetched: 2 KiB.
const AHEAD: usize = 256;

/// Phases from which helpers are asked to share the sums: 27 us alone, 16 us with one that is awake.
const SHARED_LEAST: usize = 16_384;

/// Returns how many helpers are worth asking for the sums of `n` phases.
pub fn sums_helpers(n: usize) -> usize {
    if n < SHARED_LEAST { 0 } else { threads::count() - 1 }
}

/// The sums over all phases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sums {
    /// Sum of the cosines.
    pub cos: f64,
    /// Sum of the sines.
    pub sin: f64,
}

impl Sums {
    /// The sums of phases that are not finite.
    const NONE: Self = Self { cos: f64::NAN, sin: f64::NAN };

    /// Returns the order parameter of `n` phases with these sums.
    #[inline(always)]
    pub fn order(self, n: usize) -> f64 {
        // Magnitudes are at most n: the squares can neither overflow nor matter where they vanish.
        (self.cos * self.cos + self.sin * self.sin).sqrt() / n as f64
    }

    /// Returns the phase of the mean field.
    pub fn phase(self) -> f64 {
        self.sin.atan2(self.cos)
    }
}

per_level! {
    /// Returns the sums over a block; not numbers where an angle is too large for the fast reduction.
    ///
    /// Two numbers come back in registers; an option would go through memory, which costs 5 ns.
    ///
    /// # Safety
    /// The CPU has `level`; `len` values are readable at `from`.
    fn fast_sums(from: *const f64, len: usize) -> Sums = fast_block;
}

/// The sums so far, one accumulator for each vector in flight.
struct Running<L> {
    cos: [L; UNROLL],
    sin: [L; UNROLL],
    range: L,
}

impl<L: Lanes> Running<L> {
    #[inline(always)]
    fn take(&mut self, slot: usize, angles: L) {
        let trig = angles.sincos();
        self.cos[slot] = self.cos[slot].add(trig.cos);
        self.sin[slot] = self.sin[slot].add(trig.sin);
        self.range = self.range.or(trig.range);
    }

    /// As `take` for the last vector, of which `count` lanes are angles and the rest are zeros.
    #[inline(always)]
    fn take_first(&mut self, angles: L, count: usize) {
        let trig = angles.sincos();
        self.cos[0] = self.cos[0].add(trig.cos.keep_first(count));
        self.sin[0] = self.sin[0].add(trig.sin);
        self.range = self.range.or(trig.range);
    }
}

/// Body of [`fast_sums`].
#[inline(always)]
unsafe fn fast_block<L: Lanes>(from: *const f64, len: usize) -> Sums {
    // SAFETY: as promised to `fast_sums`; every load ends at or before `len`.
    unsafe {
        let zero = L::splat(0.0);
        let mut sums = Running { cos: [zero; UNROLL], sin: [zero; UNROLL], range: zero };
        let mut at = 0;
        while at + UNROLL * L::WIDTH <= len {
            for slot in 0..UNROLL {
                let here = from.add(at + slot * L::WIDTH);
                if (slot * L::WIDTH).is_multiple_of(8) {
                    prefetch(here.wrapping_add(AHEAD));
                }
                sums.take(slot, L::load(here));
            }
            at += UNROLL * L::WIDTH;
        }
        while at + L::WIDTH <= len {
            sums.take(0, L::load(from.add(at)));
            at += L::WIDTH;
        }
        if at < len {
            sums.take_first(L::load_first(from.add(at), len - at), len - at);
        }
        let all = |parts: [L; UNROLL]| parts[0].add(parts[1]).total();
        if strays(sums.range) { Sums::NONE } else { Sums { cos: all(sums.cos), sin: all(sums.sin) } }
    }
}

/// Returns the sums over a block; not a number where an angle is not finite.
///
/// # Safety
/// The CPU has `level`; `len` values are readable at `from`.
#[inline]
pub unsafe fn block_sums(level: Level, from: *const f64, len: usize) -> Sums {
    // SAFETY: as promised by the caller.
    unsafe {
        let sums = fast_sums(level, from, len);
        if sums.cos.is_nan() { library_sums(from, len) } else { sums }
    }
}

/// As [`block_sums`], by the mathematical library: for any magnitude, and slow.
#[cold]
unsafe fn library_sums(from: *const f64, len: usize) -> Sums {
    let mut sums = Sums { cos: 0.0, sin: 0.0 };
    for at in 0..len {
        // SAFETY: the caller promises `len` readable values.
        let (sin, cos) = unsafe { *from.add(at) }.sin_cos();
        sums.cos += cos;
        sums.sin += sin;
    }
    sums
}

/// Returns the sums over `len` phases, computed by up to `helpers` threads beside this one.
///
/// # Safety
/// `len` values are readable at `from` until this returns.
pub unsafe fn sums(level: Level, from: *const f64, len: usize, helpers: usize) -> Result<Sums, Failure> {
    let sums = if len <= BLOCK {
        // SAFETY: as promised by the caller; a level comes from `Level::choose` or `Level::here`.
        unsafe { block_sums(level, from, len) }
    } else {
        // SAFETY: likewise.
        unsafe { blocked_sums(level, from, len, helpers)? }
    };
    if (sums.cos + sums.sin).is_finite() { Ok(sums) } else { Err(Failure::NotFinite) }
}

/// As [`sums`] for several blocks: threads claim blocks, and the blocks' sums are added in order.
unsafe fn blocked_sums(level: Level, from: *const f64, len: usize, helpers: usize) -> Result<Sums, Failure> {
    let blocks = len.div_ceil(BLOCK);
    let partial = Buffer::zeroed(2 * blocks)?;
    let (next, from, to) = (AtomicUsize::new(0), Shared(from.cast_mut()), Shared(partial.start()));
    let work = |_: usize| loop {
        let block = next.fetch_add(1, Ordering::Relaxed);
        if block >= blocks {
            break;
        }
        let at = block * BLOCK;
        // SAFETY: the block lies inside the phases, and its two slots belong to who claimed it.
        unsafe {
            let sums = block_sums(level, from.at(at), BLOCK.min(len - at));
            to.at(2 * block).write(sums.cos);
            to.at(2 * block + 1).write(sums.sin);
        }
    };
    assisted(helpers, &work, || work(0));
    let mut all = Sums { cos: 0.0, sin: 0.0 };
    for block in 0..blocks {
        // SAFETY: `assisted` returns after every claimed block is written.
        unsafe {
            all.cos += *to.at(2 * block);
            all.sin += *to.at(2 * block + 1);
        }
    }
    Ok(all)
}
