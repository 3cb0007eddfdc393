"""The family doppler: every floor against the loop of its definition, every case, and the acceptance scenarios."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from helpers_kernels import answered, cases, family, insist_on_form

from polytier.agreement import compare
from polytier.kernels import doppler

if TYPE_CHECKING:
    from polytier.kernels.declaration import Case, Kernel

LARGEST_FOR_LOOPS = 3000
DEFAULTS = {"phase_lag": 0.0, "doppler_strength": 0.0, "velocity_epsilon": 1e-9, "distance_scale": 1.0, "time": 0.0}


def sine(angle: float) -> float:
    """Return the sine as NumPy's arrays have it."""
    return float(np.sin(np.array([angle]))[0])


def derivative(  # noqa: PLR0913 - the kernel's arguments
    th: Any, z: Any, v: Any, w: Any, K: Any, *, time: float, omega_rate: Any, **options: float
) -> Any:
    """Add the terms of each oscillator in order, one rounding after each operation."""
    a, g, e, L = (float(options[name]) for name in list(DEFAULTS)[:4])
    r = [0.0] * len(th) if omega_rate is None else omega_rate
    slopes = []
    for i in range(len(th)):
        acc = w[i] + time * r[i]
        for j in range(len(th)):
            if j != i:
                d = 0.5 * (abs(v[i]) + abs(v[j])) + e
                q = 1 + abs(z[i] - z[j]) / L
                acc = acc + (K[i][j] / q) * sine((th[j] - th[i]) - a)
                acc = acc + g * ((v[i] - v[j]) / d)
        slopes.append(acc)
    return slopes


def wrap(x: float) -> float:
    """Return the angle in [-pi, pi)."""
    return ((x + math.pi) % (2 * math.pi)) - math.pi


def trace(  # noqa: PLR0913, PLR0917 - the kernel's arguments
    th: Any, z: Any, v: Any, w: Any, K: Any, h: float, n_steps: int, *, time: float, **options: Any
) -> Any:
    """Integrate oscillator by oscillator; return the times, phases and positions."""
    n, t = range(len(th)), time
    rows = [(t, th, z)]
    for _ in range(n_steps):

        def f(phases: Any, places: Any, when: float) -> Any:
            return derivative(phases, places, v, w, K, time=when, **options)

        half = [z[i] + (0.5 * h) * v[i] for i in n]
        k1 = f(th, z, t)
        k2 = f([th[i] + (0.5 * h) * k1[i] for i in n], half, t + 0.5 * h)
        k3 = f([th[i] + (0.5 * h) * k2[i] for i in n], half, t + 0.5 * h)
        k4 = f([th[i] + h * k3[i] for i in n], [z[i] + h * v[i] for i in n], t + h)
        th = [wrap(th[i] + (h / 6) * (((k1[i] + 2 * k2[i]) + 2 * k3[i]) + k4[i])) for i in n]
        z, t = [z[i] + h * v[i] for i in n], t + h
        rows.append((t, th, z))
    return rows


def plain(case: Case) -> tuple[list[Any], dict[str, Any]]:
    """Return a case's arguments as lists of floats and numbers, its keywords with all defaults."""
    arguments = [np.asarray(value, np.float64).tolist() for value in case.arguments()[:5]]
    keywords: dict[str, Any] = {"omega_rate": None, **DEFAULTS, **case.keywords}
    if keywords["omega_rate"] is not None:
        keywords["omega_rate"] = np.asarray(keywords["omega_rate"], np.float64).tolist()
    return [*arguments, *case.arguments()[5:]], {name: _float(value) for name, value in keywords.items()}


def _float(value: Any) -> Any:
    return value if isinstance(value, list) or value is None else float(value)


@pytest.mark.parametrize(("kernel", "case"), cases("doppler"))
def test_the_floor_is_what_the_loops_say(kernel: Kernel, case: Case) -> None:
    """Every case is the loop's answer to the bit, or raises the stated exception."""
    answer = answered(kernel, case)
    if answer is None or kernel.case_size(case) > LARGEST_FOR_LOOPS:
        return  # the sizes that agree below differ in nothing but their length
    arguments, keywords = plain(case)
    if kernel.name == "doppler_kuramoto":
        if len(arguments[0]) <= 64:
            assert answer.tolist() == derivative(*arguments, **keywords)
        return
    arguments[5:] = [float(arguments[5]), int(arguments[6])]
    rows = trace(*arguments, **keywords)
    assert isinstance(answer, doppler.DopplerTrace)
    assert answer.time.tolist() == [t for t, _, _ in rows]
    assert answer.phases.tolist() == [th for _, th, _ in rows]
    assert answer.positions.tolist() == [z for _, _, z in rows]
    for k, (_, th, _) in enumerate(rows):
        assert answer.order_parameter[k] == pytest.approx(
            abs(sum(complex(math.cos(x), math.sin(x)) for x in th)) / len(th)
        )
        assert answer.lock_error[k] == max(abs(wrap(y - x)) for x in th for y in th)


