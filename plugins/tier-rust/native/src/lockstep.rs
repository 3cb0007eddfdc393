//! Rounds of shared work with a barrier after each, led by the calling thread.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::threads::{ALONE, assisted, in_time, wait};

/// One thread's part of a round.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Which part, from 0.
    pub index: usize,
    /// Parts in this round.
    pub of: usize,
}

impl Part {
    /// The one part of a round that is not shared.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// Returns this part of `0..count`.
    pub fn slice(self, count: usize) -> Range<usize> {
        count * self.index / self.of..count * (self.index + 1) / self.of
    }
}

/// Published when there are no more rounds.
const STOP: u64 = u64::MAX;
/// Bits of a ticket that hold the size of the team.
const TEAM_BITS: u32 = 16;

/// What the threads of one run share.
struct Crew<'a> {
    share: &'a (dyn Fn(u64, Part) + Sync),
    /// The round to work on, plus one, and the size of its team.
    ticket: AtomicU64,
    joined: AtomicUsize,
    done: AtomicUsize,
    broken: AtomicBool,
}

/// Runs `share` for every round and part; no round begins before the one before it has ended everywhere.
///
/// `settle` runs here after each round, beside the next one; it ends the run by returning false.
/// A helper joins at the first round that begins after it has woken up.
pub fn lockstep(
    rounds: Range<u64>,
    most: usize,
    share: &(dyn Fn(u64, Part) + Sync),
    settle: &mut dyn FnMut(u64) -> bool,
) {
    let crew = Crew {
        share,
        ticket: AtomicU64::new(0),
        joined: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
        broken: AtomicBool::new(false),
    };
    let help = |_: usize| crew.follow();
    assisted(most.saturating_sub(1), &help, || {
        let _stop = Stop(&crew);
        crew.lead(rounds, settle);
    });
}

/// Ends the run for the helpers, in a panic too.
struct Stop<'a>(&'a Crew<'a>);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.ticket.store(STOP, Ordering::Release);
    }
}

/// Tells the leader that a helper will not finish its part.
struct Watch<'a>(&'a Crew<'a>);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.broken.store(true, Ordering::Release);
        }
    }
}

impl Crew<'_> {
    /// Leads all rounds.
    fn lead(&self, mut rounds: Range<u64>, settle: &mut dyn FnMut(u64) -> bool) {
        let Some(mut round) = rounds.next() else { return };
        let (mut expected, mut late) = (0, 0);
        let mut alone_until: Option<Instant> = None;
        let mut going = true;
        let mut of = self.publish(round, true);
        loop {
            let begun = Instant::now();
            (self.share)(round, Part { index: 0, of });
            expected += of - 1;
            let ready =
                || self.done.load(Ordering::Acquire) >= expected || self.broken.load(Ordering::Acquire);
            if !in_time(begun, ready) {
                // The machine is crowded: every round would wait for the scheduler.
                alone_until = Some(Instant::now() + ALONE * (1 << late));
                late = (late + 1).min(7);
            }
            assert!(!self.broken.load(Ordering::Acquire), "a helper thread panicked");
            if !going {
                return;
            }
            let ended = round;
            match rounds.next() {
                Some(next) => {
                    round = next;
                    alone_until = alone_until.filter(|until| Instant::now() < *until);
                    of = self.publish(round, alone_until.is_none());
                    going = settle(ended);
                }
                None => {
                    settle(ended);
                    return;
                }
            }
        }
    }

    /// Opens a round, to all who have joined if it is to be shared, and returns the size of its team.
    fn publish(&self, round: u64, shared: bool) -> usize {
        let helpers = if shared { self.joined.load(Ordering::Acquire) } else { 0 };
        let team = (1 + helpers).min((1 << TEAM_BITS) - 1);
        self.ticket.store((round + 1) << TEAM_BITS | team as u64, Ordering::Release);
        team
    }

    /// Follows the rounds until they stop.
    fn follow(&self) {
        let _watch = Watch(self);
        let index = self.joined.fetch_add(1, Ordering::AcqRel) + 1;
        let mut seen = 0;
        loop {
            wait(|| self.ticket.load(Ordering::Acquire) != seen);
            seen = self.ticket.load(Ordering::Acquire);
            if seen == STOP {
                return;
            }
            let of = (seen & ((1 << TEAM_BITS) - 1)) as usize;
            if index < of {
                (self.share)((seen >> TEAM_BITS) - 1, Part { index, of });
                self.done.fetch_add(1, Ordering::Release);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn every_round_is_done_once_and_in_order() {
        for most in 1..4 {
            let marks = Mutex::new(Vec::new());
            let share = |round: u64, part: Part| {
                let mut marks = marks.lock().unwrap();
                marks.extend(part.slice(10).map(|item| (round, item)));
            };
            let mut settled = Vec::new();
            lockstep(0..200, most, &share, &mut |round| {
                settled.push(round);
                true
            });
            assert_eq!(settled, (0..200).collect::<Vec<_>>());
            let marks = marks.into_inner().unwrap();
            assert!(marks.is_sorted_by_key(|mark| mark.0));
            let mut sorted = marks.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..200).flat_map(|r| (0..10).map(move |i| (r, i))).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_leader_can_stop_early() {
        let rounds = AtomicU64::new(0);
        let share = |_: u64, part: Part| {
            if part.index == 0 {
                rounds.fetch_add(1, Ordering::Relaxed);
            }
        };
        lockstep(0..1000, 2, &share, &mut |round| round < 5);
        assert!(rounds.into_inner() <= 7);
    }

    #[test]
    fn a_panic_in_any_thread_ends_the_run() {
        for culprit in 0..2 {
            let share = |round: u64, part: Part| {
                // A helper may never wake up in time: the leader then fails alone at the end.
                assert!(!(part.index == culprit && round > 3) && round < 50_000, "as asked");
            };
            let run = || lockstep(0..60_000, 2, &share, &mut |_| true);
            assert!(std::panic::catch_unwind(run).is_err());
        }
        let share = |_: u64, _: Part| {};
        lockstep(0..10, 2, &share, &mut |_| true);
    }
}
