//! Plain Rust on arrays: the level of every CPU, and in the tests a model of the wider ones.

use super::lanes::{Lanes, SinCos};
use super::sincos::{ParityLanes, half_turn};
#[cfg(test)]
use super::sincos::{SIXTEENTHS_COS, SIXTEENTHS_SIN, TableLanes};

/// `N` float64 lanes; `FUSED` products round once and are slow where the compiler must call a function.
#[derive(Clone, Copy)]
pub struct Plain<const N: usize, const FUSED: bool>([f64; N]);

/// The lanes of the baseline: as wide as SSE2, which every x86-64 CPU has.
pub type Baseline = Plain<2, false>;

impl<const N: usize, const FUSED: bool> Plain<N, FUSED> {
    #[inline(always)]
    fn zip(self, other: Self, join: impl Fn(f64, f64) -> f64) -> Self {
        Self(std::array::from_fn(|lane| join(self.0[lane], other.0[lane])))
    }

    #[inline(always)]
    fn product_sum(a: f64, b: f64, c: f64) -> f64 {
        if FUSED { a.mul_add(b, c) } else { a * b + c }
    }
}

impl<const N: usize, const FUSED: bool> Lanes for Plain<N, FUSED> {
    const WIDTH: usize = N;
    const FUSED: bool = FUSED;

    #[inline(always)]
    unsafe fn splat(value: f64) -> Self {
        Self([value; N])
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: the caller promises `N` readable values.
        Self(unsafe { from.cast::<[f64; N]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f64, count: usize) -> Self {
        // SAFETY: the caller promises `count` readable values.
        Self(std::array::from_fn(|lane| if lane < count { unsafe { *from.add(lane) } } else { 0.0 }))
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: the caller promises `N` writable values.
        unsafe { to.cast::<[f64; N]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    fn like(self, value: f64) -> Self {
        Self([value; N])
    }

    #[inline(always)]
    fn keep_first(self, count: usize) -> Self {
        Self(std::array::from_fn(|lane| if lane < count { self.0[lane] } else { 0.0 }))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.map(f64::abs))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(std::array::from_fn(|lane| Self::product_sum(self.0[lane], factor.0[lane], addend.0[lane])))
    }

    #[inline(always)]
    fn mul_from(self, factor: Self, minuend: Self) -> Self {
        Self(std::array::from_fn(|lane| Self::product_sum(-self.0[lane], factor.0[lane], minuend.0[lane])))
    }

    #[inline(always)]
    fn turn(self) -> Self {
        Self(std::array::from_fn(|lane| if lane % 2 == 0 { -self.0[lane + 1] } else { self.0[lane - 1] }))
    }

    #[inline(always)]
    fn interleave(self, other: Self) -> (Self, Self) {
        let lane = |at: usize| if at.is_multiple_of(2) { self.0[at / 2] } else { other.0[at / 2] };
        (Self(std::array::from_fn(lane)), Self(std::array::from_fn(|at| lane(N + at))))
    }

    #[inline(always)]
    fn deinterleave(self, other: Self) -> (Self, Self) {
        let lane = |at: usize| if at < N { self.0[at] } else { other.0[at - N] };
        (Self(std::array::from_fn(|at| lane(2 * at))), Self(std::array::from_fn(|at| lane(2 * at + 1))))
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self.zip(other, |a, b| f64::from_bits(a.to_bits() ^ b.to_bits()))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| f64::from_bits(a.to_bits() | b.to_bits()))
    }

    #[inline(always)]
    fn any_bit(self, mask: u64) -> bool {
        self.0.iter().fold(0, |bits, lane| bits | lane.to_bits()) & mask != 0
    }

    #[inline(always)]
    fn exceeds(self, limit: f64) -> bool {
        !self.0.iter().all(|lane| lane.abs() <= limit)
    }

    #[inline(always)]
    fn total(self) -> f64 {
        self.0.iter().sum()
    }

    #[inline(always)]
    fn sincos(self) -> SinCos<Self> {
        half_turn(self)
    }
}

impl<const N: usize, const FUSED: bool> ParityLanes for Plain<N, FUSED> {
    #[inline(always)]
    fn negate_odd(self, turns: Self) -> Self {
        self.zip(turns, |value, turn| f64::from_bits(value.to_bits() ^ turn.to_bits() << 63))
    }
}

#[cfg(test)]
impl<const N: usize, const FUSED: bool> TableLanes for Plain<N, FUSED> {
    fn sixteenths(turns: Self) -> (Self, Self) {
        let pick = |table: [f64; 16]| Self(turns.0.map(|turn| table[(turn.to_bits() & 15) as usize]));
        (pick(SIXTEENTHS_SIN), pick(SIXTEENTHS_COS))
    }
}
