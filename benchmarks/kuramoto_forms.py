"""Formulations of the family kuramoto in NumPy and plain loops; numba compiles the loops, also in parallel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from contest import peer

numba, numba_absent = peer("numba")
prange: Any = getattr(numba, "prange", range)


def order_reduce(theta: Any) -> float:
    """Compute without the methods' wrappers."""
    return math.hypot(np.add.reduce(np.cos(theta)), np.add.reduce(np.sin(theta))) / len(theta)


def order_blocked(theta: Any, buffer: Any) -> float:
    """Compute without large temporaries."""
    c = s = 0.0
    for start in range(0, len(theta), len(buffer)):
        part = theta[start : start + len(buffer)]
        out = buffer[: len(part)]
        c += np.add.reduce(np.cos(part, out=out))
        s += np.add.reduce(np.sin(part, out=out))
    return math.hypot(c, s) / len(theta)


def order_loop(theta: Any) -> float:
    """Loop in Python, or as numba compiles it, also in parallel."""
    c = s = 0.0
    for i in prange(len(theta)):
        c += math.cos(theta[i])
        s += math.sin(theta[i])
    return math.hypot(c, s) / len(theta)


def euler_differences(theta0: Any, omega: Any, K: Any, dt: float, n_steps: int) -> Any:
    """Compute n^2 sines a step."""
    theta = theta0
    for _ in range(n_steps):
        theta = theta + dt * (omega + (K * np.sin(theta - theta[:, None])).sum(axis=1))
    return theta


def euler_identity(theta0: Any, omega: Any, K: Any, dt: float, n_steps: int) -> Any:
    """Compute n sines and cosines and two products a step."""
    theta = theta0
    for _ in range(n_steps):
        s, c = np.sin(theta), np.cos(theta)
        theta = theta + dt * (omega + c * (K @ s) - s * (K @ c))
    return theta


def euler_buffers(theta0: Any, omega: Any, K: Any, dt: float, n_steps: int) -> Any:
    """Compute as `euler_identity` does, without allocating in the loop."""
    theta = theta0.copy()
    s, c, ks, kc = (np.empty_like(theta) for _ in range(4))
    for _ in range(n_steps):
        np.sin(theta, s)
        np.cos(theta, c)
        np.dot(K, s, ks)
        np.dot(K, c, kc)
        np.multiply(ks, c, ks)
        np.multiply(kc, s, kc)
        np.subtract(ks, kc, ks)
        np.add(ks, omega, ks)
        np.multiply(ks, dt, ks)
        np.add(theta, ks, theta)
    return theta


def euler_stacked(theta0: Any, omega: Any, K: Any, dt: float, n_steps: int) -> Any:
    """Compute both products as one with an (n, 2) matrix, without allocating in the loop."""
    theta = theta0.copy()
    waves, pulls = np.empty((len(theta), 2)), np.empty((len(theta), 2))
    s, c, ks, kc = waves[:, 0], waves[:, 1], pulls[:, 0], pulls[:, 1]
    for _ in range(n_steps):
        np.sin(theta, s)
        np.cos(theta, c)
        np.dot(K, waves, pulls)
        theta += dt * (omega + c * ks - s * kc)
    return theta


def euler_pairwise(theta0: Any, omega: Any, K: Any, dt: float, n_steps: int) -> Any:
    """Compute n^2 sines a step, as numba compiles them, also in parallel."""
    theta, after = theta0.copy(), theta0.copy()
    for _ in range(n_steps):
        for i in prange(len(theta)):
            pull = 0.0
            for j in range(len(theta)):
                pull += K[i, j] * math.sin(theta[j] - theta[i])
            after[i] = theta[i] + dt * (omega[i] + pull)
        theta, after = after, theta
    return theta


def euler_rows(theta0: Any, omega: Any, K: Any, dt: float, n_steps: int) -> Any:
    """Compute the identity form in one pass over the rows, as numba compiles it, also in parallel."""
    theta = theta0.copy()
    s, c = np.sin(theta), np.cos(theta)
    s_after, c_after = np.empty_like(s), np.empty_like(c)
    for _ in range(n_steps):
        for i in prange(len(theta)):
            ks = kc = 0.0
            for j in range(len(theta)):
                ks += K[i, j] * s[j]
                kc += K[i, j] * c[j]
            theta[i] += dt * (omega[i] + c[i] * ks - s[i] * kc)
            s_after[i], c_after[i] = math.sin(theta[i]), math.cos(theta[i])
        s, s_after = s_after, s
        c, c_after = c_after, c
    return theta


def euler_dot(theta0: Any, omega: Any, K: Any, dt: float, n_steps: int) -> Any:
    """Compute the identity form with BLAS products, as numba compiles it."""
    theta = theta0.copy()
    for _ in range(n_steps):
        s, c = np.sin(theta), np.cos(theta)
        theta += dt * (omega + c * np.dot(K, s) - s * np.dot(K, c))
    return theta
