"""Formulations of the family doppler: whole matrices in NumPy and jax, loops over pairs for numba."""

# ruff: noqa: PLR0913, PLR0917  the arguments of the kernels

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from contest import peer

if TYPE_CHECKING:
    from collections.abc import Callable

numba, numba_absent = peer("numba")
prange: Any = getattr(numba, "prange", range)
TURN = 2.0 * math.pi


def matrices(th: Any, z: Any, v: Any, w: Any, K: Any, a: float, g: float, e: float, L: float, module: Any = np) -> Any:
    """Compute all pairs as matrices."""
    pulls = K / (1.0 + module.abs(z[:, None] - z) / L) * module.sin(th - th[:, None] - a)
    speed = module.abs(v)
    pushes = g * (v[:, None] - v) / (0.5 * (speed[:, None] + speed) + e)
    return w + (pulls * (1.0 - module.eye(len(th)))).sum(axis=1) + pushes.sum(axis=1)


def pairs(th: Any, z: Any, v: Any, w: Any, K: Any, a: float, g: float, e: float, L: float) -> Any:
    """Compute pair by pair, as numba compiles it, also in parallel."""
    slopes = np.empty(th.size)
    for i in prange(th.size):
        slope = w[i]
        for j in range(th.size):
            if j != i:
                slope += K[i, j] / (1.0 + abs(z[i] - z[j]) / L) * math.sin(th[j] - th[i] - a)
                slope += g * ((v[i] - v[j]) / (0.5 * (abs(v[i]) + abs(v[j])) + e))
        slopes[i] = slope
    return slopes


def wrap(angle: Any) -> Any:
    """Return angles in [-pi, pi)."""
    return (angle + math.pi) % TURN - math.pi


def trace(
    force: Callable[..., Any], th: Any, z: Any, v: Any, w: Any, K: Any, h: float, steps: int, *o: float
) -> tuple[Any, ...]:
    """Integrate with NumPy."""
    n = len(th)
    phases, positions = np.empty((steps + 1, n)), np.empty((steps + 1, n))
    phases[0], positions[0] = th, z
    for k in range(steps):
        half, end = z + 0.5 * h * v, z + h * v
        k1 = force(th, z, v, w, K, *o)
        k2 = force(th + 0.5 * h * k1, half, v, w, K, *o)
        k3 = force(th + 0.5 * h * k2, half, v, w, K, *o)
        th, z = wrap(th + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + force(th + h * k3, end, v, w, K, *o))), end
        phases[k + 1], positions[k + 1] = th, z
    order = np.abs(np.exp(1j * phases).mean(axis=1))
    lock = np.abs(wrap(phases[:, :, None] - phases[:, None, :])).max(axis=(1, 2))
    return np.arange(steps + 1) * h, phases, positions, order, lock


def compiled_trace(**options: Any) -> Any:
    """Return the integration as numba compiles it."""
    force = numba.njit(**options)(pairs)

    def integrate(
        th: Any, z: Any, v: Any, w: Any, K: Any, h: float, steps: int, a: float, g: float, e: float, L: float
    ) -> tuple[Any, ...]:
        n, t = th.size, 0.0
        times, order, lock = np.empty(steps + 1), np.empty(steps + 1), np.empty(steps + 1)
        phases, positions = np.empty((steps + 1, n)), np.empty((steps + 1, n))
        for k in range(steps + 1):
            times[k], phases[k], positions[k] = t, th, z
            c = s = most = 0.0
            for i in range(n):
                c += math.cos(th[i])
                s += math.sin(th[i])
                for j in range(i):
                    most = max(most, abs((th[j] - th[i] + math.pi) % TURN - math.pi))
            order[k], lock[k] = math.hypot(c, s) / n, most
            half, end = z + 0.5 * h * v, z + h * v
            k1 = force(th, z, v, w, K, a, g, e, L)
            k2 = force(th + 0.5 * h * k1, half, v, w, K, a, g, e, L)
            k3 = force(th + 0.5 * h * k2, half, v, w, K, a, g, e, L)
            k4 = force(th + h * k3, end, v, w, K, a, g, e, L)
            th = (th + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4) + math.pi) % TURN - math.pi
            z, t = end, t + h
        return times, phases, positions, order, lock

    return numba.njit(**options)(integrate)


def jax_trace(jax: Any, steps: int) -> Any:
    """Return the integration as jax compiles it, for a fixed number of steps."""
    np_ = jax.numpy

    def integrate(th: Any, z: Any, v: Any, w: Any, K: Any, h: float, *o: float) -> tuple[Any, ...]:
        def force(theta: Any, place: Any) -> Any:
            a, g, e, L = o
            return matrices(theta, place, v, w, K, a, g, e, L, np_)

        def step(state: tuple[Any, Any], _: Any) -> Any:
            theta, place = state
            half, end = place + 0.5 * h * v, place + h * v
            k1 = force(theta, place)
            k2 = force(theta + 0.5 * h * k1, half)
            k3 = force(theta + 0.5 * h * k2, half)
            k4 = force(theta + h * k3, end)
            theta = wrap(theta + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4))
            return (theta, end), (theta, end)

        _, (phases, positions) = jax.lax.scan(step, (th, z), None, length=steps)
        phases, positions = np_.vstack([th, phases]), np_.vstack([z, positions])
        order = abs(np_.exp(1j * phases).mean(axis=1))
        lock = abs(wrap(phases[:, :, None] - phases[:, None, :])).max(axis=(1, 2))
        return np_.arange(steps + 1) * h, phases, positions, order, lock

    compiled = jax.jit(integrate)
    return lambda *given: compiled(*given[:6], *given[7:])
