//! The closure of algebras whose dimensions are known.

use super::{Caller, Limits, Stack, dimension};
use crate::failure::Failure;
use crate::operators::tests::{Complex, symmetric, transformed, values};
use crate::operators::weights::Direction;
use crate::simd::Level;

/// Returns the dimension that a stack of matrices generates.
fn found_dimension(
    level: Level,
    d: usize,
    stack: &[Complex],
    rounds: u64,
    most: Option<u64>,
) -> Result<(u64, bool), Failure> {
    let stack = Stack { count: stack.len() / (d * d), d, start: values(stack) };
    let mut caller = Caller { allows: &mut |_| true, go_on: &mut || true };
    // SAFETY: the stack has the size named, and the CPU has the level.
    unsafe { dimension(level, stack, Limits { rounds, most, small: 1e-10 }, &mut caller) }
}

/// Returns a Pauli string on `n` qubits, times a factor, as a matrix.
fn string(n: usize, letters: usize, factor: f64) -> Vec<Complex> {
    let mut weights = vec![[0.0; 2]; 1 << (2 * n)];
    weights[letters] = [factor, 0.0];
    transformed(Level::Baseline, &weights, Direction::Entries, 1).unwrap()
}

fn added(one: &[Complex], other: &[Complex]) -> Vec<Complex> {
    one.iter().zip(other).map(|(a, b)| [a[0] + b[0], a[1] + b[1]]).collect()
}

/// Returns `Z_i`, `X_i X_j` and `Y_i Y_j`.
fn xy(n: usize) -> Vec<Complex> {
    let pairs: Vec<_> = (0..n).flat_map(|j| (0..j).map(move |i| 1 << (2 * i) | 1 << (2 * j))).collect();
    let letters = (0..n).map(|i| 3 << (2 * i)).chain(pairs.iter().flat_map(|pair| [*pair, 2 * pair]));
    letters.flat_map(|letters| string(n, letters, 0.7)).collect()
}

/// Returns the summed `Z_i Z_i+1` and `X_i` of an open chain.
fn ising(n: usize) -> Vec<Complex> {
    let zz = (0..n - 1).map(|i| string(n, 0b1111 << (2 * i), 1.0)).reduce(|a, b| added(&a, &b)).unwrap();
    let x = (0..n).map(|i| string(n, 1 << (2 * i), 1.0)).reduce(|a, b| added(&a, &b)).unwrap();
    [zz, x].concat()
}

#[test]
fn known_algebras_have_their_dimensions() {
    for level in Level::here() {
        for (n, wanted) in [(1, 1), (2, 6), (3, 30), (4, 126)] {
            assert_eq!(found_dimension(level, 1 << n, &xy(n), 50, None), Ok((wanted, true)));
        }
        for n in 2..5 {
            let wanted = if n == 2 { 4 } else { (n * n) as u64 };
            assert_eq!(found_dimension(level, 1 << n, &ising(n), 50, None), Ok((wanted, true)), "n={n}");
        }
        for (d, wanted) in [(1, 1), (2, 4), (3, 9), (5, 25)] {
            let stack = [symmetric(d, 1, 1.0), symmetric(d, 2, 1.0)].concat();
            assert_eq!(found_dimension(level, d, &stack, 50, None), Ok((wanted, true)), "d={d}");
        }
        assert_eq!(found_dimension(level, 2, &[[0.0; 2]; 8], 50, None), Ok((0, true)));
    }
}

#[test]
fn almost_a_string_is_one_and_a_real_part_more_makes_it_none() {
    let x = string(1, 1, 1.0);
    for (factor, wanted) in [(1e-13, 1), (1e-4, 3)] {
        let stack = [added(&x, &string(1, 3, factor)), x.clone()].concat();
        assert_eq!(found_dimension(Level::Baseline, 2, &stack, 50, None), Ok((wanted, true)));
    }
}

#[test]
fn limits_stop_the_search_and_say_so() {
    for (d, stack, all) in [(8, xy(3), 30), (8, ising(3), 9)] {
        for most in 1..=all {
            let found = found_dimension(Level::Baseline, d, &stack, 50, Some(most));
            assert_eq!(found, Ok((most, most == all)));
        }
        let (found, complete) = found_dimension(Level::Baseline, d, &stack, 1, None).unwrap();
        assert!(found < all && !complete);
    }
}

#[test]
fn bad_stacks_are_refused() {
    let found = |stack: &[Complex]| found_dimension(Level::Baseline, 2, stack, 50, None);
    let x = string(1, 1, 1.0);
    let mut skewed = x.clone();
    skewed[1][0] += 1e-3;
    let Err(Failure::Refused(message)) = found(&[x.clone(), skewed].concat()) else { panic!("not refused") };
    assert!(message.contains("must be Hermitian: found a matrix that is not, at index 1\nhint: "));
    let mut spoiled = x;
    spoiled[3][1] = f64::NAN;
    assert_eq!(found(&spoiled), Err(Failure::NotFinite));
}

#[test]
fn a_basis_that_the_caller_refuses_is_no_memory() {
    let generators = ising(3);
    let stack = Stack { count: 2, d: 8, start: values(&generators) };
    let limits = Limits { rounds: 50, most: None, small: 1e-10 };
    let mut caller = Caller { allows: &mut |_| false, go_on: &mut || true };
    // SAFETY: the stack has the size named, and every CPU has the level.
    let found = unsafe { dimension(Level::Baseline, stack, limits, &mut caller) };
    assert_eq!(found, Err(Failure::Memory));
}
