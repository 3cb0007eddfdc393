//! The family against plain loops, at every level, alone and shared.

use super::force::force;
use super::integrate::{SHARED_LEAST, Task, integrate};
use super::network::{Start, all_finite};
use super::step::Method;
use super::sums::{BLOCK, Sums, sums};
use super::template;
use crate::failure::Failure;
use crate::simd::Level;
use crate::simd::tests::angles;
use std::ptr::null_mut;

/// A network whose couplings synchronise, with a diagonal that must not act.
struct Case {
    theta: Vec<f64>,
    omega: Vec<f64>,
    coupling: Vec<f64>,
}

impl Case {
    fn new(n: usize) -> Self {
        let mut coupling: Vec<_> = angles(n * n, 1.0).iter().map(|x| x.abs() * 2.0 / n as f64).collect();
        for i in 0..n {
            coupling[i * n + i] = 1e12;
        }
        Self { theta: angles(n, 4.0), omega: angles(n + 9, 0.7)[9..].to_vec(), coupling }
    }

    fn n(&self) -> usize {
        self.theta.len()
    }

    /// The force as it is defined.
    fn pull(&self, theta: &[f64], i: usize) -> f64 {
        let term = |j: usize| self.coupling[i * self.n() + j] * (theta[j] - theta[i]).sin();
        (0..self.n()).filter(|j| *j != i).map(term).sum()
    }

    fn slopes(&self, theta: &[f64]) -> Vec<f64> {
        (0..self.n()).map(|i| self.omega[i] + self.pull(theta, i)).collect()
    }

    /// One step, as it is defined.
    fn step(&self, theta: &[f64], dt: f64, method: Method) -> Vec<f64> {
        let moved = |by: &[f64], h: f64| theta.iter().zip(by).map(|(t, k)| t + h * k).collect::<Vec<_>>();
        let a = self.slopes(theta);
        if method == Method::Euler {
            return moved(&a, dt);
        }
        let b = self.slopes(&moved(&a, dt / 2.0));
        let c = self.slopes(&moved(&b, dt / 2.0));
        let d = self.slopes(&moved(&c, dt));
        let sum: Vec<_> = (0..self.n()).map(|i| a[i] + 2.0 * b[i] + 2.0 * c[i] + d[i]).collect();
        moved(&sum, dt / 6.0)
    }

    /// Integrates and returns the last phases, the path and the orders, as far as the method keeps them.
    fn run(&self, level: Level, dt: f64, steps: usize, method: Method, threads: usize) -> [Vec<f64>; 3] {
        let n = self.n();
        let (mut last, mut path, mut order) =
            (vec![f64::NAN; n], vec![f64::NAN; (steps + 1) * n], vec![f64::NAN; steps + 1]);
        let whole = method == Method::Euler;
        let start = Start {
            n,
            theta: self.theta.as_ptr(),
            omega: self.omega.as_ptr(),
            coupling: self.coupling.as_ptr(),
            dt,
        };
        let task = Task {
            start,
            steps: steps as u64,
            method,
            path: if whole { path.as_mut_ptr() } else { null_mut() },
            order: if whole { order.as_mut_ptr() } else { null_mut() },
            last: last.as_mut_ptr(),
        };
        // SAFETY: the arrays have room, and the CPU has the level.
        unsafe { integrate(level, &task, threads, &mut || true).unwrap() };
        [last, path, order]
    }
}

/// The sums as they are defined.
fn plain_sums(theta: &[f64]) -> Sums {
    Sums { cos: theta.iter().map(|x| x.cos()).sum(), sin: theta.iter().map(|x| x.sin()).sum() }
}

fn found_sums(level: Level, theta: &[f64], helpers: usize) -> Result<Sums, Failure> {
    // SAFETY: the slice is readable, and the CPU has the level.
    unsafe { sums(level, theta.as_ptr(), theta.len(), helpers) }
}

fn worst(found: &[f64], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    found.iter().zip(wanted).map(|(a, b)| if a == b { 0.0 } else { (a - b).abs() }).fold(0.0, f64::max)
}

