"""The formulations that the benchmark programs race give the floor's answers."""

from __future__ import annotations

from importlib import import_module as module

import numpy as np
import pytest

import polytier

pytestmark = pytest.mark.usefixtures("benchmarks")


def test_the_formulations_of_kuramoto_agree_with_the_floor() -> None:
    """Every NumPy and plain formulation of kuramoto gives the floor's answer."""
    forms, draw = module("kuramoto_forms"), np.random.default_rng(1)
    theta, omega, coupling = draw.uniform(-3, 3, 40), draw.normal(size=40), draw.uniform(0, 0.05, (40, 40))
    wanted = polytier.order_parameter.dispatch.floor(theta)
    found = [forms.order_reduce(theta), forms.order_blocked(theta, np.empty(16)), forms.order_loop(theta)]
    assert found == pytest.approx([wanted] * 3, abs=1e-14)
    arguments = (theta, omega, coupling, 0.01, 20)
    phases = polytier.kuramoto_euler.dispatch.floor(*arguments)
    names = [name for name in vars(forms) if name.startswith("euler_")]
    assert len(names) == 7
    for name in names:
        np.testing.assert_allclose(getattr(forms, name)(*arguments), phases, rtol=0, atol=1e-12, err_msg=name)


def test_the_formulations_of_operators_agree_with_the_floor() -> None:
    """Every NumPy and plain formulation of operators gives the floor's answer."""
    forms, draw = module("operators_forms"), np.random.default_rng(1)
    a, b = draw.normal(size=(2, 8, 8)) + 1j * draw.normal(size=(2, 8, 8))
    a, b = a + a.conj().T, b + b.conj().T
    given = {
        "commutator": (polytier.commutator_dense, (a, b)),
        "pauli": (polytier.pauli_decompose, (a,)),
        "expectations": (polytier.pauli_expectations, (a[0] / 10.0,)),
        "hamiltonian": (polytier.xy_hamiltonian_dense, (a.real[:4, :4], a.real[4, :4], 0.3)),
        "dimension": (polytier.dla_dimension, (np.array([a, b]),)),
    }
    names = [name for name in vars(forms) if name.partition("_")[0] in given]
    assert len(names) == 12
    for name in names:
        kernel, arguments = given[name.partition("_")[0]]
        found, wanted = getattr(forms, name)(*arguments), kernel.dispatch.floor(*arguments)
        for one, other in zip(found, wanted, strict=True) if isinstance(wanted, tuple) else [(found, wanted)]:
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-12, err_msg=name)


def test_the_formulations_of_signals_agree_with_the_floor() -> None:
    """Every NumPy and plain formulation of aer, doppler and faraday gives the floor's answer."""
    aer, doppler, faraday = (module(f"{name}_forms") for name in ("aer", "doppler", "faraday"))
    k = np.arange(90)
    events = (k % 7, (3 * k).astype(np.uint64), np.where(k % 5, 1, -1).astype(np.int8), 7)
    for decode in (*aer.NUMPY.values(), *aer.NUMBA.values(), aer.counts_shared):
        window = 128 if decode in aer.NUMPY.values() else np.uint64(128)
        np.testing.assert_array_equal(decode(*events, window), polytier.aer_decode_rate(*events, 128))
    options = {"phase_lag": 0.1, "doppler_strength": 2.0, "velocity_epsilon": 0.5, "distance_scale": 2.0}
    draw = np.random.default_rng(4)
    swarm = (*draw.uniform(-1.0, 1.0, (4, 5)), draw.uniform(0.0, 1.0, (5, 5)))
    path = polytier.doppler_kuramoto_trace(*swarm, 0.1, 6, **options)
    for force in (doppler.matrices, doppler.pairs):
        slopes = force(*swarm, *options.values())
        np.testing.assert_allclose(slopes, polytier.doppler_kuramoto(*swarm, **options), rtol=1e-12)
        for one, other in zip(doppler.trace(force, *swarm, 0.1, 6, *options.values()), path, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    t = np.linspace(0.0, 1.0, 9)
    waveform = (t, 1.0 + t, t * 0.0 + 1.0, 2.0 - t, t * 0.0 - 1.0, 3.0, 2.0, 0.5)
    for recover in (faraday.formulas, faraday.Buffered(9), faraday.one_pass):
        for one, other in zip(recover(*waveform), polytier.faraday_recovery(*waveform), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
