//! A block of samples: one pass for the four waveforms, one over what is still in L1 for the energy.
//!
//! Products are never fused, so that flux, its rate and the electromotive force have the floor's bits.
//! The lanes of the energy are fixed: its bits do not depend on the CPU.

use std::f64::consts::PI;
use std::mem::MaybeUninit;
use std::ops::Range;

use super::energy::{intervals, lanes};
use super::waveform::{Samples, Totals};
use crate::simd::{Lanes, per_level, prefetch};

/// Samples of a pass: nine arrays of them fit into L1.
const PASS: usize = 256;
/// Sums in flight.
pub const LANES: usize = 8;
/// Samples from which nine arrays exceed the caches of a core: waveforms are then written past them.
const STREAMED: usize = 1 << 16;
/// Samples that are asked for ahead: 2 KiB of each array.
const AHEAD: usize = 256;

per_level! {
    /// Computes the samples of a block, of which there is at least one.
    ///
    /// # Safety
    /// The CPU has `level`; the samples are readable and the waveforms writable.
    pub fn block(samples: &Samples, range: Range<usize>) -> Totals = block_generic;
}

/// What a block finds on its way.
pub struct Found {
    /// Not a number if a flux is not finite; without efficiency, the same of the electromotive force.
    strange: f64,
    /// The smallest radius.
    least: f64,
    /// The shortest step of the time.
    pub shortest: f64,
    emf: f64,
    power: f64,
    /// Sums of the energies of every eighth interval.
    pub sums: [f64; LANES],
}

/// Body of [`block`].
#[inline(always)]
unsafe fn block_generic<L: Lanes>(samples: &Samples, range: Range<usize>) -> Totals {
    let streamed = samples.n >= STREAMED;
    let mut scratch = [const { MaybeUninit::<[f64; LANES + PASS]>::uninit() }; 4];
    let mut found =
        Found { strange: 0.0, least: 0.0, shortest: f64::INFINITY, emf: 0.0, power: 0.0, sums: [0.0; LANES] };
    let mut from = range.start;
    while from < range.end {
        let len = PASS.min(range.end - from);
        // SAFETY: as promised to `block`; the scratch has room for a pass, and for the power before it.
        unsafe {
            let kept = scratch.each_mut().map(|place| place.as_mut_ptr().cast::<f64>().add(LANES));
            let to = if streamed { kept } else { samples.to.map(|array| array.add(from)) };
            if samples.efficiency == 0.0 {
                waves::<L, false>(samples, from, len, to, &mut found);
            } else {
                waves::<L, true>(samples, from, len, to, &mut found);
            }
            intervals::<L>(samples.from[0].add(from), to[3], len, from == range.start, &mut found);
            if streamed {
                for (array, kept) in samples.to.into_iter().zip(kept) {
                    stream(kept, array.add(from), len);
                }
                kept[3].sub(1).write(*kept[3].add(len - 1));
            }
        }
        from += len;
    }
    if streamed {
        settle();
    }
    Totals {
        energy: found.sums.into_iter().sum(),
        emf: found.emf.to_bits(),
        power: found.power.to_bits(),
        unsound: found.strange != 0.0 || found.least < 0.0 || found.shortest <= 0.0,
    }
}

/// Extremes of the samples so far, lane by lane.
struct Extremes<L> {
    strange: L,
    least: L,
    emf: L,
    power: L,
}

