//! The model, and the derivative as it is defined: pair by pair, one rounding after each operation.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::simd::lanes::strays;
use crate::simd::{Lanes, Level, per_level};
use crate::threads::{Shared, assisted};

/// Lanes of the widest level.
const WIDEST: usize = 8;
/// Rows that a thread claims at once.
const CLAIM: usize = 8;

/// What does not change with time.
#[derive(Clone, Copy)]
pub struct Model {
    /// Number of oscillators.
    pub n: usize,
    /// Velocities.
    pub velocity: *const f64,
    /// Natural frequencies.
    pub omega: *const f64,
    /// Their rates, or null for zeros.
    pub rate: *const f64,
    /// Couplings, row by row.
    pub coupling: *const f64,
    /// Lag of every pair.
    pub lag: f64,
    /// Push of a relative velocity.
    pub push: f64,
    /// Speed below which the push fades.
    pub epsilon: f64,
    /// Distance at which a pull has halved.
    pub scale: f64,
}

// SAFETY: the arrays are only read, and their caller keeps them alive.
unsafe impl Sync for Model {}

/// Where the oscillators are.
#[derive(Clone, Copy)]
pub struct Moment {
    /// Phases.
    pub theta: *const f64,
    /// Positions.
    pub position: *const f64,
    /// The time.
    pub time: f64,
}

// SAFETY: as for the model.
unsafe impl Sync for Moment {}

impl Model {
    /// Returns the frequency of an oscillator at a time.
    ///
    /// # Safety
    /// The model is readable, and has oscillator `i`.
    #[inline(always)]
    pub unsafe fn frequency(&self, i: usize, time: f64) -> f64 {
        // SAFETY: as promised by the caller.
        unsafe { *self.omega.add(i) + time * if self.rate.is_null() { 0.0 } else { *self.rate.add(i) } }
    }

    /// Returns the push of oscillator `j` on `i`.
    ///
    /// # Safety
    /// The model is readable, and has both.
    #[inline(always)]
    pub unsafe fn pushed(&self, i: usize, j: usize) -> f64 {
        // SAFETY: as promised by the caller.
        let (one, other) = unsafe { (*self.velocity.add(i), *self.velocity.add(j)) };
        self.push * ((one - other) / (0.5 * (one.abs() + other.abs()) + self.epsilon))
    }

    /// Returns the derivative of one phase, by the mathematical library's sine.
    ///
    /// # Safety
    /// The model and the moment are readable.
    #[cold]
    pub unsafe fn plain(&self, at: &Moment, i: usize) -> f64 {
        // SAFETY: as promised by the caller.
        unsafe {
            let (theta, z) = (*at.theta.add(i), *at.position.add(i));
            let mut slope = self.frequency(i, at.time);
            for j in (0..self.n).filter(|j| *j != i) {
                let weight = 1.0 + (z - *at.position.add(j)).abs() / self.scale;
                let sine = ((*at.theta.add(j) - theta) - self.lag).sin();
                slope += (*self.coupling.add(i * self.n + j) / weight) * sine;
                slope += self.pushed(i, j);
            }
            slope
        }
    }
}

per_level! {
    /// Computes the derivatives of the rows from `from` up to `to`, and says whether all are finite.
    ///
    /// # Safety
    /// The CPU has `level`; the model and the moment are readable; the rows are writable at `slopes`.
    fn rows(model: &Model, at: &Moment, slopes: *mut f64, from: usize, to: usize) -> bool = rows_generic;
}

/// Body of [`rows`].
#[inline(always)]
unsafe fn rows_generic<L: Lanes>(
    model: &Model,
    at: &Moment,
    slopes: *mut f64,
    from: usize,
    to: usize,
) -> bool {
    let mut sound = true;
    for first in (from..to).step_by(L::WIDTH) {
        let count = L::WIDTH.min(to - first);
        // SAFETY: as promised to `rows`.
        unsafe {
            let mut lanes = [0.0; WIDEST];
            if !some_rows::<L>(model, at, first, count, &mut lanes) {
                for (lane, slope) in lanes[..count].iter_mut().enumerate() {
                    *slope = model.plain(at, first + lane);
                }
            }
            for (lane, slope) in lanes[..count].iter().enumerate() {
                sound &= slope.is_finite();
                slopes.add(first + lane).write(*slope);
            }
        }
    }
    sound
}

