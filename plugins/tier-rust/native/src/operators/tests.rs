//! The family against plain loops, at every level, alone and shared.

use super::commutator::{Pair, SHARED_LEAST, SYMMETRY_LEAST, commutator};
use super::expectations::spins;
use super::weights::{self, Direction, Task, transform};
use crate::failure::Failure;
use crate::simd::Level;
use crate::simd::tests::angles;

pub type Complex = [f64; 2];

fn times([a, b]: Complex, [c, d]: Complex) -> Complex {
    [a * c - b * d, a * d + b * c]
}

fn sum(terms: impl Iterator<Item = Complex>) -> Complex {
    terms.fold([0.0, 0.0], |[a, b], [c, d]| [a + c, b + d])
}

/// Returns `count` complex numbers between -1 and 1; others for another seed.
fn numbers(count: usize, seed: usize) -> Vec<Complex> {
    angles(2 * (count + seed), 1.0)[2 * seed..].chunks(2).map(|pair| [pair[0], pair[1]]).collect()
}

/// Returns a matrix that is `sign` times its own adjoint.
pub fn symmetric(d: usize, seed: usize, sign: f64) -> Vec<Complex> {
    let any = numbers(d * d, seed);
    let entry = |at: usize| {
        let (one, other) = (any[at], any[at % d * d + at / d]);
        [one[0] + sign * other[0], one[1] - sign * other[1]]
    };
    (0..d * d).map(entry).collect()
}

pub fn values(numbers: &[Complex]) -> *const f64 {
    numbers.as_ptr().cast()
}

fn worst(found: &[Complex], wanted: &[Complex]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let far = |(a, b): (&Complex, &Complex)| (a[0] - b[0]).hypot(a[1] - b[1]);
    found
        .iter()
        .zip(wanted)
        .map(far)
        .fold(0.0, |most, far| if far > most || far.is_nan() { far } else { most })
}

fn found_commutator(
    level: Level,
    a: &[Complex],
    b: &[Complex],
    threads: usize,
) -> Result<Vec<Complex>, Failure> {
    let d = a.len().isqrt();
    let mut to = vec![[f64::NAN; 2]; d * d];
    let pair = Pair { d, a: values(a), b: values(b), to: to.as_mut_ptr().cast() };
    // SAFETY: the arrays have the sizes named, and the CPU has the level.
    unsafe { commutator(level, pair, threads, &mut || true) }.map(|()| to)
}

/// The commutator as it is defined.
fn plain_commutator(a: &[Complex], b: &[Complex]) -> Vec<Complex> {
    let d = a.len().isqrt();
    let entry = |at: usize| {
        let (i, j) = (at / d, at % d);
        let [p, q] = [(a, b), (b, a)].map(|(x, y)| sum((0..d).map(|k| times(x[i * d + k], y[k * d + j]))));
        [p[0] - q[0], p[1] - q[1]]
    };
    (0..d * d).map(entry).collect()
}

#[test]
fn commutators_are_right_at_every_size() {
    for level in Level::here() {
        for d in (1..30).chain([48, 49, 64, 65, 97, 130]) {
            let (a, b) = (numbers(d * d, 1), numbers(d * d, 5));
            let found = found_commutator(level, &a, &b, 1).unwrap();
            let error = worst(&found, &plain_commutator(&a, &b));
            assert!(error < 1e-15 * (d * d).max(10) as f64, "{level:?}, d={d}: off by {error:e}");
        }
    }
}

