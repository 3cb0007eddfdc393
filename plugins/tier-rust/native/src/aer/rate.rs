//! The signed spike rate: a running sum per channel, or counts where these give the same bits.
//!
//! While a sum stays in one binade, every addend changes it by the same multiple of its last place, so that only
//! the counts of a block matter. Counting needs no order: threads share it, and chains of sums do not hold it up.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::events::{CHUNK, Events, Span};
#[cfg(target_arch = "x86_64")]
use super::nibbles;
use crate::failure::Failure;
use crate::memory::Buffer;
use crate::simd::{Lanes, Level, per_level};
use crate::threads::{Shared, assisted};

/// Events of a block: their number fits into the 32 bits of a count.
pub const BLOCK: usize = 8 * CHUNK;
/// Channels up to which blocks are counted: beyond, the counts outweigh the events.
pub const MOST_COUNTED: usize = 256;
/// Histograms filled in turn: neighbouring events of one channel do not wait for each other.
const TURNS: usize = 4;

per_level! {
    /// Checks a block, and counts its events inside the window by key, twice `n` of them.
    ///
    /// # Safety
    /// The CPU has `level`; the events are readable; room for `width(n)` zeros is at `counts`.
    fn count(events: &Events, block: Span, counts: *mut u32) -> bool = count_generic;
    /// Checks a block, and adds its events inside the window to `sums`, one after the other.
    ///
    /// # Safety
    /// The CPU has `level`; the events are readable; `n` sums lie at `sums`.
    fn add(events: &Events, block: Span, sums: *mut f64) -> bool = add_generic;
}

/// Returns the numbers that counting `n` channels needs room for.
fn width(n: usize) -> usize {
    if n <= 32 { 64 } else { TURNS * 2 * n }
}

/// One row for each key: a one in the key's place.
const fn one_hot<const K: usize>() -> [[u8; K]; K] {
    let mut rows = [[0; K]; K];
    let mut key = 0;
    while key < K {
        rows[key][key] = 1;
        key += 1;
    }
    rows
}

static ONE_HOT_32: [[u8; 32]; 32] = one_hot();
static ONE_HOT_64: [[u8; 64]; 64] = one_hot();

/// Body of [`count`].
#[inline(always)]
unsafe fn count_generic<L: Lanes>(events: &Events, block: Span, counts: *mut u32) -> bool {
    // SAFETY: as promised to `count`.
    unsafe {
        match events.n {
            ..=16 => events.sweep(block, |_, keys| tally(keys, &ONE_HOT_32, &mut *counts.cast())),
            17..=32 => events.sweep(block, |_, keys| tally(keys, &ONE_HOT_64, &mut *counts.cast())),
            n => {
                let sound = events.sweep(block, |_, keys| scatter(keys, 2 * n, counts));
                for at in 0..2 * n {
                    for turn in 1..TURNS {
                        *counts.add(at) += *counts.add(turn * 2 * n + at);
                    }
                }
                sound
            }
        }
    }
}

/// Counts the keys of a chunk by adding rows of bytes in registers: nothing waits for a store.
///
/// The rows of 512 keys go to four sums in turn, so that none of their bytes exceeds 128.
#[inline(always)]
fn tally<const K: usize>(keys: &[u32], rows: &[[u8; K]; K], counts: &mut [u32; K]) {
    const { assert!(CHUNK / TURNS < 256) };
    let mut sums = [[0_u8; K]; TURNS];
    let (fours, rest) = keys.as_chunks::<TURNS>();
    let add = |sum: &mut [u8; K], key: u32| {
        let row = &rows[key as usize % K]; // every key is below K: the remainder only tells the compiler
        for (sum, one) in sum.iter_mut().zip(row) {
            *sum = sum.wrapping_add(*one);
        }
    };
    for four in fours {
        for (sum, key) in sums.iter_mut().zip(four) {
            add(sum, *key);
        }
    }
    for key in rest {
        add(&mut sums[0], *key);
    }
    for sum in sums {
        for (count, more) in counts.iter_mut().zip(sum) {
            *count += u32::from(more);
        }
    }
}

/// Counts the keys of a chunk in memory.
///
/// # Safety
/// Keys are below `width`, and `TURNS * width` counts lie at `counts`.
#[inline(always)]
unsafe fn scatter(keys: &[u32], width: usize, counts: *mut u32) {
    for (place, key) in keys.iter().enumerate() {
        // SAFETY: as promised by the caller.
        unsafe { *counts.add(place % TURNS * width + *key as usize) += 1 };
    }
}

/// Body of [`add`].
#[inline(always)]
unsafe fn add_generic<L: Lanes>(events: &Events, block: Span, sums: *mut f64) -> bool {
    let weight = 1.0 / events.window as f64;
    // Below this a chunk's counts are likely not to do, and are not taken.
    let least = if exact(weight) { 0.0 } else { weight * (CHUNK / events.n.max(1)) as f64 };
    // SAFETY: as promised to `add`; keys of channels that exist name one of the sums.
    let take = |_, keys: &[u32]| unsafe {
        let ripe = || (0..events.n).all(|channel| (*sums.add(channel)).abs() >= least);
        if events.n <= 16 && ripe() {
            let mut counts = [0; 32];
            tally(keys, &ONE_HOT_32, &mut counts);
            if jump(events, counts.as_ptr(), sums) {
                return;
            }
        }
        walk(events, keys.iter().map(|key| *key as usize), sums);
    };
    // SAFETY: as promised to `add`.
    unsafe { events.sweep(block, take) }
}

