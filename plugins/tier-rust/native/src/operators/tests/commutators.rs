//! Commutators.

use super::super::commutator::{Pair, SHARED_LEAST, SYMMETRY_LEAST, commutator};
use super::super::too_large;
use super::{Complex, numbers, sum, symmetric, times, values, worst};
use crate::failure::Failure;
use crate::simd::Level;

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
        for d in (1..30).chain([32, 34, 36, 40, 48, 49, 64, 65, 97, 130]) {
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
    for level in Level::here() {
        for d in [4, 5] {
            let huge = vec![[1e308, 1e308]; d * d];
            let small: Vec<_> = numbers(d * d, 1).iter().map(|x| x.map(|part| 1e-10 * part)).collect();
            // The sum of real and imaginary part overflows, the answer does not.
            let (found, wanted) =
                (found_commutator(level, &huge, &small, 1), plain_commutator(&huge, &small));
            assert!(worst(&found.unwrap(), &wanted) < 1e286);
            let large = vec![[1e300, 0.0]; d * d];
            assert_eq!(found_commutator(level, &huge, &large, 1), Err(too_large("the commutator")));
            for bad in [f64::NAN, f64::INFINITY] {
                for at in 0..d * d {
                    let mut spoiled = small.clone();
                    spoiled[at][at % 2] = bad;
                    assert_eq!(found_commutator(level, &spoiled, &small, 1), Err(Failure::NotFinite));
                    assert_eq!(found_commutator(level, &small, &spoiled, 1), Err(Failure::NotFinite));
                }
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
