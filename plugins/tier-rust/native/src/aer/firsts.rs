//! What the first and the last event of each channel tell.

use super::events::{CHUNK, Events, Keys, Span};
use crate::failure::Failure;
use crate::memory::Buffer;
use crate::simd::{Lanes, Level, per_level};

/// A time that no window holds.
const NEVER: u64 = u64::MAX;

per_level! {
    /// Writes how early each channel's first event comes, and says whether the events were sound.
    ///
    /// # Safety
    /// The CPU has `level`; the events are readable; `n` values are writable at `to`.
    fn earliness(events: &Events, to: *mut f64) -> bool = earliness_generic;
    /// Writes the number, the first and the last time of each channel's events, `n` each, to `found`,
    /// and says whether the events were sound.
    ///
    /// # Safety
    /// The CPU has `level`; the events are readable; `3 n` zeros lie at `found`.
    fn extremes(events: &Events, found: *mut u64) -> bool = extremes_generic;
}

/// Body of [`earliness`].
#[inline(always)]
unsafe fn earliness_generic<L: Lanes>(events: &Events, to: *mut f64) -> bool {
    // SAFETY: as promised to `earliness`; channels that exist have a place.
    unsafe {
        for channel in 0..events.n {
            to.add(channel).write(f64::NAN);
        }
        let mut left = events.n;
        let sound = events.sweep(Span::new(0, events.m, events.inside()), |from, keys| {
            if left == 0 {
                return;
            }
            for (place, key) in keys.iter().enumerate() {
                let early = to.add((key >> 1) as usize);
                if (*early).is_nan() {
                    let since = (*events.times.add(from + place)).wrapping_sub(events.start);
                    early.write(1.0 - since as f64 / events.window as f64);
                    left -= 1;
                }
            }
        });
        for channel in 0..events.n {
            let early = to.add(channel);
            if (*early).is_nan() {
                early.write(0.0);
            }
        }
        sound
    }
}

/// Body of [`extremes`].
#[inline(always)]
unsafe fn extremes_generic<L: Lanes>(events: &Events, found: *mut u64) -> bool {
    let n = events.n;
    let (mut keys, mut active): (Keys, usize) = ([0; CHUNK], 0);
    // SAFETY: as promised to `extremes`; channels that exist have three places.
    unsafe {
        let inside = events.inside();
        let (count, first, last) = (found, found.add(n), found.add(2 * n));
        let sound = events.sweep(Span::new(0, events.m, inside), |from, keys| {
            for (place, key) in keys.iter().enumerate() {
                let channel = (key >> 1) as usize;
                let count = count.add(channel);
                if *count == 0 {
                    first.add(channel).write(*events.times.add(from + place));
                    active += 1;
                }
                *count += 1;
            }
        });
        if !sound {
            return false;
        }
        // From the end back, until every channel that has an event has met its last.
        (0..n).for_each(|channel| last.add(channel).write(NEVER));
        let mut seen = 0;
        let mut to = inside.1;
        while to > inside.0 && seen < active {
            let from = inside.0.max(to.saturating_sub(CHUNK));
            if !events.keys(from, to, &mut keys) {
                return false;
            }
            for (place, key) in keys[..to - from].iter().enumerate().rev() {
                let last = last.add((key >> 1) as usize);
                if *last == NEVER {
                    last.write(*events.times.add(from + place));
                    seen += 1;
                }
            }
            to = from;
        }
        true
    }
}

/// Writes 1 less the part of the window before each channel's first event, 0 for channels without one.
///
/// # Safety
/// The CPU has `level`; the events are readable until this returns; `n` values are writable at `to`.
pub unsafe fn temporal(level: Level, events: &Events, to: *mut f64) -> Result<(), Failure> {
    // SAFETY: as promised by the caller.
    unsafe { if earliness(level, events, to) { Ok(()) } else { Err(events.blame()) } }
}

/// Writes the inverse mean interval of each channel's events, 0 where there is none.
///
/// # Safety
/// The CPU has `level`; the events are readable until this returns; `n` values are writable at `to`.
pub unsafe fn isi(level: Level, events: &Events, to: *mut f64) -> Result<(), Failure> {
    let n = events.n;
    let memory = Buffer::zeroed(n.checked_mul(3).ok_or(Failure::Memory)?)?;
    let found: *mut u64 = memory.start().cast();
    // SAFETY: as promised by the caller; the buffer has room for three numbers of each channel.
    unsafe {
        if !extremes(level, events, found) {
            return Err(events.blame());
        }
        for channel in 0..n {
            let (count, first) = (*found.add(channel), *found.add(n + channel));
            let last = *found.add(2 * n + channel);
            let gaps = count.saturating_sub(1);
            to.add(channel).write(if gaps > 0 && last > first {
                gaps as f64 / (last - first) as f64
            } else {
                0.0
            });
        }
    }
    Ok(())
}