/// Returns what `plus` additions and `minus` subtractions of `weight` make of a sum, in whatever order;
/// nothing where the order may matter.
#[inline(always)]
pub fn leap(sum: f64, plus: u32, minus: u32, weight: f64) -> Option<f64> {
    let net = f64::from(plus) - f64::from(minus);
    if plus == 0 && minus == 0 {
        return Some(sum);
    }
    if exact(weight) {
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
        let all = Span::new(0, events.m, events.inside());
        let exactly = exact(1.0 / events.window as f64) && events.m <= u32::MAX as usize;
        if exactly && events.n <= 32 {
            let mut counts = [0; 64];
            return counted(level, events, all, counts.as_mut_ptr()) && jump(events, counts.as_ptr(), to);
        }
        added(level, events, all, to)
    }
}

/// As [`count`], on few channels in registers.
unsafe fn counted(level: Level, events: &Events, block: Span, counts: *mut u32) -> bool {
    // SAFETY: as promised to `count`; every wider level has AVX2.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        if level != Level::Baseline && nibbles::suits(events) {
            return nibbles::count(events, block, &mut *counts.cast());
        }
        count(level, events, block, counts)
    }
}

/// As [`add`], on few channels by their counts where these do.
unsafe fn added(level: Level, events: &Events, block: Span, sums: *mut f64) -> bool {
    // SAFETY: as promised to `add`; every wider level has AVX2; keys of channels that exist name one of the sums.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        if level != Level::Baseline && nibbles::suits(events) {
            return nibbles::count_each(events, block, |keys, counts| {
                if !jump(events, counts.as_ptr(), sums) {
                    walk(events, keys.iter().map(|key| nibbles::place(*key)), sums);
                }
            });
        }
        add(level, events, block, sums)
    }
}

/// Adds events to the sums in their order, given their keys.
#[inline(always)]
unsafe fn walk(events: &Events, keys: impl Iterator<Item = usize>, sums: *mut f64) {
    let weight = 1.0 / events.window as f64;
    let weights = [weight, -weight];
    for key in keys {
        // SAFETY: the caller's keys name one of the sums.
        unsafe { *sums.add(key >> 1) += weights[key & 1] };
    }
}

/// Says whether sums of the weight are exact: it is a power of two.
fn exact(weight: f64) -> bool {
    weight.to_bits() << 12 == 0
}

/// Returns how many of the blocks that are left a thread claims at once.
fn claimed(left: usize, threads: usize) -> usize {
    (left / (2 * threads)).clamp(1, 16)
}

/// Counts blocks with helpers, then puts their counts together in order.
unsafe fn shared(level: Level, events: &Events, to: *mut f64, helpers: usize) -> Result<bool, Failure> {
    // SAFETY: as promised to `rate`.
    let inside = unsafe { events.inside() };
    let blocks = events.m.div_ceil(BLOCK);
    let span = |block: usize| Span::new(block * BLOCK, events.m.min((block + 1) * BLOCK), inside);
    // Two counts fill the place of a float.
    let room = width(events.n) / 2;
    let memory = Buffer::zeroed(blocks.checked_mul(room).ok_or(Failure::Memory)?)?;
    let (counts, next, broken) = (Shared(memory.start()), AtomicUsize::new(0), AtomicBool::new(false));
    let work = |_: usize| {
        while !broken.load(Ordering::Relaxed) {
            // Part of what is left, so that events in a row are asked for ahead, and all end together.
            let claim = |at: usize| (at < blocks).then(|| blocks.min(at + claimed(blocks - at, helpers + 1)));
            let Ok(first) = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, claim) else { break };
            let last = blocks.min(first + claimed(blocks - first, helpers + 1));
            // SAFETY: who claimed the blocks writes their counts.
            let tell = |block| unsafe { counted(level, events, span(block), counts.at(block * room).cast()) };
            if !(first..last).all(tell) {
                broken.store(true, Ordering::Relaxed);
            }
        }
    };
    assisted(helpers, &work, || work(0));
    if broken.into_inner() {
        return Ok(false);
    }
    // SAFETY: `assisted` returns after every claimed block is counted.
    Ok((0..blocks).all(|block| unsafe {
        jump(events, counts.at(block * room).cast(), to) || added(level, events, span(block), to)
    }))
}

/// Adds a block's counts to the sums; changes nothing and says so where the order may matter.
#[inline(always)]
unsafe fn jump(events: &Events, counts: *const u32, to: *mut f64) -> bool {
    let weight = 1.0 / events.window as f64;
    let mut sums = [const { MaybeUninit::uninit() }; MOST_COUNTED];
    // SAFETY: the caller has `2 n` counts and `n` sums, and `n` is at most `MOST_COUNTED`.
    unsafe {
        for (channel, sum) in sums[..events.n].iter_mut().enumerate() {
            let (plus, minus) = (*counts.add(2 * channel), *counts.add(2 * channel + 1));
            match leap(*to.add(channel), plus, minus, weight) {
                Some(leapt) => _ = sum.write(leapt),
                None => return false,
            }
        }
        to.copy_from_nonoverlapping(sums.as_ptr().cast(), events.n);
    }
    true
}
