//! One round of an integration: the slopes of all oscillators, and what they do to the phases.

use super::advance::{Rule, advance_vector, sincos};
use super::network::{Network, PANEL};
use super::sums::Sums;
use crate::lockstep::Part;
use crate::simd::{Lanes, per_level, prefetch};

/// Steps between two evaluations of sine and cosine from the phase itself, where they are rotated.
const RESYNC: u64 = 32;
/// Oscillators up to which rotating beats evaluating; beyond, the products with K are all that counts.
const ROTATE_MOST: usize = 64;
/// Accumulators for one product, over columns taken in turn, so that few rows hide the latency too.
const TURNS: usize = 4;
/// Values between the coupling in use and the one prefetched: 2 KiB.
const AHEAD: usize = 256;

/// How phases advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// One round a step.
    Euler,
    /// Classical fourth-order Runge-Kutta: four rounds a step.
    Rk4,
}

impl Method {
    /// Rounds in a step.
    pub fn rounds(self) -> u64 {
        if self == Self::Euler { 1 } else { 4 }
    }
}

/// What a run does, beside advancing the phases.
#[derive(Clone, Copy)]
pub struct Plan {
    /// How phases advance.
    pub method: Method,
    /// Where the phases after every step go, `n` values for each, or null.
    pub path: *mut f64,
    /// Where the order parameters after every step go, or null.
    pub order: *mut f64,
}

// SAFETY: a round's parts write the path of disjoint oscillators; the leader alone writes the orders.
unsafe impl Sync for Plan {}

per_level! {
    /// Evaluates sines, cosines and partial sums of the initial phases.
    ///
    /// # Safety
    /// The CPU has `level`, at which the network was filled.
    pub fn prepare(network: &Network) = prepare_generic;
    /// Runs one part of a round.
    ///
    /// # Safety
    /// As for `prepare`; the plan's arrays have room; parts of one round differ, and earlier rounds are complete.
    pub fn share(network: &Network, plan: &Plan, round: u64, part: Part) = share_generic;
    /// Runs whole steps, alone.
    ///
    /// # Safety
    /// As for `share`.
    pub fn run(network: &Network, plan: &Plan, from_step: u64, to_step: u64) = run_generic;
}

/// Body of [`prepare`].
#[inline(always)]
unsafe fn prepare_generic<L: Lanes>(network: &Network) {
    // SAFETY: every row of a panel lies in the network's arrays.
    unsafe {
        for panel in 0..network.panels {
            let first = network.first_row::<L>(panel);
            let mut sums = [L::splat(0.0); 2];
            for vector in 0..network.vectors::<L>(panel) {
                let at = first + vector * L::WIDTH;
                let (sin, cos) = sincos(L::load(network.theta.add(at)));
                sin.store(network.sin[0].add(at));
                cos.store(network.cos[0].add(at));
                sums = [sums[0].add(cos), sums[1].add(sin)];
            }
            put_sums(network, 0, panel, sums);
        }
    }
}

/// Stores a panel's sums.
#[inline(always)]
unsafe fn put_sums<L: Lanes>(network: &Network, parity: usize, panel: usize, [cos, sin]: [L; 2]) {
    // SAFETY: each panel has two places.
    unsafe {
        network.partial[parity].add(2 * panel).write(cos.total());
        network.partial[parity].add(2 * panel + 1).write(sin.total());
    }
}

/// Returns the order parameter from the partial sums that the round before `round` has left.
pub fn order(network: &Network, round: u64) -> f64 {
    // An idle row stands at 0 and has cosine 1.
    let mut sums = Sums { cos: -(network.idle() as f64), sin: 0.0 };
    for panel in 0..network.panels {
        // SAFETY: each panel has two places, written by an earlier round.
        unsafe {
            let partial = network.partial[(round & 1) as usize].add(2 * panel);
            sums.cos += *partial;
            sums.sin += *partial.add(1);
        }
    }
    sums.order(network.n)
}

/// Body of [`run`].
#[inline(always)]
unsafe fn run_generic<L: Lanes>(network: &Network, plan: &Plan, from_step: u64, to_step: u64) {
    let rounds = plan.method.rounds();
    for round in from_step * rounds..to_step * rounds {
        // SAFETY: as promised to `run`.
        unsafe {
            share_generic::<L>(network, plan, round, Part::WHOLE);
            if !plan.order.is_null() {
                plan.order.add(round as usize + 1).write(order(network, round + 1));
            }
        }
    }
}

