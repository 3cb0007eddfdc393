//! Events on few channels, counted in registers: 32 events at a time, two channels to a byte.
//!
//! A shuffle looks up what an event adds to the bytes of a pair of channels: a count of four bits for each.
//! So a count waits neither for memory nor for the count before it.

use std::arch::x86_64::*;

use super::events::{Events, IN_CACHE, Signs, Span};

/// Channels that a shuffle tells apart.
pub const MOST: usize = 16;
/// Events in a register of keys.
const LANES: usize = 32;
/// Events whose keys are made at once: four bits count one event in 32.
const CHUNK: usize = 15 * LANES;
/// Events that are asked for ahead: 4 KiB of times.
const AHEAD: usize = 512;
/// The bit of a key for a negative polarity; a shuffle returns 0 for it.
const NEGATIVE: u8 = 0x80;

/// What an event on each channel adds to the byte of each pair of channels.
static ADDENDS: [[u8; MOST]; MOST / 2] = {
    let mut addends = [[0; MOST]; MOST / 2];
    let mut channel = 0;
    while channel < MOST {
        addends[channel / 2][channel] = if channel % 2 == 0 { 1 } else { 16 };
        channel += 1;
    }
    addends
};

/// A chunk's keys: the channel, and [`NEGATIVE`].
#[repr(align(32))]
struct Keys([u8; CHUNK]);

/// Returns a key as the counts have it: twice the channel, plus one for a negative polarity.
pub fn place(key: u8) -> usize {
    usize::from(key.rotate_left(1))
}

/// Says whether the events can be counted here, on a CPU with AVX2.
///
/// # Safety
/// The events are readable.
#[inline]
pub unsafe fn suits(events: &Events) -> bool {
    // SAFETY: as promised by the caller.
    events.n <= MOST && matches!(events.signs, Signs::Bytes(_)) && unsafe { events.narrow() }
}

/// Checks a block, and adds its events inside the window to the counts by channel and polarity.
///
/// # Safety
/// The CPU has AVX2; the events are readable, and suit; `2 * MOST` counts lie at `counts`.
#[target_feature(enable = "avx2")]
pub unsafe fn count(events: &Events, block: Span, counts: &mut [u32; 2 * MOST]) -> bool {
    // SAFETY: as promised by the caller.
    unsafe { sweep(events, block, |keys| tally(keys, events.n, counts)) }
}

/// As [`count`], and calls `take` with the keys of each chunk and their counts instead.
///
/// # Safety
/// The CPU has AVX2; the events are readable, and suit.
#[target_feature(enable = "avx2")]
pub unsafe fn count_each(
    events: &Events,
    block: Span,
    mut take: impl FnMut(&[u8], &[u32; 2 * MOST]),
) -> bool {
    // SAFETY: as promised by the caller.
    unsafe {
        sweep(events, block, |keys| {
            let mut counts = [0; 2 * MOST];
            tally(keys, events.n, &mut counts);
            take(keys, &counts);
        })
    }
}

/// Checks a block and calls `take` with the keys of its events inside the window, chunk by chunk;
/// stops at what is unsound and says so.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn sweep(events: &Events, block: Span, mut take: impl FnMut(&[u8])) -> bool {
    let mut keys = Keys([NEGATIVE; CHUNK]);
    let mut at = block.all.0;
    while at < block.all.1 {
        let end = block.all.1.min(at + CHUNK);
        let (from, to) = (block.inside.0.clamp(at, end), block.inside.1.clamp(at, end));
        // SAFETY: as promised to `count`.
        let sound = unsafe {
            // Groups whose events are all inside, and followed by one more.
            let groups = if from == at && to == end { (end.min(events.m - 1) - at) / LANES } else { 0 };
            let rest = groups * LANES;
            let sound = whole(events, at, groups, &mut keys.0)
                & events.in_order(at + rest, events.m.min(end + 1), true);
            sound & one_by_one(events, from + rest, &mut keys.0[rest..to - from])
        };
        if !sound {
            return false;
        }
        take(&keys.0[..to - from]);
        at = end;
    }
    true
}

/// Writes the keys of some events, and says whether their channels exist.
#[inline]
unsafe fn one_by_one(events: &Events, from: usize, keys: &mut [u8]) -> bool {
    let Signs::Bytes(signs) = events.signs else { return false };
    let mut sound = true;
    for (place, key) in keys.iter_mut().enumerate() {
        // SAFETY: as promised to `count`.
        let (channel, sign) =
            unsafe { ((*events.address.add(from + place)).cast_unsigned(), *signs.add(from + place) as u8) };
        sound &= channel < events.n as u64;
        *key = channel as u8 | sign & NEGATIVE;
    }
    sound
}

