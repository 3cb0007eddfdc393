//! The family against plain loops, at every level, alone and shared.

use super::events::{Events, Signs};
use super::firsts::{isi, temporal};
use super::rate::{BLOCK, leap, rate};
use crate::failure::Failure;
use crate::simd::Level;

/// Numbers that look random.
fn draws(count: usize, seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 11
    })
}

/// A stream of events.
#[derive(Clone)]
struct Stream {
    address: Vec<i64>,
    times: Vec<u64>,
    signs: Vec<i8>,
    words: Vec<i64>,
}

impl Stream {
    /// Returns `m` events on `n` channels, one in `odd` negative, in runs of one channel.
    fn new(m: usize, n: u64, odd: u64, run: usize) -> Self {
        let address: Vec<_> = draws(m, n).collect();
        let signs: Vec<_> = draws(m, 7).map(|draw| if draw % odd == 0 { -1_i8 } else { 1 }).collect();
        Self {
            address: (0..m).map(|k| (address[k / run] % n) as i64).collect(),
            times: (0..m as u64).map(|k| 10 * k + 1).collect(),
            words: signs.iter().map(|sign| i64::from(*sign)).collect(),
            signs,
        }
    }

    fn events(&self, n: usize, start: u64, window: u64) -> Events {
        let signs = Signs::Bytes(self.signs.as_ptr());
        let (address, times) = (self.address.as_ptr(), self.times.as_ptr());
        Events { m: self.times.len(), address, times, signs, n, start, window }
    }

    /// The channel, the time since the start, and the polarity of the events inside a window.
    fn inside(&self, start: u64, window: u64) -> impl Iterator<Item = (usize, u64, f64)> {
        let all = self.address.iter().zip(&self.times).zip(&self.signs);
        let within = move |time: u64| time >= start && time - start < window;
        all.filter(move |((_, time), _)| within(**time))
            .map(move |((channel, time), sign)| (*channel as usize, time - start, f64::from(*sign)))
    }
}

/// Runs a decoder.
fn decoded(
    events: &Events,
    decoder: impl Fn(&Events, *mut f64) -> Result<(), Failure>,
) -> Result<Vec<f64>, Failure> {
    let mut to = vec![f64::NAN; events.n];
    decoder(events, to.as_mut_ptr()).map(|()| to)
}

