//! Helper threads that spin briefly, then sleep; a call never waits for one that is asleep.
//!
//! The pool serves one call at a time: who finds it busy computes alone, with the same bits.
//! After a fork the child makes a pool of its own, for threads do not survive a fork.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{env, hint, process, ptr, thread};

/// The environment variable that sets how many threads may compute.
pub const VARIABLE: &str = "POLYTIER_RUST_THREADS";

/// Threads that compute unless the environment says otherwise, the calling one included.
const MOST: usize = 8;
/// Looks at the job slot before a helper goes to sleep: about 0.5 ms.
const SPINS: u32 = 20_000;
/// Looks after which who is waited for counts as late: about 50 us.
const PATIENCE: u32 = 2_000;
/// How long calls compute alone after a helper was late, doubled each time up to 2^7 times.
///
/// A time and not a number of calls: one call may take microseconds or seconds.
pub const ALONE: Duration = Duration::from_millis(2);

/// An address that several threads write through, each to places of its own.
#[derive(Clone, Copy)]
pub struct Shared(pub *mut f64);

// SAFETY: every use states why no two threads write to the same place.
unsafe impl Sync for Shared {}
// SAFETY: likewise.
unsafe impl Send for Shared {}

impl Shared {
    /// Returns the address of the value at `index`.
    ///
    /// # Safety
    /// The value lies in the same allocation.
    #[inline(always)]
    pub unsafe fn at(&self, index: usize) -> *mut f64 {
        // SAFETY: as promised by the caller.
        unsafe { self.0.add(index) }
    }
}

static COUNT: OnceLock<usize> = OnceLock::new();

/// Reads the environment and fixes the number of threads of this process.
pub fn start() -> Result<(), String> {
    let asked = env::var_os(VARIABLE).map(|value| value.to_string_lossy().into_owned());
    let count = parse(asked.as_deref())?;
    COUNT.get_or_init(|| count);
    Ok(())
}

/// Returns the number of threads that was asked for, or that of the CPUs this process may use.
fn parse(asked: Option<&str>) -> Result<usize, String> {
    match asked {
        None | Some("") => Ok(thread::available_parallelism().map_or(1, usize::from).min(MOST)),
        Some(text) => text.parse().ok().filter(|count| (1..=1024).contains(count)).ok_or_else(|| {
            format!(
                "load the rust tier with {VARIABLE}={text:?}: not an integer from 1 to 1024\n\
                 hint: unset {VARIABLE}, or set it to the number of threads that may compute"
            )
        }),
    }
}

/// Returns how many threads may compute, the calling one included.
pub fn count() -> usize {
    *COUNT.get_or_init(|| parse(None).unwrap_or(1))
}

/// What a helper runs; the argument is its index, from 1.
type Help<'a> = dyn Fn(usize) + Sync + 'a;

/// Set in the state while helpers may still join the job; the bits below count those at work.
const OPEN: u64 = 1 << 31;
/// Distance between two jobs in the state.
const GENERATION: u64 = 1 << 32;

/// The threads of one process.
struct Pool {
    process: u32,
    busy: AtomicBool,
    helpers: AtomicUsize,
    state: AtomicU64,
    /// The job; only read between joining and leaving, while its caller waits.
    job: AtomicPtr<&'static Help<'static>>,
    wanted: AtomicUsize,
    /// How often helpers were late, and until which microsecond of the pool calls compute alone for it.
    late: AtomicU32,
    alone: AtomicU64,
    born: Instant,
    broken: AtomicBool,
    asleep: Mutex<()>,
    sleepers: AtomicUsize,
    wake: Condvar,
}

static POOL: AtomicPtr<Pool> = AtomicPtr::new(ptr::null_mut());

/// Returns this process's pool; one inherited over a fork is left as it is, whatever state it was in.
fn pool() -> &'static Pool {
    let process = process::id();
    let found = POOL.load(Ordering::Acquire);
    // SAFETY: a published pool is never freed.
    if let Some(pool) = unsafe { found.as_ref() }.filter(|pool| pool.process == process) {
        return pool;
    }
    let fresh = Box::into_raw(Box::new(Pool::new(process)));
    match POOL.compare_exchange(found, fresh, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: just made, and published for good.
        Ok(_) => unsafe { &*fresh },
        Err(other) => {
            // SAFETY: `fresh` was never published; `other` was, by a thread of this process.
            unsafe {
                drop(Box::from_raw(fresh));
                &*other
            }
        }
    }
}

/// Runs `lead` here while up to `helpers` idle threads run `help`; returns when all who began have ended.
///
/// A helper that wakes up after `lead` has ended finds nothing to do: `lead` must be able to finish alone.
pub fn assisted<T>(helpers: usize, help: &Help<'_>, lead: impl FnOnce() -> T) -> T {
    if helpers == 0 || count() == 1 {
        return lead();
    }
    let pool = pool();
    if pool.busy.swap(true, Ordering::Acquire) {
        return lead();
    }
    if pool.shuns() {
        pool.busy.store(false, Ordering::Release);
        return lead();
    }
    let open = pool.open(helpers.min(count() - 1), &help);
    let answer = lead();
    drop(open);
    answer
}

