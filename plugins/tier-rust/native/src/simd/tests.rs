//! Sine and cosine against the library, at every level that this CPU has and on a model of AVX-512.

use super::lanes::{SinCos, strays};
use super::plain::Plain;
use super::sincos::{SMALL, half_turn, small, table};
use super::*;

/// AVX-512 as arrays: its algorithm is tested on every CPU.
type Wide = Plain<8, true>;

/// (Sine, cosine, whether the vector strayed) of each angle.
type Found = Vec<(f64, f64, bool)>;

/// A small generator of angles: a test may not depend on a crate.
pub fn angles(count: usize, reach: f64) -> Vec<f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (0..count).map(|_| next() * reach).collect()
}

/// Evaluates all whole vectors of `angles` and returns (sine, cosine, whether the vector strayed).
#[inline(always)]
unsafe fn evaluate<L: Lanes>(angles: &[f64], how: impl Fn(L) -> SinCos<L>) -> Found {
    let mut found = Vec::new();
    for part in angles.chunks_exact(L::WIDTH) {
        let (mut sin, mut cos) = ([0.0; 8], [0.0; 8]);
        // SAFETY: the caller promises the level; a part is one vector, and no vector has more than eight lanes.
        unsafe {
            let trig = how(L::load(part.as_ptr()));
            trig.sin.store(sin.as_mut_ptr());
            trig.cos.store(cos.as_mut_ptr());
            let strayed = strays(trig.range);
            found.extend((0..L::WIDTH).map(|lane| (sin[lane], cos[lane], strayed)));
        }
    }
    found
}

/// Evaluates by the level's own method.
#[inline(always)]
unsafe fn native<L: Lanes>(angles: &[f64]) -> Found {
    // SAFETY: as promised to `evaluated`.
    unsafe { evaluate::<L>(angles, L::sincos) }
}

per_level! {
    /// Evaluates angles at a level.
    ///
    /// # Safety
    /// The CPU has `level`.
    fn evaluated(angles: &[f64]) -> Found = native;
}

/// Evaluates angles at every level and by every algorithm.
fn everywhere(angles: &[f64]) -> Vec<(String, Found)> {
    let levels = Level::here().into_iter();
    // SAFETY: `here` lists what the CPU has, and arrays need nothing.
    unsafe {
        let mut all: Vec<_> =
            levels.map(|level| (level.name().to_owned(), evaluated(level, angles))).collect();
        all.push(("table model".to_owned(), evaluate::<Wide>(angles, table)));
        all.push(("half-turn model".to_owned(), evaluate::<Wide>(angles, half_turn)));
        all
    }
}

/// Magnitudes that every level reduces fast.
const EVERYWHERE_FAST: f64 = 1.6e6;

#[test]
fn sine_and_cosine_are_accurate_and_fast_in_range() {
    for reach in [1e-300, 1e-8, 0.1, 1.0, 3.2, 7.0, 100.0, 1e4, EVERYWHERE_FAST] {
        let angles = angles(80_000, reach);
        for (name, found) in everywhere(&angles) {
            for (angle, (sin, cos, strayed)) in angles.iter().zip(found) {
                // A silent slow path would be right and twenty times slower.
                assert!(!strayed, "{name} falls back at {angle}");
                let error = (sin - angle.sin()).abs().max((cos - angle.cos()).abs());
                assert!(error < 5e-16, "{name} at {angle:e}: off by {error:e}");
            }
        }
    }
}

#[test]
fn quarter_turns_and_their_neighbours_are_accurate() {
    let near = |turn: i32| {
        let angle = f64::from(turn) * std::f64::consts::FRAC_PI_4;
        [angle, angle.next_up(), angle.next_down(), -angle]
    };
    let angles: Vec<_> = (0..20_000).flat_map(near).collect();
    for (name, found) in everywhere(&angles) {
        for (angle, (sin, cos, _)) in angles.iter().zip(found) {
            let error = (sin - angle.sin()).abs().max((cos - angle.cos()).abs());
            assert!(error < 5e-16, "{name} at {angle:e}: off by {error:e}");
        }
    }
}

#[test]
fn wide_levels_are_fast_up_to_a_billion() {
    let angles = angles(80_000, 8e8);
    for (name, found) in everywhere(&angles).into_iter().filter(|(name, _)| name != "baseline") {
        for (angle, (sin, cos, strayed)) in angles.iter().zip(found) {
            let error = (sin - angle.sin()).abs().max((cos - angle.cos()).abs());
            assert!(!strayed && error < 5e-16, "{name} at {angle:e}: off by {error:e}");
        }
    }
}

