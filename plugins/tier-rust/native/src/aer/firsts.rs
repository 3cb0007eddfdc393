//! What the first and the last event of each channel tell.

use super::events::{CHUNK, Events, Keys};
use crate::failure::Failure;
use crate::memory::Buffer;
use crate::simd::{Lanes, Level, per_level};

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

/// Calls `take` with the place and the channel of every event inside the window, unless one is unsound.
#[inline(always)]
unsafe fn each(events: &Events, mut take: impl FnMut(usize, usize)) -> bool {
    let mut keys: Keys = [0; CHUNK];
    // SAFETY: as promised to the callers.
    unsafe {
        let (low, high) = events.inside();
        let mut at = 0;
        while at < events.m {
            let end = events.m.min(at + CHUNK);
            let (from, to) = (low.clamp(at, end), high.clamp(at, end));
            if !(events.in_order(at, end) & events.keys(from, to, &mut keys)) {
                return false;
            }
            for (place, key) in keys[..to - from].iter().enumerate() {
                take(from + place, (key >> 1) as usize);
            }
            at = end;
        }
    }
    true
}

/// Body of [`earliness`].
#[inline(always)]
unsafe fn earliness_generic<L: Lanes>(events: &Events, to: *mut f64) -> bool {
    // SAFETY: as promised to `earliness`; channels that exist have a place.
    unsafe {
        for channel in 0..events.n {
            to.add(channel).write(f64::NAN);
        }
        let sound = each(events, |at, channel| {
            let early = to.add(channel);
            if (*early).is_nan() {
                let since = (*events.times.add(at)).wrapping_sub(events.start);
                early.write(1.0 - since as f64 / events.window as f64);
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
    // SAFETY: as promised to `extremes`; channels that exist have three places.
    unsafe {
        each(events, |at, channel| {
            let (count, first, last) =
                (found.add(channel), found.add(n + channel), found.add(2 * n + channel));
            let time = *events.times.add(at);
            if *count == 0 {
                first.write(time);
            }
            last.write(time);
            *count += 1;
        })
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
            let span = (*found.add(2 * n + channel)).wrapping_sub(first);
            to.add(channel).write(if span > 0 { (count - 1) as f64 / span as f64 } else { 0.0 });
        }
    }
    Ok(())
}
