"""The family kuramoto against other people's mathematics: mpmath sums with 40 digits, scipy integrates."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.stats import circmean, circvar

import polytier

DIGITS = 40
CALIBRATED = {(0, 1): "0.302", (1, 2): "0.201", (2, 3): "0.252", (3, 4): "0.154"}
AT_LEAST = {(4, 6): "0.15", (0, 15): "0.05"}


def phases(n: int, width: float) -> np.ndarray:
    """Return phases of the same sign and another, up to `width` from zero."""
    return np.random.default_rng(n).uniform(-width, width, n)


@pytest.mark.parametrize("width", [0.1, 3.0, 1e6])
@pytest.mark.parametrize("n", [1, 2, 17, 1000])
def test_the_order_parameter_matches_forty_digits(n: int, width: float) -> None:
    """R and the mean phase are those of the vector sum with 40 digits, near locking, spread out, and far from zero."""
    theta = phases(n, width)
    with mpmath.workdps(DIGITS):
        total = mpmath.fsum(mpmath.expj(mpmath.mpf(angle)) for angle in theta.tolist())
        coherence, mean = float(abs(total) / n), float(mpmath.arg(total))
    assert polytier.order_parameter(theta) == pytest.approx(coherence, abs=1e-15 * np.sqrt(n) + 2e-16)
    apart = np.angle(np.exp(1j * (polytier.mean_phase(theta) - mean)))
    assert abs(apart) <= 1e-15 / coherence


@pytest.mark.parametrize("n", [2, 100])
def test_the_order_parameter_is_scipys_circular_statistics(n: int) -> None:
    """The circular variance is 1 - R, and the circular mean is the mean phase."""
    theta = phases(n, 2.5)
    assert 1.0 - polytier.order_parameter(theta) == pytest.approx(circvar(theta), abs=1e-14)
    assert polytier.mean_phase(theta) == pytest.approx(circmean(theta, high=np.pi, low=-np.pi), abs=1e-13)


def test_balanced_phases_have_no_order() -> None:
    """The n-th roots of unity sum to nothing, whatever n is; with one of them twice R is 1 / (n + 1)."""
    with mpmath.workdps(DIGITS):
        for n in (2, 3, 7, 64, 1001):
            roots = [float(2 * mpmath.pi * k / n) for k in range(n)]
            assert polytier.order_parameter(roots) < 1e-15 * n
            assert polytier.order_parameter([*roots, roots[0]]) == pytest.approx(1 / (n + 1), rel=1e-13)


@pytest.mark.parametrize("n", [1, 5, 16])
def test_the_template_matches_forty_digits(n: int) -> None:
    """Each entry is its exponential with 40 digits or its calibrated strength."""
    found = polytier.build_knm(n, 0.7, 0.21)
    with mpmath.workdps(DIGITS):
        for i in range(n):
            for j in range(n):
                pair = min(i, j), max(i, j)
                wanted = mpmath.mpf(0.7) * mpmath.exp(-mpmath.mpf(0.21) * abs(i - j))
                wanted = mpmath.mpf(CALIBRATED.get(pair, wanted))
                wanted = max(wanted, mpmath.mpf(AT_LEAST.get(pair, 0)))
                assert found[i, j] == pytest.approx(float(wanted), rel=1e-15)


def test_the_force_matches_forty_digits() -> None:
    """Each force is mpmath's, to 1e-15 of its terms."""
    n = 12
    theta, K = phases(n, 9.0), np.random.default_rng(3).normal(size=(n, n))
    found = polytier.networked_force(theta, K)
    with mpmath.workdps(DIGITS):
        for i in range(n):
            terms = [mpmath.mpf(K[i, j]) * mpmath.sin(mpmath.mpf(theta[j]) - mpmath.mpf(theta[i])) for j in range(n)]
            assert abs(found[i] - float(mpmath.fsum(terms))) <= 1e-15 * float(mpmath.fsum(map(abs, terms)))


def exact_euler(theta: np.ndarray, omega: np.ndarray, K: np.ndarray, dt: float, n_steps: int) -> list[list[mpmath.mpf]]:
    """Return the phases before the first and after every explicit Euler step, with 40 digits."""
    m = mpmath.mpf
    path, n = [[m(angle) for angle in theta.tolist()]], len(theta)
    for _ in range(n_steps):
        now = path[-1]
        forces = [mpmath.fsum(m(K[i, j]) * mpmath.sin(now[j] - now[i]) for j in range(n)) for i in range(n)]
        path.append([now[i] + m(dt) * (m(omega[i]) + forces[i]) for i in range(n)])
    return path


def test_euler_steps_match_forty_digits() -> None:
    """The phases of twenty steps, and R after each, are those of mpmath."""
    n, rng = 5, np.random.default_rng(7)
    network = phases(n, 3.0), rng.normal(size=n), rng.normal(size=(n, n)), 0.05, 20
    with mpmath.workdps(DIGITS):
        exact = exact_euler(*network)
        coherence = [float(abs(mpmath.fsum(map(mpmath.expj, row))) / n) for row in exact]
        path = np.array([[float(angle) for angle in row] for row in exact])
    np.testing.assert_allclose(polytier.kuramoto_phases(*network), path, rtol=0, atol=1e-13)
    np.testing.assert_allclose(polytier.kuramoto_trajectory(*network)[1], coherence, rtol=0, atol=1e-13)
    apart = np.angle(np.exp(1j * (polytier.kuramoto_euler(*network) - path[-1])))
    assert np.abs(apart).max() < 1e-13


@pytest.mark.parametrize("n", [2, 10])
def test_the_path_is_scipys(n: int) -> None:
    """Runge-Kutta steps end where scipy's eighth-order method ends, and halving them divides the error by sixteen."""
    rng = np.random.default_rng(n)
    theta, omega, K = phases(n, 3.0), rng.normal(size=n), rng.uniform(0.0, 1.0, (n, n)) / n

    def slope(_time: float, angles: np.ndarray) -> np.ndarray:
        return omega + polytier.networked_force(angles, K)

    wanted = solve_ivp(slope, (0.0, 4.0), theta, method="DOP853", rtol=1e-13, atol=1e-13).y[:, -1]
    coarse, fine = (
        np.abs(polytier.kuramoto_rk4(theta, omega, K, 4.0 / steps, steps) - wanted).max() for steps in (40, 80)
    )
    assert fine < 1e-6
    assert 12.0 < coarse / fine < 20.0


def test_two_oscillators_follow_their_closed_form() -> None:
    """The difference of two alike oscillators obeys tan(d/2) = tan(d0/2) exp(-2 K t)."""
    K, time, steps = 0.8, 2.0, 400
    last = polytier.kuramoto_rk4([0.0, 2.0], [1.0, 1.0], [[0.0, K], [K, 0.0]], time / steps, steps)
    with mpmath.workdps(DIGITS):
        wanted = 2 * mpmath.atan(mpmath.tan(mpmath.mpf(1)) * mpmath.exp(-2 * mpmath.mpf(K) * time))
    assert last[1] - last[0] == pytest.approx(float(wanted), rel=1e-10)
    assert last.sum() / 2 == pytest.approx(1.0 + time, rel=1e-13)
