//! AVX-512F: eight lanes, and a table of sixteen entries in two registers.

use std::arch::x86_64::*;

use super::lanes::{Lanes, SinCos};
use super::sincos::{SIXTEENTHS_COS, SIXTEENTHS_SIN, TableLanes, table};

/// Eight float64 lanes.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Avx512(__m512d);

/// Returns a mask of the first `count` lanes.
#[inline(always)]
fn first(count: usize) -> __mmask8 {
    assert!(count <= 8);
    ((1_u32 << count) - 1) as __mmask8
}

/// Returns the entry of `table` that the low four bits of each lane of `index` name.
#[inline(always)]
fn look_up(table: &[f64; 16], index: __m512i) -> __m512d {
    // SAFETY: `index` proves AVX-512; both halves of the table are readable.
    unsafe {
        let (low, high) = (_mm512_loadu_pd(table.as_ptr()), _mm512_loadu_pd(table.as_ptr().add(8)));
        // Bit 3 of the index selects the second table; higher bits are ignored.
        _mm512_permutex2var_pd(low, index, high)
    }
}

impl Lanes for Avx512 {
    const WIDTH: usize = 8;
    const FUSED: bool = true;

    #[inline(always)]
    unsafe fn splat(value: f64) -> Self {
        // SAFETY: the caller promises AVX-512.
        Self(unsafe { _mm512_set1_pd(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: the caller promises AVX-512 and eight readable values.
        Self(unsafe { _mm512_loadu_pd(from) })
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f64, count: usize) -> Self {
        // SAFETY: the caller promises AVX-512 and `count` readable values; masked lanes are not touched.
        Self(unsafe { _mm512_maskz_loadu_pd(first(count), from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: `self` proves AVX-512; the caller promises eight writable values.
        unsafe { _mm512_storeu_pd(to, self.0) }
    }

    lane_ops! {
        like(self: Self, value: f64) -> Self = Self(_mm512_set1_pd(value));
        keep_first(self: Self, count: usize) -> Self = Self(_mm512_maskz_mov_pd(first(count), self.0));
        add(self: Self, other: Self) -> Self = Self(_mm512_add_pd(self.0, other.0));
        sub(self: Self, other: Self) -> Self = Self(_mm512_sub_pd(self.0, other.0));
        mul(self: Self, other: Self) -> Self = Self(_mm512_mul_pd(self.0, other.0));
        div(self: Self, other: Self) -> Self = Self(_mm512_div_pd(self.0, other.0));
        abs(self: Self) -> Self = Self(_mm512_abs_pd(self.0));
        max(self: Self, other: Self) -> Self = Self(_mm512_max_pd(self.0, other.0));
        min(self: Self, other: Self) -> Self = Self(_mm512_min_pd(self.0, other.0));
        mul_add(self: Self, factor: Self, addend: Self) -> Self = Self(_mm512_fmadd_pd(self.0, factor.0, addend.0));
        mul_from(self: Self, factor: Self, minuend: Self) -> Self = Self(_mm512_fnmadd_pd(self.0, factor.0, minuend.0));
        turn(self: Self) -> Self = {
            let signs = _mm512_setr_pd(-0.0, 0.0, -0.0, 0.0, -0.0, 0.0, -0.0, 0.0);
            let swapped = _mm512_castpd_si512(_mm512_permute_pd::<0b0101_0101>(self.0));
            Self(_mm512_castsi512_pd(_mm512_xor_si512(swapped, _mm512_castpd_si512(signs))))
        };
        interleave(self: Self, other: Self) -> (Self, Self) = {
            let first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
            let second = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
            (
                Self(_mm512_permutex2var_pd(self.0, first, other.0)),
                Self(_mm512_permutex2var_pd(self.0, second, other.0)),
            )
        };
        deinterleave(self: Self, other: Self) -> (Self, Self) = {
            let even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
            let odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
            (
                Self(_mm512_permutex2var_pd(self.0, even, other.0)),
                Self(_mm512_permutex2var_pd(self.0, odd, other.0)),
            )
        };
        // The float64 forms of the bit operations would need AVX-512DQ.
        xor(self: Self, other: Self) -> Self =
            Self(_mm512_castsi512_pd(_mm512_xor_si512(_mm512_castpd_si512(self.0), _mm512_castpd_si512(other.0))));
        or(self: Self, other: Self) -> Self =
            Self(_mm512_castsi512_pd(_mm512_or_si512(_mm512_castpd_si512(self.0), _mm512_castpd_si512(other.0))));
        any_bit(self: Self, mask: u64) -> bool =
            _mm512_test_epi64_mask(_mm512_castpd_si512(self.0), _mm512_set1_epi64(mask.cast_signed())) != 0;
        exceeds(self: Self, limit: f64) -> bool =
            // "Not less or equal" is also true of NaN.
            _mm512_cmp_pd_mask::<_CMP_NLE_UQ>(_mm512_abs_pd(self.0), _mm512_set1_pd(limit)) != 0;
        total(self: Self) -> f64 = _mm512_reduce_add_pd(self.0);
    }

    #[inline(always)]
    fn sincos(self) -> SinCos<Self> {
        table(self)
    }
}

impl TableLanes for Avx512 {
    #[inline(always)]
    fn sixteenths(turns: Self) -> (Self, Self) {
        // SAFETY: `turns` proves AVX-512.
        let index = unsafe { _mm512_castpd_si512(turns.0) };
        (Self(look_up(&SIXTEENTHS_SIN, index)), Self(look_up(&SIXTEENTHS_COS, index)))
    }
}
