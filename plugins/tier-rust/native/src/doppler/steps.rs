//! The steps of a path, from n sines and cosines and two products a stage.
//!
//! sin((y - a) - x) = sin(y - a) cos x - cos(y - a) sin x: the sums over the pairs become products with a matrix
//! of pulls, laid out by columns so that each lane holds a row. The pulls depend on the time alone, and those at
//! the end of a step are those at the start of the next.

use std::f64::consts::{PI, TAU};

use super::model::Moment;
use super::trace::Task;
use super::work::{PAD, Work};
use crate::simd::lanes::{magic, strays};
use crate::simd::{Lanes, per_level};

/// The largest phase or lag from whose sine and cosine those of differences are made: beyond, the rounding of the
/// difference, which the definition wants, would be missed.
const NEAR: f64 = 64.0;

per_level! {
    /// Prepares the first step, or runs the steps from `from` up to `to`.
    ///
    /// # Safety
    /// The CPU has `level`; the task and the working memory are readable and writable as they say.
    pub fn run(task: &Task, work: &Work, from: u64, to: u64) = run_generic;
}

/// Body of [`run`].
#[inline(always)]
unsafe fn run_generic<L: Lanes>(task: &Task, work: &Work, from: u64, to: u64) {
    // SAFETY: as promised to `run`.
    unsafe {
        let runner =
            Runner::<L> { task, work, lag: [L::splat(task.model.lag.sin()), L::splat(task.model.lag.cos())] };
        if from == 0 {
            runner.pulls(work.now, work.position);
        }
        for step in from..to {
            runner.step(step as usize);
        }
    }
}

/// One level's way through the steps.
struct Runner<'a, L> {
    task: &'a Task,
    work: &'a Work,
    /// Sine and cosine of the lag.
    lag: [L; 2],
}

