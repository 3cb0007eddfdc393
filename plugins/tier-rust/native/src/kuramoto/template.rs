//! The coupling template of a stack of layers.

/// Couplings of neighbours that are known.
const CALIBRATED: [(usize, usize, f64); 4] = [(0, 1, 0.302), (1, 2, 0.201), (2, 3, 0.252), (3, 4, 0.154)];
/// Couplings that are at least so strong.
const AT_LEAST: [(usize, usize, f64); 2] = [(4, 6, 0.15), (0, 15, 0.05)];

/// Writes the template of `n` layers: the rows are windows of one symmetric sequence.
pub fn fill(to: &mut [f64], n: usize, base: f64, decay: f64) {
    // The first row holds every value there is.
    for (distance, value) in to[..n].iter_mut().enumerate() {
        *value = base * (-decay * distance as f64).exp();
    }
    for row in 1..n {
        let (above, below) = to[(row - 1) * n..].split_at_mut(n);
        below[0] = base * (-decay * row as f64).exp();
        below[1..n].copy_from_slice(&above[..n - 1]);
    }
    for (i, j, strength) in CALIBRATED {
        if j < n {
            (to[i * n + j], to[j * n + i]) = (strength, strength);
        }
    }
    for (i, j, strength) in AT_LEAST {
        if j < n {
            let strength = to[i * n + j].max(strength);
            (to[i * n + j], to[j * n + i]) = (strength, strength);
        }
    }
}
