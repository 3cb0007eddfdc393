//! The commutator as one product of twice the depth, or of pairs with a symmetry as one product of its own depth.

use std::time::{Duration, Instant};

use super::direct::{direct, suits};
use super::product::{DEPTH, Planes, Source};
use super::{finite, too_large};
use crate::failure::Failure;
use crate::lockstep::{Part, lockstep};
use crate::memory::with_scratch;
use crate::simd::Level;
use crate::threads::Shared;

/// Size from which looking for a symmetry pays: the look costs a tenth of what one product saves.
pub const SYMMETRY_LEAST: usize = 24;
/// Size from which helpers are asked to share: below, what they compute must cross to them and back.
pub const SHARED_LEAST: usize = 64;
/// How long a product runs at most between two questions whether to go on.
const PATIENCE: Duration = Duration::from_millis(50);

/// One commutator.
#[derive(Clone, Copy)]
pub struct Pair {
    /// Size of the matrices.
    pub d: usize,
    /// The first matrix, `2 d d` values.
    pub a: *const f64,
    /// The second matrix.
    pub b: *const f64,
    /// Where the commutator goes.
    pub to: *mut f64,
}

// SAFETY: the matrices are only read, and of the answer each row has one writer at a time.
unsafe impl Sync for Pair {}

/// Writes the commutator, computed by up to `threads` threads.
///
/// # Safety
/// The CPU has `level`; the arrays have the sizes named.
pub unsafe fn commutator(
    level: Level,
    pair: Pair,
    threads: usize,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<(), Failure> {
    let Pair { d, a, b, to } = pair;
    // SAFETY: as promised by the caller.
    unsafe {
        let symmetry =
            if d < SYMMETRY_LEAST { None } else { symmetry(a, d).zip(symmetry(b, d)).map(|(a, b)| a * b) };
        if suits(level, d) {
            direct(level, pair, symmetry.is_none());
        } else {
            product(level, pair, symmetry.is_none(), threads, go_on)?;
        }
        if let Some(sign) = symmetry {
            less_adjoint(to, d, sign);
        }
        if finite(level, to, 2 * d * d) {
            return Ok(());
        }
        if !(finite(level, a, 2 * d * d) && finite(level, b, 2 * d * d)) {
            return Err(Failure::NotFinite);
        }
        plainly(pair);
        if finite(level, to, 2 * d * d) { Ok(()) } else { Err(too_large("the commutator")) }
    }
}

/// Writes `a b - b a`, or only `a b` of a pair with a symmetry.
unsafe fn product(
    level: Level,
    pair: Pair,
    both: bool,
    threads: usize,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<(), Failure> {
    let d = pair.d;
    let whole = if both { 2 * d } else { d };
    let depth = whole.min(DEPTH);
    let stretches = whole.div_ceil(DEPTH);
    let work = |start: *mut f64| {
        let planes = Planes::new(level, d, d, depth, start);
        let to = Shared(pair.to);
        let share = |round: u64, part: Part| {
            let stretch = (round / 2) as usize;
            let (from, until) = (stretch * DEPTH, whole.min((stretch + 1) * DEPTH));
            // SAFETY: as promised to `commutator`; parts have rows, panels and blocks of their own.
            unsafe {
                if round.is_multiple_of(2) {
                    split(&planes, pair, from, until, part);
                } else {
                    planes.multiply(part.slice(planes.tiles()), until - from, to.at(0), stretch > 0);
                }
            }
        };
        if threads == 1 {
            (0..2 * stretches as u64).for_each(|round| share(round, Part::WHOLE));
            return true;
        }
        let (mut going, mut asked) = (true, Instant::now());
        lockstep(0..2 * stretches as u64, threads, &share, &mut |_| {
            if asked.elapsed() > PATIENCE {
                (going, asked) = (go_on(), Instant::now());
            }
            going
        });
        going
    };
    let going = with_scratch(Planes::values(level, d, d, depth), work)?;
    if going { Ok(()) } else { Err(Failure::Stopped) }
}

/// Splits the factors `[a, -b]` and `[b; a]` between two depths.
unsafe fn split(planes: &Planes, pair: Pair, from: usize, until: usize, part: Part) {
    let d = pair.d;
    for (piece, left, right, sign) in [(0, pair.a, pair.b, 1.0), (d, pair.b, pair.a, -1.0)] {
        let (first, last) = (from.max(piece), until.min(piece + d));
        if first >= last {
            continue;
        }
        let (at, column, count) = (first - from, first - piece, last - first);
        // SAFETY: as promised to `commutator`; the slices of the parts do not overlap.
        unsafe {
            let left = Source { start: left.add(2 * column), stride: d };
            let right = Source { start: right.add(2 * column * d), stride: d };
            planes.split_left(left, part.slice(planes.tiles()), at, count, sign);
            planes.split_right(right, part.slice(planes.panels()), at, count);
        }
    }
}

/// Entries of a square that is compared or exchanged with its mirror image at once.
const SQUARE: usize = 16;

/// Calls `visit` for the upper triangle, square by square.
#[inline(always)]
fn upper(d: usize, mut visit: impl FnMut(usize, usize) -> bool) -> bool {
    for i0 in (0..d).step_by(SQUARE) {
        for j0 in (i0..d).step_by(SQUARE) {
            for i in i0..d.min(i0 + SQUARE) {
                for j in j0.max(i)..d.min(j0 + SQUARE) {
                    if !visit(i, j) {
                        return false;
                    }
                }
            }
        }
    }
    true
}

/// Returns 1 of a Hermitian matrix, -1 of an anti-Hermitian one.
unsafe fn symmetry(from: *const f64, d: usize) -> Option<f64> {
    // SAFETY: as promised to `commutator`.
    let at = |i: usize, j: usize| unsafe { [*from.add(2 * (i * d + j)), *from.add(2 * (i * d + j) + 1)] };
    let holds = |sign: f64| {
        upper(d, |i, j| {
            let ([re, im], [mirrored_re, mirrored_im]) = (at(i, j), at(j, i));
            re == sign * mirrored_re && im == -sign * mirrored_im
        })
    };
    [1.0, -1.0].into_iter().find(|sign| holds(*sign))
}

/// Subtracts the adjoint, times `sign`.
unsafe fn less_adjoint(to: *mut f64, d: usize, sign: f64) {
    upper(d, |i, j| {
        // SAFETY: as promised to `commutator`.
        unsafe {
            let (one, other) = (to.add(2 * (i * d + j)), to.add(2 * (j * d + i)));
            let ([re, im], [mirrored_re, mirrored_im]) = ([*one, *one.add(1)], [*other, *other.add(1)]);
            one.write(re - sign * mirrored_re);
            one.add(1).write(im + sign * mirrored_im);
            other.write(mirrored_re - sign * re);
            other.add(1).write(mirrored_im + sign * im);
        }
        true
    });
}

/// The commutator as it is defined: sums of real and imaginary parts may overflow where the answer does not.
#[cold]
unsafe fn plainly(pair: Pair) {
    let Pair { d, a, b, to } = pair;
    let at = |from: *const f64, i: usize, j: usize| {
        // SAFETY: as promised to `commutator`.
        unsafe { (*from.add(2 * (i * d + j)), *from.add(2 * (i * d + j) + 1)) }
    };
    for i in 0..d {
        for j in 0..d {
            let (mut re, mut im) = (0.0, 0.0);
            for k in 0..d {
                for (left, right, sign) in [(a, b, 1.0), (b, a, -1.0)] {
                    let ((p, q), (r, s)) = (at(left, i, k), at(right, k, j));
                    re += sign * (p * r - q * s);
                    im += sign * (p * s + q * r);
                }
            }
            // SAFETY: likewise.
            unsafe {
                to.add(2 * (i * d + j)).write(re);
                to.add(2 * (i * d + j) + 1).write(im);
            }
        }
    }
}
