//! The XY Hamiltonian as a dense matrix, row by row into zeros.

use super::too_large;
use crate::failure::Failure;
use crate::threads::{Shared, assisted};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Qubits from which helpers are asked to share: below, waking one costs as much as the work.
pub const SHARED_LEAST: usize = 9;
/// Rows that a thread claims at once.
const CLAIM: usize = 32;

/// Couplings and fields of `n` qubits.
pub struct Network<'a> {
    /// Couplings, row by row.
    pub coupling: &'a [f64],
    /// Fields.
    pub omega: &'a [f64],
    /// Strength of ZZ.
    pub delta: f64,
}

/// One pair of qubits: the mask that exchanges their bits, and half the coupling with either sign removed.
struct Bond {
    mask: usize,
    strength: f64,
}

/// Writes the entries that are not zero; energies and hops that overflow are an error before anything is written.
///
/// # Safety
/// `2 * 4^n` zeros are writable at `to`.
pub unsafe fn fill(network: &Network<'_>, to: *mut f64, helpers: usize) -> Result<(), Failure> {
    let n = network.omega.len();
    if !network.coupling.iter().chain(network.omega).all(|value| value.is_finite()) {
        return Err(Failure::NotFinite);
    }
    let bonds = bonds(network);
    let energies: Vec<f64> = (0..1 << n).map(|state| energy(network, &bonds, state)).collect();
    if !energies.iter().copied().chain(bonds.iter().map(|bond| 2.0 * bond.strength)).all(f64::is_finite) {
        return Err(too_large("the Hamiltonian"));
    }
    let (next, to) = (AtomicUsize::new(0), Shared(to));
    let work = |_: usize| loop {
        let first = next.fetch_add(CLAIM, Ordering::Relaxed);
        if first >= 1 << n {
            break;
        }
        for (state, energy) in energies.iter().enumerate().skip(first).take(CLAIM) {
            // SAFETY: who claimed the row writes it.
            unsafe {
                let row = to.at(state << (n + 1));
                row.add(2 * state).write(*energy);
                for bond in &bonds {
                    let both = state & bond.mask;
                    if both != 0 && both != bond.mask {
                        row.add(2 * (state ^ bond.mask)).write(0.0 - 2.0 * bond.strength);
                    }
                }
            }
        }
    };
    assisted(helpers, &work, || work(0));
    Ok(())
}

/// Returns the pairs of qubits with their symmetric couplings.
fn bonds(network: &Network<'_>) -> Vec<Bond> {
    let n = network.omega.len();
    let pairs = (0..n).flat_map(|j| (0..j).map(move |i| (i, j)));
    let half = |i: usize, j: usize| 0.5 * network.coupling[i * n + j];
    pairs.map(|(i, j)| Bond { mask: 1 << i | 1 << j, strength: half(i, j) + half(j, i) }).collect()
}

/// Returns the diagonal entry of a state.
fn energy(network: &Network<'_>, bonds: &[Bond], state: usize) -> f64 {
    let signed = |value: f64, odd: bool| if odd { -value } else { value };
    let fields: f64 = network.omega.iter().enumerate().map(|(q, w)| signed(*w, state >> q & 1 == 1)).sum();
    let zz: f64 = bonds.iter().map(|bond| signed(bond.strength, (state & bond.mask).count_ones() == 1)).sum();
    -fields - network.delta * zz
}
