//! The signed spike rate: a running sum per channel, or counts where these give the same bits.
//!
//! While a sum stays in one binade, every addend changes it by the same multiple of its last place, so that only
//! the counts of a block matter. Counting needs no order: threads share it, and chains of sums do not hold it up.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::events::{CHUNK, Events, Keys};
use crate::failure::Failure;
use crate::memory::Buffer;
use crate::simd::{Lanes, Level, per_level};
use crate::threads::{Shared, assisted};

/// Events of a block: each counts at once in 32 bits.
pub const BLOCK: usize = 8 * CHUNK;
/// Channels up to which blocks are counted: beyond, the counts outweigh the events.
pub const MOST_COUNTED: usize = 256;
/// Histograms filled in turn: neighbouring events of one channel do not wait for each other.
const TURNS: usize = 4;

per_level! {
    /// Checks a block, and counts its events inside the window: `2 n` counts at `counts`.
    ///
    /// # Safety
    /// The CPU has `level`; the events are readable; `TURNS * 2 * n` zeros lie at `counts`.
    fn count(events: &Events, block: Span, counts: *mut u32) -> bool = count_generic;
    /// Checks a block, and adds its events inside the window to `sums`, one after the other.
    ///
    /// # Safety
    /// The CPU has `level`; the events are readable; `n` sums lie at `sums`.
    fn add(events: &Events, block: Span, sums: *mut f64) -> bool = add_generic;
}

/// A block of events, and the part of it inside the window.
#[derive(Clone, Copy)]
pub struct Span {
    /// The events to check.
    pub all: (usize, usize),
    /// The events to use.
    pub inside: (usize, usize),
}

impl Span {
    /// Returns a block of `m` events, given the window's events.
    pub fn of(block: usize, m: usize, (low, high): (usize, usize)) -> Self {
        let all = (block * BLOCK, m.min((block + 1) * BLOCK));
        let within = |at: usize| at.clamp(all.0, all.1);
        Self { all, inside: (within(low), within(high)) }
    }
}

/// Body of [`count`].
#[inline(always)]
unsafe fn count_generic<L: Lanes>(events: &Events, block: Span, counts: *mut u32) -> bool {
    let mut keys: Keys = [0; CHUNK];
    let width = 2 * events.n;
    // SAFETY: as promised to `count`; keys of channels that exist are below `width`.
    unsafe {
        let mut sound = events.in_order(block.all.0, block.all.1);
        let mut from = block.inside.0;
        while from < block.inside.1 {
            let len = CHUNK.min(block.inside.1 - from);
            sound &= events.keys(from, from + len, &mut keys);
            if !sound {
                return false;
            }
            let (fours, rest) = keys[..len].as_chunks::<TURNS>();
            for four in fours {
                for (turn, key) in four.iter().enumerate() {
                    *counts.add(turn * width + *key as usize) += 1;
                }
            }
            for key in rest {
                *counts.add(*key as usize) += 1;
            }
            from += len;
        }
        for at in 0..width {
            for turn in 1..TURNS {
                *counts.add(at) += *counts.add(turn * width + at);
            }
        }
        sound
    }
}

/// Body of [`add`].
#[inline(always)]
unsafe fn add_generic<L: Lanes>(events: &Events, block: Span, sums: *mut f64) -> bool {
    let mut keys: Keys = [0; CHUNK];
    let weight = 1.0 / events.window as f64;
    let weights = [weight, -weight];
    // SAFETY: as promised to `add`; keys of channels that exist name one of the sums.
    unsafe {
        let mut sound = events.in_order(block.all.0, block.all.1);
        let mut from = block.inside.0;
        while from < block.inside.1 {
            let len = CHUNK.min(block.inside.1 - from);
            sound &= events.keys(from, from + len, &mut keys);
            if !sound {
                return false;
            }
            for key in &keys[..len] {
                *sums.add((key >> 1) as usize) += weights[(key & 1) as usize];
            }
            from += len;
        }
        sound
    }
}

