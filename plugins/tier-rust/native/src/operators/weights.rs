//! Pauli weights: radix-4 butterflies on blocks in base-4 order, where row and column bits alternate.
//!
//! A block of `4^k` numbers has four quarters for the two bits of its last qubit, and a butterfly over the quarters
//! turns entries into weights or back, in place, with sums only. Blocks are completed from the smallest up, or down,
//! so that all but the last butterflies find their block in a cache near the core. Joining two butterflies is slower
//! for larger blocks: 16 streams that lie powers of two apart fall into the same lines of a cache.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{finite, too_large};
use crate::failure::Failure;
use crate::lockstep::{Part, lockstep};
use crate::memory::with_scratch;
use crate::simd::{Baseline, Lanes, Level, per_level};

/// Qubits from which helpers are asked to share.
pub const SHARED_LEAST: usize = 8;
/// Qubits of the blocks that are read from the matrix, or written to it, at once.
const BASE: usize = 3;

/// Which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// From entries to weights.
    Weights,
    /// From weights to entries.
    Entries,
}

/// One transformation of a matrix on `n` qubits.
#[derive(Clone, Copy)]
pub struct Task {
    /// Qubits.
    pub n: usize,
    /// Entries row by row, or weights; `2 * 4^n` values.
    pub from: *const f64,
    /// The other of them.
    pub to: *mut f64,
    /// Which is which.
    pub direction: Direction,
}

/// A task, and the blocks in base-4 order: the weights themselves, or room to work in.
#[derive(Clone, Copy)]
struct Work {
    task: Task,
    blocks: *mut f64,
}

// SAFETY: in every round each part reads and writes blocks, or stretches of all blocks, of its own.
unsafe impl Sync for Work {}

per_level! {
    /// Completes block `index` of `4^k` numbers from the matrix, or to it, and says whether all were finite.
    fn complete(work: &Work, index: usize, k: usize) -> bool = complete_generic;
    /// Applies the butterfly of a block of `4^k` numbers to a stretch of its quarters, read from `from`.
    fn butterfly(from: *const f64, block: *mut f64, k: usize, stretch: Range<usize>, direction: Direction)
        = butterfly_generic;
}

/// Transforms with up to `threads` threads.
///
/// # Safety
/// The CPU has `level`; the arrays have the sizes named.
pub unsafe fn transform(level: Level, task: Task, threads: usize) -> Result<(), Failure> {
    let values = 2 << (2 * task.n);
    // SAFETY: as promised by the caller; the blocks have room for all numbers.
    let work = |blocks: *mut f64| unsafe { run(level, &Work { task, blocks }, threads) };
    let sound = match task.direction {
        Direction::Weights => work(task.to),
        Direction::Entries => with_scratch(values, work)?,
    };
    if sound {
        return Ok(());
    }
    // SAFETY: likewise.
    let given = unsafe { finite(level, task.from, values) };
    Err(if given { too_large("the matrix") } else { Failure::NotFinite })
}

/// Completes blocks and applies the last butterflies, and says whether all numbers were finite.
unsafe fn run(level: Level, work: &Work, threads: usize) -> bool {
    let Task { n, direction, .. } = work.task;
    if n < SHARED_LEAST || threads == 1 {
        // SAFETY: as promised to `transform`.
        return unsafe {
            if direction == Direction::Entries {
                last_butterfly(level, work, n, 0, Part::WHOLE);
            }
            complete(level, work, 0, n)
        };
    }
    let sound = AtomicBool::new(true);
    let completion = if direction == Direction::Weights { 0 } else { 2 };
    let share = |round: u64, part: Part| {
        // SAFETY: as promised to `transform`; the parts are apart.
        unsafe {
            if round == completion {
                let spoiled = part.slice(16).filter(|index| !complete(level, work, *index, n - 2)).count();
                sound.fetch_and(spoiled == 0, Ordering::Relaxed);
            } else if round == 1 {
                (0..4).for_each(|index| last_butterfly(level, work, n - 1, index, part));
            } else {
                last_butterfly(level, work, n, 0, part);
            }
        }
    };
    lockstep(0..3, threads, &share, &mut |_| true);
    sound.into_inner()
}