#[test]
fn sums_are_right_at_every_length_and_around_blocks() {
    let around = [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 5];
    for level in Level::here() {
        for n in (1..41).chain(around) {
            let theta = angles(n, 50.0);
            let (found, wanted) = (found_sums(level, &theta, 1).unwrap(), plain_sums(&theta));
            let error = (found.cos - wanted.cos).abs().max((found.sin - wanted.sin).abs());
            assert!(error < 1e-13 * (n as f64).sqrt().max(1.0), "{level:?}, n={n}: off by {error:e}");
            assert!(found.order(n) <= 1.0 + 1e-12);
        }
    }
}

#[test]
fn huge_phases_are_summed_by_the_library() {
    let theta = [1e9, -3e12, 1e22, 1e300, 0.5, 1e10, 7.0];
    for level in Level::here() {
        let (found, wanted) = (found_sums(level, &theta, 0).unwrap(), plain_sums(&theta));
        assert!((found.cos - wanted.cos).abs().max((found.sin - wanted.sin).abs()) < 1e-14);
    }
}

#[test]
fn one_phase_that_is_not_finite_is_found_anywhere() {
    for level in Level::here() {
        for n in [1, 7, 9, BLOCK + 3] {
            for at in [0, n / 2, n - 1] {
                for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                    let mut theta = angles(n, 1.0);
                    theta[at] = bad;
                    assert_eq!(found_sums(level, &theta, 1), Err(Failure::NotFinite));
                    // SAFETY: the slice is readable, and the CPU has the level.
                    assert!(!unsafe { all_finite(level, theta.as_ptr(), n) });
                }
            }
        }
    }
}

#[test]
fn helpers_do_not_change_a_bit_of_the_sums() {
    let theta = angles(40 * BLOCK + 17, 3.0);
    for level in Level::here() {
        let alone = found_sums(level, &theta, 0).unwrap();
        for _ in 0..50 {
            assert_eq!(found_sums(level, &theta, 3).unwrap(), alone);
        }
    }
}

#[test]
fn forces_are_right_at_every_size() {
    for level in Level::here() {
        for n in (1..41).chain([64, 131, 300]) {
            let case = Case::new(n);
            let mut found = vec![f64::NAN; n];
            let (theta, coupling) = (case.theta.as_ptr(), case.coupling.as_ptr());
            // SAFETY: the arrays have the sizes named, and the CPU has the level.
            unsafe { force(level, n, theta, coupling, found.as_mut_ptr(), 1).unwrap() };
            let wanted: Vec<_> = (0..n).map(|i| case.pull(&case.theta, i)).collect();
            let error = worst(&found, &wanted);
            assert!(error < 2e-15, "{level:?}, n={n}: off by {error:e}");
        }
    }
}

#[test]
fn a_coupling_that_is_not_finite_is_found_anywhere() {
    for level in Level::here() {
        for n in [1, 2, 5, 9, 18] {
            for at in 0..n * n {
                for bad in [f64::NAN, f64::INFINITY] {
                    let mut case = Case::new(n);
                    case.theta.fill(0.0);
                    case.coupling[at] = bad;
                    let mut out = vec![0.0; n];
                    let (theta, coupling) = (case.theta.as_ptr(), case.coupling.as_ptr());
                    // SAFETY: the arrays have the sizes named, and the CPU has the level.
                    let found = unsafe { force(level, n, theta, coupling, out.as_mut_ptr(), 0) };
                    assert_eq!(found, Err(Failure::NotFinite), "n={n}, place {at}");
                }
            }
        }
    }
}

#[test]
fn integrations_follow_the_definition() {
    for level in Level::here() {
        for n in (1..41).chain([63, 64, 65, 130]) {
            let case = Case::new(n);
            let (dt, steps) = (0.02, 70);
            for method in [Method::Euler, Method::Rk4] {
                let [last, path, order] = case.run(level, dt, steps, method, 1);
                let mut theta = case.theta.clone();
                let mut wanted = theta.clone();
                for _ in 0..steps {
                    theta = case.step(&theta, dt, method);
                    wanted.extend(&theta);
                }
                assert!(worst(&last, &theta) < 1e-13, "{level:?}, {method:?}, n={n}");
                if method == Method::Euler {
                    assert!(worst(&path, &wanted) < 1e-13, "{level:?}, path, n={n}");
                    let orders: Vec<_> = wanted.chunks(n).map(|theta| plain_sums(theta).order(n)).collect();
                    assert!(worst(&order, &orders) < 1e-13, "{level:?}, orders, n={n}");
                }
            }
        }
    }
}

