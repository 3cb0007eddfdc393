"""The families aer, doppler and faraday against other people's mathematics: scipy integrates, mpmath sums exactly."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

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


def test_the_energy_matches_forty_digits() -> None:
    """Power and energy over uneven steps are the definition's with 40 digits, cancelling signs included."""
    n, turns, load, part = 200, 64.0, 4.0, 0.85
    draw = np.random.default_rng(9)
    t = np.cumsum(draw.uniform(1e-9, 1e-6, n))
    r, dr, b, db = draw.uniform(0.1, 0.3, n), draw.normal(0, 300, n), draw.normal(0, 5, n), draw.normal(0, 2e5, n)
    found = polytier.faraday_recovery(t, r, dr, b, db, turns, load, part)
    with mpmath.workdps(DIGITS):
        m = mpmath.mpf
        columns = [list(map(m, column.tolist())) for column in (r, dr, b, db)]
        force = [-m(turns) * mpmath.pi * (x * x * w + 2 * x * y * z) for x, y, z, w in zip(*columns, strict=True)]
        power = [m(part) * u * u / m(load) for u in force]
        steps = [m(late) - m(early) for early, late in pairwise(t.tolist())]
        energy = mpmath.fsum((p + q) / 2 * h for (p, q), h in zip(pairwise(power), steps, strict=True))
        scale = float(max(map(abs, force)))
    assert found.energy == pytest.approx(float(energy), rel=1e-13)
    np.testing.assert_allclose(found.back_emf, [float(u) for u in force], rtol=0, atol=1e-15 * scale)
    np.testing.assert_allclose(found.power, [float(p) for p in power], rtol=0, atol=1e-15 * scale**2 / load)


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


class Model:
    """The quantities of a doppler model as numbers of 40 digits, and the slope by its definition."""

    def __init__(self, v: np.ndarray, w: np.ndarray, K: np.ndarray, rate: np.ndarray, **options: float) -> None:
        self.v, self.w, self.rate = (list(map(mpmath.mpf, each.tolist())) for each in (v, w, rate))
        self.K = [list(map(mpmath.mpf, row)) for row in K.tolist()]
        names = ("phase_lag", "doppler_strength", "velocity_epsilon", "distance_scale")
        self.lag, self.g, self.epsilon, self.length = (mpmath.mpf(options[name]) for name in names)

    def terms(self, i: int, theta: list[mpmath.mpf], z: list[mpmath.mpf], t: mpmath.mpf) -> list[mpmath.mpf]:
        """Return the addends of one phase velocity."""
        found = [self.w[i], t * self.rate[i]]
        for j in (j for j in range(len(theta)) if j != i):
            pull = self.K[i][j] / (1 + abs(z[i] - z[j]) / self.length)
            speed = (abs(self.v[i]) + abs(self.v[j])) / 2 + self.epsilon
            found += [pull * mpmath.sin(theta[j] - theta[i] - self.lag), self.g * (self.v[i] - self.v[j]) / speed]
        return found

    def slope(self, theta: list[mpmath.mpf], z: list[mpmath.mpf], t: mpmath.mpf) -> list[mpmath.mpf]:
        """Return the phase velocities."""
        return [mpmath.fsum(self.terms(i, theta, z, t)) for i in range(len(theta))]

    def moved(self, z: list[mpmath.mpf], h: mpmath.mpf) -> list[mpmath.mpf]:
        """Return the positions a time later."""
        return [place + h * speed for place, speed in zip(z, self.v, strict=True)]

    def step(self, theta: list[mpmath.mpf], z: list[mpmath.mpf], t: mpmath.mpf, h: mpmath.mpf) -> list[mpmath.mpf]:
        """Return the phases after one classical Runge-Kutta step."""

        def ahead(slopes: list[mpmath.mpf], part: mpmath.mpf) -> list[mpmath.mpf]:
            return [angle + part * slope for angle, slope in zip(theta, slopes, strict=True)]

        k1 = self.slope(theta, z, t)
        k2 = self.slope(ahead(k1, h / 2), self.moved(z, h / 2), t + h / 2)
        k3 = self.slope(ahead(k2, h / 2), self.moved(z, h / 2), t + h / 2)
        k4 = self.slope(ahead(k3, h), self.moved(z, h), t + h)
        return ahead([(a + 2 * b + 2 * c + d) / 6 for a, b, c, d in zip(k1, k2, k3, k4, strict=True)], h)


def test_the_derivative_matches_forty_digits() -> None:
    """Each phase velocity is mpmath's, to 1e-14 of its terms, at the start and at a later time."""
    n = 12
    options = {"phase_lag": 0.1, "doppler_strength": 2e6, "velocity_epsilon": 1.0, "distance_scale": 0.5}
    draw = np.random.default_rng(5)
    th, z, v, w = draw.uniform(-9, 9, n), draw.normal(0, 1, n), draw.normal(0, 2e5, n), draw.normal(0, 1e6, n)
    K, rate = draw.normal(0.0, 1e6, (n, n)), draw.normal(0.0, 1e12, n)
    for time in (0.0, 3e-6):
        found = polytier.doppler_kuramoto(th, z, v, w, K, **options, omega_rate=rate, time=time)
        with mpmath.workdps(DIGITS):
            model, state = Model(v, w, K, rate, **options), [list(map(mpmath.mpf, each.tolist())) for each in (th, z)]
            for i in range(n):
                terms = model.terms(i, *state, mpmath.mpf(time))
                assert abs(found[i] - float(mpmath.fsum(terms))) <= 1e-14 * float(mpmath.fsum(map(abs, terms)))