/// Writes the keys of groups of events, each followed by one more, and says whether all are sound.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn whole(events: &Events, at: usize, groups: usize, keys: &mut [u8; CHUNK]) -> bool {
    let Signs::Bytes(signs) = events.signs else { return false };
    let far = events.m > IN_CACHE;
    let zero = _mm256_setzero_si256();
    let (mut falls, mut wide, mut most, mut odd) = (zero, zero, zero, zero);
    // SAFETY: as promised to `count`.
    unsafe {
        for group in 0..groups {
            let from = at + group * LANES;
            let (address, times, signs) = (events.address.add(from), events.times.add(from), signs.add(from));
            if far {
                for line in [0, 8, 16, 24] {
                    _mm_prefetch::<_MM_HINT_T0>(address.wrapping_add(AHEAD + line).cast());
                    _mm_prefetch::<_MM_HINT_T0>(times.wrapping_add(AHEAD + line).cast());
                }
                _mm_prefetch::<_MM_HINT_T0>(signs.wrapping_add(AHEAD));
            }
            let four = |place: usize| _mm256_loadu_si256(address.add(4 * place).cast());
            let channels: [_; 8] = std::array::from_fn(four);
            for (place, channels) in channels.iter().enumerate() {
                wide = _mm256_or_si256(wide, *channels);
                let one = _mm256_loadu_si256(times.add(4 * place).cast());
                let next = _mm256_loadu_si256(times.add(4 * place + 1).cast());
                falls = _mm256_or_si256(falls, _mm256_cmpgt_epi64(one, next));
            }
            let channels = narrowed(channels);
            most = _mm256_max_epu8(most, channels);
            let signs = _mm256_loadu_si256(signs.cast());
            odd = _mm256_or_si256(odd, _mm256_add_epi8(signs, _mm256_set1_epi8(1)));
            let negative = _mm256_and_si256(signs, _mm256_set1_epi8(NEGATIVE.cast_signed()));
            let found = _mm256_or_si256(channels, negative);
            _mm256_storeu_si256(keys.as_mut_ptr().add(group * LANES).cast(), found);
        }
    }
    let last = _mm256_set1_epi8((events.n - 1) as i8);
    let beyond = _mm256_xor_si256(_mm256_max_epu8(most, last), last);
    // Of +1 and -1, and of nothing else, one more is 2 or 0.
    let odd = _mm256_andnot_si256(_mm256_set1_epi8(2), odd);
    let wide = _mm256_andnot_si256(_mm256_set1_epi64x(0xff), wide);
    let wrong = _mm256_or_si256(_mm256_or_si256(falls, beyond), _mm256_or_si256(odd, wide));
    _mm256_testz_si256(wrong, wrong) != 0
}

/// Returns the lowest bytes of 32 numbers in their order, provided that their other bytes are zero.
#[inline]
#[target_feature(enable = "avx2")]
fn narrowed(numbers: [__m256i; 8]) -> __m256i {
    let halves = |one, other| {
        let (one, other) = (_mm256_castsi256_ps(one), _mm256_castsi256_ps(other));
        _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(one, other))
    };
    let [a, b, c, d, e, f, g, h] = numbers;
    let one = _mm256_packus_epi32(halves(a, b), halves(c, d));
    let other = _mm256_packus_epi32(halves(e, f), halves(g, h));
    // The low half now has the first two of each four, the high half the other two.
    let mixed = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi16(one, other));
    let turns = _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    _mm256_shuffle_epi8(mixed, _mm256_broadcastsi128_si256(turns))
}

/// Adds the number of each key to its count.
#[inline]
#[target_feature(enable = "avx2")]
fn tally(keys: &[u8], n: usize, counts: &mut [u32; 2 * MOST]) {
    const { assert!(CHUNK / LANES < 16) };
    let (rows, rest) = keys.as_chunks::<LANES>();
    let (turn, low) = (_mm256_set1_epi8(NEGATIVE.cast_signed()), _mm256_set1_epi8(15));
    for (tables, counts) in
        ADDENDS.as_chunks::<4>().0.iter().zip(counts.as_chunks_mut::<MOST>().0).take(n.div_ceil(8))
    {
        // SAFETY: a table fills half a register.
        let tables = tables
            .map(|table| unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(table.as_ptr().cast())) });
        let (mut plus, mut minus) = ([_mm256_setzero_si256(); 4], [_mm256_setzero_si256(); 4]);
        for row in rows {
            // SAFETY: a row fills a register.
            let row = unsafe { _mm256_loadu_si256(row.as_ptr().cast()) };
            let turned = _mm256_xor_si256(row, turn);
            for (pair, table) in tables.into_iter().enumerate() {
                plus[pair] = _mm256_add_epi8(plus[pair], _mm256_shuffle_epi8(table, row));
                minus[pair] = _mm256_add_epi8(minus[pair], _mm256_shuffle_epi8(table, turned));
            }
        }
        let of_pair = |pair: usize| {
            let (plus, minus) = (plus[pair], minus[pair]);
            let high = |sums| _mm256_and_si256(_mm256_srli_epi16::<4>(sums), low);
            totals([_mm256_and_si256(plus, low), _mm256_and_si256(minus, low), high(plus), high(minus)])
        };
        for (counts, pair) in counts.as_chunks_mut::<8>().0.iter_mut().zip([0, 2]) {
            let (one, other) = (_mm256_castsi256_ps(of_pair(pair)), _mm256_castsi256_ps(of_pair(pair + 1)));
            let mixed = _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(one, other));
            let more = _mm256_permute4x64_epi64::<0b11_01_10_00>(mixed);
            // SAFETY: eight counts fill a register.
            unsafe {
                let to: *mut __m256i = counts.as_mut_ptr().cast();
                _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to), more));
            }
        }
    }
    for key in rest {
        counts[place(*key) % (2 * MOST)] += 1; // every place is below: the remainder only tells the compiler
    }
}

/// Returns the sums of the bytes of four registers.
#[inline]
#[target_feature(enable = "avx2")]
fn totals(bytes: [__m256i; 4]) -> __m256i {
    let zero = _mm256_setzero_si256();
    let [a, b, c, d] = bytes.map(|bytes| _mm256_sad_epu8(bytes, zero));
    let one = _mm256_add_epi64(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
    let other = _mm256_add_epi64(_mm256_unpacklo_epi64(c, d), _mm256_unpackhi_epi64(c, d));
    let low = _mm256_permute2x128_si256::<0x20>(one, other);
    _mm256_add_epi64(low, _mm256_permute2x128_si256::<0x31>(one, other))
}
