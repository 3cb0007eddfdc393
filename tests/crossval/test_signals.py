"""The families aer, doppler and faraday against other people's mathematics: scipy integrates, mpmath sums exactly."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy.integrate import simpson, solve_ivp, trapezoid
from scipy.sparse import coo_array

import polytier

DIGITS = 40


def test_the_energy_is_scipys_integral() -> None:
    """The energy is scipy's trapezoid of the power, and near Simpson's value where the power is smooth."""
    t = np.linspace(0.0, 8e-6, 4097)
    found = polytier.faraday_recovery(t, 0.22 - 320.0 * t, t * 0.0 - 320.0, 4.0 + 2.5e5 * t, t * 0.0 + 2.5e5, 64.0, 4.0)
    assert found.energy == pytest.approx(trapezoid(found.power, t), rel=1e-13)
    assert found.energy == pytest.approx(simpson(found.power, x=t), rel=1e-7)


def test_the_flux_rate_integrates_to_the_flux() -> None:
    """Simpson's integral of the rate is the change of the flux."""
    t = np.linspace(0.0, 1e-3, 2001)
    radius, field = 0.2 + 0.05 * np.sin(4000.0 * t), 3.0 * np.cos(2500.0 * t)
    rates = 200.0 * np.cos(4000.0 * t), -7500.0 * np.sin(2500.0 * t)
    found = polytier.faraday_recovery(t, radius, rates[0], field, rates[1], 10.0, 1.0)
    change = found.flux[-1] - found.flux[0]
    assert simpson(found.flux_rate, x=t) == pytest.approx(change, abs=1e-9 * np.abs(found.flux).max())


def test_the_force_matches_forty_digits() -> None:
    """The electromotive force of one moment is mpmath's, rounded."""
    with mpmath.workdps(DIGITS):
        r, dr, b, db, turns = map(mpmath.mpf, (0.2, -320.0, 4.5, 2.5e5, 64.0))
        wanted = -turns * mpmath.pi * (r * r * db + 2 * r * dr * b)
        assert polytier.faraday_back_emf(0.2, -320.0, 4.5, 2.5e5, 64.0) == pytest.approx(float(wanted), rel=1e-14)


def test_the_derivative_matches_forty_digits() -> None:
    """Each phase velocity is mpmath's, to 1e-14 of its terms."""
    n, (a, g, e, length) = 12, (0.1, 2e6, 1.0, 0.5)
    draw = np.random.default_rng(5)
    th, z, v, w = draw.uniform(-9, 9, n), draw.normal(0, 1, n), draw.normal(0, 2e5, n), draw.normal(0, 1e6, n)
    K = draw.normal(0.0, 1e6, (n, n))
    options = {"phase_lag": a, "doppler_strength": g, "velocity_epsilon": e, "distance_scale": length}
    found = polytier.doppler_kuramoto(th, z, v, w, K, **options)
    with mpmath.workdps(DIGITS):
        m = mpmath.mpf
        for i in range(n):
            terms = [m(w[i])]
            for j in (j for j in range(n) if j != i):
                terms.append(
                    m(K[i, j]) / (1 + abs(m(z[i]) - m(z[j])) / m(length)) * mpmath.sin(m(th[j]) - m(th[i]) - m(a))
                )
                terms.append(m(g) * (m(v[i]) - m(v[j])) / ((abs(m(v[i])) + abs(m(v[j]))) / 2 + m(e)))
            assert abs(found[i] - float(sum(terms))) <= 1e-14 * float(sum(map(abs, terms)))


def test_the_path_is_scipys() -> None:
    """The path ends where scipy's eighth-order method ends, within the error of fourth-order steps."""
    K = np.array([[0.0, 25e6, 4e6], [25e6, 0.0, 3.5e6], [5e6, 4.5e6, 0.0]])
    th, z, v = np.array([0.0, 0.25, -0.1]), np.array([-0.03, 0.03, 0.12]), np.array([3e5, -3e5, 0.0])
    w, rate = np.array([-4e6, 4e6, 0.2e6]), np.array([1e12, 0.0, -1e12])
    options = {"phase_lag": 0.05, "doppler_strength": 2e6, "velocity_epsilon": 1.0, "omega_rate": rate}
    path = polytier.doppler_kuramoto_trace(th, z, v, w, K, 1e-9, 120, **options)

    def slope(t: float, phases: np.ndarray) -> np.ndarray:
        return polytier.doppler_kuramoto(phases, z + v * t, v, w, K, time=t, **options)

    wanted = solve_ivp(slope, (0.0, 1.2e-7), th, method="DOP853", rtol=1e-12, atol=1e-12, max_step=1e-9).y[:, -1]
    apart = np.angle(np.exp(1j * (path.phases[-1] - wanted)))
    assert np.abs(apart).max() < 1e-8


def test_rates_are_the_exact_sums_within_their_roundings() -> None:
    """A running sum of m addends lies within m roundings of mpmath's sum, and of scipy's sparse one."""
    m, n, window = 5000, 7, 49_999
    draw = np.random.default_rng(8)
    address, signs = draw.integers(0, n, m), draw.choice([-1, 1, 1], m)
    times = np.sort(draw.integers(0, window, m)).astype(np.uint64)
    found = polytier.aer_decode_rate(address, times, signs, n, window, start_ns=0)
    sparse = coo_array((signs / window, (address, np.zeros(m, int))), shape=(n, 1)).toarray().ravel()
    np.testing.assert_allclose(found, sparse, rtol=1e-12)
    with mpmath.workdps(DIGITS):
        for channel in range(n):
            own = signs[address == channel]
            wanted = mpmath.fsum(int(sign) / mpmath.mpf(window) for sign in own)
            assert abs(found[channel] - float(wanted)) <= len(own) ** 2 / window * 2.0**-53
