//! Between the entries of a matrix and its weights on Pauli strings.
//!
//! On every qubit the entries 00 01 10 11 become `(00 + 11, 01 + 10, i (01 - 10), 00 - 11) / 2`: two sums of a pair and
//! two differences, and the pairs are apart: of k qubits 2^k patterns, each of 2^k numbers, which fit the registers.
//! Patterns of the largest qubits share no number, so that threads need not wait for each other.
//! Numbers stand in base-4 order, which is the order of the weights.

mod leaf;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use leaf::{leaf, small};

use super::{finite, too_large};
use crate::failure::Failure;
use crate::memory::with_scratch;
use crate::simd::{Lanes, Level, per_level, prefetch};
use crate::threads::assisted;

/// Qubits from which helpers are asked to share.
pub const SHARED_LEAST: usize = 8;
/// Qubits that are transformed in the first pass over the matrix, or the last.
const LEAF: usize = 2;
/// Qubits of a block that stays in the first cache.
const NEAR: usize = 5;
/// The places in base-4 order of numbers whose base-2 digits are these.
const SPREAD: [usize; 8] = [0, 1, 4, 5, 16, 17, 20, 21];

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

/// What the blocks of one transformation have in common.
#[derive(Clone, Copy)]
struct Shape {
    level: Level,
    direction: Direction,
    /// Values from one row of the matrix to the next.
    stride: usize,
    /// What every entry is multiplied with on its way to the weights.
    scale: f64,
}

/// A block of the matrix on `k` qubits: its entries, and its numbers in base-4 order as they are and as they become.
#[derive(Clone, Copy)]
struct Block {
    k: usize,
    entries: *mut f64,
    from: *const f64,
    numbers: *mut f64,
    /// The entries of the block that comes next.
    next: *const f64,
}

// SAFETY: threads transform patterns of their own, which share no number.
unsafe impl Sync for Block {}

per_level! {
    /// Transforms one pattern of a block's largest qubits, and says whether all its entries are finite.
    fn pattern(shape: &Shape, block: Block, x: usize) -> bool = pattern_generic;
    /// Transforms a block in the first cache, and says whether all its entries are finite.
    fn near(shape: &Shape, block: Block) -> bool = near_generic;
}

/// Transforms with up to `threads` threads.
///
/// # Safety
/// The CPU has `level`; the arrays have the sizes named.
pub unsafe fn transform(level: Level, task: Task, threads: usize) -> Result<(), Failure> {
    let Task { n, from, to, direction } = task;
    let values = 2 << (2 * n);
    let shape = Shape { level, direction, stride: 2 << n, scale: 0.5_f64.powi(n as i32) };
    // SAFETY: as promised by the caller; entries are only read on the way to the weights.
    let sound = unsafe {
        match direction {
            Direction::Weights => {
                let entries = from.cast_mut();
                run(&shape, Block { k: n, entries, from: to, numbers: to, next: from }, threads)
            }
            Direction::Entries => with_scratch(values, |numbers| {
                run(&shape, Block { k: n, entries: to, from, numbers, next: to }, threads)
            })?,
        }
    };
    if sound {
        return Ok(());
    }
    // SAFETY: likewise.
    let given = unsafe { finite(level, from, values) };
    Err(if given { too_large("the matrix") } else { Failure::NotFinite })
}

/// Transforms the whole matrix, and says whether all entries are finite.
unsafe fn run(shape: &Shape, block: Block, threads: usize) -> bool {
    if block.k < SHARED_LEAST || threads == 1 {
        // SAFETY: as promised to `transform`.
        return unsafe { whole(shape, block) };
    }
    let (claimed, sound) = (AtomicUsize::new(0), AtomicBool::new(true));
    let block = &block;
    let work = |_: usize| {
        loop {
            let x = claimed.fetch_add(1, Ordering::Relaxed);
            if x >= 1 << together(shape, block.k) {
                break;
            }
            // SAFETY: as promised to `transform`; nobody else has this pattern.
            if !unsafe { pattern(shape.level, shape, *block, x) } {
                sound.store(false, Ordering::Relaxed);
            }
        }
    };
    assisted(threads - 1, &work, || work(0));
    sound.into_inner()
}

/// Transforms a block, pattern by pattern.
unsafe fn whole(shape: &Shape, block: Block) -> bool {
    // SAFETY: as promised to `transform`.
    unsafe {
        if block.k <= NEAR {
            near(shape.level, shape, block)
        } else {
            (0..1 << together(shape, block.k))
                .fold(true, |sound, x| sound & pattern(shape.level, shape, block, x))
        }
    }
}

/// Returns how many qubits of a block beyond the first cache, the largest, are transformed in its last pass.
fn together(shape: &Shape, k: usize) -> usize {
    // Eight numbers a power of two apart fill a set of the first cache: from memory, or to elsewhere, four are faster.
    let most = if shape.direction == Direction::Weights && k <= NEAR + 3 { 3 } else { 2 };
    (k - NEAR).min(most)
}

/// Returns the place in base-4 order of number `z` of pattern `x`: `x` is what row and column differ in, `z` the row.
#[inline(always)]
const fn place(x: usize, z: usize) -> usize {
    SPREAD[z] << 1 | SPREAD[x ^ z]
}

