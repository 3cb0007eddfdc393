"""The scenarios that the demonstrations of single kernels run, with the figures that say whether they came out."""

# Language policy: exempt, it makes the inputs of a demonstration, and dispatched kernels compute.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytier.demo.chains import operators
from polytier.demo.scenario import Call, Check, Scenario
from polytier.kernels.aer import aer_decode_isi, aer_decode_rate, aer_decode_temporal
from polytier.kernels.doppler import doppler_kuramoto_trace

if TYPE_CHECKING:
    from collections.abc import Callable


def spikes(m: int = 1_000_000) -> Call:
    """Return the rate of `m` spikes on 16 channels, one in 10 ns, that fire at rates of 1 to 16."""
    draw = np.random.default_rng(3)
    weights = np.arange(1.0, 17.0)
    address = draw.choice(16, m, p=weights / weights.sum())
    times = np.arange(0, 10 * m, 10, dtype=np.uint64)
    signs = np.where(np.arange(m) % 5 == 0, -1, 1).astype(np.int8)
    title = f"{m} address-events on 16 channels in {m / 1e5:g} ms"
    return Call(title, aer_decode_rate, (address, times, signs, 16, 10 * m), {})


def aer() -> Scenario:
    """Return the five events whose three decodings are known, a sum that rounds, and a long stream."""
    events = ([0, 3, 0, 1, 3], [0, 10, 20, 50, 90], [1] * 5, 4, 100)

    def checks() -> list[Check]:
        burst = aer_decode_rate(np.zeros(20_000, int), np.zeros(20_000, np.uint64), np.ones(20_000, np.int8), 1, 3)
        return [
            Check("rate of channel 3, 1/ns", float(aer_decode_rate(*events)[3]), 0.02),
            Check("earliness of channel 1", float(aer_decode_temporal(*events)[1]), 0.5),
            Check("inverse interval of channel 0, 1/ns", float(aer_decode_isi(*events)[0]), 0.05),
            Check("20000 spikes in 3 ns, as a running sum", float(burst[0]), 6666.6666666650735),
        ]

    return Scenario(checks, (spikes(),))


def beams(strength: float) -> Call:
    """Return the path of two beams that meet at 600 km/s, with a push of their relative velocity."""
    coupling = 25e6 * (1.0 - np.eye(2))
    arguments = ([0.0, 0.25], [-0.03, 0.03], [3e5, -3e5], [-4e6, 4e6], coupling, 1e-9, 120)
    keywords = {"doppler_strength": strength, "velocity_epsilon": 1.0}
    return Call("two beams over 120 ns", doppler_kuramoto_trace, arguments, keywords)


def swarm(n: int = 64) -> Call:
    """Return the path of `n` oscillators over 120 ns."""
    draw = np.random.default_rng(n)
    phases, positions = draw.uniform(-3.0, 3.0, n), draw.normal(0.0, 0.5, n)
    coupling = draw.uniform(0.0, 5e7 / n, (n, n))
    arguments = (phases, positions, draw.normal(0.0, 2e5, n), draw.normal(0.0, 1e6, n), coupling, 1e-9, 120)
    keywords = {"doppler_strength": 2e6, "velocity_epsilon": 1.0}
    return Call(f"{n} moving oscillators over 120 ns, steps of 1 ns", doppler_kuramoto_trace, arguments, keywords)


def doppler() -> Scenario:
    """Return two beams that lock with the push of their relative velocity and not without it, and a swarm."""

    def checks() -> list[Check]:
        return [
            Check(f"lock error after 100 ns, {words} the push, rad", float(beams(push).answer.lock_error[100]), known)
            for words, push, known in (("with", 2e6, 1.9566221e-3), ("without", 0.0, 0.16333694))
        ]

    return Scenario(checks, (swarm(),))


SCENARIOS: dict[str, Callable[[], Scenario]] = {"aer": aer, "doppler": doppler, "operators": operators}
