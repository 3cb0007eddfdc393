//! The state of an integration and the packed couplings, in one block of memory.

use crate::failure::Failure;
use crate::memory::Buffer;
use crate::simd::{Lanes, Level, per_level};

/// Vectors of rows in a panel: as many accumulators as hide the latency of the products.
pub const PANEL: usize = 4;
/// Lanes of the widest level: arrays of oscillators end on a multiple of it.
const WIDEST: usize = 8;

/// What an integration starts from; every address holds as many values as its argument's shape says.
#[derive(Clone, Copy)]
pub struct Start {
    /// Number of oscillators.
    pub n: usize,
    /// Phases, `n` values.
    pub theta: *const f64,
    /// Natural frequencies, `n` values.
    pub omega: *const f64,
    /// Couplings, `n * n` values, row by row.
    pub coupling: *const f64,
    /// Time step.
    pub dt: f64,
}

/// Addresses of the state of a running integration; they live as long as the [`Memory`] beside it.
///
/// Arrays of oscillators have `rows` values, and those beyond `n` belong to oscillators that stand still at 0.
/// Sines, cosines and partial sums are double: a round reads those of its own parity and writes the other.
pub struct Network {
    /// Number of oscillators.
    pub n: usize,
    /// `n`, rounded up to whole vectors.
    pub rows: usize,
    /// Number of panels; the last one may have fewer vectors.
    pub panels: usize,
    /// Time step.
    pub dt: f64,
    /// Phases.
    pub theta: *mut f64,
    /// Natural frequencies.
    pub omega: *mut f64,
    /// Sum of the slopes of a Runge-Kutta step.
    pub slopes: *mut f64,
    /// Sines.
    pub sin: [*mut f64; 2],
    /// Cosines.
    pub cos: [*mut f64; 2],
    /// Per panel, the sums of cosines and of sines.
    pub partial: [*mut f64; 2],
    /// Couplings: panel by panel, in a panel column by column, the diagonal zero.
    pub packed: *mut f64,
}

// SAFETY: a round's parts write to disjoint panels, and read only what earlier rounds have written.
unsafe impl Sync for Network {}

