//! The first pass towards weights and the last towards entries: blocks on at most two qubits.

use super::{Block, Direction, Shape, streams};
use crate::simd::{Baseline, Lanes};

/// Transforms a block on no qubit or one, and says whether all its entries are finite.
///
/// # Safety
/// As for `near_generic`.
pub unsafe fn small(shape: &Shape, block: Block) -> bool {
    // SAFETY: as promised by the caller.
    unsafe {
        match (block.k, shape.direction) {
            (0, Direction::Weights) => copied(block.entries, block.numbers),
            (0, Direction::Entries) => copied(block.from, block.entries),
            (_, Direction::Weights) => !weights_of_four(shape, block.entries, block.numbers).exceeds(0.0),
            (_, Direction::Entries) => !entries_of_four(shape, block.from, block.entries).exceeds(0.0),
        }
    }
}

/// Copies one number, and says whether it is finite.
#[inline(always)]
unsafe fn copied(from: *const f64, to: *mut f64) -> bool {
    // SAFETY: as promised to `small`.
    unsafe {
        let number = Baseline::load(from);
        number.store(to);
        !number.mul(Baseline::splat(0.0)).exceeds(0.0)
    }
}

/// Transforms a block on two qubits, and says whether all its entries are finite.
///
/// # Safety
/// As for `near_generic`; the CPU has the level of `L`.
#[inline(always)]
pub unsafe fn leaf<L: Lanes>(shape: &Shape, block: Block) -> bool {
    // SAFETY: as promised by the caller; wider levels have the instructions of AVX2.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        if L::WIDTH > 2 {
            return match shape.direction {
                Direction::Weights => wide::weights(shape, block),
                Direction::Entries => wide::entries(shape, block),
            };
        }
        narrow::<L>(shape, block)
    }
}

/// Body of [`leaf`] in vectors of one number.
#[inline(always)]
unsafe fn narrow<L: Lanes>(shape: &Shape, block: Block) -> bool {
    let corner = |index: usize| 2 * (index >> 1) * shape.stride + 4 * (index & 1);
    // SAFETY: as promised to `small`.
    unsafe {
        let mut doubt = Baseline::splat(0.0);
        if shape.direction == Direction::Weights {
            for index in 0..4 {
                let (from, to) = (block.entries.add(corner(index)), block.numbers.add(8 * index));
                doubt = doubt.add(weights_of_four(shape, from, to));
            }
            streams::<L, false, 2, 0>(block.numbers, block.numbers, 1);
            streams::<L, false, 2, 1>(block.numbers, block.numbers, 1);
        } else {
            let mut numbers = [0.0; 32];
            streams::<L, true, 2, 0>(block.from, numbers.as_mut_ptr(), 1);
            streams::<L, true, 2, 1>(block.from, numbers.as_mut_ptr(), 1);
            for (index, numbers) in numbers.chunks_exact(8).enumerate() {
                let to = block.entries.add(corner(index));
                doubt = doubt.add(entries_of_four(shape, numbers.as_ptr(), to));
            }
        }
        !doubt.exceeds(0.0)
    }
}

/// Turns a 2 x 2 matrix into weights; the answer is zero, or not a number if an entry is not finite.
#[inline(always)]
unsafe fn weights_of_four(shape: &Shape, from: *const f64, to: *mut f64) -> Baseline {
    // SAFETY: as promised to `small`.
    unsafe {
        let scale = Baseline::splat(shape.scale);
        let [a, b, c, d] =
            [0, 2, shape.stride, shape.stride + 2].map(|at| Baseline::load(from.add(at)).mul(scale));
        let (even, odd) = (a.add(d), b.add(c));
        even.store(to);
        odd.store(to.add(2));
        b.sub(c).turn().store(to.add(4));
        a.sub(d).store(to.add(6));
        even.add(odd).mul(Baseline::splat(0.0))
    }
}

/// Turns four weights into a 2 x 2 matrix; the answer is zero, or not a number if an entry is not finite.
#[inline(always)]
unsafe fn entries_of_four(shape: &Shape, from: *const f64, to: *mut f64) -> Baseline {
    // SAFETY: as promised to `small`.
    unsafe {
        let mut doubt = Baseline::splat(0.0);
        let [i, x, y, z] = [0, 2, 4, 6].map(|at| Baseline::load(from.add(at)));
        let y = y.turn();
        let entries = [i.add(z), x.sub(y), x.add(y), i.sub(z)];
        for (entry, at) in entries.into_iter().zip([0, 2, shape.stride, shape.stride + 2]) {
            entry.store(to.add(at));
            doubt = doubt.add(entry.mul(Baseline::splat(0.0)));
        }
        doubt
    }
}

