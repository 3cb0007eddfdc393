//! The family `aer`: address-event representation, spikes as (address, time, polarity).

pub mod events;
pub mod firsts;
#[cfg(target_arch = "x86_64")]
mod nibbles;
pub mod rate;
#[cfg(test)]
mod tests;

#[cfg(not(test))]
pub use hooks::*;

/// The functions that Python calls.
#[cfg(not(test))]
mod hooks {
    use pyo3::prelude::*;

    use super::events::{Events, MOST_CHANNELS, Signs};
    use super::firsts::{isi, temporal};
    use super::rate::rate;
    use crate::arrays::{Integers, Kind, fresh, integer, peek_integer, unsigned};
    use crate::detach::without_lock;
    use crate::errors::{Trouble, retried};
    use crate::failure::{Failure, refused};
    use crate::simd::{Level, level};
    use crate::threads;

    type Any<'a, 'py> = &'a Bound<'py, PyAny>;

    /// Events from which helpers are asked to count, where sums are exact.
    const SHARED: usize = 16_384;
    /// The same where sums round: up to here most blocks are added once more in order, by one thread.
    const SHARED_ROUNDED: usize = 262_144;
    /// Thousandths of a nanosecond that an event costs.
    const EACH: u64 = 700;

    /// The arguments, as they were given.
    #[derive(Clone, Copy)]
    struct Arguments<'a, 'py> {
        address: Any<'a, 'py>,
        t_ns: Any<'a, 'py>,
        polarity: Any<'a, 'py>,
        n_channels: Any<'a, 'py>,
        window_ns: Any<'a, 'py>,
        start_ns: Option<Any<'a, 'py>>,
        /// Whether polarities matter.
        signed: bool,
    }

