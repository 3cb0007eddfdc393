//! The recovery, block by block: one pass for the four waveforms, one over what is still in L1 for the energy.
//!
//! Products are never fused, so that flux, its rate and the electromotive force have the floor's bits.
//! The blocks and the lanes of the energy are fixed: its bits depend neither on the CPU nor on who computes.

use std::f64::consts::PI;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::failure::{Failure, overflowed, refused};
use crate::memory::Buffer;
use crate::simd::{Lanes, Level, per_level};
use crate::threads::{Shared, assisted};

/// Samples of a block.
pub const BLOCK: usize = 4096;
/// Samples of a pass: nine arrays of them fit into L1.
const PASS: usize = 256;
/// Sums in flight.
const LANES: usize = 8;
/// The bits of infinity; those of larger numbers are not numbers.
const INFINITE: u64 = 0x7ff << 52;
/// All bits but the sign.
const MAGNITUDE: u64 = !0 >> 1;

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
    emf: u64,
    /// Bits of the largest power.
    power: u64,
    /// Whether a radius is negative, a time not after the one before, or a flux not finite.
    unsound: bool,
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

per_level! {
    /// Computes the samples of a block, of which there is at least one.
    ///
    /// # Safety
    /// The CPU has `level`; the samples are readable and the waveforms writable.
    fn block(samples: &Samples, range: Range<usize>) -> Totals = block_generic;
}

/// Body of [`block`].
#[inline(always)]
unsafe fn block_generic<L: Lanes>(samples: &Samples, range: Range<usize>) -> Totals {
    let mut totals = Totals::default();
    let mut sums = [0.0; LANES];
    let mut from = range.start;
    while from < range.end {
        let to = range.end.min(from + PASS);
        // SAFETY: as promised to `block`; the pass before has computed the power before `from`.
        unsafe {
            waves(samples, from, to, &mut totals);
            intervals(samples, from.max(range.start + 1), to, &mut sums, &mut totals);
        }
        from = to;
    }
    totals.energy = sums.into_iter().sum();
    totals
}

/// Computes the four waveforms of some samples.
#[inline(always)]
unsafe fn waves(samples: &Samples, from: usize, to: usize, totals: &mut Totals) {
    let len = to - from;
    // SAFETY: as promised to `block`; nobody else has these parts of the waveforms, which hold floats of any kind.
    unsafe {
        let [_, r, dr, b, db] = samples.from.map(|array| std::slice::from_raw_parts(array.add(from), len));
        let [flux, rate, emf, power] =
            samples.to.map(|array| std::slice::from_raw_parts_mut(array.add(from), len));
        let (mut stray, mut negative) = (0, false);
        let (mut most_emf, mut most_power) = (totals.emf as i64, totals.power as i64);
        let (coil, load, efficiency) = (-samples.turns, samples.load, samples.efficiency);
        for at in 0..len {
            let area = (PI * r[at]) * r[at];
            flux[at] = area * b[at];
            rate[at] = PI * (((r[at] * r[at]) * db[at]) + (((2.0 * r[at]) * dr[at]) * b[at]));
            emf[at] = coil * rate[at];
            stray |= i64::from(flux[at].to_bits() & INFINITE == INFINITE);
            negative |= r[at] < 0.0;
            // Magnitudes compare as integers do, and what is not finite is the largest.
            most_emf = most_emf.max((emf[at].to_bits() & MAGNITUDE).cast_signed());
        }
        if efficiency == 0.0 {
            power.fill(0.0);
        } else {
            for at in 0..len {
                power[at] = ((efficiency * emf[at]) * emf[at]) / load;
                most_power = most_power.max((power[at].to_bits() & MAGNITUDE).cast_signed());
            }
        }
        totals.unsound |= negative | (stray != 0);
        (totals.emf, totals.power) = (most_emf.cast_unsigned(), most_power.cast_unsigned());
    }
}

/// Adds the energies of the intervals that end in some samples.
#[inline(always)]
unsafe fn intervals(samples: &Samples, from: usize, to: usize, sums: &mut [f64; LANES], totals: &mut Totals) {
    if from >= to {
        return;
    }
    // SAFETY: as promised to `block`; there is a sample before `from`.
    unsafe {
        let len = to - from + 1;
        let time = std::slice::from_raw_parts(samples.from[0].add(from - 1), len);
        let power = std::slice::from_raw_parts(samples.to[3].add(from - 1), len);
        let mut stuck = false;
        let whole = (len - 1) / LANES * LANES;
        for at in (0..whole).step_by(LANES) {
            for lane in 0..LANES {
                let step = time[at + lane + 1] - time[at + lane];
                stuck |= time[at + lane + 1] <= time[at + lane];
                sums[lane] += (0.5 * (power[at + lane] + power[at + lane + 1])) * step;
            }
        }
        for at in whole..len - 1 {
            let step = time[at + 1] - time[at];
            stuck |= time[at + 1] <= time[at];
            sums[at - whole] += (0.5 * (power[at] + power[at + 1])) * step;
        }
        totals.unsound |= stuck;
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
    let (places, next) = (Shared(memory.start()), AtomicUsize::new(0));
    let work = |_: usize| loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= blocks {
            break;
        }
        // SAFETY: who claimed the block writes its part of the waveforms and its totals.
        unsafe { places.at(index * EACH).cast::<Totals>().write(block(level, samples, span(index))) };
    };
    assisted(helpers, &work, || work(0));
    let mut totals = Totals::default();
    for index in 0..blocks {
        // SAFETY: `assisted` returns after every claimed block is written.
        totals = totals.with(unsafe { places.at(index * EACH).cast::<Totals>().read() });
        if index > 0 {
            let (mut seam, at) = ([0.0; LANES], index * BLOCK);
            // SAFETY: both samples of the interval between the blocks are computed.
            unsafe { intervals(samples, at, at + 1, &mut seam, &mut totals) };
            totals.energy += seam[0];
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