impl<L: Lanes> Runner<'_, L> {
    /// Runs one step and writes the row after it, and the order parameter of the row before.
    #[inline(always)]
    unsafe fn step(&self, step: usize) {
        let (task, w, h) = (self.task, self.work, self.task.dt);
        let n = task.model.n;
        // SAFETY: as promised to `run`; there is a row after each step.
        unsafe {
            let time = *task.to[0].add(step);
            self.moved(w.middle, 0.5 * h);
            self.moved(w.end, h);
            self.pulls(w.half, w.middle);
            w.stage.copy_from_nonoverlapping(w.theta, w.rows);
            self.slopes(w.now, w.position, time);
            task.to[3].add(step).write(self.order());
            self.advance(0.5 * h, 1.0, true);
            self.slopes(w.half, w.middle, time + 0.5 * h);
            self.advance(0.5 * h, 2.0, false);
            self.slopes(w.half, w.middle, time + 0.5 * h);
            self.advance(h, 2.0, false);
            self.pulls(w.now, w.end);
            self.slopes(w.now, w.end, time + h);
            self.finish(h / 6.0);
            w.position.copy_from_nonoverlapping(w.end, w.rows);
            task.to[0].add(step + 1).write(time + h);
            task.to[1].add((step + 1) * n).copy_from_nonoverlapping(w.theta, n);
            task.to[2].add((step + 1) * n).copy_from_nonoverlapping(w.position, n);
            task.to[4].add(step + 1).write(self.lock());
        }
    }

    /// Writes the positions after some time.
    #[inline(always)]
    unsafe fn moved(&self, to: *mut f64, time: f64) {
        let w = self.work;
        // SAFETY: as promised to `run`; arrays have whole vectors.
        unsafe {
            for at in (0..w.rows).step_by(L::WIDTH) {
                let drift = L::splat(time).mul(L::load(w.velocity.add(at)));
                L::load(w.position.add(at)).add(drift).store(to.add(at));
            }
        }
    }

    /// Writes the pulls at some positions.
    #[inline(always)]
    unsafe fn pulls(&self, to: *mut f64, position: *const f64) {
        let (w, scale) = (self.work, self.task.model.scale);
        // SAFETY: as promised to `run`.
        unsafe {
            let inverse = 1.0 / scale;
            let (one, scale, inverse, fast) =
                (L::splat(1.0), L::splat(scale), L::splat(inverse), inverse.is_normal());
            for j in 0..self.task.model.n {
                let other = L::splat(*position.add(j));
                for at in (0..w.rows).step_by(L::WIDTH) {
                    let distance = L::load(position.add(at)).sub(other).abs();
                    // A product in place of a quotient; the bounds of a pull allow for its rounding.
                    let ratio = if fast { distance.mul(inverse) } else { distance.div(scale) };
                    let place = j * w.rows + at;
                    L::load(w.coupling.add(place)).div(one.add(ratio)).store(to.add(place));
                }
            }
        }
    }

    /// Writes the slopes at the stage's phases, and their sines and cosines.
    #[inline(always)]
    unsafe fn slopes(&self, pulls: *const f64, position: *const f64, time: f64) {
        let w = self.work;
        // SAFETY: as promised to `run`.
        unsafe {
            let (mut range, mut far) = (L::splat(0.0), L::splat(self.task.model.lag).abs());
            for at in (0..w.rows).step_by(L::WIDTH) {
                let angles = L::load(w.stage.add(at));
                let trig = angles.sincos();
                trig.sin.store(w.sin.add(at));
                trig.cos.store(w.cos.add(at));
                range = range.or(trig.range);
                far = far.max(angles.abs());
            }
            if strays(range) | far.exceeds(NEAR) {
                self.plain_slopes(position, time);
                return;
            }
            let mut at = 0;
            while at + 2 * L::WIDTH <= w.rows {
                self.some_slopes::<2>(pulls, time, at);
                at += 2 * L::WIDTH;
            }
            while at < w.rows {
                self.some_slopes::<1>(pulls, time, at);
                at += L::WIDTH;
            }
        }
    }

    /// Writes the slopes of `V` vectors of rows.
    #[inline(always)]
    unsafe fn some_slopes<const V: usize>(&self, pulls: *const f64, time: f64, at: usize) {
        let w = self.work;
        // SAFETY: as promised to `run`.
        unsafe {
            let mut sums = [[L::splat(0.0); 2]; V];
            for j in 0..self.task.model.n {
                let (sin, cos) = (L::splat(*w.sin.add(j)), L::splat(*w.cos.add(j)));
                for (vector, sum) in sums.iter_mut().enumerate() {
                    let pull = L::load(pulls.add(j * w.rows + at + vector * L::WIDTH));
                    *sum = [pull.mul_add(sin, sum[0]), pull.mul_add(cos, sum[1])];
                }
            }
            let [lag_sin, lag_cos] = self.lag;
            for (vector, [sin, cos]) in sums.into_iter().enumerate() {
                let place = at + vector * L::WIDTH;
                let free = L::splat(time).mul(L::load(w.rate.add(place))).add(L::load(w.omega.add(place)));
                let (late_sin, late_cos) =
                    (lag_sin.mul_from(cos, lag_cos.mul(sin)), lag_sin.mul_add(sin, lag_cos.mul(cos)));
                let ahead = L::load(w.cos.add(place)).mul_add(late_sin, free);
                L::load(w.sin.add(place)).mul_from(late_cos, ahead).store(w.slope.add(place));
            }
        }
    }

    /// As [`Self::slopes`] by the definition, for phases or a lag far from zero.
    #[cold]
    #[inline(never)]
    unsafe fn plain_slopes(&self, position: *const f64, time: f64) {
        let w = self.work;
        let at = Moment { theta: w.stage, position, time };
        for i in 0..self.task.model.n {
            // SAFETY: as promised to `run`.
            unsafe {
                let (sin, cos) = (*w.stage.add(i)).sin_cos();
                w.sin.add(i).write(sin);
                w.cos.add(i).write(cos);
                w.slope.add(i).write(self.task.model.plain(&at, i));
            }
        }
    }

    /// Adds the slopes to their sum, `weight` times, and moves the stage on from the step's start.
    #[inline(always)]
    unsafe fn advance(&self, time: f64, weight: f64, first: bool) {
        let w = self.work;
        // SAFETY: as promised to `run`.
        unsafe {
            for at in (0..w.rows).step_by(L::WIDTH) {
                let slope = L::load(w.slope.add(at));
                let sum =
                    if first { slope } else { L::splat(weight).mul_add(slope, L::load(w.total.add(at))) };
                sum.store(w.total.add(at));
                L::splat(time).mul_add(slope, L::load(w.theta.add(at))).store(w.stage.add(at));
            }
        }
    }

    /// Takes the step and wraps the phases.
    #[inline(always)]
    unsafe fn finish(&self, sixth: f64) {
        let w = self.work;
        // SAFETY: as promised to `run`.
        unsafe {
            for at in (0..w.rows).step_by(L::WIDTH) {
                let sum = L::load(w.total.add(at)).add(L::load(w.slope.add(at)));
                // Not fused: a fast turn is rounded as in the definition.
                let angle = L::splat(sixth).mul(sum).add(L::load(w.theta.add(at)));
                if angle.exceeds(NEAR) {
                    angle.store(w.theta.add(at));
                    for lane in at..at + L::WIDTH {
                        *w.theta.add(lane) = wrapped(*w.theta.add(lane));
                    }
                } else {
                    // To the nearest turn: where the definition gives -pi this may give pi, which is the same angle.
                    let magic = L::splat(magic::<L>());
                    let turns = angle.mul_add(L::splat(1.0 / TAU), magic).sub(magic);
                    turns.mul_from(L::splat(TAU), angle).store(w.theta.add(at));
                }
            }
        }
    }

    /// Returns the order parameter of the phases whose sines and cosines are at hand.
    #[inline(always)]
    unsafe fn order(&self) -> f64 {
        let (w, n) = (self.work, self.task.model.n);
        // SAFETY: as promised to `run`.
        unsafe {
            let (mut sin, mut cos) = (L::splat(0.0), L::splat(0.0));
            for at in (0..n).step_by(L::WIDTH) {
                let (s, c) = (L::load(w.sin.add(at)), L::load(w.cos.add(at)));
                let count = L::WIDTH.min(n - at);
                let whole = count == L::WIDTH;
                sin = sin.add(if whole { s } else { s.keep_first(count) });
                cos = cos.add(if whole { c } else { c.keep_first(count) });
            }
            let (sin, cos) = (sin.total(), cos.total());
            (sin * sin + cos * cos).sqrt() / n as f64
        }
    }

    /// Returns the largest distance between two phases on the circle, all of them wrapped.
    #[inline(always)]
    unsafe fn lock(&self) -> f64 {
        let (w, n) = (self.work, self.task.model.n);
        // SAFETY: as promised to `run`; the stage is free after the last slopes.
        unsafe {
            w.stage.copy_from_nonoverlapping(w.theta, n);
            for pad in n..w.rows {
                w.stage.add(pad).write(*w.theta);
            }
            let (turn, mut most) = (L::splat(TAU), L::splat(0.0));
            for i in 0..n {
                let angle = L::splat(*w.stage.add(i));
                for at in (i / L::WIDTH * L::WIDTH..w.rows).step_by(L::WIDTH) {
                    let apart = L::load(w.stage.add(at)).sub(angle).abs();
                    most = most.max(apart.min(turn.sub(apart)));
                }
            }
            let mut lanes = [0.0; PAD];
            most.store(lanes.as_mut_ptr());
            lanes[..L::WIDTH].iter().fold(0.0, |most: f64, lane| most.max(*lane))
        }
    }
}

/// Returns the angle in [-pi, pi), by the definition.
pub fn wrapped(angle: f64) -> f64 {
    (angle + PI).rem_euclid(TAU) - PI
}
