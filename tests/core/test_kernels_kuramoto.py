"""The family kuramoto: every floor against a plain loop, every case, the stated exceptions and invariants."""

from __future__ import annotations

import cmath
import doctest
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polytier
from polytier.kernels import kuramoto

if TYPE_CHECKING:
    from polytier.kernels.declaration import Case, Kernel

FAMILY = [kernel for kernel in polytier.dispatcher.catalogue if kernel.family == "kuramoto"]
CASES = [pytest.param(kernel, case, id=f"{kernel.name}: {case.label}") for kernel in FAMILY for case in kernel.cases]
LARGEST_FOR_LOOPS = 40_000


def mean_field(theta: list[float]) -> complex:
    """Return the mean of exp(i theta)."""
    return sum((complex(math.cos(t), math.sin(t)) for t in theta), 0j) / len(theta)


def pull(theta: list[float], K: list[list[float]]) -> list[float]:
    """Return the double sum, pair by pair."""
    n = range(len(theta))
    return [math.fsum(K[i][j] * math.sin(theta[j] - theta[i]) for j in n if j != i) for i in n]


def euler_path(theta0: Any, omega: Any, K: Any, dt: float, n_steps: int) -> list[list[float]]:
    """Return all rows of the integration."""
    path = [list(theta0)]
    for _ in range(n_steps):
        force = pull(path[-1], K)
        path.append([t + dt * (w + f) for t, w, f in zip(path[-1], omega, force, strict=True)])
    return path


def rk4(theta0: Any, omega: Any, K: Any, dt: float, n_steps: int) -> list[float]:
    """Return the last row of the classical Runge-Kutta integration."""

    def slope(theta: list[float]) -> list[float]:
        return [w + f for w, f in zip(omega, pull(theta, K), strict=True)]

    def ahead(theta: list[float], k: list[float], h: float) -> list[float]:
        return [t + h * s for t, s in zip(theta, k, strict=True)]

    theta = list(theta0)
    for _ in range(n_steps):
        a = slope(theta)
        b = slope(ahead(theta, a, dt / 2))
        c = slope(ahead(theta, b, dt / 2))
        d = slope(ahead(theta, c, dt))
        theta = [t + dt / 6 * (p + 2 * q + 2 * r + s) for t, p, q, r, s in zip(theta, a, b, c, d, strict=True)]
    return theta


def template(n: int = 16, k_base: float = 0.45, alpha: float = 0.3) -> list[list[float]]:
    """Return the coupling template entry by entry."""
    calibrated = {(0, 1): 0.302, (1, 2): 0.201, (2, 3): 0.252, (3, 4): 0.154}
    least = {(4, 6): 0.15, (0, 15): 0.05}
    rows = []
    for i in range(n):
        row = []
        for j in range(n):
            pair = (min(i, j), max(i, j))
            value = calibrated.get(pair, k_base * math.exp(-alpha * abs(i - j)))
            row.append(max(value, least.get(pair, 0.0)))
        rows.append(row)
    return rows


ORACLES: dict[str, Any] = {
    "order_parameter": lambda theta: abs(mean_field(theta)),
    "mean_phase": lambda theta: cmath.phase(mean_field(theta)),
    "build_knm": template,
    "networked_force": pull,
    "kuramoto_euler": lambda *a: euler_path(*a)[-1],
    "kuramoto_phases": euler_path,
    "kuramoto_trajectory": lambda *a: (
        [k * a[3] for k in range(a[4] + 1)],
        [abs(mean_field(r)) for r in euler_path(*a)],
    ),
    "kuramoto_rk4": rk4,
}


def plain(value: Any) -> Any:
    """Return arrays as lists of Python floats, integers as int."""
    array = np.asarray(value)
    if array.ndim:
        return array.astype(np.float64).tolist()
    return float(value) if isinstance(value, np.floating) else value


def work(kernel: Kernel, case: Case) -> int:
    """Return how long the loops would take, in pairs."""
    return kernel.case_size(case)


