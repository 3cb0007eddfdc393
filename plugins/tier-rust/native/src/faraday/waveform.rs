//! The recovery, block by block: threads share them.
//!
//! The blocks are fixed: the bits of the energy do not depend on who computes them.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use super::block::block;
use super::energy::interval;
use crate::failure::{Failure, overflowed, refused};
use crate::memory::Buffer;
use crate::simd::Level;
use crate::threads::{Shared, assisted};

/// Samples of a block.
pub const BLOCK: usize = 4096;
/// The bits of infinity; what is not a number has larger ones.
const INFINITE: u64 = 0x7ff << 52;

/// The samples, and where the waveforms go.
#[derive(Clone, Copy)]
pub struct Samples {
    /// Number of samples.
    pub n: usize,
    /// Times, radii, radial velocities, fields and field rates.
    pub from: [*const f64; 5],
    /// Turns of the coil.
    pub turns: f64,
    /// Resistance of the load.
    pub load: f64,
    /// Part of the power that reaches the load.
    pub efficiency: f64,
    /// Flux, its rate, electromotive force and power.
    pub to: [*mut f64; 4],
}

// SAFETY: samples are only read, and each block of the waveforms has one writer.
unsafe impl Sync for Samples {}

/// What a block, or all of them, come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Energy between the first and the last sample.
    pub energy: f64,
    /// Bits of the largest magnitude of the electromotive force.
    pub emf: u64,
    /// Bits of the largest power.
    pub power: u64,
    /// Whether a radius is negative, a time not after the one before, or a flux not finite.
    pub unsound: bool,
}

impl Totals {
    /// The largest magnitude of the electromotive force.
    pub fn peak_emf(self) -> f64 {
        f64::from_bits(self.emf)
    }

    /// The largest power.
    pub fn peak_power(self) -> f64 {
        f64::from_bits(self.power)
    }

    /// Joins what stands apart; the energy between them is not known here.
    fn with(self, other: Self) -> Self {
        Self {
            energy: self.energy + other.energy,
            emf: self.emf.max(other.emf),
            power: self.power.max(other.power),
            unsound: self.unsound | other.unsound,
        }
    }

    /// Says whether every argument and every result is as it must be.
    ///
    /// Whatever is not finite in a sample leaves its mark in the flux or in the electromotive force.
    fn sound(self) -> bool {
        !self.unsound & (self.emf < INFINITE) & (self.power < INFINITE) & self.energy.is_finite()
    }
}

/// Computes all samples, with up to `helpers` threads beside this one.
///
/// # Safety
/// The CPU has `level`; there are at least two samples, readable, and room for their waveforms.
pub unsafe fn recover(level: Level, samples: &Samples, helpers: usize) -> Result<Totals, Failure> {
    let blocks = samples.n.div_ceil(BLOCK);
    let span = |index: usize| index * BLOCK..samples.n.min((index + 1) * BLOCK);
    // SAFETY: as promised by the caller.
    let totals = unsafe {
        if blocks == 1 {
            block(level, samples, span(0))
        } else {
            many(level, samples, helpers, blocks, &span)?
        }
    };
    // SAFETY: as promised by the caller.
    unsafe {
        // Of times in order only the first and the last can be infinite.
        let time = |at: usize| *samples.from[0].add(at);
        let sound = totals.sound() && time(0).is_finite() && time(samples.n - 1).is_finite();
        if sound { Ok(totals) } else { Err(blame(samples)) }
    }
}

/// Computes the blocks, which threads claim, and puts them together in order.
unsafe fn many(
    level: Level,
    samples: &Samples,
    helpers: usize,
    blocks: usize,
    span: &(impl Fn(usize) -> Range<usize> + Sync),
) -> Result<Totals, Failure> {
    const EACH: usize = size_of::<Totals>() / size_of::<f64>();
    let memory = Buffer::zeroed(blocks * EACH)?;
    // How many blocks were claimed from the front, and from the back: two threads that meet a fresh page at once
    // would both make the system clear it.
    let (places, taken) = (Shared(memory.start()), AtomicU64::new(0));
    const FRONT: u64 = 1 << 32;
    let work = |index: usize| loop {
        let step = if index == 0 { FRONT } else { 1 };
        let left = |taken: u64| taken / FRONT + taken % FRONT < blocks as u64;
        let claim = |taken: u64| left(taken).then_some(taken + step);
        let Ok(taken) = taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, claim) else { break };
        let index = if index == 0 { taken / FRONT } else { blocks as u64 - 1 - taken % FRONT } as usize;
        // SAFETY: who claimed the block writes its part of the waveforms and its totals.
        unsafe { places.at(index * EACH).cast::<Totals>().write(block(level, samples, span(index))) };
    };
    assisted(helpers, &work, || work(0));
    let mut totals = Totals::default();
    for index in 0..blocks {
        // SAFETY: `assisted` returns after every claimed block is written.
        totals = totals.with(unsafe { places.at(index * EACH).cast::<Totals>().read() });
        if index > 0 {
            let at = index * BLOCK - 1;
            // SAFETY: both samples of the interval between the blocks are computed.
            let (step, energy) = unsafe { interval(samples.from[0].add(at), samples.to[3].add(at)) };
            totals.unsound |= step <= 0.0;
            totals.energy += energy;
        }
    }
    Ok(totals)
}

/// Returns why there is no answer: a sample that polytier's checks refuse, or what else the floor finds first.
#[cold]
unsafe fn blame(samples: &Samples) -> Failure {
    let n = samples.n;
    // SAFETY: as promised to `recover`.
    unsafe {
        let of = |array: *const f64| std::slice::from_raw_parts(array, n);
        let found =
            |values: &[f64], wrong: &dyn Fn(f64) -> bool| values.iter().position(|value| wrong(*value));
        let stray = |value: f64| !value.is_finite();
        if samples.from.iter().any(|array| found(of(*array), &stray).is_some()) {
            return Failure::NotFinite;
        }
        let (time, radius) = (of(samples.from[0]), of(samples.from[1]));
        if let Some(at) = found(radius, &|value| value < 0.0) {
            return refused("radius", "non-negative", &format!("{} at index {at}", radius[at]));
        }
        if let Some(at) = (1..n).find(|at| time[*at] <= time[at - 1]) {
            let words = format!("{} after {} at index {at}", time[at], time[at - 1]);
            return refused("time", "strictly increasing", &words);
        }
        for (array, name) in samples.to.into_iter().zip(["flux", "flux_rate", "back_emf", "power"]) {
            if let Some(at) = found(of(array), &stray) {
                return overflowed(name, &format!("{} at index {at}", *array.add(at)));
            }
        }
    }
    overflowed("energy", "a sum beyond float64")
}