#[test]
fn what_the_reduction_cannot_serve_strays() {
    for bad in [f64::NAN, f64::INFINITY, 7e9, 1e10, 1e15, 1e16, 1e18, 1e22, f64::MAX] {
        for lane in 0..8 {
            for sign in [1.0, -1.0] {
                let mut angles = [0.5; 8];
                angles[lane] = bad * sign;
                for (name, found) in everywhere(&angles) {
                    assert!(found[lane].2, "{name} serves {}", bad * sign);
                }
            }
        }
    }
}

#[test]
fn zeros_and_subnormals_stay_themselves() {
    let angles = [0.0, -0.0, 5e-324, -5e-324, 1e-310, -1e-310, f64::MIN_POSITIVE, 0.0];
    for (name, found) in everywhere(&angles) {
        for (angle, (sin, cos, strayed)) in angles.iter().zip(found) {
            assert!(
                (sin - angle).abs() == 0.0 && cos == 1.0 && !strayed,
                "{name} at {angle:e}: {sin:e}, {cos}"
            );
        }
    }
}

#[test]
fn small_angles_are_accurate() {
    for angle in angles(100_000, SMALL) {
        let (mut sin, mut cos) = ([0.0; 8], [0.0; 8]);
        // SAFETY: arrays need nothing of the CPU, and there is room for eight lanes.
        unsafe {
            let (s, c) = small(Wide::splat(angle));
            s.store(sin.as_mut_ptr());
            c.store(cos.as_mut_ptr());
        }
        assert!((sin[0] - angle.sin()).abs().max((cos[0] - angle.cos()).abs()) < 2e-16);
    }
}

/// Checks every operation of a level against plain arithmetic.
#[inline(always)]
unsafe fn check_operations<L: Lanes>(seen: &mut usize) {
    let (a, b, c) = (angles(8, 3.0), angles(16, 2.0)[8..].to_vec(), angles(24, 5.0)[16..].to_vec());
    let width = L::WIDTH;
    let mut out = [0.0; 8];
    // SAFETY: the caller promises the level; every array has eight places.
    unsafe {
        let (x, y, z) = (L::load(a.as_ptr()), L::load(b.as_ptr()), L::load(c.as_ptr()));
        let mut check = |value: L, wanted: &dyn Fn(usize) -> f64| {
            value.store(out.as_mut_ptr());
            for lane in 0..width {
                assert!((out[lane] - wanted(lane)).abs() < 1e-14, "lane {lane}: {out:?}");
            }
            *seen += 1;
        };
        check(L::splat(2.5), &|_| 2.5);
        check(x.like(-1.5), &|_| -1.5);
        check(x.add(y), &|i| a[i] + b[i]);
        check(x.sub(y), &|i| a[i] - b[i]);
        check(x.mul(y), &|i| a[i] * b[i]);
        check(x.mul_add(y, z), &|i| a[i] * b[i] + c[i]);
        check(x.mul_from(y, z), &|i| c[i] - a[i] * b[i]);
        check(x.xor(y).xor(y), &|i| a[i]);
        check(x.or(x), &|i| a[i]);
        for count in 0..width {
            let first = |i: usize| if i < count { a[i] } else { 0.0 };
            check(x.keep_first(count), &first);
            check(L::load_first(a.as_ptr(), count), &first);
        }
        assert!((x.total() - a[..width].iter().sum::<f64>()).abs() < 1e-14);
        for lane in 0..width {
            let mut values = [0.5; 8];
            for (bad, beyond) in
                [(0.5, false), (0.625, false), (-0.75, true), (f64::NAN, true), (f64::INFINITY, true)]
            {
                values[lane] = bad;
                assert_eq!(L::load(values.as_ptr()).exceeds(0.625), beyond, "{bad}");
            }
            let mut bits = [0.0; 8];
            bits[lane] = f64::from_bits(1 << 40);
            assert!(L::load(bits.as_ptr()).any_bit(1 << 40) && !L::load(bits.as_ptr()).any_bit(!(1 << 40)));
        }
    }
}

per_level! {
    /// Checks the operations of a level.
    ///
    /// # Safety
    /// The CPU has `level`.
    fn operations(seen: &mut usize) = check_operations;
}

#[test]
fn every_operation_does_what_it_says() {
    for level in Level::here() {
        let mut seen = 0;
        // SAFETY: `here` lists what the CPU has.
        unsafe { operations(level, &mut seen) };
        assert!(seen > 10);
    }
}

#[test]
fn a_level_is_chosen_by_name_or_refused_with_the_choices() {
    assert_eq!(Level::choose(None), Ok(Level::here()[0]));
    assert_eq!(Level::choose(Some("baseline")), Ok(Level::Baseline));
    let refusal = Level::choose(Some("neon9")).unwrap_err();
    assert!(refusal.contains("\"neon9\"") && refusal.contains("'baseline'") && refusal.contains("\nhint: "));
}