/// Loads `count` values, at most a vector.
#[inline(always)]
pub unsafe fn load<L: Lanes>(from: *const f64, count: usize) -> L {
    // SAFETY: the caller promises `count` readable values.
    unsafe { if count == L::WIDTH { L::load(from) } else { L::load_first(from, count) } }
}

/// Computes `count` rows, one in each lane; false where a sine is beyond the fast reduction.
#[inline(always)]
unsafe fn some_rows<L: Lanes>(
    model: &Model,
    at: &Moment,
    first: usize,
    count: usize,
    to: &mut [f64; WIDEST],
) -> bool {
    let n = model.n;
    // SAFETY: as promised to `rows`.
    unsafe {
        let (theta, z) = (load::<L>(at.theta.add(first), count), load::<L>(at.position.add(first), count));
        let velocity = load::<L>(model.velocity.add(first), count);
        let (speed, half, one) = (velocity.abs(), L::splat(0.5), L::splat(1.0));
        let (lag, push) = (L::splat(model.lag), L::splat(model.push));
        let (epsilon, scale) = (L::splat(model.epsilon), L::splat(model.scale));
        let mut slope = load::<L>(model.omega.add(first), count);
        let rate = if model.rate.is_null() { L::splat(0.0) } else { load::<L>(model.rate.add(first), count) };
        slope = slope.add(L::splat(at.time).mul(rate));
        let mut range = L::splat(0.0);
        let mut columns = [[0.0; WIDEST]; WIDEST];
        for group in (0..n).step_by(L::WIDTH) {
            let width = L::WIDTH.min(n - group);
            for lane in 0..count {
                let row = model.coupling.add((first + lane) * n + group);
                for (column, values) in columns[..width].iter_mut().enumerate() {
                    values[lane] = *row.add(column);
                }
            }
            for (column, values) in columns[..width].iter_mut().enumerate() {
                let j = group + column;
                if (first..first + count).contains(&j) {
                    values[j - first] = 0.0;
                }
                let distance = z.sub(L::splat(*at.position.add(j))).abs();
                let pull = L::load(values.as_ptr()).div(one.add(distance.div(scale)));
                let trig = L::splat(*at.theta.add(j)).sub(theta).sub(lag).sincos();
                range = range.or(trig.range);
                slope = slope.add(pull.mul(trig.sin));
                let other = L::splat(*model.velocity.add(j));
                let mean = half.mul(speed.add(other.abs())).add(epsilon);
                slope = slope.add(push.mul(velocity.sub(other).div(mean)));
            }
        }
        slope.store(to.as_mut_ptr());
        !strays(range)
    }
}

/// Writes the derivatives, with up to `helpers` threads beside this one, and says whether all are finite.
///
/// # Safety
/// The CPU has `level`; the model and the moment are readable until this returns; `n` values are writable at `to`.
pub unsafe fn derivative(level: Level, model: &Model, at: &Moment, to: *mut f64, helpers: usize) -> bool {
    if helpers == 0 {
        // SAFETY: as promised by the caller.
        return unsafe { rows(level, model, at, to, 0, model.n) };
    }
    let (next, broken, to) = (AtomicUsize::new(0), AtomicUsize::new(0), Shared(to));
    let work = |_: usize| loop {
        let from = next.fetch_add(CLAIM, Ordering::Relaxed);
        if from >= model.n {
            break;
        }
        // SAFETY: as promised by the caller; who claimed the rows writes them.
        let sound = unsafe { rows(level, model, at, to.at(0), from, model.n.min(from + CLAIM)) };
        broken.fetch_add(usize::from(!sound), Ordering::Relaxed);
    };
    assisted(helpers, &work, || work(0));
    broken.into_inner() == 0
}
