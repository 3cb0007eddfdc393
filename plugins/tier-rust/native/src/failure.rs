//! Why a kernel gives no answer, and how a panic becomes one of the reasons.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a kernel gives no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// An argument is not finite; polytier's own checks say which.
    NotFinite,
    /// An argument or a result that the kernel refuses, in the words for the caller.
    Refused(String),
    /// The call is for another tier, and why.
    Declined(&'static str),
    /// The memory cannot be had.
    Memory,
    /// The caller asked to stop; the reason waits in the interpreter.
    Stopped,
    /// A defect in this tier.
    Panic(String),
}

/// Returns the refusal of an argument, in polytier's form.
#[cold]
pub fn refused(argument: &str, wanted: &str, found: &str) -> Failure {
    Failure::Refused(format!(
        "argument '{argument}' must be {wanted}: found {found}\nhint: pass {argument} as {wanted}"
    ))
}

/// Returns the refusal of a result that finite arguments take beyond float64.
#[cold]
pub fn overflowed(quantity: &str, found: &str) -> Failure {
    Failure::Refused(format!(
        "{quantity} must be finite: found {found}\nhint: pass arguments of smaller magnitude"
    ))
}

/// Runs `body`; a panic in it becomes an error that the caller can translate.
pub fn contained<T, E: From<Failure>>(body: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|cause| Err(Failure::Panic(message(&*cause)).into()))
}

/// Runs `body`; a panic in it becomes "not a number", which is for the caller to look into.
#[inline]
pub fn attempted(body: impl FnOnce() -> f64) -> f64 {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(f64::NAN)
}

/// Returns what a panic said.
fn message(cause: &(dyn Any + Send)) -> String {
    let text = cause.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_failure_with_its_message() {
        let asked: Result<(), Failure> = contained(|| panic!("seen {}", 3));
        assert_eq!(asked, Err(Failure::Panic("seen 3".to_owned())));
        let asked: Result<(), Failure> = contained(|| panic!("plain"));
        assert_eq!(asked, Err(Failure::Panic("plain".to_owned())));
        let asked: Result<(), Failure> = contained(|| std::panic::panic_any(7));
        assert_eq!(asked, Err(Failure::Panic("no message".to_owned())));
    }

    #[test]
    fn a_panic_in_an_attempt_is_not_a_number() {
        assert!(attempted(|| panic!("as asked")).is_nan());
        assert_eq!(attempted(|| 2.5), 2.5);
    }

    #[test]
    fn an_answer_and_a_failure_pass_through() {
        assert_eq!(contained(|| Ok::<_, Failure>(5)), Ok(5));
        assert_eq!(contained(|| Err::<(), _>(Failure::Memory)), Err(Failure::Memory));
    }
}
