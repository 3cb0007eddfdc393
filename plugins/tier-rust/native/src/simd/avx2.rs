//! AVX2 with FMA: four lanes.

use std::arch::x86_64::*;

use super::lanes::{Lanes, SinCos};
use super::sincos::{ParityLanes, half_turn};

/// Four float64 lanes.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Avx2(__m256d);

/// Read from entry `4 - count` on: a mask of the first `count` lanes.
static FIRST: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];

/// Returns a mask of the first `count` lanes.
#[inline(always)]
fn first(count: usize) -> __m256i {
    assert!(count <= 4);
    // SAFETY: a value of `Avx2` exists or is being made, so the CPU has AVX2; four entries follow `4 - count`.
    unsafe { _mm256_loadu_si256(FIRST.as_ptr().add(4 - count).cast()) }
}

impl Lanes for Avx2 {
    const WIDTH: usize = 4;
    const FUSED: bool = true;

    #[inline(always)]
    unsafe fn splat(value: f64) -> Self {
        // SAFETY: the caller promises AVX2.
        Self(unsafe { _mm256_set1_pd(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: the caller promises AVX2 and four readable values.
        Self(unsafe { _mm256_loadu_pd(from) })
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f64, count: usize) -> Self {
        // SAFETY: the caller promises AVX2 and `count` readable values; masked lanes are not touched.
        Self(unsafe { _mm256_maskload_pd(from, first(count)) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: `self` proves AVX2; the caller promises four writable values.
        unsafe { _mm256_storeu_pd(to, self.0) }
    }

    lane_ops! {
        like(self: Self, value: f64) -> Self = Self(_mm256_set1_pd(value));
        keep_first(self: Self, count: usize) -> Self = Self(_mm256_and_pd(self.0, _mm256_castsi256_pd(first(count))));
        add(self: Self, other: Self) -> Self = Self(_mm256_add_pd(self.0, other.0));
        sub(self: Self, other: Self) -> Self = Self(_mm256_sub_pd(self.0, other.0));
        mul(self: Self, other: Self) -> Self = Self(_mm256_mul_pd(self.0, other.0));
        div(self: Self, other: Self) -> Self = Self(_mm256_div_pd(self.0, other.0));
        abs(self: Self) -> Self = Self(_mm256_andnot_pd(_mm256_set1_pd(-0.0), self.0));
        max(self: Self, other: Self) -> Self = Self(_mm256_max_pd(self.0, other.0));
        min(self: Self, other: Self) -> Self = Self(_mm256_min_pd(self.0, other.0));
        mul_add(self: Self, factor: Self, addend: Self) -> Self = Self(_mm256_fmadd_pd(self.0, factor.0, addend.0));
        mul_from(self: Self, factor: Self, minuend: Self) -> Self = Self(_mm256_fnmadd_pd(self.0, factor.0, minuend.0));
        turn(self: Self) -> Self = {
            let signs = _mm256_setr_pd(-0.0, 0.0, -0.0, 0.0);
            Self(_mm256_xor_pd(_mm256_permute_pd::<0b0101>(self.0), signs))
        };
        interleave(self: Self, other: Self) -> (Self, Self) = {
            let (even, odd) = (_mm256_unpacklo_pd(self.0, other.0), _mm256_unpackhi_pd(self.0, other.0));
            (
                Self(_mm256_permute2f128_pd::<0x20>(even, odd)),
                Self(_mm256_permute2f128_pd::<0x31>(even, odd)),
            )
        };
        deinterleave(self: Self, other: Self) -> (Self, Self) = {
            let even = _mm256_permute2f128_pd::<0x20>(self.0, other.0);
            let odd = _mm256_permute2f128_pd::<0x31>(self.0, other.0);
            (Self(_mm256_unpacklo_pd(even, odd)), Self(_mm256_unpackhi_pd(even, odd)))
        };
        xor(self: Self, other: Self) -> Self = Self(_mm256_xor_pd(self.0, other.0));
        or(self: Self, other: Self) -> Self = Self(_mm256_or_pd(self.0, other.0));
        any_bit(self: Self, mask: u64) -> bool =
            _mm256_testz_si256(_mm256_castpd_si256(self.0), _mm256_set1_epi64x(mask.cast_signed())) == 0;
        exceeds(self: Self, limit: f64) -> bool = {
            let magnitude = _mm256_andnot_pd(_mm256_set1_pd(-0.0), self.0);
            // "Not less or equal" is also true of NaN.
            _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_NLE_UQ>(magnitude, _mm256_set1_pd(limit))) != 0
        };
        total(self: Self) -> f64 = {
            let pair = _mm_add_pd(_mm256_castpd256_pd128(self.0), _mm256_extractf128_pd::<1>(self.0));
            _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)))
        };
    }

    #[inline(always)]
    fn sincos(self) -> SinCos<Self> {
        half_turn(self)
    }
}

impl ParityLanes for Avx2 {
    #[inline(always)]
    fn negate_odd(self, turns: Self) -> Self {
        // SAFETY: `self` proves AVX2.
        unsafe {
            let sign = _mm256_slli_epi64::<63>(_mm256_castpd_si256(turns.0));
            Self(_mm256_xor_pd(self.0, _mm256_castsi256_pd(sign)))
        }
    }
}
