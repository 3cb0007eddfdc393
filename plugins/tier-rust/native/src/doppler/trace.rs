//! The path by the classical Runge-Kutta method, with a look at the caller's wishes now and then.

use super::model::{Model, Moment};
use super::steps::{run, wrapped};
use super::work::Work;
use crate::failure::Failure;
use crate::simd::Level;

/// Nanoseconds between two looks at the caller's wishes.
const PATIENCE: u64 = 50_000_000;

/// What to integrate, and where the answer goes.
#[derive(Clone, Copy)]
pub struct Task {
    /// The oscillators.
    pub model: Model,
    /// Where they start.
    pub start: Moment,
    /// Time step.
    pub dt: f64,
    /// Number of steps.
    pub steps: u64,
    /// Times, phases, positions, order parameters and lock errors.
    pub to: [*mut f64; 5],
}

impl Task {
    /// Returns a guess at the nanoseconds of a step.
    fn step_cost(&self) -> u64 {
        let n = self.model.n as u64;
        n.saturating_mul(n).saturating_mul(2).saturating_add(60 * n + 100)
    }

    /// Returns a guess at the nanoseconds of it all.
    pub fn cost(&self) -> u64 {
        self.steps.saturating_add(1).saturating_mul(self.step_cost())
    }
}

/// Integrates; `go_on` is asked now and then, and false ends the run.
///
/// # Safety
/// The CPU has `level`; the task's addresses are readable and writable as it says until this returns.
pub unsafe fn trace(level: Level, task: &Task, go_on: &mut dyn FnMut() -> bool) -> Result<(), Failure> {
    let n = task.model.n;
    // SAFETY: as promised by the caller.
    unsafe {
        let (work, _memory) = Work::new(task)?;
        task.to[0].write(task.start.time);
        task.to[1].copy_from_nonoverlapping(task.start.theta, n);
        task.to[2].copy_from_nonoverlapping(task.start.position, n);
        task.to[4].write(raw_lock(task));
        let batch = (PATIENCE / task.step_cost()).max(1);
        let mut step = 0;
        while step < task.steps {
            if step > 0 && !go_on() {
                return Err(Failure::Stopped);
            }
            let end = task.steps.min(step.saturating_add(batch));
            run(level, task, &work, step, end);
            step = end;
        }
        task.to[3].add(step as usize).write(last_order(&work, n));
        Ok(())
    }
}

/// Returns the lock error of phases that are not wrapped.
unsafe fn raw_lock(task: &Task) -> f64 {
    let n = task.model.n;
    // SAFETY: as promised to `trace`.
    let theta = unsafe { std::slice::from_raw_parts(task.start.theta, n) };
    let apart = |i: usize| theta.iter().map(move |other| wrapped(other - theta[i]).abs());
    (0..n).flat_map(apart).fold(0.0, f64::max)
}

/// Returns the order parameter after the last step.
unsafe fn last_order(work: &Work, n: usize) -> f64 {
    // SAFETY: as promised to `trace`.
    let theta = unsafe { std::slice::from_raw_parts(work.theta, n) };
    let sums = theta.iter().fold((0.0, 0.0), |(sin, cos), angle| (sin + angle.sin(), cos + angle.cos()));
    (sums.0 * sums.0 + sums.1 * sums.1).sqrt() / n as f64
}
