//! Events as they are read, checked in blocks whose keys are copied first: what is checked is what is used,
//! even if another thread writes to the arrays meanwhile.

use crate::failure::{Failure, refused};

/// Events whose keys are made at once.
pub const CHUNK: usize = 512;
/// Channels that a key has room for.
pub const MOST_CHANNELS: usize = 1 << 31;

/// A chunk's keys: twice the channel, plus one for a negative polarity.
pub type Keys = [u32; CHUNK];

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
        let low = times.partition_point(|time| *time < self.start);
        let high = times.partition_point(|time| *time < self.start + self.window);
        (low, high.max(low))
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

    /// Says whether the times from the one before `from` up to `to` are in order and the polarities are +1 or -1.
    ///
    /// # Safety
    /// The events are readable.
    #[inline(always)]
    pub unsafe fn in_order(&self, from: usize, to: usize) -> bool {
        // SAFETY: as promised by the caller.
        unsafe {
            let times = self.slice(self.times, from.saturating_sub(1), to);
            let later = times.get(1..).unwrap_or_default();
            let falls = times.iter().zip(later).fold(false, |falls, (one, next)| falls | (next < one));
            let odd = match self.signs {
                Signs::Bytes(signs) => any(self.slice(signs, from, to), |sign| sign != 1 && sign != -1),
                Signs::Words(signs) => any(self.slice(signs, from, to), |sign| sign != 1 && sign != -1),
                Signs::Ignored => false,
            };
            !falls & !odd
        }
    }

    /// Writes the keys of at most a chunk of events, and says whether all channels exist.
    ///
    /// # Safety
    /// The events are readable.
    #[inline(always)]
    pub unsafe fn keys(&self, from: usize, to: usize, keys: &mut Keys) -> bool {
        let limit = self.n as u64;
        // SAFETY: as promised by the caller.
        unsafe {
            let address = self.slice(self.address, from, to);
            let mut strays = false;
            match self.signs {
                Signs::Bytes(signs) => {
                    let signs = self.slice(signs, from, to);
                    for ((key, channel), sign) in keys.iter_mut().zip(address).zip(signs) {
                        strays |= channel.cast_unsigned() >= limit;
                        *key = (*channel as u32) << 1 | (*sign as u8 >> 7) as u32;
                    }
                }
                Signs::Words(signs) => {
                    let signs = self.slice(signs, from, to);
                    for ((key, channel), sign) in keys.iter_mut().zip(address).zip(signs) {
                        strays |= channel.cast_unsigned() >= limit;
                        *key = (*channel as u32) << 1 | (sign.cast_unsigned() >> 63) as u32;
                    }
                }
                Signs::Ignored => {
                    for (key, channel) in keys.iter_mut().zip(address) {
                        strays |= channel.cast_unsigned() >= limit;
                        *key = (*channel as u32) << 1;
                    }
                }
            }
            !strays
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

/// Says whether the test holds for any of the numbers; without a way out, so that it takes whole vectors.
#[inline(always)]
fn any<T: Copy>(numbers: &[T], test: impl Fn(T) -> bool) -> bool {
    numbers.iter().fold(false, |found, number| found | test(*number))
}