/// A job in the slot, and since when; dropping it, in a panic too, ends it and frees the pool.
struct Open(&'static Pool, Instant);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.state.fetch_and(!OPEN, Ordering::AcqRel);
        self.0.judge(in_time(self.1, || self.0.state.load(Ordering::Acquire) & (OPEN - 1) == 0));
        let broken = self.0.broken.swap(false, Ordering::Relaxed);
        self.0.busy.store(false, Ordering::Release);
        assert!(!broken || thread::panicking(), "a helper thread panicked");
    }
}

impl Pool {
    fn new(process: u32) -> Self {
        Self {
            process,
            busy: AtomicBool::new(false),
            helpers: AtomicUsize::new(0),
            state: AtomicU64::new(0),
            job: AtomicPtr::new(ptr::null_mut()),
            wanted: AtomicUsize::new(0),
            late: AtomicU32::new(0),
            alone: AtomicU64::new(0),
            born: Instant::now(),
            broken: AtomicBool::new(false),
            asleep: Mutex::new(()),
            sleepers: AtomicUsize::new(0),
            wake: Condvar::new(),
        }
    }

    /// Puts a job into the slot and wakes who sleeps; the caller holds `busy`.
    fn open(&'static self, wanted: usize, help: &&Help<'_>) -> Open {
        self.recruit(wanted);
        self.wanted.store(wanted, Ordering::Relaxed);
        self.job.store(ptr::from_ref(help).cast_mut().cast(), Ordering::Relaxed);
        let closed = self.state.load(Ordering::Relaxed);
        self.state.store((closed & !(GENERATION - 1)).wrapping_add(GENERATION) | OPEN, Ordering::SeqCst);
        let open = Open(self, Instant::now());
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            drop(self.asleep.lock().unwrap_or_else(PoisonError::into_inner));
            self.wake.notify_all();
        }
        open
    }

    /// Says whether this call computes alone, because helpers were late lately; the caller holds `busy`.
    fn shuns(&self) -> bool {
        let alone = self.alone.load(Ordering::Relaxed);
        alone > 0 && self.age() < alone
    }

    /// Returns the microseconds since the pool was made.
    fn age(&self) -> u64 {
        self.born.elapsed().as_micros() as u64
    }

    /// Notes whether the helpers were in time; the caller holds `busy`.
    fn judge(&self, in_time: bool) {
        let late = self.late.load(Ordering::Relaxed);
        if in_time {
            self.late.store(late.saturating_sub(1), Ordering::Relaxed);
        } else {
            self.late.store((late + 1).min(7), Ordering::Relaxed);
            self.alone.store(self.age() + ((ALONE.as_micros() as u64) << late), Ordering::Relaxed);
        }
    }

    /// Starts threads until there are `wanted`; the caller holds `busy`.
    fn recruit(&'static self, wanted: usize) {
        for index in self.helpers.load(Ordering::Relaxed) + 1..=wanted {
            let name = format!("polytier-rust-{index}");
            if thread::Builder::new().name(name).spawn(move || self.serve(index)).is_err() {
                break;
            }
            self.helpers.store(index, Ordering::Relaxed);
        }
    }

    /// Life of the helper thread `index`.
    fn serve(&self, index: usize) {
        let mut seen = 0;
        loop {
            seen = self.next(seen);
            if index <= self.wanted.load(Ordering::Relaxed) && self.join(seen) {
                // SAFETY: the job's caller waits in `Open::drop` until this thread has left.
                let job = unsafe { *self.job.load(Ordering::Relaxed) };
                if catch_unwind(AssertUnwindSafe(|| job(index))).is_err() {
                    self.broken.store(true, Ordering::Relaxed);
                }
                self.state.fetch_sub(1, Ordering::Release);
            }
        }
    }

    /// Waits for a job newer than `seen` and returns its generation.
    fn next(&self, seen: u64) -> u64 {
        let newer = || Some(self.state.load(Ordering::SeqCst) / GENERATION).filter(|now| *now != seen);
        for _ in 0..SPINS {
            if let Some(now) = newer() {
                return now;
            }
            hint::spin_loop();
        }
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        let mut guard = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        let now = loop {
            // Looked at after `sleepers` has grown: who opens a job later sees a sleeper and notifies.
            if let Some(now) = newer() {
                break now;
            }
            guard = self.wake.wait(guard).unwrap_or_else(PoisonError::into_inner);
        };
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
        now
    }

    /// Counts this thread in, if the job of that generation is still open.
    fn join(&self, generation: u64) -> bool {
        let fresh = |state: u64| state / GENERATION == generation && state & OPEN != 0;
        let count = |state: u64| fresh(state).then_some(state + 1);
        self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, count).is_ok()
    }
}

/// Spins until `ready`, then lets others run: on a crowded machine who is waited for may need this CPU.
///
/// Returns whether it was soon; if not, another thread was waited for that had lost its CPU.
#[inline]
pub fn wait(ready: impl Fn() -> bool) -> bool {
    for _ in 0..PATIENCE {
        if ready() {
            return true;
        }
        hint::spin_loop();
    }
    while !ready() {
        thread::yield_now();
    }
    false
}

/// Waits until `ready`, for who shares the work begun at `begun`, and returns whether that was soon.
///
/// Soon is also what takes half as long as the work itself: equal shares of milliseconds rarely end together.
pub fn in_time(begun: Instant, ready: impl Fn() -> bool) -> bool {
    let worked = Instant::now();
    wait(ready) || worked.elapsed() < (worked - begun) / 2
}

#[cfg(test)]
mod tests;
