"""Contenders of the family faraday: flux compression, as users of NumPy, numba, torch and jax would write it."""

# ruff: noqa: INP001  peers.py loads families by path

from __future__ import annotations

import importlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

import faraday_forms as forms
from contest import Cell, Choice, Target, ours, peer
from harness import Contender
from report import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

KERNELS = {"faraday_recovery": (4096, 1_000_000)}
LEAST = {4096: 2.6, 1_000_000: 1.25}
THREADED_SAMPLES = 16_384

numba, numba_absent = forms.numba, forms.numba_absent


def cell(kernel: str, size: int, choice: Choice) -> Cell:
    """Return the cell of one size: a column that contracts in 8 us while the field rises."""
    polytier = importlib.import_module("polytier")
    function, result = polytier.faraday_recovery, polytier.FaradayRecovery
    t = np.linspace(0.0, 8e-6, size)
    samples = (t, 0.22 - 320.0 * t, np.full(size, -320.0), 4.0 + 2.5e5 * t, np.full(size, 2.5e5))
    pool = [(*samples, 64.0, 4.0, 0.9)]
    wanted = function.dispatch.floor(*pool[0])
    base = Contender("", "", function, pool, threaded=size >= THREADED_SAMPLES, wanted=wanted)
    mine, absent = ours(function, pool, choice, base)
    theirs = replace(base, convert=partial(recovered, result))
    contenders = [*mine, *numpy_forms(theirs, size), *numba_forms(theirs)]
    for make in (torch_forms, jax_forms):
        found, missing = make(theirs, choice)
        contenders += found
        absent += missing
    absent += [numba_absent] if numba_absent else []
    targets = [Target(("numba",), least=LEAST[size])] if size in LEAST else []
    rates, parts = bounds(base, size)
    return Cell(kernel, size, "per call", TOLERANCE, contenders, absent, rates, parts, targets)


def bounds(base: Contender, n: int) -> tuple[list[Contender], dict[str, dict[str, float]]]:
    """Return the rates and bounds: a call, and five arrays read and four written."""
    if numba is None:
        return [], {}
    limits, size = importlib.import_module("limits"), 9 * 8 * n
    rates = [
        limits.call_rate(base.arguments[0][0]),
        limits.byte_rate(size, limits.cores() if base.threaded else 1, "byte"),
    ]
    return rates, {"the call": {"call": 1.0}, "memory": {"byte": float(size)}}


def _tolerance() -> dict[str, Any]:
    tolerance = importlib.import_module("polytier").Tolerance
    fused = tolerance(atol=0.0, rtol=1e-14)
    return {"flux": fused, "flux_rate": tolerance(atol=1e-8), "back_emf": tolerance(atol=1e-6)} | dict.fromkeys(
        ("power", "energy", "peak_back_emf", "peak_power"), tolerance(rtol=1e-12)
    )


TOLERANCE = _tolerance()
"""Peers may fuse products: 1e-14 of the flux, 1e-12 of the rest; rates are near 1e5 Wb/s, forces near 1e6 V."""


def recovered(result: Any, answer: Any) -> Any:
    """Return a peer's answer as the floor's type."""
    arrays, numbers = answer[:4], answer[4:]
    return result(*(np.array(array) for array in arrays), *(float(number) for number in numbers))


def numpy_forms(base: Contender, n: int) -> Iterator[Contender]:
    """Yield NumPy formulations; none checks its arguments."""
    shared = replace(base, group="numpy", threaded=False)
    yield replace(shared, name="numpy formulas", function=forms.formulas)
    yield replace(shared, name="numpy formulas, out=", function=forms.Buffered(n))


def numba_forms(base: Contender) -> Iterator[Contender]:
    """Yield one compiled pass, as it is, with fast mathematics and in parallel; none checks its arguments."""
    if numba is None:
        return
    for name, options in {
        "njit": {},
        "njit fastmath": {"fastmath": True},
        "njit fastmath parallel": {"fastmath": True, "parallel": True},
    }.items():
        threaded = "parallel" in options
        shared = replace(base, group="numba", threaded=threaded or base.threaded)
        yield replace(shared, name=f"numba {name}", function=numba.njit(**options)(forms.one_pass))


def torch_forms(base: Contender, choice: Choice) -> tuple[list[Contender], list[Row]]:
    """Return torch's contenders; tensors in, tensors out."""
    torch, absent = peer("torch")
    if absent:
        return [], [absent]
    tensors = [(*(torch.from_numpy(part) for part in given[:5]), *given[5:]) for given in base.arguments]

    def eager(t: Any, r: Any, dr: Any, b: Any, db: Any, turns: float, load: float, eff: float) -> Any:  # noqa: PLR0913, PLR0917
        flux, rate = torch.pi * r * r * b, torch.pi * (r * r * db + 2.0 * r * dr * b)
        emf = -turns * rate
        power = eff * emf * emf / load
        return flux, rate, emf, power, torch.trapezoid(power, t), emf.abs().max(), power.max()

    shared = replace(base, group="torch", arguments=tensors, threaded=True)
    found = [replace(shared, name="torch formulas", function=eager)]
    if not choice.slow:
        return found, [Row("torch.compile", "torch left out", note="left out: --slow")]
    return [*found, replace(shared, name="torch.compile", function=torch.compile(eager))], []


def jax_forms(base: Contender, choice: Choice) -> tuple[list[Contender], list[Row]]:  # noqa: ARG001  one form for all
    """Return jax's contender; device arrays in, device arrays out."""
    jax, absent = peer("jax")
    if absent:
        return [], [absent]
    jax.config.update("jax_enable_x64", val=True)
    arrays = [(*(jax.numpy.asarray(part) for part in given[:5]), *given[5:]) for given in base.arguments]
    compiled = jax.jit(partial(forms.formulas, module=jax.numpy))
    shared = replace(base, group="jax", arguments=arrays, threaded=True)
    return [replace(shared, name="jax formulas", function=lambda *given: jax.block_until_ready(compiled(*given)))], []