/// Returns what `plus` additions and `minus` subtractions of `weight` make of a sum, in whatever order;
/// nothing where the order may matter.
pub fn leap(sum: f64, plus: u32, minus: u32, weight: f64) -> Option<f64> {
    let net = f64::from(plus) - f64::from(minus);
    if plus == 0 && minus == 0 {
        return Some(sum);
    }
    if weight.to_bits() << 12 == 0 {
        // A power of two: sums are multiples of it, and exact.
        return Some(sum + net * weight);
    }
    let size = sum.abs();
    if size < 8.0 * weight {
        return None;
    }
    // The middle of the binade, its lower end, and the distance of its numbers.
    let low = f64::from_bits(size.to_bits() >> 52 << 52);
    let place = low * f64::EPSILON;
    let step = (1.5 * low + weight) - 1.5 * low;
    if (weight - step).abs() * 2.0 == place {
        return None; // halfway: such sums are rounded to even
    }
    let (up, down) = if sum < 0.0 { (minus, plus) } else { (plus, minus) };
    let stays = size - f64::from(down) * step > low && size + f64::from(up) * step < 2.0 * low;
    stays.then_some(sum + net * step)
}

/// Writes the rates.
///
/// # Safety
/// The CPU has `level`; the events are readable until this returns; `n` values are writable at `to`.
pub unsafe fn rate(level: Level, events: &Events, to: *mut f64, helpers: usize) -> Result<(), Failure> {
    // SAFETY: as promised by the caller.
    unsafe {
        to.write_bytes(0, events.n);
        let sound = if helpers > 0 && events.n <= MOST_COUNTED {
            shared(level, events, to, helpers)?
        } else {
            alone(level, events, to)
        };
        if sound { Ok(()) } else { Err(events.blame()) }
    }
}

/// Adds all events in this thread, and says whether they were sound.
unsafe fn alone(level: Level, events: &Events, to: *mut f64) -> bool {
    // SAFETY: as promised to `rate`.
    unsafe {
        let inside = events.inside();
        (0..events.m.div_ceil(BLOCK)).all(|block| add(level, events, Span::of(block, events.m, inside), to))
    }
}

/// Counts blocks with helpers, then puts their counts together in order.
unsafe fn shared(level: Level, events: &Events, to: *mut f64, helpers: usize) -> Result<bool, Failure> {
    // SAFETY: as promised to `rate`.
    let inside = unsafe { events.inside() };
    let blocks = events.m.div_ceil(BLOCK);
    let room = TURNS * 2 * events.n;
    let memory = Buffer::zeroed(blocks.checked_mul(room / 2).ok_or(Failure::Memory)?)?;
    let (counts, next, broken) = (Shared(memory.start()), AtomicUsize::new(0), AtomicBool::new(false));
    let work = |_: usize| {
        while !broken.load(Ordering::Relaxed) {
            let block = next.fetch_add(1, Ordering::Relaxed);
            if block >= blocks {
                break;
            }
            // SAFETY: who claimed the block writes its counts, of which two fill the place of a float.
            unsafe {
                let counts = counts.at(block * (room / 2)).cast();
                if !count(level, events, Span::of(block, events.m, inside), counts) {
                    broken.store(true, Ordering::Relaxed);
                }
            }
        }
    };
    assisted(helpers, &work, || work(0));
    if broken.into_inner() {
        return Ok(false);
    }
    // SAFETY: `assisted` returns after every claimed block is counted.
    Ok((0..blocks).all(|block| unsafe {
        let counts = counts.at(block * (room / 2)).cast();
        jump(events, counts, to) || add(level, events, Span::of(block, events.m, inside), to)
    }))
}

/// Adds a block's counts to the sums; changes nothing and says so where the order may matter.
unsafe fn jump(events: &Events, counts: *const u32, to: *mut f64) -> bool {
    let weight = 1.0 / events.window as f64;
    let mut sums = [0.0; MOST_COUNTED];
    // SAFETY: the caller has `2 n` counts and `n` sums, and `n` is at most `MOST_COUNTED`.
    unsafe {
        for (channel, sum) in sums[..events.n].iter_mut().enumerate() {
            let (plus, minus) = (*counts.add(2 * channel), *counts.add(2 * channel + 1));
            match leap(*to.add(channel), plus, minus, weight) {
                Some(leapt) => *sum = leapt,
                None => return false,
            }
        }
        to.copy_from_nonoverlapping(sums.as_ptr(), events.n);
    }
    true
}
