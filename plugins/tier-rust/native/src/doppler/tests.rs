//! The family against plain loops, at every level, alone and shared.

use std::f64::consts::{PI, TAU};
use std::ptr::null;

use super::model::{Model, Moment, derivative};
use super::trace::{Task, trace};
use crate::failure::Failure;
use crate::simd::Level;
use crate::simd::tests::angles;

/// Oscillators whose couplings synchronise.
struct Case {
    theta: Vec<f64>,
    position: Vec<f64>,
    velocity: Vec<f64>,
    omega: Vec<f64>,
    rate: Vec<f64>,
    coupling: Vec<f64>,
}

impl Case {
    fn new(n: usize) -> Self {
        let pick = |skip: usize, most: f64| angles(n + skip, most)[skip..].to_vec();
        let coupling = angles(n * n, 3.0).iter().map(|x| x.abs() / n as f64).collect();
        let (theta, position) = (pick(0, 3.0), pick(3, 0.8));
        Self { theta, position, velocity: pick(5, 2.0), omega: pick(7, 1.0), rate: pick(11, 0.1), coupling }
    }

    fn model(&self, rates: bool) -> Model {
        Model {
            n: self.theta.len(),
            velocity: self.velocity.as_ptr(),
            omega: self.omega.as_ptr(),
            rate: if rates { self.rate.as_ptr() } else { null() },
            coupling: self.coupling.as_ptr(),
            lag: 0.05,
            push: 0.2,
            epsilon: 1.0,
            scale: 0.7,
        }
    }

    fn moment(&self) -> Moment {
        Moment { theta: self.theta.as_ptr(), position: self.position.as_ptr(), time: 0.3 }
    }

    /// The derivative as it is defined.
    fn slopes(&self, theta: &[f64], position: &[f64], time: f64, rates: bool) -> Vec<f64> {
        let n = theta.len();
        let slope = |i: usize| {
            let mut sum = self.omega[i] + time * if rates { self.rate[i] } else { 0.0 };
            for j in (0..n).filter(|j| *j != i) {
                let (v, w) = (self.velocity[i], self.velocity[j]);
                let q = 1.0 + (position[i] - position[j]).abs() / 0.7;
                sum += (self.coupling[i * n + j] / q) * ((theta[j] - theta[i]) - 0.05).sin();
                sum += 0.2 * ((v - w) / (0.5 * (v.abs() + w.abs()) + 1.0));
            }
            sum
        };
        (0..n).map(slope).collect()
    }
}

#[test]
fn derivatives_are_those_of_the_definition() {
    for n in [1, 2, 3, 4, 5, 8, 13, 40, 70] {
        let mut case = Case::new(n);
        for far in [false, true] {
            if far {
                case.theta[n - 1] = 1e22;
            }
            let wanted = case.slopes(&case.theta, &case.position, 0.3, true);
            for level in Level::here() {
                for helpers in 0..3 {
                    let mut found = vec![f64::NAN; n];
                    // SAFETY: the arrays have room, and the CPU has the level.
                    let sound = unsafe {
                        derivative(level, &case.model(true), &case.moment(), found.as_mut_ptr(), helpers)
                    };
                    assert!(sound);
                    for (one, other) in found.iter().zip(&wanted) {
                        assert!((one - other).abs() < 1e-14 * 10.0, "{n} {level:?}: {one} {other}");
                    }
                }
            }
        }
    }
}

#[test]
fn without_couplings_derivatives_have_the_bits_of_the_definition() {
    let mut case = Case::new(21);
    case.coupling.fill(0.0);
    let wanted = case.slopes(&case.theta, &case.position, 0.3, false);
    for level in Level::here() {
        let mut found = vec![f64::NAN; 21];
        // SAFETY: the arrays have room, and the CPU has the level.
        assert!(unsafe { derivative(level, &case.model(false), &case.moment(), found.as_mut_ptr(), 0) });
        assert_eq!(found, wanted);
    }
}