#[test]
fn rates_are_running_sums_to_the_bit() {
    let shapes = [(1, 1, 3, 1), (700, 3, 5, 1), (60_000, 16, 5, 1), (60_000, 16, 2, 1), (50_000, 20, 4, 300)];
    for (m, n, odd, run) in shapes.into_iter().chain([(40_000, 40, 9, 1), (40_000, 300, 5, 1)]) {
        let stream = Stream::new(m, n as u64, odd, run);
        let all = 10 * m as u64;
        for (start, window) in [(0, all), (0, all.next_power_of_two()), (all / 3 + 5, all / 3), (3, 1)] {
            let mut wanted = vec![0.0; n];
            for (channel, _, sign) in stream.inside(start, window) {
                wanted[channel] += sign / window as f64;
            }
            for level in Level::here() {
                for helpers in 0..3 {
                    let bytes = stream.events(n, start, window);
                    let words = Events { signs: Signs::Words(stream.words.as_ptr()), ..bytes };
                    for events in [bytes, words] {
                        // SAFETY: the arrays have room, and the CPU has the level.
                        let found =
                            decoded(&events, |events, to| unsafe { rate(level, events, to, helpers) });
                        assert_eq!(found.unwrap(), wanted, "{m} {n} {window} {level:?} {helpers}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_leap_is_the_sum_of_its_steps_or_none() {
    let mut leaps = 0;
    for (place, draw) in draws(20_000, 3).enumerate() {
        let weight = 1.0 / (draw % 1_000_003 + 2) as f64;
        let (plus, minus) = ((draw >> 20) % 60, (draw >> 30) % 60);
        let mut sum = 0.0;
        for _ in 0..(draw >> 40) % 4000 {
            sum += if place % 2 == 0 { weight } else { -weight };
        }
        let found = leap(sum, plus as u32, minus as u32, weight);
        for rise_first in [true, false] {
            let mut walked = sum;
            for step in 0..plus + minus {
                walked +=
                    if (step < plus) == rise_first && plus > 0 || minus == 0 { weight } else { -weight };
            }
            let net = if rise_first { walked } else { stepped(sum, plus, minus, weight) };
            assert!(found.is_none_or(|found| found == net), "{sum:e} {plus} {minus} {weight:e}");
        }
        leaps += usize::from(found.is_some());
    }
    assert!(leaps > 10_000, "{leaps} leaps of 20000");
}

/// Subtracts first, then adds.
fn stepped(sum: f64, plus: u64, minus: u64, weight: f64) -> f64 {
    let low = (0..minus).fold(sum, |sum, _| sum - weight);
    (0..plus).fold(low, |sum, _| sum + weight)
}

#[test]
fn first_and_last_events_tell_their_times() {
    for (m, n, run) in [(1, 2, 1), (3000, 7, 1), (20_000, 50, 40)] {
        let stream = Stream::new(m, n as u64 - 1, 5, run);
        for (start, window) in [(0, 10 * m as u64), (105, 4_000), (9 * m as u64, 1 << 62)] {
            let (mut early, mut spans) = (vec![0.0; n], vec![(0_u64, 0, 0); n]);
            for (channel, time, _) in stream.inside(start, window) {
                let (count, first, last) = &mut spans[channel];
                if *count == 0 {
                    early[channel] = 1.0 - time as f64 / window as f64;
                    *first = time;
                }
                (*count, *last) = (*count + 1, time);
            }
            let rates =
                spans.iter().map(
                    |(count, first, last)| {
                        if last > first { (count - 1) as f64 / (last - first) as f64 } else { 0.0 }
                    },
                );
            let rates: Vec<_> = rates.collect();
            for level in Level::here() {
                let events = Events { signs: Signs::Ignored, ..stream.events(n, start, window) };
                // SAFETY: the arrays have room, and the CPU has the level.
                assert_eq!(decoded(&events, |e, to| unsafe { temporal(level, e, to) }).unwrap(), early);
                // SAFETY: likewise.
                assert_eq!(decoded(&events, |e, to| unsafe { isi(level, e, to) }).unwrap(), rates);
            }
        }
    }
}

#[test]
fn what_is_unsound_is_named_wherever_it_lies() {
    let m = 5 * BLOCK;
    for at in [1, 511, 512, BLOCK, m / 2 + 3, m - 1] {
        let spoil = |change: &dyn Fn(&mut Stream)| {
            let mut stream = Stream::new(m, 16, 5, 1);
            change(&mut stream);
            stream
        };
        let falls = spoil(&|stream| stream.times[at] = stream.times[at - 1] - 1);
        let odd = spoil(&|stream| stream.signs[at] = 0);
        let stray = spoil(&|stream| stream.address[at] = 16);
        let negative = spoil(&|stream| stream.address[at] = -1);
        for (stream, argument) in
            [(falls, "t_ns"), (odd, "polarity"), (stray, "address"), (negative, "address")]
        {
            for helpers in 0..2 {
                for level in Level::here() {
                    let events = stream.events(16, 0, 10 * m as u64);
                    // SAFETY: the arrays have room, and the CPU has the level.
                    let found = decoded(&events, |events, to| unsafe { rate(level, events, to, helpers) });
                    let Err(Failure::Refused(message)) = found else { panic!("{found:?}") };
                    assert!(message.starts_with(&format!("argument '{argument}' must be ")), "{message}");
                    assert!(message.contains(&format!(" at index {at}\nhint: ")), "{message}");
                }
            }
        }
    }
}

#[test]
fn times_beyond_the_signed_range_keep_their_order() {
    let mut stream = Stream::new(600, 4, 5, 1);
    let wide = |k: usize| u64::MAX - 6000 + 10 * k as u64;
    (0..600).for_each(|k| stream.times[k] = if k < 300 { k as u64 } else { wide(k) });
    for level in Level::here() {
        let found = decoded(&stream.events(4, wide(300), 3000), |events, to| {
            // SAFETY: the arrays have room, and the CPU has the level.
            unsafe { rate(level, events, to, 0) }
        });
        assert!(found.unwrap().iter().all(|rate| rate.abs() > 0.0));
        let mut fallen = stream.clone();
        fallen.times[0] = u64::MAX;
        let found = decoded(&fallen.events(4, 0, 3000), |events, to| {
            // SAFETY: likewise.
            unsafe { rate(level, events, to, 0) }
        });
        assert!(found.is_err());
    }
}
