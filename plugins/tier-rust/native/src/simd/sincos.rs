//! Sine and cosine of whole vectors: absolute error below 2e-16 for every angle that does not stray.
//!
//! Coefficients are minimax fits made for these ranges.

use super::lanes::{Lanes, SinCos, magic};

/// Lanes that can move a reduced angle's sine and cosine back to the quadrant that it came from.
pub trait QuadrantLanes: Lanes {
    /// Returns (sine, cosine) of `r + q * pi/2`, given those of `r` and `q` in the low bits of `turns`.
    fn unfold(sin: Self, cos: Self, turns: Self) -> (Self, Self);
}

/// Lanes that can look sixteen values up.
pub trait TableLanes: Lanes {
    /// Returns (sine, cosine) of `q * pi/8`, `q` being the low four bits of `turns`.
    fn sixteenths(turns: Self) -> (Self, Self);
}

/// sin(r) = r + r^3 P(r^2) on |r| <= pi/4, error 1.6e-18.
const SIN_QUARTER: [f64; 6] = [
    1.588855201836535e-10,
    -2.5050599637350648e-8,
    2.755731254077642e-6,
    -0.00019841269825921873,
    0.008333333333316465,
    -0.166666666666666,
];
/// cos(r) = 1 + r^2 Q(r^2) on |r| <= pi/4, error 5.2e-17.
const COS_QUARTER: [f64; 6] = [
    2.063354202665538e-9,
    -2.7555295575211907e-7,
    2.4801579011636433e-5,
    -0.0013888888871713997,
    0.04166666666650305,
    -0.49999999999999484,
];
/// As `SIN_QUARTER` on |r| <= pi/16, error 6e-19.
const SIN_SIXTEENTH: [f64; 4] =
    [2.753233194821691e-6, -0.00019841261067346966, 0.008333333332076595, -0.1666666666666607];
/// As `COS_QUARTER` on |r| <= pi/16, error 5.2e-17.
const COS_SIXTEENTH: [f64; 4] =
    [2.4775700328491653e-5, -0.0013888880503369137, 0.04166666665596071, -0.49999999999995753];
/// As `SIN_QUARTER` on |r| <= 1/16, error 3e-19.
const SIN_SMALL: [f64; 3] = [-0.00019839063203647774, 0.008333333278408479, -0.16666666666662552];
/// As `COS_QUARTER` on |r| <= 1/16, error 5.3e-17.
const COS_SMALL: [f64; 3] = [-0.0013887028042715314, 0.041666666245315585, -0.4999999999997288];

/// The largest magnitude that [`small`] serves.
pub const SMALL: f64 = 0.0625;

/// pi/2 as the sum of parts; without fused products the first two leave room for twenty bits of a factor.
const HALF_PI_FUSED: [f64; 2] = [1.5707963267948966, 6.123233995736766e-17];
const HALF_PI_SPLIT: [f64; 3] = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21];

/// Returns the polynomial with these coefficients, highest first, at `x`.
#[inline(always)]
fn horner<L: Lanes, const N: usize>(x: L, coefficients: [f64; N]) -> L {
    let mut value = x.like(coefficients[0]);
    for coefficient in &coefficients[1..] {
        value = value.mul_add(x, x.like(*coefficient));
    }
    value
}

/// Returns (sine, cosine) of an angle inside the range of the two polynomials.
#[inline(always)]
fn reduced<L: Lanes, const S: usize, const C: usize>(r: L, sin: [f64; S], cos: [f64; C]) -> (L, L) {
    let square = r.mul(r);
    let sine = horner(square, sin).mul_add(r.mul(square), r);
    (sine, horner(square, cos).mul_add(square, r.like(1.0)))
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

/// Sine and cosine by reduction to a quarter of pi: no memory, and the shorter way to a first result.
#[inline(always)]
pub fn quadrant<L: QuadrantLanes>(angle: L) -> SinCos<L> {
    let magic = angle.like(magic::<L>());
    let turns = angle.mul_add(angle.like(std::f64::consts::FRAC_2_PI), magic);
    let r = reduce(angle, turns.sub(magic), 1.0);
    let (sin, cos) = reduced(r, SIN_QUARTER, COS_QUARTER);
    let (sin, cos) = L::unfold(sin, cos, turns);
    SinCos { sin, cos, range: turns.xor(magic) }
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