#[test]
fn large_increments_and_huge_phases_are_followed_too() {
    for level in Level::here() {
        let mut case = Case::new(7);
        case.omega = vec![40.0, -30.0, 1e3, 5.0, 0.0, -7.0, 12.0];
        let [last, ..] = case.run(level, 0.5, 3, Method::Euler, 1);
        let mut theta = case.theta.clone();
        for _ in 0..3 {
            theta = case.step(&theta, 0.5, Method::Euler);
        }
        assert!(worst(&last, &theta) < 1e-11, "{level:?}: off by {:e}", worst(&last, &theta));
        // One step, and the identity: neither a huge phase nor a difference of two is exact.
        case.theta = vec![1e12, -3.0, 4e10, 1e15, 0.0, 1e22, 2e9];
        let [last, ..] = case.run(level, 0.5, 1, Method::Euler, 1);
        for (i, a) in case.theta.iter().enumerate() {
            let term = |j: usize| {
                let b = case.theta[j];
                case.coupling[i * 7 + j] * (b.sin() * a.cos() - b.cos() * a.sin())
            };
            let wanted = a + 0.5 * (case.omega[i] + (0..7).filter(|j| *j != i).map(term).sum::<f64>());
            assert!((last[i] - wanted).abs() <= 1e-13 * wanted.abs(), "{level:?}: {} for {wanted}", last[i]);
        }
    }
}

#[test]
fn helpers_do_not_change_a_bit_of_an_integration() {
    for level in Level::here() {
        for (more, method) in [(0, Method::Euler), (45, Method::Euler), (4, Method::Rk4)] {
            let n = SHARED_LEAST + more;
            let case = Case::new(n);
            let bits =
                |run: [Vec<f64>; 3]| run.map(|part| part.into_iter().map(f64::to_bits).collect::<Vec<_>>());
            let alone = bits(case.run(level, 0.01, 100, method, 1));
            for _ in 0..5 {
                assert!(bits(case.run(level, 0.01, 100, method, 3)) == alone, "{level:?}, n={n}");
            }
        }
    }
}

#[test]
fn no_steps_give_the_start_and_a_stop_is_reported() {
    let case = Case::new(5);
    let level = Level::here()[0];
    let [last, path, order] = case.run(level, 0.1, 0, Method::Euler, 1);
    assert_eq!((&last, &path), (&case.theta, &case.theta));
    assert!((order[0] - plain_sums(&case.theta).order(5)).abs() < 1e-15);
    let (theta, omega, coupling) = (case.theta.as_ptr(), case.omega.as_ptr(), case.coupling.as_ptr());
    let start = Start { n: 5, theta, omega, coupling, dt: 0.1 };
    let task = Task {
        start,
        steps: u64::MAX / 8,
        method: Method::Euler,
        path: null_mut(),
        order: null_mut(),
        last: null_mut(),
    };
    // SAFETY: the arrays have the sizes named, and nothing is kept.
    assert_eq!(unsafe { integrate(level, &task, 1, &mut || false) }, Err(Failure::Stopped));
}

#[test]
fn the_template_has_its_calibrated_entries() {
    let mut found = vec![0.0; 256];
    // SAFETY: the arrays have room.
    unsafe { template::fill(found.as_mut_ptr(), 16, 0.45, 0.3).unwrap() };
    assert_eq!((found[1], found[16], found[15], found[240]), (0.302, 0.302, 0.05, 0.05));
    assert_eq!((found[0], found[255]), (0.45, 0.45));
    assert!((found[4 * 16 + 6] - 0.45 * (-0.6_f64).exp()).abs() < 1e-16);
    let mut one = [0.0];
    // SAFETY: likewise.
    unsafe { template::fill(one.as_mut_ptr(), 1, 0.2, 1.0).unwrap() };
    assert_eq!(one, [0.2]);
}
