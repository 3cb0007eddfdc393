//! Work without the interpreter lock, and the user's wish to stop it.

use pyo3::prelude::*;

use crate::errors::Trouble;
use crate::failure::Failure;

/// Nanoseconds of work from which the interpreter lock is released: releasing it costs about 50 ns.
pub const WORTH: u64 = 5_000;

/// Lets a closure with addresses in it run while other Python threads do.
struct Sent<T>(T);

// SAFETY: `without_lock` runs the closure in the calling thread.
unsafe impl<T> Send for Sent<T> {}

impl<T> Sent<T> {
    /// Returns the content; a closure that calls this captures the whole.
    fn open(self) -> T {
        self.0
    }
}

/// Runs `work`, which takes about `cost` nanoseconds, without the interpreter lock if that pays.
///
/// `work` may ask the function that it is given, now and then, whether to go on.
pub fn without_lock<T>(
    py: Python<'_>,
    cost: u64,
    work: impl FnOnce(&mut dyn FnMut() -> bool) -> Result<T, Failure>,
) -> Result<T, Trouble> {
    let mut raised = None;
    let mut go_on = || {
        raised = Python::attach(|py| py.check_signals()).err();
        raised.is_none()
    };
    let answer = if cost < WORTH {
        work(&mut go_on)
    } else {
        let sent = Sent((work, &mut go_on));
        let back = py.detach(|| {
            let (work, go_on) = sent.open();
            Sent(work(go_on))
        });
        back.open()
    };
    match (answer, raised) {
        (Err(Failure::Stopped), Some(raised)) => Err(raised.into()),
        (answer, _) => Ok(answer?),
    }
}
