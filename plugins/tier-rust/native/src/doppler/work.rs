//! Working memory of a path.

use super::trace::Task;
use crate::failure::Failure;
use crate::memory::Buffer;

/// Rows are padded to a multiple of the widest level's lanes.
pub const PAD: usize = 8;
/// Working memory: arrays of `rows` values, and matrices of `n` columns of them.
#[derive(Clone, Copy)]
pub struct Work {
    /// Values of an array.
    pub rows: usize,
    /// Phases at the start of the step.
    pub theta: *mut f64,
    /// Phases of the stage.
    pub stage: *mut f64,
    /// Positions at the start of the step.
    pub position: *mut f64,
    /// Positions half a step later.
    pub middle: *mut f64,
    /// Positions a step later.
    pub end: *mut f64,
    /// Velocities.
    pub velocity: *mut f64,
    /// Frequencies at time 0, with the constant pushes.
    pub omega: *mut f64,
    /// Their rates.
    pub rate: *mut f64,
    /// Sines of the stage's phases.
    pub sin: *mut f64,
    /// Cosines of the stage's phases.
    pub cos: *mut f64,
    /// Slopes of the stage.
    pub slope: *mut f64,
    /// Sum of the slopes so far.
    pub total: *mut f64,
    /// Couplings.
    pub coupling: *mut f64,
    /// Pulls at the start of the step.
    pub now: *mut f64,
    /// Pulls half a step later.
    pub half: *mut f64,
}

/// Arrays in the working memory.
const ARRAYS: usize = 12;

impl Work {
    /// Lays the working memory out and fills what does not change.
    ///
    /// # Safety
    /// The task is readable.
    pub unsafe fn new(task: &Task) -> Result<(Self, Buffer), Failure> {
        let n = task.model.n;
        let rows = n.next_multiple_of(PAD);
        let matrix = rows.checked_mul(n).ok_or(Failure::Memory)?;
        let size = matrix.checked_mul(3).and_then(|size| size.checked_add(ARRAYS * rows));
        let memory = Buffer::zeroed(size.ok_or(Failure::Memory)?)?;
        // SAFETY: the buffer has room for the arrays, then the matrices; the task is readable.
        unsafe {
            let array = |index: usize| memory.start().add(index * rows);
            let panel = |index: usize| memory.start().add(ARRAYS * rows + index * matrix);
            let [theta, stage, position, middle, end, velocity, omega, rate, sin, cos, slope, total] =
                std::array::from_fn(array);
            let [coupling, now, half] = std::array::from_fn(panel);
            let work = Self {
                rows,
                theta,
                stage,
                position,
                middle,
                end,
                velocity,
                omega,
                rate,
                sin,
                cos,
                slope,
                total,
                coupling,
                now,
                half,
            };
            work.fill(task);
            Ok((work, memory))
        }
    }

    /// Copies the arguments, the constant pushes joined to the frequencies, the couplings by columns.
    unsafe fn fill(&self, task: &Task) {
        let (model, n) = (&task.model, task.model.n);
        // SAFETY: as promised to `new`.
        unsafe {
            self.theta.copy_from_nonoverlapping(task.start.theta, n);
            self.position.copy_from_nonoverlapping(task.start.position, n);
            self.velocity.copy_from_nonoverlapping(model.velocity, n);
            if !model.rate.is_null() {
                self.rate.copy_from_nonoverlapping(model.rate, n);
            }
            for i in 0..n {
                let others = (0..n).filter(|j| *j != i);
                let pushes: f64 = others.map(|j| model.pushed(i, j)).sum();
                self.omega.add(i).write(*model.omega.add(i) + pushes);
                for j in (0..n).filter(|j| *j != i) {
                    self.coupling.add(j * self.rows + i).write(*model.coupling.add(i * n + j));
                }
            }
        }
    }
}