#[test]
fn symmetries_shorten_the_way_and_not_the_answer() {
    for level in Level::here() {
        for d in [23, 24, 40, 66] {
            for (p, q) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
                let (a, b) = (symmetric(d, 2, p), symmetric(d, 3, q));
                let found = found_commutator(level, &a, &b, 1).unwrap();
                let error = worst(&found, &plain_commutator(&a, &b));
                assert!(error < 1e-12, "{level:?}, d={d}, {p} {q}: off by {error:e}");
                if d < SYMMETRY_LEAST {
                    continue;
                }
                // Exactly (anti-)Hermitian again, as no sum over both halves would be.
                let mirrored: Vec<_> = (0..d * d).map(|at| found[at % d * d + at / d]).collect();
                let sign = -p * q;
                assert!(
                    found.iter().zip(&mirrored).all(|(x, y)| x[0] == sign * y[0] && x[1] == -sign * y[1])
                );
            }
            let (a, b) = (symmetric(d, 2, 1.0), numbers(d * d, 3));
            assert!(worst(&found_commutator(level, &a, &b, 1).unwrap(), &plain_commutator(&a, &b)) < 1e-12);
        }
    }
}

#[test]
fn what_is_not_finite_is_told_from_what_overflows() {
    let huge = vec![[1e308, 1e308]; 16];
    let small: Vec<_> = numbers(16, 1).iter().map(|x| x.map(|part| 1e-10 * part)).collect();
    for level in Level::here() {
        // The sum of real and imaginary part overflows, the answer does not.
        let (found, wanted) = (found_commutator(level, &huge, &small, 1), plain_commutator(&huge, &small));
        assert!(worst(&found.unwrap(), &wanted) < 1e286);
        assert_eq!(
            found_commutator(level, &huge, &huge[..].iter().map(|_| [1e300, 0.0]).collect::<Vec<_>>(), 1),
            Err(Failure::Overflow)
        );
        for bad in [f64::NAN, f64::INFINITY] {
            for at in 0..16 {
                let mut spoiled = small.clone();
                spoiled[at][at % 2] = bad;
                assert_eq!(found_commutator(level, &spoiled, &small, 1), Err(Failure::NotFinite));
                assert_eq!(found_commutator(level, &small, &spoiled, 1), Err(Failure::NotFinite));
            }
        }
    }
}

#[test]
fn helpers_do_not_change_a_bit_of_a_commutator() {
    for level in Level::here() {
        for d in [SHARED_LEAST, 150] {
            let (a, b) = (numbers(d * d, 1), numbers(d * d, 5));
            let alone = found_commutator(level, &a, &b, 1).unwrap();
            for _ in 0..10 {
                assert!(found_commutator(level, &a, &b, 3).unwrap() == alone, "{level:?}, d={d}");
            }
        }
    }
}

#[test]
fn a_commutator_can_be_stopped() {
    let (d, level) = (700, Level::Baseline);
    let a = numbers(d * d, 1);
    let mut to = vec![[0.0; 2]; d * d];
    let pair = Pair { d, a: values(&a), b: values(&a), to: to.as_mut_ptr().cast() };
    // SAFETY: the arrays have the sizes named, and every CPU has the level.
    let found = unsafe { commutator(level, pair, 2, &mut || false) };
    assert_eq!(found, Err(Failure::Stopped));
}

pub fn transformed(
    level: Level,
    from: &[Complex],
    direction: Direction,
    threads: usize,
) -> Result<Vec<Complex>, Failure> {
    let n = from.len().trailing_zeros() as usize / 2;
    let mut to = vec![[f64::NAN; 2]; from.len()];
    let task = Task { n, from: values(from), to: to.as_mut_ptr().cast(), direction };
    // SAFETY: the arrays have the sizes named, and the CPU has the level.
    unsafe { transform(level, task, threads) }.map(|()| to)
}

/// The weight of one string as it is defined: the trace of its product with the matrix.
fn plain_weight(matrix: &[Complex], n: usize, string: usize) -> Complex {
    let d = 1 << n;
    let entry = |row: usize| {
        let (mut column, mut factor) = (0, [1.0, 0.0]);
        for q in 0..n {
            let bit = row >> q & 1;
            // Rows of I, X, Y and Z: where the one entry stands, and what it is.
            let (flip, number) = match string >> (2 * q) & 3 {
                0 => (0, [1.0, 0.0]),
                1 => (1, [1.0, 0.0]),
                2 => (1, [0.0, if bit == 0 { -1.0 } else { 1.0 }]),
                _ => (0, [if bit == 0 { 1.0 } else { -1.0 }, 0.0]),
            };
            column |= (bit ^ flip) << q;
            factor = times(factor, number);
        }
        times(factor, matrix[column * d + row])
    };
    sum((0..d).map(entry)).map(|part| part / d as f64)
}