#[test]
fn a_derivative_that_is_not_finite_is_noticed() {
    let mut case = Case::new(9);
    case.velocity[4] = f64::MAX;
    case.velocity[5] = f64::MIN;
    for level in Level::here() {
        let mut found = vec![0.0; 9];
        // SAFETY: the arrays have room, and the CPU has the level.
        assert!(!unsafe { derivative(level, &case.model(false), &case.moment(), found.as_mut_ptr(), 0) });
    }
}

fn wrap(angle: f64) -> f64 {
    (angle + PI).rem_euclid(TAU) - PI
}

/// The path as it is defined: times, phases, positions, order parameters, lock errors.
fn path(case: &Case, dt: f64, steps: usize) -> [Vec<f64>; 5] {
    let n = case.theta.len();
    let (mut theta, mut z, mut t) = (case.theta.clone(), case.position.clone(), 0.3);
    let mut rows: [Vec<f64>; 5] = Default::default();
    for step in 0..=steps {
        rows[0].push(t);
        rows[1].extend(&theta);
        rows[2].extend(&z);
        let sums = theta.iter().fold((0.0, 0.0), |(s, c), x| (s + x.sin(), c + x.cos()));
        rows[3].push(f64::hypot(sums.0, sums.1) / n as f64);
        let apart = theta.iter().flat_map(|x| theta.iter().map(move |y| wrap(y - x).abs()));
        rows[4].push(apart.fold(0.0, f64::max));
        if step == steps {
            break;
        }
        let moved = |h: f64| -> Vec<_> { (0..n).map(|i| z[i] + h * case.velocity[i]).collect() };
        let ahead = |k: &[f64], h: f64| -> Vec<_> { (0..n).map(|i| theta[i] + h * k[i]).collect() };
        let (half, end) = (moved(0.5 * dt), moved(dt));
        let k1 = case.slopes(&theta, &z, t, true);
        let k2 = case.slopes(&ahead(&k1, 0.5 * dt), &half, t + 0.5 * dt, true);
        let k3 = case.slopes(&ahead(&k2, 0.5 * dt), &half, t + 0.5 * dt, true);
        let k4 = case.slopes(&ahead(&k3, dt), &end, t + dt, true);
        let sum = |i: usize| ((k1[i] + 2.0 * k2[i]) + 2.0 * k3[i]) + k4[i];
        theta = (0..n).map(|i| wrap(theta[i] + (dt / 6.0) * sum(i))).collect();
        (z, t) = (end, t + dt);
    }
    rows
}

#[test]
fn traces_follow_the_definition() {
    for n in [1, 2, 3, 8, 11, 34] {
        let mut case = Case::new(n);
        for start in [0.5, 40.0, 1e9] {
            case.theta[0] = start;
            let (dt, steps) = (0.05, 40);
            let wanted = path(&case, dt, steps);
            for level in Level::here() {
                let mut found = wanted.clone().map(|array| vec![f64::NAN; array.len()]);
                let to = found.each_mut().map(|array| array.as_mut_ptr());
                let task =
                    Task { model: case.model(true), start: case.moment(), dt, steps: steps as u64, to };
                // SAFETY: the arrays have room, and the CPU has the level.
                unsafe { trace(level, &task, &mut || true).unwrap() };
                for (part, (one, other)) in found.iter().zip(&wanted).enumerate() {
                    for (x, y) in one.iter().zip(other) {
                        let apart = if part == 1 { wrap(x - y).abs() } else { (x - y).abs() };
                        let allowed = if start > 1e6 { 1e-9 } else { 1e-12 };
                        assert!(apart < allowed, "part {part}, n {n}, start {start}, {level:?}: {x} {y}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_trace_stops_when_asked() {
    let case = Case::new(3);
    let steps = 2_000_000;
    let mut to: [Vec<f64>; 5] = [1, 3, 3, 1, 1].map(|width| vec![0.0; width * (steps + 1)]);
    let to = to.each_mut().map(|array| array.as_mut_ptr());
    let task = Task { model: case.model(true), start: case.moment(), dt: 1e-3, steps: steps as u64, to };
    let mut asked = 0;
    // SAFETY: the arrays have room, and the CPU has the level.
    let ended = unsafe {
        trace(Level::here()[0], &task, &mut || {
            asked += 1;
            asked < 3
        })
    };
    assert_eq!((ended, asked), (Err(Failure::Stopped), 3));
}