/// Applies one part of the butterfly of block `index` of `4^k` numbers; the first towards entries reads the weights.
unsafe fn last_butterfly(level: Level, work: &Work, k: usize, index: usize, part: Part) {
    let Task { n, from, direction, .. } = work.task;
    // SAFETY: as promised to `transform`; the block lies inside.
    unsafe {
        if k < 2 {
            work.blocks.copy_from_nonoverlapping(from, 2 << (2 * k));
            return;
        }
        let vectors = part.slice(1 << (2 * k - 4));
        let block = work.blocks.add(index << (2 * k + 1));
        let from = if k == n && direction == Direction::Entries { from } else { block };
        butterfly(level, from, block, k, 4 * vectors.start..4 * vectors.end, direction);
    }
}

/// Body of [`complete`].
#[inline(always)]
unsafe fn complete_generic<L: Lanes>(work: &Work, index: usize, k: usize) -> bool {
    let Task { n, from, to, direction } = work.task;
    let base = k.min(BASE);
    let scale = 0.5_f64.powi(n as i32);
    // SAFETY: as promised to `transform`; every block lies inside.
    unsafe {
        let mut doubt = Baseline::splat(0.0);
        for place in index << (2 * (k - base))..(index + 1) << (2 * (k - base)) {
            let corner = 2 * ((every_second(place >> 1) << base << n) + (every_second(place) << base));
            let block = work.blocks.add(place << (2 * base + 1));
            if direction == Direction::Weights {
                let from = from.add(corner);
                doubt = doubt.add(match base {
                    0 => base_weights::<L, 0>(from, 2 << n, block, scale),
                    1 => base_weights::<L, 1>(from, 2 << n, block, scale),
                    2 => base_weights::<L, 2>(from, 2 << n, block, scale),
                    _ => base_weights::<L, BASE>(from, 2 << n, block, scale),
                });
                for size in base + 1..=k.min(base + (place + 1).trailing_zeros() as usize / 2) {
                    let block = work.blocks.add(((place + 1) << (2 * base + 1)) - (2 << (2 * size)));
                    butterfly_generic::<L>(block, block, size, 0..1 << (2 * size - 2), direction);
                }
            } else {
                // Of the whole matrix the largest butterfly is done already.
                let most = if k == n { n.saturating_sub(1) } else { k };
                let begun = (place - (index << (2 * (k - base)))).trailing_zeros() as usize / 2;
                for size in (base + 1..=most.min(base.saturating_add(begun))).rev() {
                    butterfly_generic::<L>(block, block, size, 0..1 << (2 * size - 2), direction);
                }
                let to = to.add(corner);
                doubt = doubt.add(match base {
                    0 => base_entries::<L, 0>(block, to, 2 << n, most),
                    1 => base_entries::<L, 1>(block, to, 2 << n, most),
                    2 => base_entries::<L, 2>(block, to, 2 << n, most),
                    _ => base_entries::<L, BASE>(block, to, 2 << n, most),
                });
            }
        }
        !doubt.exceeds(0.0)
    }
}

/// Returns bits 0, 2, 4 ... of a number side by side.
#[inline(always)]
fn every_second(bits: usize) -> usize {
    let mut bits = bits & 0x5555_5555_5555_5555;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ] {
        bits = (bits | bits >> shift) & mask;
    }
    bits
}

