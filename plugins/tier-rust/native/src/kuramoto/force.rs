//! The pull of the network, straight from the caller's couplings: one use of K does not pay for packing it.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::network::all_finite;
use crate::failure::Failure;
use crate::memory::Buffer;
use crate::simd::lanes::strays;
use crate::simd::{Lanes, Level, per_level};
use crate::threads::assisted;

/// Rows taken together, for each of which two sums are in registers.
const ROWS: usize = 4;
/// Couplings that a thread claims at once.
const CLAIM: usize = 32_768;

/// Phases, their sines and cosines, and the couplings.
#[derive(Clone, Copy)]
pub struct Field {
    /// Number of oscillators.
    pub n: usize,
    /// Phases, `n` values.
    pub theta: *const f64,
    /// Couplings, `n * n` values, row by row.
    pub coupling: *const f64,
    /// Room for `n` sines, rounded up to eight; zeros beyond `n`.
    sin: *mut f64,
    /// As `sin` for the cosines.
    cos: *mut f64,
    /// Where the forces go, `n` values.
    to: *mut f64,
}

// SAFETY: sines and cosines are complete before rows are shared, and each row of the answer has one writer.
unsafe impl Sync for Field {}

per_level! {
    /// Evaluates sines and cosines, and says whether every angle suited the fast reduction.
    ///
    /// # Safety
    /// The CPU has `level`; the field is readable and writable as it says.
    fn evaluate(field: &Field) -> bool = evaluate_generic;
    /// Computes the forces of some rows.
    ///
    /// # Safety
    /// As for `evaluate`, which has ended.
    fn rows(field: &Field, rows: Range<usize>) = rows_generic;
}

/// Writes the `n` forces to `to`.
///
/// # Safety
/// The CPU has `level`; `theta` has `n` values, `coupling` `n * n`, and `to` room for `n`.
pub unsafe fn force(
    level: Level,
    n: usize,
    theta: *const f64,
    coupling: *const f64,
    to: *mut f64,
    helpers: usize,
) -> Result<(), Failure> {
    let room = n.next_multiple_of(8);
    let memory = Buffer::zeroed(2 * room)?;
    // SAFETY: as promised by the caller; the buffer has room for both arrays.
    unsafe {
        let field = Field { n, theta, coupling, sin: memory.start(), cos: memory.start().add(room), to };
        if !evaluate(level, &field) {
            library(&field);
        }
        share(level, &field, helpers);
        if sound(level, &field) { Ok(()) } else { Err(Failure::NotFinite) }
    }
}

/// Computes all rows, with helpers.
unsafe fn share(level: Level, field: &Field, helpers: usize) {
    let claim = (CLAIM / field.n).next_multiple_of(ROWS).max(ROWS);
    let next = AtomicUsize::new(0);
    let work = |_: usize| loop {
        let from = next.fetch_add(claim, Ordering::Relaxed);
        if from >= field.n {
            break;
        }
        // SAFETY: as promised to `force`; who claimed the rows writes them.
        unsafe { rows(level, field, from..field.n.min(from + claim)) };
    };
    assisted(helpers, &work, || work(0));
}

/// Says whether all arguments were finite, looking closely only where an answer is not:
/// a sine and its cosine are never both zero, so a coupling that is not finite leaves its mark in its row.
unsafe fn sound(level: Level, field: &Field) -> bool {
    let n = field.n;
    // SAFETY: as promised to `force`.
    unsafe {
        (0..n).all(|row| (*field.coupling.add(row * n + row)).is_finite())
            && (all_finite(level, field.to, n)
                || all_finite(level, field.theta, n) && all_finite(level, field.coupling, n * n))
    }
}

/// Sines and cosines by the mathematical library.
#[cold]
unsafe fn library(field: &Field) {
    for row in 0..field.n {
        // SAFETY: as promised to `force`.
        unsafe {
            let (sin, cos) = (*field.theta.add(row)).sin_cos();
            field.sin.add(row).write(sin);
            field.cos.add(row).write(cos);
        }
    }
}

