//! The family against plain loops, at every level, alone and shared.

use std::f64::consts::PI;

use super::waveform::{BLOCK, Samples, Totals, recover};
use crate::failure::Failure;
use crate::simd::Level;
use crate::simd::tests::angles;

/// Five arrays of samples, and what comes of them.
#[derive(Clone)]
struct Case {
    from: [Vec<f64>; 5],
    efficiency: f64,
    load: f64,
}

impl Case {
    fn new(n: usize) -> Self {
        let time = angles(n, 1.0).into_iter().scan(-3.0, |time, step| {
            *time += step.abs() + 1e-9;
            Some(*time)
        });
        let radius = angles(n, 0.5).iter().map(|x| x.abs()).collect();
        Self {
            from: [time.collect(), radius, angles(n, 9.0), angles(n, 3.0), angles(n, 50.0)],
            efficiency: 0.7,
            load: 0.3,
        }
    }

    fn recover(&self, level: Level, helpers: usize) -> Result<(Totals, [Vec<f64>; 4]), Failure> {
        let n = self.from[0].len();
        let mut to: [Vec<f64>; 4] = std::array::from_fn(|_| vec![f64::NAN; n]);
        let from = std::array::from_fn(|at| self.from[at].as_ptr());
        let pointers = to.each_mut().map(|array| array.as_mut_ptr());
        let efficiency = self.efficiency;
        let samples = Samples { n, from, turns: 17.0, load: self.load, efficiency, to: pointers };
        // SAFETY: the arrays have room, and the CPU has the level.
        unsafe { recover(level, &samples, helpers) }.map(|totals| (totals, to))
    }
}

#[test]
fn waveforms_are_those_of_the_definition_to_the_bit() {
    for n in [2, 3, 9, 255, 256, 257, 1000, BLOCK, BLOCK + 1, BLOCK + 5, 3 * BLOCK + 77, 70_001] {
        let case = Case::new(n);
        let [t, r, dr, b, db] = &case.from;
        let flux: Vec<_> = (0..n).map(|i| ((PI * r[i]) * r[i]) * b[i]).collect();
        let rate = |i: usize| PI * (((r[i] * r[i]) * db[i]) + (((2.0 * r[i]) * dr[i]) * b[i]));
        let rate: Vec<_> = (0..n).map(rate).collect();
        let emf: Vec<_> = rate.iter().map(|rate| -17.0 * rate).collect();
        let power: Vec<_> = emf.iter().map(|emf| ((0.7 * emf) * emf) / 0.3).collect();
        let energy: f64 = (1..n).map(|i| (0.5 * (power[i - 1] + power[i])) * (t[i] - t[i - 1])).sum();
        let most = |values: &[f64]| values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let mut first = None;
        for level in Level::here() {
            for helpers in 0..3 {
                let (totals, to) = case.recover(level, helpers).unwrap();
                assert_eq!(to, [flux.clone(), rate.clone(), emf.clone(), power.clone()]);
                assert!((totals.energy / energy - 1.0).abs() < 1e-13);
                assert_eq!([totals.peak_emf(), totals.peak_power()], [most(&emf), most(&power)]);
                assert_eq!(*first.get_or_insert(totals), totals, "{n} {level:?} {helpers}");
            }
        }
    }
}

#[test]
fn powers_have_the_bits_of_a_division_whatever_the_load() {
    let loads = [4.0, 7.1, 1.0 - f64::EPSILON / 2.0, 1e-310, 3e-290, 1.7e308, 1.0 / 3.0];
    for load in loads.into_iter().chain(angles(40, 90.0).into_iter().map(f64::abs)) {
        for (efficiency, force) in [(1.0, 1.0), (0.9, 1e-160), (1e-300, 1e10), (1e-8, 1e-140)] {
            let mut case = Case { load, efficiency, ..Case::new(600) };
            for array in [3, 4] {
                case.from[array].iter_mut().for_each(|value| *value *= force);
            }
            for level in Level::here() {
                // Loads near zero take some powers beyond float64.
                let Ok((_, [.., emf, power])) = case.recover(level, 0) else { continue };
                let wanted: Vec<_> = emf.iter().map(|emf| ((efficiency * emf) * emf) / load).collect();
                assert_eq!(power, wanted, "{load:e} {efficiency:e} {force:e} {level:?}");
            }
        }
    }
}

#[test]
fn without_efficiency_there_is_no_power() {
    let mut case = Case::new(300);
    case.efficiency = 0.0;
    case.from[3].fill(1e200);
    let (totals, to) = case.recover(Level::here()[0], 0).unwrap();
    assert!(to[3].iter().all(|power| power.to_bits() == 0));
    assert_eq!([totals.energy, totals.peak_power()], [0.0, 0.0]);
    for value in [1e300, -1e300] {
        case.from[2][17] = value;
        let Err(Failure::Refused(message)) = case.recover(Level::here()[0], 0) else { panic!("{value:e}") };
        assert!(message.starts_with("flux_rate must be finite"), "{message}");
    }
}

#[test]
fn what_is_unsound_is_named_wherever_it_lies() {
    let n = 2 * BLOCK + 100;
    for at in [1, 256, BLOCK, n - 1] {
        let spoilt = |array: usize, value: f64| {
            let mut case = Case::new(n);
            case.from[array][at] = value;
            case
        };
        for level in Level::here() {
            for array in 0..5 {
                for value in [f64::NAN, f64::INFINITY] {
                    assert_eq!(spoilt(array, value).recover(level, 1).map(|_| ()), Err(Failure::NotFinite));
                }
            }
            let before = Case::new(n).from[0][at - 1];
            let named =
                [(spoilt(1, -1e-300), "radius"), (spoilt(0, before), "time"), (spoilt(1, 1e200), "flux")];
            for (case, name) in named {
                let found = case.recover(level, 1).map(|_| ());
                let Err(Failure::Refused(message)) = found else { panic!("{name}: {found:?}") };
                assert!(message.contains(name), "{name}: {message}");
            }
        }
    }
}

#[test]
fn results_beyond_float64_are_named() {
    for (array, value, name) in
        [(3, 1e308, "flux"), (4, 2e307, "back_emf"), (4, 1e200, "power"), (4, 1e152, "energy")]
    {
        let mut case = Case::new(40);
        case.from[1].fill(1.0);
        case.from[2].fill(0.0);
        case.from[3].fill(0.0);
        case.from[array].fill(value);
        if name == "energy" {
            case.from[0] = (0..40).map(|k| 1e5 * f64::from(k)).collect();
        }
        let found = case.recover(Level::here()[0], 0).map(|_| ());
        let Err(Failure::Refused(message)) = found else { panic!("{name}: {found:?}") };
        assert!(message.starts_with(&format!("{name} must be finite: found ")), "{name}: {message}");
    }
}
