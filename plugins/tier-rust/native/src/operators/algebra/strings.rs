//! Pauli strings as bit masks: the bracket of two is nothing, or a multiple of the string of their exclusive or.

use super::{Generator, Limits};

/// Most qubits of a string whose masks are a place in a table of `4^n` bits.
const MOST_QUBITS: u32 = 15;

/// Returns each generator as `x | z << n` with a bit of x where it flips a qubit and a bit of z where it signs one,
/// or nothing unless all are multiples of one string each.
pub fn of(generators: &[Generator<'_>], d: usize, small: f64) -> Option<Vec<u32>> {
    let n = d.trailing_zeros();
    if !d.is_power_of_two() || n > MOST_QUBITS {
        return None;
    }
    generators.iter().map(|generator| masks(*generator, n, small)).collect()
}

/// Returns the masks of the string that a matrix is a multiple of.
fn masks(generator: Generator<'_>, n: u32, small: f64) -> Option<u32> {
    let Generator { values, scale } = generator;
    let (d, slack) = (1_usize << n, small * scale);
    let (entries, _) = values.as_chunks::<2>();
    let size = |entry: &[f64; 2]| entry[0].hypot(entry[1]);
    let x = (0..d)
        .fold(0, |best, column| if size(&entries[column]) > size(&entries[best]) { column } else { best });
    let leading = entries[x];
    if size(&leading) <= slack {
        return None;
    }
    let mut z = 0;
    for q in 0..n {
        let row = 1 << q;
        let entry = entries[row * d + (row ^ x)];
        // Halved magnitudes: the product of huge entries would overflow.
        if entry[0] / scale * (leading[0] / scale) + entry[1] / scale * (leading[1] / scale) < 0.0 {
            z |= row;
        }
    }
    for (row, entries) in entries.chunks_exact(d).enumerate() {
        let sign = if (row & z).count_ones() % 2 == 1 { -1.0 } else { 1.0 };
        let own = row ^ x;
        let away = [entries[own][0] - sign * leading[0], entries[own][1] - sign * leading[1]];
        if size(&away) > slack || !nothing(&entries[..own], slack) || !nothing(&entries[own + 1..], slack) {
            return None;
        }
    }
    Some((x | z << n) as u32)
}

/// Says whether all entries are at most `slack` in magnitude.
fn nothing(entries: &[[f64; 2]], slack: f64) -> bool {
    // Almost always all are zero, which a vector tells at once.
    let any = entries.iter().fold(0, |any, [re, im]| any | re.to_bits() | im.to_bits());
    any << 1 == 0 || entries.iter().all(|[re, im]| re.hypot(*im) <= slack)
}

/// Returns the dimension of the algebra that strings generate, and whether no limit stopped the search.
pub fn close(strings: &[u32], n: u32, limits: Limits) -> (u64, bool) {
    let mut known = vec![0_u64; (1_usize << (2 * n)).div_ceil(64)];
    let mut fresh = |string: u32| {
        let (word, bit) = (string as usize / 64, 1 << (string % 64));
        let is_new = known[word] & bit == 0;
        known[word] |= bit;
        is_new
    };
    let low = (1_u32 << n) - 1;
    let mirrored: Vec<(u32, u32)> =
        strings.iter().map(|string| (*string, string >> n | (string & low) << n)).collect();
    let mut edge: Vec<u32> = strings.iter().copied().filter(|string| fresh(*string)).collect();
    let (mut dimension, mut round) = (0_u64, 0);
    loop {
        dimension += edge.len() as u64;
        if let Some(most) = limits.most.filter(|most| dimension > *most) {
            return (most, false);
        }
        if edge.is_empty() || round == limits.rounds {
            break;
        }
        round += 1;
        let mut next = Vec::new();
        for element in &edge {
            for (string, mirror) in &mirrored {
                // Strings anticommute if an odd number of qubits has different letters of X, Y, Z.
                if (element & mirror).count_ones() % 2 == 1 && fresh(element ^ string) {
                    next.push(element ^ string);
                }
            }
        }
        edge = next;
    }
    (dimension, !grows(&edge, &mirrored, &mut fresh))
}

/// Says whether another round would find anything.
fn grows(edge: &[u32], mirrored: &[(u32, u32)], fresh: &mut impl FnMut(u32) -> bool) -> bool {
    edge.iter().any(|element| {
        mirrored
            .iter()
            .any(|(string, mirror)| (element & mirror).count_ones() % 2 == 1 && fresh(element ^ string))
    })
}
