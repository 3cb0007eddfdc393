"""The family faraday: every floor against the loop of its definition, every case, and the published values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from helpers_kernels import answered, cases, family, insist_on_form

from polytier.agreement import compare
from polytier.kernels import faraday

if TYPE_CHECKING:
    from polytier.kernels.declaration import Case, Kernel

LARGEST_FOR_LOOPS = 10_000


def back_emf(radius: Any, velocity: Any, field: Any, field_rate: Any, turns: Any) -> float:
    """Compute one moment, one rounding after each operation."""
    r, dr, b, db, coil = (float(x) for x in (radius, velocity, field, field_rate, turns))
    return (-coil) * (math.pi * (((r * r) * db) + (((2 * r) * dr) * b)))


def recovery(*arguments: Any) -> tuple[list[list[float]], float, float, float]:
    """Compute moment by moment; the energy is summed without rounding."""
    t, r, dr, b, db = (np.asarray(part, np.float64).tolist() for part in arguments[:5])
    turns, load = (float(x) for x in arguments[5:7])
    efficiency = float(arguments[7]) if len(arguments) > 7 else 1.0
    moments = range(len(t))
    flux = [((math.pi * r[i]) * r[i]) * b[i] for i in moments]
    rate = [math.pi * (((r[i] * r[i]) * db[i]) + (((2 * r[i]) * dr[i]) * b[i])) for i in moments]
    emf = [(-turns) * x for x in rate]
    power = [((efficiency * u) * u) / load if efficiency else 0.0 for u in emf]
    pieces = [(0.5 * (power[i] + power[i + 1])) * (t[i + 1] - t[i]) for i in moments[:-1]]
    return [flux, rate, emf, power], math.fsum(pieces), max(map(abs, emf)), max(power)


@pytest.mark.parametrize(("kernel", "case"), cases("faraday"))
def test_the_floor_is_what_the_loops_say(kernel: Kernel, case: Case) -> None:
    """Every case is the loop's answer, to the bit but for the energy's sum, or raises the stated exception."""
    if case.timed and kernel.case_size(case) > LARGEST_FOR_LOOPS:
        return  # the sizes that agree below differ in nothing but their length
    answer = answered(kernel, case)
    if answer is None:
        return
    if kernel.name == "faraday_back_emf":
        assert answer == back_emf(*case.arguments())
        return
    arrays, energy, *peaks = recovery(*case.arguments())
    assert isinstance(answer, faraday.FaradayRecovery)
    assert [part.tolist() for part in answer[:4]] == arrays
    assert answer.energy == pytest.approx(energy, rel=1e-14, abs=0.0)
    assert [answer.peak_back_emf, answer.peak_power] == peaks
    assert {type(part) for part in answer[4:]} == {float}


@pytest.mark.parametrize("kernel", family("faraday"), ids=lambda kernel: kernel.name)
def test_the_declaration_keeps_its_form(kernel: Kernel) -> None:
    """Each kernel has a doctest that runs, ascending sizes and distinct labels."""
    insist_on_form(kernel)


def test_the_published_waveform() -> None:
    """The benchmark's waveform recovers the energy and has the peaks that the specification states."""
    found = faraday.faraday_recovery(*faraday._waveform(4096))
    assert found.energy == pytest.approx(9227939.70546611, rel=1e-14)
    assert found.peak_back_emf == pytest.approx(2319611.2720598225, rel=1e-15)
    assert found.peak_power == pytest.approx(1210634202030.0723, rel=1e-15)


def test_the_power_is_associated_from_the_left() -> None:
    """A tiny efficiency meets a huge electromotive force before it is squared, and 0 leaves it alone."""
    found = faraday.faraday_recovery(*faraday._square(1e200, 1e-300))
    assert found.peak_power == pytest.approx(1e100 / 2.0, rel=1e-12)
    silent = faraday.faraday_recovery(*faraday._square(1e200, 0.0))
    assert (silent.energy, silent.peak_power) == (0.0, 0.0)
    assert not np.signbit(silent.power).any()


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("one sample", "argument 'time' must be a vector of at least 2 samples: found 1 element"),
        ("equal times", "argument 'time' must be strictly increasing: found 1.0 after 1.0 at index 2"),
        ("negative radius", "argument 'radius' must be non-negative: found -5e-324 at index 5"),
        ("flux overflows", "flux must be finite: found "),
        ("flux_rate overflows", "flux_rate must be finite: found "),
        ("flux_rate is no number", "flux_rate must be finite: found nan at index 0"),
        ("back_emf overflows", "back_emf must be finite: found -inf at index 0"),
        ("power overflows", "power must be finite: found inf at index 0"),
        ("energy overflows", "energy must be finite: found inf"),
    ],
)
def test_the_refusals_name_what_is_wrong(label: str, message: str) -> None:
    """A message names the argument, or the quantity that is beyond float64."""
    kernel = next(k for k in family("faraday") if k.name == "faraday_recovery")
    case = next(case for case in kernel.cases if case.label == label)
    with pytest.raises(ValueError, match="hint: ") as refusal:
        kernel.floor(*case.arguments())
    assert str(refusal.value).startswith(message)


def test_the_scalar_form_names_what_overflows() -> None:
    """The electromotive force of one moment is refused by its name."""
    with pytest.raises(ValueError, match=r"^back_emf must be finite: found -inf\nhint: pass arguments of smaller"):
        faraday.faraday_back_emf(1e200, 0.0, 0.0, 1.0, 1.0)


def test_rates_may_differ_by_eight_roundings_of_their_terms() -> None:
    """A fused product passes where the terms cancel; a relative error of 1e-14 of the terms does not."""
    time, one = np.arange(3.0), np.ones(3)
    arguments = (time, one, -one, one, 2.0 * one * (1 + 1e-15), 5.0, 1.0)
    answer = faraday.faraday_recovery(*arguments)
    for field, terms in (("flux_rate", 4 * math.pi), ("back_emf", 20 * math.pi)):
        for part, agrees in ((2e-16, True), (1e-14, False)):
            other = answer._replace(**{field: getattr(answer, field) + part * terms})
            assert (compare(other, answer, faraday.RECOVERY_TOLERANCE, arguments) is None) is agrees
    keywords = {"turns": 5.0, "load_resistance": 1.0}
    assert compare(answer, answer, faraday.RECOVERY_TOLERANCE, arguments[:5], keywords) is None


def test_the_scalar_form_may_differ_as_the_waveform_may() -> None:
    """The same allowance holds for one moment."""
    kernel = next(k for k in family("faraday") if k.name == "faraday_back_emf")
    moment = (1.0, -1.0, 1.0, 2.0 * (1 + 1e-15), 5.0)
    answer = kernel.floor(*moment)
    for part, agrees in ((2e-16, True), (1e-14, False)):
        found = compare(answer + part * 20 * math.pi, answer, kernel.tolerance, moment)
        assert (found is None) is agrees
