"""The family `kuramoto` as loops; numba compiles each function when it is first called."""

# Language policy: exempt, it is a tier, and Numba compiles its loops.

import math

import numpy as np
from numba import njit
from numba.core.errors import NumbaError
from numpy.typing import NDArray

__all__ = ["NumbaError", "coherence", "euler", "field", "rk4", "slope", "template"]
Array = NDArray[np.float64]
EXACT = (0, 1, 0.302, 0.302), (1, 2, 0.201, 0.201), (2, 3, 0.252, 0.252), (3, 4, 0.154, 0.154)
CALIBRATED = (*EXACT, (4, 6, 0.15, np.inf), (0, 15, 0.05, np.inf))

# No cache: numba's is a folder of pickles. Reassociated sums fill the vector unit, in one fixed order.
compiled = njit(nogil=True, fastmath={"reassoc", "contract"})


@compiled
def field(theta: Array) -> complex:
    """Return the sum of exp(i theta)."""
    sine = cosine = 0.0
    for phase in theta:
        sine += math.sin(phase)
        cosine += math.cos(phase)
    return complex(cosine, sine)


@compiled
def coherence(rows: Array) -> list[float]:
    """Return the order parameter of every row."""
    return [abs(field(row)) / len(row) for row in rows]


@compiled
def template(row: Array) -> Array:
    """Return the coupling template whose first row is given, calibrated."""
    K = np.empty((len(row), len(row)))
    for i in range(len(row)):
        for j in range(len(row)):
            K[i, j] = row[abs(i - j)]
    for i, j, least, most in CALIBRATED:
        if j < len(row):
            K[i, j] = K[j, i] = min(max(K[i, j], least), most)
    return K


@compiled
def slope(theta: Array, omega: Array, K: Array) -> Array:
    """Return omega plus the pull on every oscillator; what stands on the diagonal enters no sum."""
    sine, cosine, found = np.empty_like(theta), np.empty_like(theta), np.empty_like(theta)
    for i, phase in enumerate(theta):
        sine[i], cosine[i] = math.sin(phase), math.cos(phase)
    for i in range(len(theta)):
        s = c = 0.0
        for j in range(len(theta)):
            weight = K[i, j] if j != i else 0.0
            s += weight * sine[j]
            c += weight * cosine[j]
        found[i] = omega[i] + cosine[i] * s - sine[i] * c
    return found


@compiled
def move(theta: Array, dt: float, speed: Array, after: Array) -> None:
    """Write the phases after a step; `after[:] = ...` does the same and takes numba 4 s to compile."""
    for i in range(len(theta)):
        after[i] = theta[i] + dt * speed[i]


@compiled
def euler(theta: Array, omega: Array, K: Array, dt: float, rows: Array) -> None:
    """Write the phases after each step to its row."""
    for row in rows:
        move(theta, dt, slope(theta, omega, K), row)
        theta = row


@compiled
def rk4(theta: Array, omega: Array, K: Array, dt: float, rows: Array) -> None:
    """Write the phases after each step to its row."""
    for row in rows:
        k1 = slope(theta, omega, K)
        k2 = slope(theta + dt / 2 * k1, omega, K)
        k3 = slope(theta + dt / 2 * k2, omega, K)
        k4 = slope(theta + dt * k3, omega, K)
        move(theta, dt / 6, k1 + 2 * k2 + 2 * k3 + k4, row)
        theta = row
