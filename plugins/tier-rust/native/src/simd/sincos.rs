//! Sine and cosine of whole vectors: absolute error below 5e-16 for every angle that does not stray.
//!
//! Coefficients are minimax fits made for these ranges.

use super::lanes::{Lanes, SinCos, magic};

/// Lanes that can change signs by the parity of a number of half turns.
pub trait ParityLanes: Lanes {
    /// Returns `self`, negated where the lowest bit of `turns` is set.
    fn negate_odd(self, turns: Self) -> Self;
}

/// Lanes that can look sixteen values up.
pub trait TableLanes: Lanes {
    /// Returns (sine, cosine) of `q * pi/8`, `q` being the low four bits of `turns`.
    fn sixteenths(turns: Self) -> (Self, Self);
}

/// sin(r) = r + r^3 P(r^2) on |r| <= pi/2, error 1.1e-16.
const SIN_HALF: [f64; 7] = [
    -7.364590919239623e-13,
    1.6047296551807267e-10,
    -2.5051851344093113e-8,
    2.755731607450459e-6,
    -0.0001984126982007312,
    0.008333333333262794,
    -0.1666666666666581,
];
/// cos(r) = 1 + r^2 Q(r^2) on |r| <= pi/2, error 4e-18.
const COS_HALF: [f64; 8] = [
    4.6102609095571304e-14,
    -1.1463036322581879e-11,
    2.0876567628456935e-9,
    -2.755731652308337e-7,
    2.4801587279126705e-5,
    -0.0013888888888785528,
    0.04166666666666437,
    -0.49999999999999983,
];
/// As `SIN_HALF` on |r| <= pi/16, error 6e-19.
const SIN_SIXTEENTH: [f64; 4] =
    [2.753233194821691e-6, -0.00019841261067346966, 0.008333333332076595, -0.1666666666666607];
/// As `COS_HALF` on |r| <= pi/16, error 5.2e-17.
const COS_SIXTEENTH: [f64; 4] =
    [2.4775700328491653e-5, -0.0013888880503369137, 0.04166666665596071, -0.49999999999995753];
/// As `SIN_HALF` on |r| <= 1/16, error 3e-19.
const SIN_SMALL: [f64; 3] = [-0.00019839063203647774, 0.008333333278408479, -0.16666666666662552];
/// As `COS_HALF` on |r| <= 1/16, error 5.3e-17.
const COS_SMALL: [f64; 3] = [-0.0013887028042715314, 0.041666666245315585, -0.4999999999997288];

/// The largest magnitude that [`small`] serves.
pub const SMALL: f64 = 0.0625;

/// pi/2 as the sum of parts; without fused products the first two leave room for twenty bits of a factor.
const HALF_PI_FUSED: [f64; 2] = [std::f64::consts::FRAC_PI_2, 6.123233995736766e-17];
const HALF_PI_SPLIT: [f64; 3] = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21];

/// Returns the polynomial with these coefficients, highest first, at `x`, given the square of `x`.
///
/// Two chains, for the odd and the even powers: the latency of one long chain would fill the CPU's queues.
#[inline(always)]
fn polynomial<L: Lanes, const N: usize>(x: L, square: L, coefficients: [f64; N]) -> L {
    let pair = |at: usize| x.like(coefficients[at]).mul_add(x, x.like(coefficients[at + 1]));
    let first = if N.is_multiple_of(2) { pair(0) } else { x.like(coefficients[0]) };
    let mut value = first;
    for at in (2 - N % 2..N).step_by(2) {
        value = value.mul_add(square, pair(at));
    }
    value
}

/// Returns (sine, cosine) of an angle inside the range of the two polynomials.
#[inline(always)]
fn reduced<L: Lanes, const S: usize, const C: usize>(r: L, sin: [f64; S], cos: [f64; C]) -> (L, L) {
    let square = r.mul(r);
    let fourth = square.mul(square);
    let sine = polynomial(square, fourth, sin).mul_add(r.mul(square), r);
    (sine, polynomial(square, fourth, cos).mul_add(square, r.like(1.0)))
}

/// Returns (sine, cosine) of angles of magnitude up to [`SMALL`].
#[inline(always)]
pub fn small<L: Lanes>(angle: L) -> (L, L) {
    reduced(angle, SIN_SMALL, COS_SMALL)
}

/// Subtracts `turns` times pi/2, scaled down by the power of two `scale`.
#[inline(always)]
fn reduce<L: Lanes>(angle: L, turns: L, scale: f64) -> L {
    let parts: &[f64] = if L::FUSED { &HALF_PI_FUSED } else { &HALF_PI_SPLIT };
    let mut rest = angle;
    for part in parts {
        rest = turns.mul_from(angle.like(part * scale), rest);
    }
    rest
}

/// Sine and cosine by reduction to half a turn and a sign: three more products than with a quarter turn,
/// but nothing to select, and no memory.
#[inline(always)]
pub fn half_turn<L: ParityLanes>(angle: L) -> SinCos<L> {
    let magic = angle.like(magic::<L>());
    let turns = angle.mul_add(angle.like(std::f64::consts::FRAC_1_PI), magic);
    let r = reduce(angle, turns.sub(magic), 2.0);
    let (sin, cos) = reduced(r, SIN_HALF, COS_HALF);
    SinCos { sin: sin.negate_odd(turns), cos: cos.negate_odd(turns), range: turns.xor(magic) }
}

/// Sine and cosine by e^{ix} = T[q] e^{ir} with sixteen table entries in registers: the fewest operations.
#[inline(always)]
pub fn table<L: TableLanes>(angle: L) -> SinCos<L> {
    let magic = angle.like(magic::<L>());
    let turns = angle.mul_add(angle.like(4.0 * std::f64::consts::FRAC_2_PI), magic);
    let r = reduce(angle, turns.sub(magic), 0.25);
    let (sin, cos) = reduced(r, SIN_SIXTEENTH, COS_SIXTEENTH);
    let (table_sin, table_cos) = L::sixteenths(turns);
    SinCos {
        sin: table_cos.mul_add(sin, table_sin.mul(cos)),
        cos: table_sin.mul_from(sin, table_cos.mul(cos)),
        range: turns.xor(magic),
    }
}

/// Returns (sine, cosine) of `q * pi/8` for `q` from 0 to 15, each exact to the last bit.
pub const SIXTEENTHS_SIN: [f64; 16] = [0.0, A, B, C, 1.0, C, B, A, 0.0, -A, -B, -C, -1.0, -C, -B, -A];
/// As [`SIXTEENTHS_SIN`], the cosines.
pub const SIXTEENTHS_COS: [f64; 16] = [1.0, C, B, A, 0.0, -A, -B, -C, -1.0, -C, -B, -A, 0.0, A, B, C];
const A: f64 = 0.3826834323650898;
const B: f64 = std::f64::consts::FRAC_1_SQRT_2;
const C: f64 = 0.9238795325112867;
