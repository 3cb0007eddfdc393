from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polytier import DopplerTrace, FaradayRecovery

BUILD_DIGEST: Final[str]

def simd_level() -> str: ...
def order_parameter(theta: ArrayLike) -> float: ...
def mean_phase(theta: ArrayLike) -> float: ...
def build_knm(n: int = 16, k_base: float = 0.45, alpha: float = 0.3) -> NDArray[np.float64]: ...
def networked_force(theta: ArrayLike, K: ArrayLike) -> NDArray[np.float64]: ...
def kuramoto_euler(
    theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int
) -> NDArray[np.float64]: ...
def kuramoto_phases(
    theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int
) -> NDArray[np.float64]: ...
def kuramoto_trajectory(
    theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def kuramoto_rk4(theta0: ArrayLike, omega: ArrayLike, K: ArrayLike, dt: float, n_steps: int) -> NDArray[np.float64]: ...
def aer_decode_isi(
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> NDArray[np.float64]: ...
def aer_decode_rate(
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> NDArray[np.float64]: ...
def aer_decode_temporal(
    address: ArrayLike,
    t_ns: ArrayLike,
    polarity: ArrayLike,
    n_channels: int,
    window_ns: int,
    start_ns: int | None = None,
) -> NDArray[np.float64]: ...
def doppler_kuramoto(
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
) -> NDArray[np.float64]: ...
def doppler_kuramoto_trace(
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
) -> DopplerTrace: ...
def faraday_recovery(
    time: ArrayLike,
    radius: ArrayLike,
    radial_velocity: ArrayLike,
    field: ArrayLike,
    field_rate: ArrayLike,
    turns: float,
    load_resistance: float,
    coupling_efficiency: float = 1.0,
) -> FaradayRecovery: ...
def faraday_back_emf(radius: float, radial_velocity: float, field: float, field_rate: float, turns: float) -> float: ...
