//! What a slope does to one vector of oscillators.

use super::network::Network;
use crate::simd::Lanes;
use crate::simd::lanes::strays;
use crate::simd::sincos::{SMALL, small};

/// What a round does with a slope.
#[derive(Clone, Copy)]
pub enum Rule {
    /// Euler step; sine and cosine from the new phase.
    Evaluate,
    /// Euler step; sine and cosine rotated by the increment.
    Rotate,
    /// Stage of a Runge-Kutta step, from 0.
    Stage(u64),
}

/// Returns (sine, cosine) of any angle; of one that is not finite, not a number.
#[inline(always)]
pub fn sincos<L: Lanes>(angle: L) -> (L, L) {
    let trig = angle.sincos();
    if strays(trig.range) { library_sincos(angle) } else { (trig.sin, trig.cos) }
}

/// Sines and cosines by the mathematical library.
#[cold]
#[inline(never)]
fn library_sincos_of(angles: &[f64; 8]) -> ([f64; 8], [f64; 8]) {
    (angles.map(f64::sin), angles.map(f64::cos))
}

/// As [`sincos`] for lanes of which some are huge.
#[inline(always)]
fn library_sincos<L: Lanes>(angle: L) -> (L, L) {
    let mut angles = [0.0; 8];
    // SAFETY: no level has more than eight lanes; `angle` proves the level.
    unsafe {
        angle.store(angles.as_mut_ptr());
        let (sin, cos) = library_sincos_of(&angles);
        (L::load(sin.as_ptr()), L::load(cos.as_ptr()))
    }
}

/// Advances one vector of oscillators and returns (sine, cosine) for the next round.
///
/// # Safety
/// `at` is the first row of a vector of the network, which no other thread touches in this round.
#[inline(always)]
pub unsafe fn advance_vector<L: Lanes>(
    network: &Network,
    rule: Rule,
    at: usize,
    (sin, cos): (L, L),
    [sin_pull, cos_pull]: [L; 2],
) -> (L, L) {
    // SAFETY: `at` is the first row of a vector of the network.
    unsafe {
        let theta = network.theta.add(at);
        let slope = sin.mul_from(cos_pull, cos.mul_add(sin_pull, L::load(network.omega.add(at))));
        match rule {
            // The increment goes in whole and once: theta + omega * dt kept from before would add a bias.
            Rule::Evaluate => {
                let new = slope.mul_add(L::splat(network.dt), L::load(theta));
                new.store(theta);
                sincos(new)
            }
            Rule::Rotate => {
                let angle = slope.mul(L::splat(network.dt));
                let new = L::load(theta).add(angle);
                new.store(theta);
                rotate(sin, cos, angle, new)
            }
            Rule::Stage(stage) => sincos(runge_kutta(network, stage, at, slope)),
        }
    }
}

/// Returns (sine, cosine) turned by `angle`, or those of `new` where the angle is not small.
#[inline(always)]
fn rotate<L: Lanes>(sin: L, cos: L, angle: L, new: L) -> (L, L) {
    if angle.exceeds(SMALL) {
        return sincos(new);
    }
    let (s, c) = small(angle);
    (sin.mul_add(c, cos.mul(s)), sin.mul_from(s, cos.mul(c)))
}

/// Takes the slope of a stage and returns the phases of the next one.
#[inline(always)]
unsafe fn runge_kutta<L: Lanes>(network: &Network, stage: u64, at: usize, slope: L) -> L {
    // SAFETY: as for `advance_vector`.
    unsafe {
        let (theta, slopes) = (network.theta.add(at), network.slopes.add(at));
        let old = L::load(theta);
        match stage {
            0 => slope.store(slopes),
            1 | 2 => slope.mul_add(L::splat(2.0), L::load(slopes)).store(slopes),
            _ => {
                let new = L::load(slopes).add(slope).mul_add(L::splat(network.dt / 6.0), old);
                new.store(theta);
                return new;
            }
        }
        let reach = if stage == 2 { network.dt } else { 0.5 * network.dt };
        slope.mul_add(L::splat(reach), old)
    }
}
