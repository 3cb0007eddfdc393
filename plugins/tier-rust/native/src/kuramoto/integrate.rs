//! A whole integration: alone, or shared with helpers, with a look at the caller's wishes now and then.

use super::network::{Network, Start};
use super::step::{Method, Plan, order, prepare, run, share};
use crate::failure::Failure;
use crate::lockstep::lockstep;
use crate::simd::Level;

/// Nanoseconds between two looks at the caller's wishes.
const PATIENCE: u64 = 50_000_000;
/// Oscillators from which a helper is worth the barrier after every step: at 256 a step takes 7.6 us with two
/// threads and 12.1 us with one (2-core AMD EPYC).
pub const SHARED_LEAST: usize = 256;
/// Oscillators for each thread, at the least.
const EACH: usize = 128;

/// What to integrate and what to keep.
#[derive(Clone, Copy)]
pub struct Task {
    /// What the integration starts from.
    pub start: Start,
    /// Number of steps.
    pub steps: u64,
    /// How phases advance.
    pub method: Method,
    /// Where `(steps + 1) * n` phases go, or null.
    pub path: *mut f64,
    /// Where `steps + 1` order parameters go, or null.
    pub order: *mut f64,
    /// Where the final phases go, or null.
    pub last: *mut f64,
}

impl Task {
    /// Returns a guess at the nanoseconds of one step.
    pub fn step_cost(&self) -> u64 {
        let n = self.start.n as u64;
        (n.saturating_mul(n) / 8).saturating_add(2 * n + 20).saturating_mul(self.method.rounds())
    }

    /// Returns a guess at the nanoseconds of it all.
    pub fn cost(&self) -> u64 {
        let n = self.start.n as u64;
        self.steps.saturating_mul(self.step_cost()).saturating_add(n.saturating_mul(n))
    }
}

/// Integrates; `go_on` is asked now and then, and false ends the run.
///
/// # Safety
/// The CPU has `level`; the task's addresses are readable and writable as it says until this returns.
pub unsafe fn integrate(
    level: Level,
    task: &Task,
    threads: usize,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<(), Failure> {
    let n = task.start.n;
    let (mut network, _memory) = Network::lay_out(n, task.start.dt)?;
    let plan = Plan { method: task.method, path: task.path, order: task.order };
    // SAFETY: as promised by the caller; the network is filled and prepared at the level it runs at.
    unsafe {
        network.fill(level, &task.start)?;
        if !plan.path.is_null() {
            plan.path.copy_from_nonoverlapping(network.theta, n);
        }
        prepare(level, &network);
        if !plan.order.is_null() {
            plan.order.write(order(&network, 0));
        }
        let most = if n < SHARED_LEAST { 1 } else { threads.min(n / EACH) };
        let ended = if most > 1 {
            together(level, &network, &plan, task, most, go_on)
        } else {
            alone(level, &network, &plan, task, go_on)
        };
        if !task.last.is_null() {
            task.last.copy_from_nonoverlapping(network.theta, n);
        }
        if ended { Ok(()) } else { Err(Failure::Stopped) }
    }
}

/// Runs all steps in this thread and says whether it came to the end.
unsafe fn alone(
    level: Level,
    network: &Network,
    plan: &Plan,
    task: &Task,
    go_on: &mut dyn FnMut() -> bool,
) -> bool {
    let batch = (PATIENCE / task.step_cost()).max(1);
    let mut step = 0;
    while step < task.steps {
        if step > 0 && !go_on() {
            return false;
        }
        let end = task.steps.min(step.saturating_add(batch));
        // SAFETY: as promised to `integrate`.
        unsafe { run(level, network, plan, step, end) };
        step = end;
    }
    true
}

/// Runs all steps with up to `most` threads and says whether it came to the end.
unsafe fn together(
    level: Level,
    network: &Network,
    plan: &Plan,
    task: &Task,
    most: usize,
    go_on: &mut dyn FnMut() -> bool,
) -> bool {
    let batch = (PATIENCE * task.method.rounds() / task.step_cost()).max(1);
    let mut ended = true;
    // SAFETY: as promised to `integrate`; lockstep completes a round before the next one begins.
    let share = |round, part| unsafe { share(level, network, plan, round, part) };
    let mut settle = |round: u64| {
        if !plan.order.is_null() {
            // SAFETY: the array has a place for each step, and the rounds of Euler's method are its steps.
            unsafe { plan.order.add(round as usize + 1).write(order(network, round + 1)) };
        }
        ended = !(round + 1).is_multiple_of(batch) || go_on();
        ended
    };
    lockstep(0..task.steps * task.method.rounds(), most, &share, &mut settle);
    ended
}
