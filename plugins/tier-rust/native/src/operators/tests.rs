//! The family against plain loops, at every level, alone and shared.

mod algebras;
mod commutators;

use super::expectations::spins;
use super::hamiltonian::{Network, fill};
use super::too_large;
use super::weights::{self, Direction, Task, transform};
use crate::failure::Failure;
use crate::simd::Level;
use crate::simd::tests::angles;

type Complex = [f64; 2];

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
fn symmetric(d: usize, seed: usize, sign: f64) -> Vec<Complex> {
    let any = numbers(d * d, seed);
    let entry = |at: usize| {
        let (one, other) = (any[at], any[at % d * d + at / d]);
        [one[0] + sign * other[0], one[1] - sign * other[1]]
    };
    (0..d * d).map(entry).collect()
}

fn values(numbers: &[Complex]) -> *const f64 {
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

fn transformed(
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
        assert_eq!(transformed(level, &largest, Direction::Entries, 1), Err(too_large("the matrix")));
    }
}

#[test]
fn a_hamiltonian_has_its_entries() {
    let (n, coupling, omega) = (4, angles(16, 1.0), angles(20, 1.0)[16..].to_vec());
    let delta = 0.3;
    let mut to = vec![[0.0; 2]; 256];
    let network = Network { coupling: &coupling, omega: &omega, delta };
    // SAFETY: the array has room for all entries.
    unsafe { fill(&network, to.as_mut_ptr().cast(), 1).unwrap() };
    let mean = |i: usize, j: usize| 0.5 * (coupling[i * n + j] + coupling[j * n + i]);
    let z = |state: usize, q: usize| if state >> q & 1 == 1 { -1.0 } else { 1.0 };
    for row in 0..16_usize {
        for column in 0..16 {
            let mut wanted = 0.0;
            for (j, field) in omega.iter().enumerate() {
                wanted -= if row == column { field * z(row, j) } else { 0.0 };
                for i in 0..j {
                    if row == column {
                        wanted -= delta * mean(i, j) * z(row, i) * z(row, j);
                    } else if row ^ column == (1 << i | 1 << j) && z(row, i) != z(row, j) {
                        wanted -= 2.0 * mean(i, j);
                    }
                }
            }
            let [re, im] = to[row * 16 + column];
            assert!((re - wanted).abs() < 1e-15 && im == 0.0, "{row} {column}: {re} for {wanted}");
        }
    }
    for (value, wanted) in [(1e308, too_large("the Hamiltonian")), (f64::NAN, Failure::NotFinite)] {
        let network = Network { coupling: &[value; 16], omega: &omega, delta };
        // SAFETY: likewise.
        assert_eq!(unsafe { fill(&network, to.as_mut_ptr().cast(), 0) }, Err(wanted));
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
                let wanted =
                    if bad == 1e200 { too_large("the expectation values") } else { Failure::NotFinite };
                // SAFETY: likewise.
                assert_eq!(unsafe { spins(level, values(&spoiled), n) }.err(), Some(wanted));
            }
        }
    }
}