/// Body of [`share`].
#[inline(always)]
unsafe fn share_generic<L: Lanes>(network: &Network, plan: &Plan, round: u64, part: Part) {
    let rule = match plan.method {
        Method::Rk4 => Rule::Stage(round & 3),
        Method::Euler if network.n <= ROTATE_MOST && !round.is_multiple_of(RESYNC) => Rule::Rotate,
        Method::Euler => Rule::Evaluate,
    };
    let panels = part.slice(network.panels);
    for turn in 0..panels.len() {
        // Backwards every other round: what was read last is still in the cache.
        let panel = if round & 1 == 0 { panels.start + turn } else { panels.end - 1 - turn };
        // SAFETY: as promised to `share`.
        unsafe {
            match network.vectors::<L>(panel) {
                1 => advance::<L, 1>(network, plan, round, rule, panel),
                2 => advance::<L, 2>(network, plan, round, rule, panel),
                3 => advance::<L, 3>(network, plan, round, rule, panel),
                _ => advance::<L, PANEL>(network, plan, round, rule, panel),
            }
        }
    }
}

/// Advances the oscillators of one panel of `V` vectors.
#[inline(always)]
unsafe fn advance<L: Lanes, const V: usize>(
    network: &Network,
    plan: &Plan,
    round: u64,
    rule: Rule,
    panel: usize,
) {
    // SAFETY: the panel's rows lie in the network's arrays and belong to this part of the round.
    unsafe {
        let (now, next) = ((round & 1) as usize, ((round + 1) & 1) as usize);
        let first = network.first_row::<L>(panel);
        let pulls = products::<L, V>(network, now, first);
        let mut sums = [L::splat(0.0); 2];
        for (vector, pull) in pulls.into_iter().enumerate() {
            let at = first + vector * L::WIDTH;
            let old = (L::load(network.sin[now].add(at)), L::load(network.cos[now].add(at)));
            let (sin, cos) = advance_vector(network, rule, at, old, pull);
            sin.store(network.sin[next].add(at));
            cos.store(network.cos[next].add(at));
            sums = [sums[0].add(cos), sums[1].add(sin)];
        }
        if !plan.order.is_null() {
            put_sums(network, next, panel, sums);
        }
        if !plan.path.is_null() {
            let count = (V * L::WIDTH).min(network.n - first);
            let row = plan.path.add((round as usize + 1) * network.n + first);
            row.copy_from_nonoverlapping(network.theta.add(first), count);
        }
    }
}

/// Returns, for each vector of rows, its part of K times sine and of K times cosine.
#[inline(always)]
unsafe fn products<L: Lanes, const V: usize>(network: &Network, now: usize, first: usize) -> [[L; 2]; V] {
    let (sin, cos) = (network.sin[now], network.cos[now]);
    let turns = (TURNS / V).max(1);
    // SAFETY: the panel has `n` columns of `V` vectors; sines and cosines have at least `n` values.
    unsafe {
        let start = network.packed.add(first * network.n);
        let mut sums = [[[L::splat(0.0); 2]; V]; TURNS];
        let mut column = 0;
        while column + turns <= network.n {
            for (turn, sum) in sums.iter_mut().take(turns).enumerate() {
                take_column(sum, start, column + turn, sin, cos);
            }
            column += turns;
        }
        while column < network.n {
            take_column(&mut sums[0], start, column, sin, cos);
            column += 1;
        }
        let mut pulls = sums[0];
        for more in sums.iter().take(turns).skip(1) {
            for (pull, part) in pulls.iter_mut().zip(more) {
                *pull = [pull[0].add(part[0]), pull[1].add(part[1])];
            }
        }
        pulls
    }
}

/// Adds one column's products.
#[inline(always)]
unsafe fn take_column<L: Lanes, const V: usize>(
    sums: &mut [[L; 2]; V],
    start: *const f64,
    column: usize,
    sin: *const f64,
    cos: *const f64,
) {
    // SAFETY: as for `products`, for one column.
    unsafe {
        let (sin, cos) = (L::splat(*sin.add(column)), L::splat(*cos.add(column)));
        for (vector, sum) in sums.iter_mut().enumerate() {
            if V == PANEL && (vector * L::WIDTH).is_multiple_of(8) {
                prefetch(start.wrapping_add((column * V + vector) * L::WIDTH + AHEAD));
            }
            let coupling = L::load(start.add((column * V + vector) * L::WIDTH));
            sum[0] = coupling.mul_add(sin, sum[0]);
            sum[1] = coupling.mul_add(cos, sum[1]);
        }
    }
}
