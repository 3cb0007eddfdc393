//! An orthonormal basis of Hermitian matrices as real vectors: the diagonal, then the upper triangle.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::super::product::{Planes, Source};
use super::{Caller, Generator, Limits};
use crate::failure::Failure;
use crate::memory::Buffer;
use crate::simd::{Lanes, Level, per_level};

/// How much of a bracket must lie outside the span for it to be new: far above rounding, far below any real part.
const NEW: f64 = 1e-8;
/// How long a search runs between two questions whether to go on.
const PATIENCE: Duration = Duration::from_millis(50);
/// Rows of the basis that are taken together.
const TOGETHER: usize = 4;

per_level! {
    /// Subtracts from a vector what the first `count` rows of the basis span of it.
    fn project(basis: *const f64, count: usize, length: usize, vector: *mut f64) = project_generic;
    /// Returns the norm of a vector.
    fn norm(vector: *const f64, length: usize) -> f64 = norm_generic;
}

/// The basis; vectors are padded with zeros to whole vectors of every level.
struct Span {
    level: Level,
    d: usize,
    length: usize,
    rows: Buffer,
    room: usize,
    count: usize,
    /// Where nothing is left to take in.
    ends: usize,
    most: usize,
    small: f64,
    limited: bool,
}

/// Returns the dimension of the algebra that matrices generate, and whether no limit stopped the search.
///
/// # Safety
/// The CPU has `level`; every generator has `2 d d` values.
pub unsafe fn close(
    level: Level,
    generators: &[Generator<'_>],
    d: usize,
    limits: Limits,
    caller: &mut Caller<'_>,
) -> Result<(u64, bool), Failure> {
    let g = generators.len();
    let unit = units(generators, d);
    let planes_room = Buffer::zeroed(Planes::values(level, g * d, d, d))?;
    let planes = Planes::new(level, g * d, d, d, planes_room.start());
    let products = Buffer::zeroed(2 * g * d * d)?;
    let mut span = Span::new(level, &unit, d, limits)?;
    let mut vector = Vec::new();
    // SAFETY: the planes have room for the stack of all generators, and the products too.
    unsafe { planes.split_left(Source { start: unit.as_ptr(), stride: d }, 0..planes.tiles(), 0, d, 1.0) };
    for values in unit.chunks_exact(2 * d * d) {
        coordinates(&mut vector, d, span.length, |i, j| {
            let at = 2 * (i * d + j);
            (values[at], values[at + 1])
        });
        span.take(&mut vector, caller)?;
    }
    let (mut edge, mut asked) = (0..span.count, Instant::now());
    let mut round = 0;
    while !edge.is_empty() && !span.ended() && round < limits.rounds {
        for index in edge.clone() {
            let element = span.matrix(index);
            // SAFETY: likewise; the products of all generators with the element come at once.
            let products = unsafe {
                planes.split_right(Source { start: element.as_ptr(), stride: d }, 0..planes.panels(), 0, d);
                planes.multiply(0..planes.tiles(), d, products.start(), false);
                std::slice::from_raw_parts(products.start(), 2 * g * d * d)
            };
            for product in products.chunks_exact(2 * d * d) {
                coordinates(&mut vector, d, span.length, |i, j| {
                    // i (g b - b g), where b g is the adjoint of g b.
                    let (one, other) = (2 * (i * d + j), 2 * (j * d + i));
                    (-(product[one + 1] + product[other + 1]), product[one] - product[other])
                });
                span.take(&mut vector, caller)?;
            }
            if asked.elapsed() > PATIENCE {
                if !(caller.go_on)() {
                    return Err(Failure::Stopped);
                }
                asked = Instant::now();
            }
        }
        edge = edge.end..span.count;
        round += 1;
    }
    let complete = !span.limited && (span.count == span.ends || edge.is_empty());
    Ok((span.count as u64, complete))
}

/// Returns the Hermitian parts of the generators, each with a norm of 1.
fn units(generators: &[Generator<'_>], d: usize) -> Vec<f64> {
    let mut unit = Vec::with_capacity(2 * d * d * generators.len());
    for Generator { values, scale } in generators {
        let from = unit.len();
        for i in 0..d {
            for j in 0..d {
                let (one, other) = (2 * (i * d + j), 2 * (j * d + i));
                unit.push(0.5 * (values[one] / scale + values[other] / scale));
                unit.push(0.5 * (values[one + 1] / scale - values[other + 1] / scale));
            }
        }
        let norm = unit[from..].iter().map(|value| value * value).sum::<f64>().sqrt();
        unit[from..].iter_mut().for_each(|value| *value /= norm);
    }
    unit
}

/// Fills a vector with the coordinates of the Hermitian matrix that has these entries.
fn coordinates(vector: &mut Vec<f64>, d: usize, length: usize, entry: impl Fn(usize, usize) -> (f64, f64)) {
    const ROOT: f64 = std::f64::consts::SQRT_2;
    vector.clear();
    vector.extend((0..d).map(|i| entry(i, i).0));
    for i in 0..d {
        for j in i + 1..d {
            let (re, im) = entry(i, j);
            vector.push(ROOT * re);
            vector.push(ROOT * im);
        }
    }
    vector.resize(length, 0.0);
}

impl Span {
    fn new(level: Level, unit: &[f64], d: usize, limits: Limits) -> Result<Self, Failure> {
        // Brackets have no trace: unless a generator has one, the identity is out of reach.
        let trace = |values: &[f64]| (0..d).map(|i| values[2 * i * (d + 1)]).sum::<f64>().abs();
        let traced = unit.chunks_exact(2 * d * d).any(|values| trace(values) > NEW * (d as f64).sqrt());
        let ends = d * d - usize::from(!traced);
        let most = limits.most.map_or(ends, |most| usize::try_from(most).unwrap_or(ends));
        let length = (d * d).next_multiple_of(8);
        let rows = Buffer::zeroed(0)?;
        Ok(Self {
            level,
            d,
            length,
            rows,
            room: 0,
            count: 0,
            ends,
            most,
            small: limits.small,
            limited: false,
        })
    }

    /// Says whether no further element will be taken in.
    fn ended(&self) -> bool {
        self.limited || self.count == self.ends
    }

    /// Takes in the direction of a vector if it is new; the vector is used up.
    fn take(&mut self, vector: &mut [f64], caller: &mut Caller<'_>) -> Result<(), Failure> {
        if self.ended() {
            return Ok(());
        }
        let (level, length, basis) = (self.level, self.length, self.rows.start());
        // SAFETY: the CPU has the level, and vectors and rows have the length.
        let rest = unsafe {
            let size = norm(level, vector.as_ptr(), length);
            if size <= self.small {
                return Ok(());
            }
            vector.iter_mut().for_each(|value| *value /= size);
            let mut rest = 1.0;
            for _ in 0..2 {
                // Once leaves the rounding errors of a long vector.
                project(level, basis, self.count, length, vector.as_mut_ptr());
                rest = norm(level, vector.as_ptr(), length);
                if rest <= NEW {
                    return Ok(());
                }
            }
            rest
        };
        if self.count == self.most {
            self.limited = true;
            return Ok(());
        }
        self.make_room(caller)?;
        for (at, value) in vector.iter().enumerate() {
            // SAFETY: there is room for another row.
            unsafe { self.rows.start().add(self.count * length + at).write(value / rest) };
        }
        self.count += 1;
        Ok(())
    }

    /// Doubles the room where it is used up.
    fn make_room(&mut self, caller: &mut Caller<'_>) -> Result<(), Failure> {
        if self.count < self.room {
            return Ok(());
        }
        let room = (2 * self.count + 8).min(self.ends);
        if !(caller.allows)(room * self.length) {
            return Err(Failure::Memory);
        }
        let rows = Buffer::zeroed(room * self.length)?;
        // SAFETY: the new buffer is larger than what the old one holds.
        unsafe { rows.start().copy_from_nonoverlapping(self.rows.start(), self.count * self.length) };
        (self.rows, self.room) = (rows, room);
        Ok(())
    }

    /// Returns an element of the basis as a matrix.
    fn matrix(&self, index: usize) -> Vec<f64> {
        const HALF: f64 = std::f64::consts::FRAC_1_SQRT_2;
        let (d, mut matrix) = (self.d, vec![0.0; 2 * self.d * self.d]);
        // SAFETY: the row is one of the basis, which has at least d * d values.
        let row = unsafe { std::slice::from_raw_parts(self.rows.start().add(index * self.length), d * d) };
        let (diagonal, above) = row.split_at(d);
        let mut above = above.chunks_exact(2);
        for i in 0..d {
            matrix[2 * i * (d + 1)] = diagonal[i];
            for (j, pair) in (i + 1..d).zip(above.by_ref()) {
                let (re, im) = (HALF * pair[0], HALF * pair[1]);
                (matrix[2 * (i * d + j)], matrix[2 * (i * d + j) + 1]) = (re, im);
                (matrix[2 * (j * d + i)], matrix[2 * (j * d + i) + 1]) = (re, -im);
            }
        }
        matrix
    }
}

/// Body of [`project`].
#[inline(always)]
unsafe fn project_generic<L: Lanes>(basis: *const f64, count: usize, length: usize, vector: *mut f64) {
    let whole = count - count % TOGETHER;
    // SAFETY: as promised to `project`.
    unsafe {
        for first in (0..whole).step_by(TOGETHER) {
            project_rows::<L, TOGETHER>(basis.add(first * length), length, vector);
        }
        for row in whole..count {
            project_rows::<L, 1>(basis.add(row * length), length, vector);
        }
    }
}

/// Subtracts from a vector what `R` rows span of it.
#[inline(always)]
unsafe fn project_rows<L: Lanes, const R: usize>(rows: *const f64, length: usize, vector: *mut f64) {
    let each = |range: Range<usize>| range.step_by(L::WIDTH);
    // SAFETY: as promised to `project`; lengths are whole vectors.
    unsafe {
        let mut sums = [L::splat(0.0); R];
        for at in each(0..length) {
            let value = L::load(vector.add(at));
            for (row, sum) in sums.iter_mut().enumerate() {
                *sum = L::load(rows.add(row * length + at)).mul_add(value, *sum);
            }
        }
        let factors = sums.map(|sum| sum.like(sum.total()));
        for at in each(0..length) {
            let mut value = L::load(vector.add(at));
            for (row, factor) in factors.iter().enumerate() {
                value = L::load(rows.add(row * length + at)).mul_from(*factor, value);
            }
            value.store(vector.add(at));
        }
    }
}

/// Body of [`norm`].
#[inline(always)]
unsafe fn norm_generic<L: Lanes>(vector: *const f64, length: usize) -> f64 {
    // SAFETY: as promised to `norm`; lengths are whole vectors.
    unsafe {
        let mut sum = L::splat(0.0);
        for at in (0..length).step_by(L::WIDTH) {
            let value = L::load(vector.add(at));
            sum = value.mul_add(value, sum);
        }
        sum.total().sqrt()
    }
}