    /// The arguments, checked; `None` for an integer beyond 64 bits.
    struct Checked<'py> {
        address: Integers<'py>,
        times: Integers<'py>,
        polarity: Integers<'py>,
        channels: u64,
        window: Option<u64>,
        start: Option<Option<u64>>,
    }

    impl<'py> Arguments<'_, 'py> {
        /// Returns the arguments if they can be read where they lie.
        fn peek(self) -> Option<Checked<'py>> {
            let address = Integers::peek(self.address).filter(|found| found.kind == Kind::I64)?;
            let times = Integers::peek(self.t_ns).filter(|found| found.kind != Kind::I8)?;
            let polarity = Integers::peek(self.polarity).filter(|found| found.kind != Kind::U64)?;
            // A negative time is the largest unsigned one: in between it is out of order.
            let ends =
                if times.kind == Kind::I64 { [0, times.len.saturating_sub(1)] } else { [times.len; 2] };
            // SAFETY: the array has a number at each of these places that is below its length.
            let at = |place| unsafe { *times.start.cast::<i64>().add(place) };
            let negative = ends.into_iter().any(|place| place < times.len && at(place) < 0);
            let alike = address.len == times.len && address.len == polarity.len && !negative;
            let start = match self.start_ns {
                Some(start) => Some(Some(peek_integer(start, 0)?)),
                None => None,
            };
            let (channels, window) = (peek_integer(self.n_channels, 1)?, peek_integer(self.window_ns, 1)?);
            alike.then_some(Checked { address, times, polarity, channels, window: Some(window), start })
        }

        /// Returns the arguments as polytier's checks convert them, or raises what they raise.
        fn check(self) -> PyResult<Checked<'py>> {
            let address = Integers::checked(self.address, "integer_vector", "address", None)?;
            let length = Some(address.len);
            Ok(Checked {
                times: Integers::checked(self.t_ns, "unsigned_vector", "t_ns", length)?,
                polarity: Integers::checked(self.polarity, "integer_vector", "polarity", length)?,
                channels: integer(self.n_channels, "n_channels", 1)?,
                window: unsigned(self.window_ns, "window_ns", 1)?,
                start: self.start_ns.map(|start| unsigned(start, "start_ns", 0)).transpose()?,
                address,
            })
        }

        /// Runs a decoder.
        fn decode(
            self,
            decoder: impl Fn(Level, &Events, *mut f64) -> Result<(), Failure>,
        ) -> PyResult<Bound<'py, PyAny>> {
            let py = self.address.py();
            retried(
                || self.peek(),
                || self.check(),
                |checked| {
                    let events = checked.events(self.signed)?;
                    let (array, start) = fresh(py, &[checked.channels as usize])?;
                    if events.n >= MOST_CHANNELS {
                        return Err(Failure::Declined("it has more than 2**31 channels").into());
                    }
                    let cost = (events.m as u64 * EACH / 1000).saturating_add(events.n as u64);
                    without_lock(py, cost, |_| decoder(level(), &events, start))?;
                    Ok(array)
                },
            )
        }
    }

    impl Checked<'_> {
        /// Returns the events, provided that the window ends in time.
        fn events(&self, signed: bool) -> Result<Events, Trouble> {
            let times: *const u64 = self.times.start.cast();
            let first = match self.times.len {
                0 => Some(0),
                // SAFETY: the array has a first number.
                _ => Some(unsafe { *times }),
            };
            let start = self.start.unwrap_or(first);
            let (Some(start), Some(window)) = (start, self.window) else {
                return Err(late(start, self.window));
            };
            if start.checked_add(window).is_none() {
                return Err(late(Some(start), Some(window)));
            }
            let signs = match self.polarity.kind {
                _ if !signed => Signs::Ignored,
                Kind::I8 => Signs::Bytes(self.polarity.start.cast()),
                _ => Signs::Words(self.polarity.start.cast()),
            };
            let (m, n) = (self.times.len, self.channels as usize);
            Ok(Events { m, address: self.address.start.cast(), times, signs, n, start, window })
        }
    }

    /// Returns the refusal of a window that ends after the latest time.
    #[cold]
    fn late(start: Option<u64>, window: Option<u64>) -> Trouble {
        let named =
            |number: Option<u64>| number.map_or("2**64 or more".to_owned(), |number| number.to_string());
        let found = format!("{} after a start of {}", named(window), named(start));
        refused("window_ns", &format!("at most {} - start", u64::MAX), &found).into()
    }

    /// Return the signed spike rate of every channel over a window.
    #[pyfunction]
    #[pyo3(signature = (address, t_ns, polarity, n_channels, window_ns, start_ns=None))]
    pub fn aer_decode_rate<'py>(
        address: Any<'_, 'py>,
        t_ns: Any<'_, 'py>,
        polarity: Any<'_, 'py>,
        n_channels: Any<'_, 'py>,
        window_ns: Any<'_, 'py>,
        start_ns: Option<Any<'_, 'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Arguments { address, t_ns, polarity, n_channels, window_ns, start_ns, signed: true }.decode(
            |level, events, to| {
                let least = if events.window.is_power_of_two() { SHARED } else { SHARED_ROUNDED };
                let helpers = if events.m < least { 0 } else { threads::count() - 1 };
                // SAFETY: the arguments stay alive during the call; nobody else has the new array yet.
                unsafe { rate(level, events, to, helpers) }
            },
        )
    }

    /// Return how early each channel's first event comes in a window: 1 at its start, 0 without an event.
    #[pyfunction]
    #[pyo3(signature = (address, t_ns, polarity, n_channels, window_ns, start_ns=None))]
    pub fn aer_decode_temporal<'py>(
        address: Any<'_, 'py>,
        t_ns: Any<'_, 'py>,
        polarity: Any<'_, 'py>,
        n_channels: Any<'_, 'py>,
        window_ns: Any<'_, 'py>,
        start_ns: Option<Any<'_, 'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Arguments { address, t_ns, polarity, n_channels, window_ns, start_ns, signed: false }
            // SAFETY: the arguments stay alive during the call; nobody else has the new array yet.
            .decode(|level, events, to| unsafe { temporal(level, events, to) })
    }

    /// Return the inverse mean interval between the events of each channel in a window.
    #[pyfunction]
    #[pyo3(signature = (address, t_ns, polarity, n_channels, window_ns, start_ns=None))]
    pub fn aer_decode_isi<'py>(
        address: Any<'_, 'py>,
        t_ns: Any<'_, 'py>,
        polarity: Any<'_, 'py>,
        n_channels: Any<'_, 'py>,
        window_ns: Any<'_, 'py>,
        start_ns: Option<Any<'_, 'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Arguments { address, t_ns, polarity, n_channels, window_ns, start_ns, signed: false }
            // SAFETY: the arguments stay alive during the call; nobody else has the new array yet.
            .decode(|level, events, to| unsafe { isi(level, events, to) })
    }
}
