//! Working memory that fails as an error, never as an abort.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::Cell;
use std::ptr::NonNull;

use crate::failure::Failure;

/// Zeroed float64 values on a cache-line boundary.
pub struct Buffer {
    start: NonNull<f64>,
    layout: Layout,
}

impl Buffer {
    const ALIGNMENT: usize = 64;

    /// Returns `len` zeros.
    pub fn zeroed(len: usize) -> Result<Self, Failure> {
        let bytes = len.max(1).checked_mul(size_of::<f64>()).ok_or(Failure::Memory)?;
        let layout = Layout::from_size_align(bytes, Self::ALIGNMENT).map_err(|_| Failure::Memory)?;
        // SAFETY: the layout is not empty.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) }.cast()).ok_or(Failure::Memory)?;
        Ok(Self { start, layout })
    }

    /// Returns how many values there are.
    fn len(&self) -> usize {
        self.layout.size() / size_of::<f64>()
    }

    /// Returns the address of the first value.
    pub fn start(&self) -> *mut f64 {
        self.start.as_ptr()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: `zeroed` took it from the same allocator with the same layout.
        unsafe { dealloc(self.start.as_ptr().cast(), self.layout) }
    }
}

thread_local! {
    /// What this thread worked in last: fresh pages would cost as much as a small product.
    static KEPT: Cell<Option<Buffer>> = const { Cell::new(None) };
}

/// Values that a thread keeps between calls at most: 8 MiB.
const KEPT_MOST: usize = 1 << 20;

/// Runs `work` with an address where `len` values may be written, which hold anything.
pub fn with_scratch<T>(len: usize, work: impl FnOnce(*mut f64) -> T) -> Result<T, Failure> {
    let buffer = match KEPT.take().filter(|kept| kept.len() >= len) {
        Some(kept) => kept,
        None => Buffer::zeroed(len)?,
    };
    let answer = work(buffer.start());
    if buffer.len() <= KEPT_MOST {
        KEPT.set(Some(buffer));
    }
    Ok(answer)
}