@pytest.mark.parametrize("kernel", family("doppler"), ids=lambda kernel: kernel.name)
def test_the_declaration_keeps_its_form(kernel: Kernel) -> None:
    """Each kernel has a doctest that runs, ascending sizes and distinct labels."""
    insist_on_form(kernel)


def test_two_oscillators_have_a_closed_form() -> None:
    """The specification's two oscillators move as their formula says."""
    options = {"phase_lag": 0.1, "doppler_strength": 0.2, "velocity_epsilon": 10.0, "distance_scale": 2.0}
    found = doppler.doppler_kuramoto(*doppler._pair(), **options)
    push = 0.2 * 150 / 85
    wanted = [1 + 1.5 * math.sin(0.4) + push, -1 + 2.5 * math.sin(-0.6) - push]
    assert found.tolist() == pytest.approx(wanted, rel=1e-15)


def test_the_published_beams() -> None:
    """The benchmark's three beams have the derivatives that the specification states."""
    found = doppler.doppler_kuramoto(*doppler._beams(), **doppler.BEAM)
    assert found.tolist() == pytest.approx([8165772.616030219, -12220202.064863553, 1637338.2863961938], rel=1e-15)


@pytest.mark.parametrize(("strength", "wanted"), [(2e6, 1.9566221e-3), (0.0, 0.16333694)])
def test_the_push_locks_two_beams(strength: float, wanted: float) -> None:
    """After 100 steps the lock error is 2 mrad with the push and 163 mrad without it."""
    coupling = 25e6 * (1.0 - np.eye(2))
    beams = ([0.0, 0.25], [-0.03, 0.03], [3e5, -3e5], [-4e6, 4e6], coupling, 1e-9, 120)
    found = doppler.doppler_kuramoto_trace(*beams, doppler_strength=strength, velocity_epsilon=1.0)
    assert found.lock_error[100] == pytest.approx(wanted, rel=1e-7)
    assert len(found.time) == 121


def test_rates_without_coupling_have_a_closed_form() -> None:
    """A drifting frequency gives theta0 + w t + r t^2 / 2, within 1e-6 after 1000 steps of 1 us."""
    found = doppler.doppler_kuramoto_trace([0.4], [0.0], [1.0], [1200.0], [[0.0]], 1e-6, 1000, omega_rate=[-2e4])
    t = 1e-3
    assert found.phases[-1, 0] == pytest.approx(wrap(0.4 + 1200.0 * t - 2e4 * t * t / 2), rel=1e-6)


def test_what_is_not_finite_is_named() -> None:
    """The derivative and each part of a trace are refused by their names."""
    fast = (*doppler._pair()[:2], [1e308, -1e308], *doppler._pair()[3:])
    with pytest.raises(ValueError, match=r"^the derivative must be finite: found nan at index 0\nhint: pass arg"):
        doppler.doppler_kuramoto(*fast)
    with pytest.raises(ValueError, match=r"^phases must be finite: found nan at index \(1, 0\)"):
        doppler.doppler_kuramoto_trace(*fast, 1e-3, 2)


def test_the_allowance_is_a_part_of_all_terms() -> None:
    """An error of 1e-13 of the terms passes where they cancel; without coupling not even one ulp does."""
    kernel = next(k for k in family("doppler") if k.name == "doppler_kuramoto")
    arguments = doppler._cancelling(40)
    keywords = doppler.BEAM | {"omega_rate": np.ones(40), "time": 2.0}
    answer = kernel.floor(*arguments, **keywords)
    scale = np.broadcast_to(doppler._force_scale(*arguments, **keywords), answer.shape)
    assert (scale > 1e10).all()
    assert compare(answer + 1e-13 * scale, answer, kernel.tolerance, arguments, keywords) is None
    assert compare(answer + 2e-12 * scale, answer, kernel.tolerance, arguments, keywords) is not None
    free = (*arguments[:4], np.zeros((40, 40)))
    answer = kernel.floor(*free, **keywords)
    assert compare(np.nextafter(answer, np.inf), answer, kernel.tolerance, free, keywords) is not None