/// Body of [`near`]: the matrix is read, or written, row by row, for rows a power of two apart share few cache lines.
#[inline(always)]
unsafe fn near_generic<L: Lanes>(shape: &Shape, block: Block) -> bool {
    let Block { k, entries, from, numbers, next } = block;
    // SAFETY: as promised to `transform`; the blocks below lie inside.
    unsafe {
        if k <= LEAF {
            return if k == LEAF { leaf::<L>(shape, block) } else { small(shape, block) };
        }
        let (count, mut sound) = (k - LEAF, true);
        if shape.direction == Direction::Entries {
            // No closure, which would be compiled without the level's instructions.
            for x in 0..1 << count {
                combine::<L, true>(from, numbers, LEAF, count, x);
            }
        }
        for z in 0..1 << count {
            for row in 4 * z..4 * z + 4 {
                // No CPU sees rows coming that are pages apart.
                (0..9).for_each(|line| prefetch(next.wrapping_add(row * shape.stride + 8 * line)));
            }
            for column in 0..1 << count {
                let numbers = numbers.add(place(z ^ column, z) << (2 * LEAF + 1));
                let entries = entries.add((z << LEAF) * shape.stride + (column << (LEAF + 1)));
                let block = Block { k: LEAF, entries, from: numbers, numbers, next };
                sound &= leaf::<L>(shape, block);
            }
        }
        if shape.direction == Direction::Weights {
            for x in 0..1 << count {
                combine::<L, false>(numbers, numbers, LEAF, count, x);
            }
        }
        sound
    }
}

/// Body of [`pattern`].
#[inline(always)]
unsafe fn pattern_generic<L: Lanes>(shape: &Shape, block: Block, x: usize) -> bool {
    let Block { k, entries, from, numbers, .. } = block;
    let count = together(shape, k);
    let below = k - count;
    let mut sound = true;
    // SAFETY: as promised to `transform`; the blocks below lie inside.
    unsafe {
        if shape.direction == Direction::Entries {
            combine::<L, true>(from, numbers, below, count, x);
        }
        let corner =
            |x: usize, z: usize| entries.wrapping_add((z << below) * shape.stride + ((x ^ z) << (below + 1)));
        for z in 0..1 << count {
            let numbers = numbers.add(place(x, z) * (2 << (2 * below)));
            let next = if z + 1 < 1 << count { corner(x, z + 1) } else { corner(x + 1, 0) };
            let block = Block { k: below, entries: corner(x, z), from: numbers, numbers, next };
            sound &= whole(shape, block);
        }
        if shape.direction == Direction::Weights {
            combine::<L, false>(from, numbers, below, count, x);
        }
    }
    sound
}

/// Transforms numbers of pattern `x` of the `count` qubits above those `below`, everywhere in the block.
#[inline(always)]
unsafe fn combine<L: Lanes, const BACK: bool>(
    from: *const f64,
    to: *mut f64,
    below: usize,
    count: usize,
    x: usize,
) {
    // SAFETY: as for `pattern_generic`.
    unsafe {
        match (count, x) {
            (1, 0) => streams::<L, BACK, 2, 0>(from, to, below),
            (1, _) => streams::<L, BACK, 2, 1>(from, to, below),
            (2, 0) => streams::<L, BACK, 4, 0>(from, to, below),
            (2, 1) => streams::<L, BACK, 4, 1>(from, to, below),
            (2, 2) => streams::<L, BACK, 4, 2>(from, to, below),
            (2, _) => streams::<L, BACK, 4, 3>(from, to, below),
            (_, 0) => streams::<L, BACK, 8, 0>(from, to, below),
            (_, 1) => streams::<L, BACK, 8, 1>(from, to, below),
            (_, 2) => streams::<L, BACK, 8, 2>(from, to, below),
            (_, 3) => streams::<L, BACK, 8, 3>(from, to, below),
            (_, 4) => streams::<L, BACK, 8, 4>(from, to, below),
            (_, 5) => streams::<L, BACK, 8, 5>(from, to, below),
            (_, 6) => streams::<L, BACK, 8, 6>(from, to, below),
            (_, _) => streams::<L, BACK, 8, 7>(from, to, below),
        }
    }
}

/// Body of [`combine`] for `N` numbers at a time: a Walsh-Hadamard transformation, and a factor of i for each Y.
#[inline(always)]
unsafe fn streams<L: Lanes, const BACK: bool, const N: usize, const X: usize>(
    from: *const f64,
    to: *mut f64,
    below: usize,
) {
    let apart = 2 << (2 * below);
    for at in (0..apart).step_by(L::WIDTH) {
        // SAFETY: as for `pattern_generic`; blocks are whole vectors.
        unsafe {
            let zero = L::splat(0.0);
            let mut values = [zero; N];
            for (z, value) in values.iter_mut().enumerate() {
                *value = L::load(from.add(place(X, z) * apart + at));
                if BACK {
                    *value = turned(*value, 4 - (X & z).count_ones());
                }
            }
            for half in [1, 2, 4] {
                for z in 0..N {
                    if z | half < N && z & half == 0 {
                        let (one, other) = (values[z], values[z | half]);
                        (values[z], values[z | half]) = (one.add(other), one.sub(other));
                    }
                }
            }
            for (z, value) in values.into_iter().enumerate() {
                let value = if BACK { value } else { turned(value, (X & z).count_ones()) };
                value.store(to.add(place(X, z) * apart + at));
            }
        }
    }
}

/// Multiplies with i so many times.
#[inline(always)]
fn turned<L: Lanes>(value: L, times: u32) -> L {
    match times % 4 {
        0 => value,
        1 => value.turn(),
        2 => value.like(0.0).sub(value),
        _ => value.like(0.0).sub(value.turn()),
    }
}