/// Turns `4^B` entries into weights; the answer is zero, or not a number if an entry was not finite.
#[inline(always)]
unsafe fn base_weights<L: Lanes, const B: usize>(
    from: *const f64,
    stride: usize,
    block: *mut f64,
    scale: f64,
) -> Baseline {
    // SAFETY: as for `complete_generic`.
    unsafe {
        let zero = Baseline::splat(0.0);
        if B == 0 {
            let entry = Baseline::load(from);
            entry.store(block);
            return entry.mul(zero);
        }
        let (scale, mut doubt) = (Baseline::splat(scale), zero);
        for leaf in 0..(1 << (2 * B)) / 4 {
            let (row, column) = (leaf >> 2 & 2 | leaf >> 1 & 1, leaf >> 1 & 2 | leaf & 1);
            let (from, to) = (from.add(2 * row * stride + 4 * column), block.add(8 * leaf));
            let [a, b] = [from, from.add(2)].map(|at| Baseline::load(at).mul(scale));
            let [c, d] = [from.add(stride), from.add(stride + 2)].map(|at| Baseline::load(at).mul(scale));
            let (even, odd) = (a.add(d), b.add(c));
            even.store(to);
            odd.store(to.add(2));
            b.sub(c).turn().store(to.add(4));
            a.sub(d).store(to.add(6));
            doubt = even.add(odd).mul_add(zero, doubt);
        }
        for size in 2..=B {
            for at in 0..1 << (2 * (B - size)) {
                let block = block.add(at << (2 * size + 1));
                butterfly_generic::<L>(block, block, size, 0..1 << (2 * size - 2), Direction::Weights);
            }
        }
        doubt
    }
}

/// Turns `4^B` weights into entries; the answer is zero, or not a number if an entry is not finite.
/// Butterflies above `most` are done already.
#[inline(always)]
unsafe fn base_entries<L: Lanes, const B: usize>(
    block: *mut f64,
    to: *mut f64,
    stride: usize,
    most: usize,
) -> Baseline {
    // SAFETY: as for `complete_generic`.
    unsafe {
        let zero = Baseline::splat(0.0);
        if B == 0 {
            let weight = Baseline::load(block);
            weight.store(to);
            return weight.mul(zero);
        }
        for size in (2..=B).rev().filter(|size| *size <= most) {
            for at in 0..1 << (2 * (B - size)) {
                let block = block.add(at << (2 * size + 1));
                butterfly_generic::<L>(block, block, size, 0..1 << (2 * size - 2), Direction::Entries);
            }
        }
        let mut doubt = zero;
        for leaf in 0..(1 << (2 * B)) / 4 {
            let (row, column) = (leaf >> 2 & 2 | leaf >> 1 & 1, leaf >> 1 & 2 | leaf & 1);
            let (from, to) = (block.add(8 * leaf), to.add(2 * row * stride + 4 * column));
            let [i, x, y, z] = [0, 2, 4, 6].map(|at| Baseline::load(from.add(at)));
            let y = y.turn();
            let entries = [i.add(z), x.sub(y), x.add(y), i.sub(z)];
            for (entry, at) in entries.into_iter().zip([0, 2, stride, stride + 2]) {
                entry.store(to.add(at));
                doubt = entry.mul_add(zero, doubt);
            }
        }
        doubt
    }
}

/// Body of [`butterfly`].
#[inline(always)]
unsafe fn butterfly_generic<L: Lanes>(
    from: *const f64,
    block: *mut f64,
    k: usize,
    stretch: Range<usize>,
    direction: Direction,
) {
    let quarter = 2 << (2 * k - 2);
    let mut at = 2 * stretch.start;
    while at < 2 * stretch.end {
        // SAFETY: as promised to `butterfly`; quarters are whole vectors from two qubits on.
        unsafe {
            let [a, b, c, d] = [0, 1, 2, 3].map(|part| L::load(from.add(part * quarter + at)));
            let turned = match direction {
                Direction::Weights => [a.add(d), b.add(c), b.sub(c).turn(), a.sub(d)],
                Direction::Entries => [a.add(d), b.sub(c.turn()), b.add(c.turn()), a.sub(d)],
            };
            for (part, value) in turned.into_iter().enumerate() {
                value.store(block.add(part * quarter + at));
            }
        }
        at += L::WIDTH;
    }
}
