//! Events as they are read, checked in blocks whose keys are copied first: what is checked is what is used,
//! even if another thread writes to the arrays meanwhile.

use crate::failure::{Failure, refused};
use crate::simd::prefetch;

/// Events whose keys are made at once.
pub const CHUNK: usize = 512;
/// Channels that a key has room for.
pub const MOST_CHANNELS: usize = 1 << 31;

/// A chunk's keys: twice the channel, plus one for a negative polarity.
pub type Keys = [u32; CHUNK];

/// Events from which they are asked for ahead: fewer are in the cache anyway.
pub const IN_CACHE: usize = 16_384;

/// A block of events, and the part of it inside the window.
#[derive(Clone, Copy)]
pub struct Span {
    /// The events to check.
    pub all: (usize, usize),
    /// The events to use.
    pub inside: (usize, usize),
}

impl Span {
    /// Returns the events from `from` up to `to`, given those inside the window.
    pub fn new(from: usize, to: usize, (low, high): (usize, usize)) -> Self {
        Self { all: (from, to), inside: (low.clamp(from, to), high.clamp(from, to)) }
    }
}

/// The polarities: bytes, words, or not looked at.
#[derive(Clone, Copy)]
pub enum Signs {
    /// Signed, of 8 bits.
    Bytes(*const i8),
    /// Signed, of 64 bits.
    Words(*const i64),
    /// Not looked at.
    Ignored,
}

/// The events of a call, and the window.
#[derive(Clone, Copy)]
pub struct Events {
    /// Number of events.
    pub m: usize,
    /// Their channels.
    pub address: *const i64,
    /// Their times.
    pub times: *const u64,
    /// Their polarities.
    pub signs: Signs,
    /// Number of channels.
    pub n: usize,
    /// Start of the window.
    pub start: u64,
    /// Length of the window; its end is a time too.
    pub window: u64,
}

// SAFETY: the arrays are only read, and their caller keeps them alive.
unsafe impl Sync for Events {}

impl Events {
    /// Returns where the window begins and ends, provided that the times are in order.
    ///
    /// # Safety
    /// `m` times are readable.
    pub unsafe fn inside(&self) -> (usize, usize) {
        // SAFETY: as promised by the caller.
        let times = unsafe { self.slice(self.times, 0, self.m) };
        let end = self.start + self.window;
        // Windows of everything are common: they need no search.
        match times {
            [first, .., last] if *first >= self.start && *last < end => (0, self.m),
            _ => {
                let low = times.partition_point(|time| *time < self.start);
                (low, times.partition_point(|time| *time < end).max(low))
            }
        }
    }

    /// Returns some numbers of an array of the events.
    ///
    /// # Safety
    /// They are readable while the slice is used.
    #[inline(always)]
    unsafe fn slice<T>(&self, array: *const T, from: usize, to: usize) -> &[T] {
        // An empty array may have no address.
        if from >= to {
            return &[];
        }
        // SAFETY: as promised by the caller.
        unsafe { std::slice::from_raw_parts(array.add(from), to - from) }
    }

    /// Says whether times compare as signed numbers do, which is faster: the first and the last are below 2**63.
    ///
    /// If they are and one between them is not, the times fall somewhere, as signed numbers too.
    ///
    /// # Safety
    /// The events are readable.
    #[inline(always)]
    pub unsafe fn narrow(&self) -> bool {
        // SAFETY: as promised by the caller.
        self.m > 0 && unsafe { (*self.times | *self.times.add(self.m - 1)) >> 63 == 0 }
    }

    /// Says whether the times from the one before `from` up to `to` are in order and the polarities are +1 or -1.
    ///
    /// # Safety
    /// The events are readable; `narrow` is what they are.
    #[inline(always)]
    pub unsafe fn in_order(&self, from: usize, to: usize, narrow: bool) -> bool {
        // SAFETY: as promised to `sweep`.
        unsafe {
            let times = self.slice(self.times, from.saturating_sub(1), to);
            let later = times.get(1..).unwrap_or_default();
            let pairs = times.iter().zip(later);
            let falls = if narrow {
                // The top bit: of a time that is too large, or of the difference to a smaller one.
                pairs.fold(0, |bits, (one, next)| bits | next | next.wrapping_sub(*one)) >> 63 != 0
            } else {
                pairs.fold(false, |falls, (one, next)| falls | (next < one))
            };
            // Of +1 and -1, and of nothing else, one more is 2 or 0.
            let odd = match self.signs {
                Signs::Bytes(signs) => {
                    let signs = self.slice(signs, from, to);
                    signs.iter().fold(0, |bits, sign| bits | sign.wrapping_add(1) & !2) != 0
                }
                Signs::Words(signs) => {
                    let signs = self.slice(signs, from, to);
                    signs.iter().fold(0, |bits, sign| bits | sign.wrapping_add(1) & !2) != 0
                }
                Signs::Ignored => false,
            };
            !falls & !odd
        }
    }

