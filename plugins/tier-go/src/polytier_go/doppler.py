"""The family `doppler`: each function first tries the arguments as they are, and checks them where that fails."""

# Language policy: exempt, it adapts: it checks arguments and makes room for answers, and the Go library computes.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays import float_matrix, float_vector, integer, positive, real, require_memory
from polytier_go.runtime import link, result_class
from polytier_go.tasks import ENDLESS, Task, plain, room

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

# Products up to which a path ends within some 10 ms, and is not waited for bit by bit.
BRIEF = 4_000_000

_NAMES = ("phases", "positions", "velocities", "omega")


def doppler_kuramoto(  # noqa: PLR0913 - the kernel's parameters
    phases: ArrayLike,
    positions: ArrayLike,
    velocities: ArrayLike,
    omega: ArrayLike,
    coupling: ArrayLike,
    *,
    phase_lag: float = 0.0,
    doppler_strength: float = 0.0,
    velocity_epsilon: float = 1e-9,
    distance_scale: float = 1.0,
    omega_rate: ArrayLike | None = None,
    time: float = 0.0,
) -> Array:
    """Return the phase velocities of oscillators that move along an axis."""
    numbers = phase_lag, doppler_strength, velocity_epsilon, distance_scale, time
    if type(phases) is np.ndarray and phases.ndim == 1 and _floats(numbers):
        slopes = np.empty(phases.shape)
        arrays = id(phases), id(positions), id(velocities), id(omega), id(coupling), _address(omega_rate)
        if link.doppler(*arrays, *numbers, id(slopes)) == 0:
            return slopes
    checked = _arrays((phases, positions, velocities, omega, coupling), omega_rate)
    slopes = room(len(checked["phases"]))
    link.solve(Task("doppler_kuramoto", checked, _numbers(numbers), {"slopes": slopes}))
    return slopes


def doppler_kuramoto_trace(  # noqa: PLR0913, PLR0917 - the kernel's parameters
    phases: ArrayLike,
    positions: ArrayLike,
    velocities: ArrayLike,
    omega: ArrayLike,
    coupling: ArrayLike,
    dt: float,
    n_steps: int,
    *,
    phase_lag: float = 0.0,
    doppler_strength: float = 0.0,
    velocity_epsilon: float = 1e-9,
    distance_scale: float = 1.0,
    omega_rate: ArrayLike | None = None,
    time: float = 0.0,
) -> Any:
    """Return the path of `doppler_kuramoto` by the classical fourth-order Runge-Kutta method."""
    numbers = phase_lag, doppler_strength, velocity_epsilon, distance_scale, time
    if _brief(phases, dt, n_steps) and _floats(numbers):
        path = _path(n_steps + 1, len(phases))  # type: ignore[arg-type]
        arrays = id(phases), id(positions), id(velocities), id(omega), id(coupling), _address(omega_rate)
        if link.doppler_trace(*arrays, dt, n_steps, *numbers, *map(id, path), 0) == 0:
            return tuple.__new__(result_class("DopplerTrace"), path)
    checked = _arrays((phases, positions, velocities, omega, coupling), omega_rate)
    step, steps = positive(dt, "dt"), integer(n_steps, "n_steps", minimum=0)
    options, n, rows = _numbers(numbers), len(checked["phases"]), min(steps, ENDLESS) + 1
    require_memory("the answer", (rows, 2 * n + 3), np.float64)  # of all parts together
    trace = result_class("DopplerTrace")(*_path(rows, n))
    task = Task("doppler_kuramoto_trace", checked, {"dt": step, "n_steps": rows - 1} | options, trace._asdict())
    link.solve(task)
    return trace


def _path(rows: int, n: int) -> tuple[Array, Array, Array, Array, Array]:
    return np.empty(rows), np.empty((rows, n)), np.empty((rows, n)), np.empty(rows), np.empty(rows)


def _floats(numbers: tuple[Any, ...]) -> bool:
    return all(type(number) is float for number in numbers)


def _address(omega_rate: Any) -> int:
    return 0 if omega_rate is None else id(omega_rate)


def _brief(phases: Any, dt: Any, n_steps: Any) -> bool:
    """Say whether a path is short, as far as its arguments can be trusted before they are checked."""
    return (
        type(phases) is np.ndarray
        and phases.ndim == 1
        and type(dt) is float
        and type(n_steps) is int
        and 0 <= n_steps * (len(phases) + 8) ** 2 <= BRIEF
    )


def _arrays(given: tuple[Any, ...], omega_rate: Any) -> dict[str, Array]:
    *vectors, coupling = given
    theta = plain(float_vector(vectors[0], "phases"))
    n = len(theta)
    arrays = {"phases": theta}
    for name, vector in zip(_NAMES[1:], vectors[1:], strict=True):
        arrays[name] = plain(float_vector(vector, name, length=n))
    arrays["coupling"] = plain(float_matrix(coupling, "coupling", shape=(n, n)))
    rate = np.zeros(n) if omega_rate is None else float_vector(omega_rate, "omega_rate", length=n)
    return arrays | {"omega_rate": plain(rate)}


def _numbers(given: tuple[Any, ...]) -> dict[str, float]:
    lag, push, epsilon, scale, time = given
    return {
        "phase_lag": real(lag, "phase_lag"),
        "doppler_strength": real(push, "doppler_strength"),
        "velocity_epsilon": positive(epsilon, "velocity_epsilon"),
        "distance_scale": positive(scale, "distance_scale"),
        "time": real(time, "time", minimum=0.0),
    }