/// The memory behind a [`Network`].
pub struct Memory(#[expect(dead_code, reason = "held for its drop")] Buffer);

impl Network {
    /// Lays out the memory for `n` oscillators.
    pub fn lay_out(n: usize, dt: f64) -> Result<(Self, Memory), Failure> {
        let rows = n.next_multiple_of(WIDEST);
        // A panel is at least PANEL rows at any level.
        let sums = (2 * rows.div_ceil(PANEL)).next_multiple_of(WIDEST);
        let packed = rows.checked_mul(n).ok_or(Failure::Memory)?;
        let buffer = Buffer::zeroed(packed.checked_add(7 * rows + 2 * sums).ok_or(Failure::Memory)?)?;
        let mut end = buffer.start();
        let mut take = |len: usize| {
            let start = end;
            // SAFETY: the lengths taken add up to that of the buffer.
            end = unsafe { end.add(len) };
            start
        };
        let network = Self {
            n,
            rows,
            panels: 0,
            dt,
            theta: take(rows),
            omega: take(rows),
            slopes: take(rows),
            sin: [take(rows), take(rows)],
            cos: [take(rows), take(rows)],
            partial: [take(sums), take(sums)],
            packed: take(packed),
        };
        Ok((network, Memory(buffer)))
    }

    /// Copies what the integration starts from.
    ///
    /// # Safety
    /// `start` is readable as it says; the CPU has `level`.
    pub unsafe fn fill(&mut self, level: Level, start: &Start) -> Result<(), Failure> {
        // SAFETY: as promised by the caller.
        let all_finite = unsafe { fill_rows(level, self, start) };
        if all_finite { Ok(()) } else { Err(Failure::NotFinite) }
    }

    /// Returns the first row of a panel.
    #[inline(always)]
    pub fn first_row<L: Lanes>(&self, panel: usize) -> usize {
        panel * PANEL * L::WIDTH
    }

    /// Returns the vectors in a panel.
    #[inline(always)]
    pub fn vectors<L: Lanes>(&self, panel: usize) -> usize {
        PANEL.min((self.rows - self.first_row::<L>(panel)) / L::WIDTH)
    }

    /// Says how many of the `rows` stand for no oscillator.
    #[inline(always)]
    pub fn idle(&self) -> usize {
        self.rows - self.n
    }
}

per_level! {
    /// Fills a network at one level and says whether everything was finite.
    ///
    /// # Safety
    /// The CPU has `level`; `start` is readable as it says.
    fn fill_rows(network: &mut Network, start: &Start) -> bool = fill_generic;
    /// Says whether all `len` values from `from` on are finite.
    ///
    /// # Safety
    /// The CPU has `level`; the values are readable.
    pub fn all_finite(from: *const f64, len: usize) -> bool = finite;
}

/// Body of [`all_finite`]: a product with zero is zero, except of what is not finite.
#[inline(always)]
unsafe fn finite<L: Lanes>(from: *const f64, len: usize) -> bool {
    // SAFETY: as promised to `all_finite`; every load ends at or before `len`.
    unsafe {
        let zero = L::splat(0.0);
        let mut sums = [zero; 4];
        let mut at = 0;
        while at + 4 * L::WIDTH <= len {
            for (slot, sum) in sums.iter_mut().enumerate() {
                *sum = L::load(from.add(at + slot * L::WIDTH)).mul_add(zero, *sum);
            }
            at += 4 * L::WIDTH;
        }
        while at < len {
            let count = L::WIDTH.min(len - at);
            let values =
                if count == L::WIDTH { L::load(from.add(at)) } else { L::load_first(from.add(at), count) };
            sums[0] = values.mul_add(zero, sums[0]);
            at += count;
        }
        !sums[0].add(sums[1]).add(sums[2].add(sums[3])).exceeds(0.0)
    }
}

/// Body of [`fill_rows`].
#[inline(always)]
unsafe fn fill_generic<L: Lanes>(network: &mut Network, start: &Start) -> bool {
    // SAFETY: as promised to `fill_rows`; the network has room for `n` values in each array.
    unsafe {
        let n = start.n;
        network.rows = n.next_multiple_of(L::WIDTH);
        network.panels = network.rows.div_ceil(PANEL * L::WIDTH);
        network.theta.copy_from_nonoverlapping(start.theta, n);
        network.omega.copy_from_nonoverlapping(start.omega, n);
        let mut good = finite::<L>(start.theta, n) && finite::<L>(start.omega, n);
        for panel in 0..network.panels {
            for vector in 0..network.vectors::<L>(panel) {
                let row = network.first_row::<L>(panel) + vector * L::WIDTH;
                let stride = network.vectors::<L>(panel) * L::WIDTH;
                let to = network.packed.add(network.first_row::<L>(panel) * n + vector * L::WIDTH);
                let count = L::WIDTH.min(n - row);
                good &= pack::<L>(start.coupling.add(row * n), n, count, to, stride);
                for lane in 0..count {
                    // The identity form cancels a diagonal up to rounding only.
                    to.add((row + lane) * stride + lane).write(0.0);
                }
            }
        }
        good
    }
}

/// Turns `count` rows of couplings into one vector for each column and says whether all were finite.
#[inline(always)]
unsafe fn pack<L: Lanes>(from: *const f64, n: usize, count: usize, to: *mut f64, stride: usize) -> bool {
    // SAFETY: `count` rows of `n` values are readable at `from`; `n` vectors at `to`, `stride` apart, are ours.
    unsafe {
        if count == L::WIDTH {
            for column in 0..n {
                for lane in 0..L::WIDTH {
                    to.add(column * stride + lane).write(*from.add(lane * n + column));
                }
            }
        } else {
            for lane in 0..count {
                for column in 0..n {
                    to.add(column * stride + lane).write(*from.add(lane * n + column));
                }
            }
        }
        finite::<L>(from, count * n)
    }
}
