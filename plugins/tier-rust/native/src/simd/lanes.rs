//! The vector operations that the kernels are written in.

/// One vector of float64 lanes.
///
/// A value proves that the CPU has the instructions of its level: only the constructors are unsafe.
/// Every method is `#[inline(always)]`, so that it becomes part of the `#[target_feature]` function that calls it.
pub trait Lanes: Copy {
    /// Lanes in one vector.
    const WIDTH: usize;

    /// Whether `mul_add` rounds once.
    const FUSED: bool;

    /// Returns `value` in every lane.
    ///
    /// # Safety
    /// The CPU has the instructions of this level.
    unsafe fn splat(value: f64) -> Self;

    /// Returns the `WIDTH` values from `from` on.
    ///
    /// # Safety
    /// The CPU has the instructions of this level; `WIDTH` values are readable at `from`.
    unsafe fn load(from: *const f64) -> Self;

    /// Returns the `count` values from `from` on, then zeros.
    ///
    /// # Safety
    /// The CPU has the instructions of this level; `count < WIDTH` values are readable at `from`.
    unsafe fn load_first(from: *const f64, count: usize) -> Self;

    /// Writes all lanes.
    ///
    /// # Safety
    /// `WIDTH` values are writable at `to`.
    unsafe fn store(self, to: *mut f64);

    /// Returns `value` in every lane.
    fn like(self, value: f64) -> Self;

    /// Returns the first `count` lanes, then zeros.
    fn keep_first(self, count: usize) -> Self;

    /// Returns `self + other`.
    fn add(self, other: Self) -> Self;

    /// Returns `self - other`.
    fn sub(self, other: Self) -> Self;

    /// Returns `self * other`.
    fn mul(self, other: Self) -> Self;

    /// Returns `self / other`.
    fn div(self, other: Self) -> Self;

    /// Returns the magnitudes.
    fn abs(self) -> Self;

    /// Returns the larger of each two lanes, which are numbers.
    fn max(self, other: Self) -> Self;

    /// Returns the smaller of each two lanes, which are numbers.
    fn min(self, other: Self) -> Self;

    /// Returns `self * factor + addend`.
    fn mul_add(self, factor: Self, addend: Self) -> Self;

    /// Returns `minuend - self * factor`.
    fn mul_from(self, factor: Self, minuend: Self) -> Self;

    /// Takes pairs of lanes as complex numbers and returns them multiplied by the imaginary unit.
    fn turn(self) -> Self;

    /// Returns the lanes of both in turns, the first lanes first: real parts and imaginary parts become pairs.
    fn interleave(self, other: Self) -> (Self, Self);

    /// Undoes `interleave`.
    fn deinterleave(self, other: Self) -> (Self, Self);

    /// Returns the lanes' bits joined by exclusive or.
    fn xor(self, other: Self) -> Self;

    /// Returns the lanes' bits joined by or.
    fn or(self, other: Self) -> Self;

    /// Says whether any lane has one of the bits of `mask` set.
    fn any_bit(self, mask: u64) -> bool;

    /// Says whether any lane is beyond `limit` in magnitude, or not a number.
    fn exceeds(self, limit: f64) -> bool;

    /// Returns the sum of the lanes, added in an order that depends on the level alone.
    fn total(self) -> f64;

    /// Returns sine and cosine of every lane; see [`SinCos::strays`].
    fn sincos(self) -> SinCos<Self>;
}

/// The sines and cosines of one vector of angles.
#[derive(Clone, Copy)]
pub struct SinCos<L> {
    /// The sines.
    pub sin: L,
    /// The cosines.
    pub cos: L,
    /// Bits to be joined by `or` over many vectors and then tested once, by [`strays`].
    pub range: L,
}

/// Says whether an angle behind these range bits is too large for the fast reduction, or not finite.
#[inline(always)]
pub fn strays<L: Lanes>(range: L) -> bool {
    range.any_bit(if L::FUSED { !0xffff_ffff } else { !0xf_ffff })
}

/// The number that rounds a float64 to an integer when added, biased so that negative integers leave
/// the bits above the range clear: with plain 1.5 * 2^52 every negative angle would look out of range.
#[inline(always)]
pub const fn magic<L: Lanes>() -> f64 {
    6_755_399_441_055_744.0 + if L::FUSED { 2_147_483_648.0 } else { 524_288.0 }
}