    /// Asks for the events of a chunk, some of which may not exist.
    #[inline(always)]
    fn fetch(&self, from: usize) {
        for line in (0..CHUNK).step_by(8) {
            prefetch(self.address.wrapping_add(from + line).cast());
            prefetch(self.times.wrapping_add(from + line).cast());
        }
        match self.signs {
            Signs::Bytes(signs) => {
                (0..CHUNK).step_by(64).for_each(|line| prefetch(signs.wrapping_add(from + line).cast()));
            }
            Signs::Words(signs) => {
                (0..CHUNK).step_by(8).for_each(|line| prefetch(signs.wrapping_add(from + line).cast()));
            }
            Signs::Ignored => {}
        }
    }

    /// Checks a block and calls `take` with the keys of its events inside the window, chunk by chunk,
    /// and the place of the first of them; stops at what is unsound and says so.
    ///
    /// # Safety
    /// The events are readable.
    #[inline(always)]
    pub unsafe fn sweep(&self, block: Span, mut take: impl FnMut(usize, &[u32])) -> bool {
        let mut keys: Keys = [0; CHUNK];
        let mut at = block.all.0;
        // SAFETY: as promised by the caller.
        unsafe {
            let narrow = self.narrow();
            while at < block.all.1 {
                let end = block.all.1.min(at + CHUNK);
                if self.m > IN_CACHE {
                    self.fetch(end);
                }
                let (from, to) = (block.inside.0.clamp(at, end), block.inside.1.clamp(at, end));
                if !(self.in_order(at, end, narrow) & self.keys(from, to, &mut keys)) {
                    return false;
                }
                take(from, &keys[..to - from]);
                at = end;
            }
        }
        true
    }

    /// Writes the keys of at most a chunk of events, and says whether all channels exist.
    ///
    /// # Safety
    /// The events are readable.
    #[inline(always)]
    pub unsafe fn keys(&self, from: usize, to: usize, keys: &mut Keys) -> bool {
        let most = self.n as i64 - 1;
        // SAFETY: as promised by the caller.
        unsafe {
            let address = self.slice(self.address, from, to);
            // The top bit of a channel below zero, or of the distance to the last one.
            let mut bits = 0_i64;
            let mut note = |channel: i64| bits |= channel | most.wrapping_sub(channel);
            match self.signs {
                Signs::Bytes(signs) => {
                    let signs = self.slice(signs, from, to);
                    for ((key, channel), sign) in keys.iter_mut().zip(address).zip(signs) {
                        note(*channel);
                        *key = (*channel as u32) << 1 | (*sign as u8 >> 7) as u32;
                    }
                }
                Signs::Words(signs) => {
                    let signs = self.slice(signs, from, to);
                    for ((key, channel), sign) in keys.iter_mut().zip(address).zip(signs) {
                        note(*channel);
                        *key = (*channel as u32) << 1 | (sign.cast_unsigned() >> 63) as u32;
                    }
                }
                Signs::Ignored => {
                    for (key, channel) in keys.iter_mut().zip(address) {
                        note(*channel);
                        *key = (*channel as u32) << 1;
                    }
                }
            }
            bits >= 0
        }
    }

    /// Returns what is wrong with the events, looked for in the order in which the floor looks.
    ///
    /// # Safety
    /// The events are readable.
    #[cold]
    pub unsafe fn blame(&self) -> Failure {
        // SAFETY: as promised by the caller.
        unsafe {
            let times = self.slice(self.times, 0, self.m);
            if let Some(at) = (1..self.m).find(|at| times[*at] < times[at - 1]) {
                let found = format!("{} after {} at index {at}", times[at], times[at - 1]);
                return refused("t_ns", "non-decreasing", &found);
            }
            let odd = |sign: i64| sign != 1 && sign != -1;
            let sign = |at: usize| match self.signs {
                Signs::Bytes(signs) => i64::from(*signs.add(at)),
                Signs::Words(signs) => *signs.add(at),
                Signs::Ignored => 1,
            };
            if let Some(at) = (0..self.m).find(|at| odd(sign(*at))) {
                return refused("polarity", "+1 or -1", &format!("{} at index {at}", sign(at)));
            }
            let (low, high) = self.inside();
            let address = self.slice(self.address, 0, self.m);
            let stray = (low..high).find(|at| address[*at].cast_unsigned() >= self.n as u64);
            let found = stray
                .map_or("a change during the call".to_owned(), |at| format!("{} at index {at}", address[at]));
            refused("address", &format!("between 0 and {}", self.n - 1), &found)
        }
    }
}