/// Body of [`evaluate`].
#[inline(always)]
unsafe fn evaluate_generic<L: Lanes>(field: &Field) -> bool {
    // SAFETY: as promised to `evaluate`; there is room for whole vectors.
    unsafe {
        let mut range = L::splat(0.0);
        for at in (0..field.n).step_by(L::WIDTH) {
            let count = L::WIDTH.min(field.n - at);
            let angles = load::<L>(field.theta.add(at), count);
            let trig = angles.sincos();
            range = range.or(trig.range);
            trig.sin.store(field.sin.add(at));
            let cos = if count == L::WIDTH { trig.cos } else { trig.cos.keep_first(count) };
            cos.store(field.cos.add(at));
        }
        !strays(range)
    }
}

/// Loads `count` values, at most a vector.
#[inline(always)]
unsafe fn load<L: Lanes>(from: *const f64, count: usize) -> L {
    // SAFETY: the caller promises `count` readable values.
    unsafe { if count == L::WIDTH { L::load(from) } else { L::load_first(from, count) } }
}

/// Body of [`rows`].
#[inline(always)]
unsafe fn rows_generic<L: Lanes>(field: &Field, mut rows: Range<usize>) {
    // SAFETY: as promised to `rows`.
    unsafe {
        while rows.len() >= ROWS {
            some_rows::<L, ROWS>(field, rows.start);
            rows.start += ROWS;
        }
        for row in rows {
            some_rows::<L, 1>(field, row);
        }
    }
}

/// Computes the forces of `R` rows from `first` on.
#[inline(always)]
unsafe fn some_rows<L: Lanes, const R: usize>(field: &Field, first: usize) {
    let n = field.n;
    let whole = n - n % L::WIDTH;
    let diagonal = first - first % L::WIDTH;
    // SAFETY: as promised to `rows`; loads end at `n` in the couplings and in the padded arrays elsewhere.
    unsafe {
        let mut sums = [[L::splat(0.0); 2]; R];
        let after = (first + R).next_multiple_of(L::WIDTH);
        take_columns(field, first, &mut sums, 0..diagonal.min(whole));
        for column in (diagonal..n).step_by(L::WIDTH).filter(|column| *column < after || *column >= whole) {
            let (sin, cos) = (L::load(field.sin.add(column)), L::load(field.cos.add(column)));
            for (row, sum) in sums.iter_mut().enumerate() {
                let coupling: L =
                    load(field.coupling.add((first + row) * n + column), L::WIDTH.min(n - column));
                let coupling = without(coupling, (first + row).wrapping_sub(column));
                *sum = [coupling.mul_add(sin, sum[0]), coupling.mul_add(cos, sum[1])];
            }
        }
        take_columns(field, first, &mut sums, after.min(whole)..whole);
        for (row, sum) in sums.into_iter().enumerate() {
            let (sin, cos) = (*field.sin.add(first + row), *field.cos.add(first + row));
            field.to.add(first + row).write(cos * sum[0].total() - sin * sum[1].total());
        }
    }
}

/// Adds the products of whole vectors of columns, none of which holds the diagonal.
#[inline(always)]
unsafe fn take_columns<L: Lanes, const R: usize>(
    field: &Field,
    first: usize,
    sums: &mut [[L; 2]; R],
    columns: Range<usize>,
) {
    let mut column = columns.start;
    while column < columns.end {
        // SAFETY: as for `some_rows`.
        unsafe {
            let (sin, cos) = (L::load(field.sin.add(column)), L::load(field.cos.add(column)));
            for (row, sum) in sums.iter_mut().enumerate() {
                let coupling = L::load(field.coupling.add((first + row) * field.n + column));
                *sum = [coupling.mul_add(sin, sum[0]), coupling.mul_add(cos, sum[1])];
            }
        }
        column += L::WIDTH;
    }
}

/// Returns the vector with one lane zero, if it has that lane: the diagonal must not act, however large.
#[inline(always)]
fn without<L: Lanes>(values: L, lane: usize) -> L {
    if lane >= L::WIDTH {
        return values;
    }
    values.keep_first(lane).or(values.xor(values.keep_first(lane + 1)))
}