/// Computes the four waveforms of some samples; without `POWER` that is zero.
#[inline(always)]
unsafe fn waves<L: Lanes, const POWER: bool>(
    samples: &Samples,
    from: usize,
    len: usize,
    to: [*mut f64; 4],
    found: &mut Found,
) {
    let far = samples.n >= STREAMED;
    // SAFETY: as promised to `block`; there is room for `len` values at `to`.
    unsafe {
        let mut most = Extremes {
            strange: L::splat(found.strange),
            least: L::splat(found.least),
            emf: L::splat(found.emf),
            power: L::splat(found.power),
        };
        let whole = len / LANES * LANES;
        for at in (0..whole).step_by(LANES) {
            if far {
                samples.from.iter().for_each(|array| prefetch(array.wrapping_add(from + at + AHEAD)));
            }
            for lane in (0..LANES).step_by(L::WIDTH) {
                wave::<L, POWER>(
                    samples,
                    from + at + lane,
                    L::WIDTH,
                    to.map(|a| a.add(at + lane)),
                    &mut most,
                );
            }
        }
        for at in (whole..len).step_by(L::WIDTH) {
            let count = L::WIDTH.min(len - at);
            wave::<L, POWER>(samples, from + at, count, to.map(|array| array.add(at)), &mut most);
        }
        found.strange = most.strange.total();
        found.least = lanes(most.least)[..L::WIDTH].iter().copied().fold(found.least, f64::min);
        found.emf = lanes(most.emf)[..L::WIDTH].iter().copied().fold(found.emf, f64::max);
        found.power = lanes(most.power)[..L::WIDTH].iter().copied().fold(found.power, f64::max);
    }
}

/// Computes the four waveforms of at most a vector of samples.
#[inline(always)]
unsafe fn wave<L: Lanes, const POWER: bool>(
    samples: &Samples,
    at: usize,
    count: usize,
    to: [*mut f64; 4],
    most: &mut Extremes<L>,
) {
    // SAFETY: as promised to `block`; there is room for `count` values at `to`.
    unsafe {
        let read = |array: *const f64| load::<L>(array.add(at), count);
        let [_, r, dr, b, db] = samples.from;
        let (r, dr, b, db) = (read(r), read(dr), read(b), read(db));
        let pi = L::splat(PI);
        let flux = pi.mul(r).mul(r).mul(b);
        let rate = pi.mul(r.mul(r).mul(db).add(r.add(r).mul(dr).mul(b)));
        let emf = L::splat(-samples.turns).mul(rate);
        // The difference to itself is zero for all that is finite, and not a number for the rest.
        most.strange = most.strange.add(flux.sub(flux));
        most.least = most.least.min(r);
        most.emf = most.emf.max(emf.abs());
        let power = if POWER {
            // A product with the inverse, corrected to the same bits, is slower: 7.3 us against 6.0 at 4096 samples.
            let power = L::splat(samples.efficiency).mul(emf).mul(emf).div(L::splat(samples.load));
            most.power = most.power.max(power);
            power
        } else {
            most.strange = most.strange.add(emf.sub(emf));
            L::splat(0.0)
        };
        for (array, values) in to.into_iter().zip([flux, rate, emf, power]) {
            if count == L::WIDTH {
                values.store(array);
            } else {
                array.copy_from_nonoverlapping(lanes(values).as_ptr(), count);
            }
        }
    }
}

/// Loads `count` values, at most a vector.
#[inline(always)]
unsafe fn load<L: Lanes>(from: *const f64, count: usize) -> L {
    // SAFETY: the caller promises `count` readable values.
    unsafe { if count == L::WIDTH { L::load(from) } else { L::load_first(from, count) } }
}

/// Copies values past the caches, which they would only push other values out of.
#[inline(always)]
unsafe fn stream(from: *const f64, to: *mut f64, len: usize) {
    // SAFETY: the caller has `len` values and room for them; every x86-64 CPU has SSE2.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        if to.cast::<std::arch::x86_64::__m128d>().is_aligned() {
            use std::arch::x86_64::{_mm_loadu_pd, _mm_stream_pd};
            for at in (0..len / 2 * 2).step_by(2) {
                _mm_stream_pd(to.add(at), _mm_loadu_pd(from.add(at)));
            }
            to.add(len / 2 * 2).copy_from_nonoverlapping(from.add(len / 2 * 2), len % 2);
            return;
        }
        to.copy_from_nonoverlapping(from, len);
    }
}

/// Lets no other thread see a block as computed before its streamed values.
fn settle() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 CPU has it.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    }
}