#[test]
fn weights_are_traces_and_come_back() {
    for level in Level::here() {
        for n in 0..6 {
            let matrix = numbers(1 << (2 * n), 3);
            let found = transformed(level, &matrix, Direction::Weights, 1).unwrap();
            let wanted: Vec<_> = (0..1 << (2 * n)).map(|string| plain_weight(&matrix, n, string)).collect();
            assert!(worst(&found, &wanted) < 1e-15, "{level:?}, n={n}");
            let back = transformed(level, &found, Direction::Entries, 1).unwrap();
            assert!(worst(&back, &matrix) < 1e-14, "{level:?}, n={n}, back");
        }
    }
}

#[test]
fn helpers_do_not_change_a_bit_of_the_weights() {
    for level in Level::here() {
        for n in [weights::SHARED_LEAST, weights::SHARED_LEAST + 1] {
            let matrix = numbers(1 << (2 * n), 3);
            let alone = transformed(level, &matrix, Direction::Weights, 1).unwrap();
            let back = transformed(level, &alone, Direction::Entries, 1).unwrap();
            assert!(worst(&back, &matrix) < 1e-13);
            for _ in 0..5 {
                assert!(transformed(level, &matrix, Direction::Weights, 3).unwrap() == alone);
                assert!(transformed(level, &alone, Direction::Entries, 3).unwrap() == back);
            }
        }
    }
}

#[test]
fn weights_that_are_not_finite_are_found_anywhere() {
    for level in Level::here() {
        for n in [0, 1, 2, 3, 4] {
            for at in 0..1 << (2 * n) {
                for bad in [f64::NAN, f64::NEG_INFINITY] {
                    let mut spoiled = numbers(1 << (2 * n), 3);
                    spoiled[at][at % 2] = bad;
                    for direction in [Direction::Weights, Direction::Entries] {
                        let found = transformed(level, &spoiled, direction, 1);
                        assert_eq!(found, Err(Failure::NotFinite), "{level:?}, n={n}, {direction:?}");
                    }
                }
            }
        }
        let largest = vec![[1.5e308; 2]; 256];
        assert!(transformed(level, &largest, Direction::Weights, 1).is_ok());
        assert_eq!(transformed(level, &largest, Direction::Entries, 1), Err(Failure::Overflow));
    }
}

#[test]
fn expectation_values_are_sums_over_pairs() {
    for level in Level::here() {
        for n in (1..9).chain([11, 13]) {
            let state = numbers(1 << n, 7);
            // SAFETY: the state has the size named, and the CPU has the level.
            let found = unsafe { spins(level, values(&state), n).unwrap() };
            for q in 0..n {
                let ups = (0..1 << n).filter(|k| k >> q & 1 == 0);
                let overlap = sum(ups.clone().map(|k| {
                    let [re, im] = state[k];
                    times([re, -im], state[k | 1 << q])
                }));
                let size = |k: usize| state[k][0].powi(2) + state[k][1].powi(2);
                let polarity: f64 = ups.map(|k| size(k) - size(k | 1 << q)).sum();
                let error = worst(&[found.overlap[q], [found.polarity[q], 0.0]], &[overlap, [polarity, 0.0]]);
                assert!(error < 1e-11, "{level:?}, n={n}, q={q}: off by {error:e}");
            }
            for bad in [f64::NAN, f64::INFINITY, 1e200] {
                let mut spoiled = state.clone();
                spoiled[(1 << n) - 1][1] = bad;
                let wanted = if bad == 1e200 { Failure::Overflow } else { Failure::NotFinite };
                // SAFETY: likewise.
                assert_eq!(unsafe { spins(level, values(&spoiled), n) }.err(), Some(wanted));
            }
        }
    }
}