/// Blocks on two qubits in the registers of AVX2, of two numbers each.
#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::*;

    use super::{Block, Shape};

    /// Exchanges the two numbers.
    #[inline(always)]
    unsafe fn exchanged(value: __m256d) -> __m256d {
        // SAFETY: as promised to `small`.
        unsafe { _mm256_permute2f128_pd::<1>(value, value) }
    }

    /// Exchanges real and imaginary part of the first number.
    #[inline(always)]
    unsafe fn crossed(value: __m256d) -> __m256d {
        // SAFETY: as promised to `small`.
        unsafe { _mm256_permute_pd::<0b1001>(value) }
    }

    /// Multiplies both numbers with i.
    #[inline(always)]
    unsafe fn turned(value: __m256d) -> __m256d {
        // SAFETY: as promised to `small`.
        unsafe { _mm256_xor_pd(_mm256_permute_pd::<0b0101>(value), _mm256_setr_pd(-0.0, 0.0, -0.0, 0.0)) }
    }

    /// Returns `[I X]` and `[Y Z]` of the 2 x 2 matrix `[a b; c d]`.
    #[inline(always)]
    unsafe fn pair(from: *const f64, stride: usize, scale: __m256d) -> (__m256d, __m256d) {
        // SAFETY: as promised to `weights`.
        unsafe {
            // Scaled before they are added: the largest entries have sums beyond float64.
            let one = _mm256_mul_pd(_mm256_loadu_pd(from), scale);
            let other = exchanged(_mm256_mul_pd(_mm256_loadu_pd(from.add(stride)), scale));
            let odd = crossed(exchanged(_mm256_sub_pd(one, other)));
            (_mm256_add_pd(one, other), _mm256_xor_pd(odd, _mm256_setr_pd(-0.0, 0.0, 0.0, 0.0)))
        }
    }

    /// Returns weights of two qubits from four rows of four entries, and whether all entries are finite.
    ///
    /// # Safety
    /// As for `small`; the CPU has AVX2.
    #[inline(always)]
    pub unsafe fn weights(shape: &Shape, block: Block) -> bool {
        // SAFETY: as promised by the caller.
        unsafe {
            let (from, stride) = (block.entries, shape.stride);
            let scale = _mm256_set1_pd(shape.scale);
            let ((a, a_odd), (b, b_odd)) = (pair(from, stride, scale), pair(from.add(4), stride, scale));
            let from = from.add(2 * stride);
            let ((c, c_odd), (d, d_odd)) = (pair(from, stride, scale), pair(from.add(4), stride, scale));
            let (i, x) = (_mm256_add_pd(a, d), _mm256_add_pd(b, c));
            let values = [
                i,
                _mm256_add_pd(a_odd, d_odd),
                x,
                _mm256_add_pd(b_odd, c_odd),
                turned(_mm256_sub_pd(b, c)),
                turned(_mm256_sub_pd(b_odd, c_odd)),
                _mm256_sub_pd(a, d),
                _mm256_sub_pd(a_odd, d_odd),
            ];
            for (place, value) in values.into_iter().enumerate() {
                _mm256_storeu_pd(block.numbers.add(4 * place), value);
            }
            // Every entry is in one of these sums; a number that is not finite is not below infinity.
            finite([i, x])
        }
    }

    /// Returns four rows of four entries from weights of two qubits, and whether all are finite.
    ///
    /// # Safety
    /// As for `weights`.
    #[inline(always)]
    pub unsafe fn entries(shape: &Shape, block: Block) -> bool {
        // SAFETY: as promised by the caller.
        unsafe {
            let from = block.from;
            let (i, i_odd) = (_mm256_loadu_pd(from), _mm256_loadu_pd(from.add(4)));
            let (x, x_odd) = (_mm256_loadu_pd(from.add(8)), _mm256_loadu_pd(from.add(12)));
            let (y, y_odd) = (turned(_mm256_loadu_pd(from.add(16))), turned(_mm256_loadu_pd(from.add(20))));
            let (z, z_odd) = (_mm256_loadu_pd(from.add(24)), _mm256_loadu_pd(from.add(28)));
            let (to, stride) = (block.entries, shape.stride);
            let a = write(to, stride, _mm256_add_pd(i, z), _mm256_add_pd(i_odd, z_odd));
            let b = write(to.add(4), stride, _mm256_sub_pd(x, y), _mm256_sub_pd(x_odd, y_odd));
            let to = to.add(2 * stride);
            let c = write(to, stride, _mm256_add_pd(x, y), _mm256_add_pd(x_odd, y_odd));
            let d = write(to.add(4), stride, _mm256_sub_pd(i, z), _mm256_sub_pd(i_odd, z_odd));
            a & b & c & d
        }
    }

    /// Writes the 2 x 2 matrix of `[I X]` and `[Y Z]`, and says whether all entries are finite.
    #[inline(always)]
    unsafe fn write(to: *mut f64, stride: usize, even: __m256d, odd: __m256d) -> bool {
        // SAFETY: as promised to `weights`.
        unsafe {
            // [Y Z] becomes [Z, -i Y].
            let odd = exchanged(_mm256_xor_pd(crossed(odd), _mm256_setr_pd(0.0, -0.0, 0.0, 0.0)));
            let (one, other) = (_mm256_add_pd(even, odd), exchanged(_mm256_sub_pd(even, odd)));
            _mm256_storeu_pd(to, one);
            _mm256_storeu_pd(to.add(stride), other);
            finite([one, other])
        }
    }

    /// Says whether all parts of two vectors are finite.
    #[inline(always)]
    unsafe fn finite([one, other]: [__m256d; 2]) -> bool {
        // SAFETY: as promised to `small`.
        unsafe {
            let zero = _mm256_setzero_pd();
            let doubt = _mm256_mul_pd(other, zero);
            let doubt = _mm256_add_pd(_mm256_mul_pd(one, zero), doubt);
            _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_UNORD_Q>(doubt, doubt)) == 0
        }
    }
}