@pytest.mark.parametrize(("kernel", "case"), CASES)
def test_the_floor_is_what_the_loops_say(kernel: Kernel, case: Case) -> None:
    """Every case agrees with a loop that nobody can doubt, or raises the stated exception."""
    arguments = case.arguments()
    if case.raises is not None:
        with pytest.raises(case.raises, match="\nhint: "):
            kernel.floor(*arguments, **case.keywords)
        return
    answer = kernel.floor(*arguments, **case.keywords)
    if work(kernel, case) > LARGEST_FOR_LOOPS:
        return  # the sizes that agree below and above differ in nothing but their length
    oracle = ORACLES[kernel.name](*(plain(a) for a in arguments))
    for found, wanted in zip(np.atleast_1d(*_parts(answer)), np.atleast_1d(*_parts(oracle)), strict=True):
        np.testing.assert_allclose(found, np.asarray(wanted), rtol=0, atol=1e-11)


def _parts(answer: Any) -> tuple[Any, ...]:
    return (*answer, 0.0) if isinstance(answer, tuple) else (answer, 0.0)


@pytest.mark.parametrize("kernel", FAMILY, ids=lambda kernel: kernel.name)
def test_the_docstring_examples_hold(kernel: Kernel) -> None:
    """Each kernel's doctest runs; doctest's own finder does not see generated functions."""
    example = doctest.DocTestParser().get_doctest(
        kernel.floor.__doc__ or "", vars(kuramoto).copy(), kernel.name, None, 0
    )
    assert example.examples, f"{kernel.name} has no doctest"
    results = doctest.DocTestRunner(verbose=False).run(example)
    assert results.failed == 0


@pytest.mark.parametrize("kernel", FAMILY, ids=lambda kernel: kernel.name)
def test_timed_cases_have_ascending_sizes_and_labels_differ(kernel: Kernel) -> None:
    """Ranks need one case per size, and reports name a case by its label."""
    sizes = [kernel.case_size(case) for case in kernel.timed_cases]
    assert sizes == sorted(set(sizes))
    assert len({case.label for case in kernel.cases}) == len(kernel.cases)


def test_natural_frequencies_repeat() -> None:
    """Beyond 16 layers the frequencies repeat, and the constant cannot be written to."""
    frequencies = polytier.natural_frequencies(40)
    assert frequencies.tolist() == [polytier.OMEGA_16[i % 16] for i in range(40)]
    assert polytier.OMEGA_16.sum() == pytest.approx(26.259)
    with pytest.raises(ValueError, match="read-only"):
        polytier.OMEGA_16[0] = 1.0
    with pytest.raises(TypeError, match="'n' must be an integer"):
        polytier.natural_frequencies(2.0)  # type: ignore[arg-type]


def test_the_order_parameter_keeps_its_invariants() -> None:
    """R lies in [0, 1] and does not change under a common shift, a permutation, or a change of all signs."""
    rng = np.random.default_rng(3)
    for n in (1, 2, 5, 100):
        theta = rng.uniform(-10, 10, n)
        value = kuramoto.order_parameter(theta)
        assert 0 <= value <= 1 + 1e-12
        for same in (theta + 1.7, rng.permutation(theta), -theta):
            assert kuramoto.order_parameter(same) == pytest.approx(value, abs=1e-12)


def test_identical_uncoupled_oscillators_drift_together() -> None:
    """With K = 0 the Euler phases are theta0 + omega * dt * n exactly enough, and R stays where it was."""
    theta0, omega, K = [0.0, 0.5, 1.0], [2.0, 2.0, 2.0], np.zeros((3, 3))
    np.testing.assert_allclose(kuramoto.kuramoto_euler(theta0, omega, K, 0.01, 100), np.add(theta0, 2.0), atol=1e-13)
    _, coherence = kuramoto.kuramoto_trajectory(theta0, omega, K, 0.01, 100)
    np.testing.assert_allclose(coherence, coherence[0], atol=1e-13)


def test_no_steps_return_a_copy() -> None:
    """The answer never aliases the caller's array."""
    theta0 = np.array([0.1, 0.2])
    for kernel in (kuramoto.kuramoto_euler, kuramoto.kuramoto_rk4):
        answer = kernel(theta0, [0.0, 0.0], np.zeros((2, 2)), 0.1, 0)
        assert answer.tolist() == theta0.tolist()
        assert not np.shares_memory(answer, theta0)


def test_the_template_has_the_calibrated_entries() -> None:
    """The 16-layer template of the specification, spot by spot."""
    K = kuramoto.build_knm()
    assert (K[0, 1], K[1, 2], K[2, 3], K[3, 4]) == (0.302, 0.201, 0.252, 0.154)
    assert K[4, 6] == max(0.45 * math.exp(-0.6), 0.15)
    assert K[0, 15] == 0.05
    assert K[0, 0] == 0.45
    assert np.array_equal(K, K.T)
