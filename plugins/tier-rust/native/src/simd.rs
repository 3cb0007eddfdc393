//! Vectors for every CPU: the widest level that this one has is chosen once, when the module is imported.
//!
//! An algorithm is written once, generic over [`Lanes`]; `per_level!` makes one compiled copy for each level.

use std::sync::OnceLock;

/// Writes methods of [`Lanes`] whose bodies are one expression of intrinsics.
#[cfg(target_arch = "x86_64")]
macro_rules! lane_ops {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $out:ty = $body:expr;)*) => {$(
        #[inline(always)]
        fn $name($($arg: $kind),*) -> $out {
            // SAFETY: `self` proves that the CPU has the instructions of this level.
            unsafe { $body }
        }
    )*};
}

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub mod lanes;
pub mod plain;
pub mod sincos;
#[cfg(test)]
pub mod tests;

#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512;
pub use lanes::Lanes;
pub use plain::Baseline;

/// The environment variable that chooses a level, for tests and comparisons.
pub const VARIABLE: &str = "POLYTIER_RUST_SIMD";

/// A set of vector instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Eight lanes and the table in registers.
    Avx512,
    /// Four lanes.
    Avx2,
    /// What the compiler makes of plain Rust for the oldest CPU.
    Baseline,
}

impl Level {
    /// All levels, the widest first.
    pub const ALL: [Self; 3] = [Self::Avx512, Self::Avx2, Self::Baseline];

    /// The level's name in the environment variable and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Baseline => "baseline",
        }
    }

    /// Says whether this CPU has the level's instructions.
    #[cfg(target_arch = "x86_64")]
    pub fn available(self) -> bool {
        match self {
            Self::Avx512 => is_x86_feature_detected!("avx512f"),
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            Self::Baseline => true,
        }
    }

    /// Says whether this CPU has the level's instructions.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn available(self) -> bool {
        self == Self::Baseline
    }

    /// Returns the levels that this CPU has, the widest first.
    pub fn here() -> Vec<Self> {
        Self::ALL.into_iter().filter(|level| level.available()).collect()
    }

    /// Returns the level that was asked for by name, or the widest, or why there is none.
    pub fn choose(asked: Option<&str>) -> Result<Self, String> {
        let here = Self::here();
        match asked {
            None | Some("") => Ok(here[0]),
            Some(name) => here.iter().copied().find(|level| level.name() == name).ok_or_else(|| {
                let names: Vec<_> = here.iter().map(|level| format!("'{}'", level.name())).collect();
                let names = names.join(", ");
                format!(
                    "load the rust tier with {VARIABLE}={name:?}: this CPU has {names}\n\
                     hint: unset {VARIABLE}, or set it to one of {names}"
                )
            }),
        }
    }
}

static CHOSEN: OnceLock<Level> = OnceLock::new();

/// Reads the environment and fixes the level of this process.
pub fn start() -> Result<(), String> {
    let asked = std::env::var_os(VARIABLE).map(|value| value.to_string_lossy().into_owned());
    let level = Level::choose(asked.as_deref())?;
    CHOSEN.get_or_init(|| level);
    Ok(())
}

/// Returns the level of this process.
#[inline]
pub fn level() -> Level {
    *CHOSEN.get_or_init(|| Level::here()[0])
}

/// Asks for the cache line at `at`, which may lie outside any allocation.
#[inline(always)]
pub fn prefetch(at: *const f64) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch never faults, and every x86-64 CPU has it.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// Makes a function that runs the copy of a generic function compiled for the level in its first argument.
macro_rules! per_level {
    ($($(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident: $kind:ty),* $(,)?) $(-> $out:ty)? = $generic:ident;)*) => {$(
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        $vis unsafe fn $name(level: $crate::simd::Level, $($arg: $kind),*) $(-> $out)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f")]
            unsafe fn avx512($($arg: $kind),*) $(-> $out)? {
                // SAFETY: as promised to the dispatching function.
                unsafe { $generic::<$crate::simd::Avx512>($($arg),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2($($arg: $kind),*) $(-> $out)? {
                // SAFETY: as promised to the dispatching function.
                unsafe { $generic::<$crate::simd::Avx2>($($arg),*) }
            }
            unsafe fn baseline($($arg: $kind),*) $(-> $out)? {
                // SAFETY: as promised to the dispatching function.
                unsafe { $generic::<$crate::simd::Baseline>($($arg),*) }
            }
            // SAFETY: the caller promises that the CPU has `level`, and what the generic function asks for.
            unsafe {
                match level {
                    #[cfg(target_arch = "x86_64")]
                    $crate::simd::Level::Avx512 => avx512($($arg),*),
                    #[cfg(target_arch = "x86_64")]
                    $crate::simd::Level::Avx2 => avx2($($arg),*),
                    _ => baseline($($arg),*),
                }
            }
        }
    )*};
}
pub(crate) use per_level;