def test_the_steps_match_forty_digits() -> None:
    """Phases, positions, times, R and the lock error of thirty steps are those of mpmath."""
    n, h, steps = 4, 2e-9, 30
    options = {"phase_lag": 0.05, "doppler_strength": 2e6, "velocity_epsilon": 1.0, "distance_scale": 0.5}
    draw = np.random.default_rng(6)
    th, z, v, w = draw.uniform(-3, 3, n), draw.normal(0, 0.1, n), draw.normal(0, 2e5, n), draw.normal(0, 4e6, n)
    K, rate = draw.uniform(0.0, 2e7, (n, n)), draw.normal(0.0, 1e12, n)
    found = polytier.doppler_kuramoto_trace(th, z, v, w, K, h, steps, **options, omega_rate=rate, time=1e-6)
    with mpmath.workdps(DIGITS):
        model, t = Model(v, w, K, rate, **options), mpmath.mpf(1e-6)
        phases, places = (list(map(mpmath.mpf, each.tolist())) for each in (th, z))
        for k in range(steps + 1):
            total = mpmath.fsum(map(mpmath.expj, phases))
            differences = [abs(mpmath.arg(mpmath.expj(a - b))) for a in phases for b in phases]
            assert found.order_parameter[k] == pytest.approx(float(abs(total) / n), abs=1e-12)
            assert found.lock_error[k] == pytest.approx(float(max(differences)), abs=1e-12)
            apart = [
                abs(mpmath.arg(mpmath.expj(mpmath.mpf(a) - b))) for a, b in zip(found.phases[k], phases, strict=True)
            ]
            assert max(apart) < 1e-12
            np.testing.assert_allclose(found.positions[k], [float(place) for place in places], rtol=0, atol=1e-15)
            assert found.time[k] == pytest.approx(float(t), rel=1e-14)
            phases, places, t = model.step(phases, places, t, mpmath.mpf(h)), model.moved(places, mpmath.mpf(h)), t + h


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


def events(m: int, n: int, window: int, start: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return drawn events inside a window."""
    draw = np.random.default_rng(8)
    times = np.sort(draw.integers(0, window, m)).astype(np.uint64) + np.uint64(start)
    return draw.integers(0, n, m), times, draw.choice([-1, 1, 1], m)


def test_rates_are_the_exact_sums_within_their_roundings() -> None:
    """A running sum of m addends lies within m roundings of mpmath's sum, and of scipy's sparse one."""
    m, n, window = 5000, 7, 49_999
    address, times, signs = events(m, n, window)
    found = polytier.aer_decode_rate(address, times, signs, n, window, start_ns=0)
    sparse = coo_array((signs / window, (address, np.zeros(m, int))), shape=(n, 1)).toarray().ravel()
    np.testing.assert_allclose(found, sparse, rtol=1e-12)
    with mpmath.workdps(DIGITS):
        for channel in range(n):
            own = signs[address == channel]
            wanted = mpmath.fsum(int(sign) / mpmath.mpf(window) for sign in own)
            assert abs(found[channel] - float(wanted)) <= len(own) ** 2 / window * 2.0**-53


def test_rates_are_rounded_as_they_run() -> None:
    """Bit by bit: each addend and each sum is the exact fraction, rounded once to float64."""
    n, window = 5, 49_999
    address, times, signs = events(2000, n, window)
    wanted = [0.0] * n
    for channel, sign in zip(address.tolist(), signs.tolist(), strict=True):
        addend = Fraction(float(Fraction(sign, window)))
        wanted[channel] = float(Fraction(wanted[channel]) + addend)
    assert polytier.aer_decode_rate(address, times, signs, n, window, start_ns=0).tolist() == wanted


@pytest.mark.parametrize("start", [0, 2**63 - 25_000])
def test_first_events_and_intervals_are_the_exact_fractions(start: int) -> None:
    """Earliness and interval rates are the fractions of whole numbers, rounded, beyond the times that float64 tells."""
    n, window = 9, 49_999
    address, times, signs = events(60, n, window, start)
    earliness = polytier.aer_decode_temporal(address, times, signs, n, window, start_ns=start)
    rates = polytier.aer_decode_isi(address, times, signs, n, window, start_ns=start)
    for channel in range(n):
        own = [int(time) for time in times[address == channel]]
        assert earliness[channel] == pytest.approx(float(1 - Fraction(own[0] - start, window)), abs=2.0**-53)
        assert rates[channel] == float(Fraction(len(own) - 1, own[-1] - own[0]))
