"""Contenders of the family doppler: moving oscillators, as users of NumPy, numba and jax would write them."""

# ruff: noqa: INP001  peers.py loads families by path

from __future__ import annotations

import importlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

import doppler_forms as forms
from contest import Cell, Choice, Target, ours, peer
from harness import Contender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from report import Row

KERNELS = {"doppler_kuramoto": (3, 64, 512), "doppler_kuramoto_trace": (3, 64)}
LEAST = {"doppler_kuramoto": 3.5, "doppler_kuramoto_trace": 2.4}
OPTIONS = {"phase_lag": 0.05, "doppler_strength": 2e6, "velocity_epsilon": 1.0, "distance_scale": 1.0}
DT, STEPS = 1e-9, 120
BEAMS = 3
THREADED = {"doppler_kuramoto": 64, "doppler_kuramoto_trace": 1 << 30}

numba, numba_absent = forms.numba, forms.numba_absent


def cell(kernel: str, size: int, choice: Choice) -> Cell:
    """Return the cell of one kernel and size: the three beams, or oscillators drawn so that they lock."""
    polytier = importlib.import_module("polytier")
    function = getattr(polytier, kernel)
    traced = kernel == "doppler_kuramoto_trace"
    pool = [(*(beams() if size == BEAMS else drawn(size)), *((DT, STEPS) if traced else ()))]
    wanted = function.dispatch.floor(*pool[0], **OPTIONS)
    threaded = size >= THREADED[kernel]
    base = Contender("", "", function, pool, threaded=threaded, wanted=wanted, keywords=OPTIONS)
    mine, absent = ours(function, pool, choice, base)
    plain = [(*given, *OPTIONS.values()) for given in pool]
    convert = partial(traced_result, polytier.DopplerTrace) if traced else np.array
    theirs = replace(base, arguments=plain, keywords={}, convert=convert)
    contenders = [*mine, *numpy_forms(theirs, traced=traced), *numba_forms(theirs, traced=traced)]
    found, missing = jax_forms(theirs, traced=traced)
    contenders += found
    absent += [*missing, *([numba_absent] if numba_absent else [])]
    tolerance = function.dispatch.kernel.tolerance
    if not traced:  # contenders' arguments differ: the scale is taken here
        scale = tolerance.scale(*pool[0], **OPTIONS)
        tolerance = tolerance._replace(scale=lambda: scale)
    targets = [Target(("numba",), least=LEAST[kernel])] if size == BEAMS else []
    rates, parts = bounds(base, size, traced=traced)
    return Cell(kernel, size, "per call", tolerance, contenders, absent, rates, parts, targets)


def bounds(base: Contender, n: int, *, traced: bool) -> tuple[list[Contender], dict[str, dict[str, float]]]:
    """Return the rates and bounds: a call; operations of the pairs; of a path, the chain through its stages.

    A pair takes 4 operations for its pull, 4 for two products with it and 4 for its push, a quotient counted as one. A
    step of a path forms the pulls twice and the products four times; its stages wait for each other as long as four
    steps of Euler's method in the family kuramoto.
    """
    if numba is None:
        return [], {}
    limits = importlib.import_module("limits")
    rates = [limits.call_rate(base.arguments[0][0]), limits.flop_rate(limits.cores() if base.threaded else 1, "flop")]
    call = {"the call": {"call": 1.0}}
    if not traced:
        return rates, call | {"arithmetic": {"flop": 12.0 * n * n}}
    chain = {"the chain of stages": {"cycle": 4 * 50.0 * STEPS}}
    return [*rates, limits.cycle_rate("cycle")], call | chain | {"arithmetic": {"flop": 24.0 * n * n * STEPS}}


def beams() -> tuple[Any, ...]:
    """Return phases, positions, velocities, frequencies and couplings of three beams."""
    coupling = np.array([[0.0, 25e6, 4e6], [25e6, 0.0, 3.5e6], [5e6, 4.5e6, 0.0]])
    phases, positions = np.array([0.0, 0.25, -0.1]), np.array([-0.03, 0.03, 0.12])
    return phases, positions, np.array([3e5, -3e5, 0.0]), np.array([-4e6, 4e6, 0.2e6]), coupling


def drawn(n: int) -> tuple[Any, ...]:
    """Return `n` oscillators."""
    draw = np.random.default_rng(n)
    phases, positions = draw.uniform(-3.0, 3.0, n), draw.normal(0.0, 0.5, n)
    return phases, positions, draw.normal(0.0, 2e5, n), draw.normal(0.0, 1e6, n), draw.uniform(0.0, 5e7 / n, (n, n))


def traced_result(result: Any, answer: Any) -> Any:
    """Return a peer's path as the floor's type."""
    return result(*(np.array(part) for part in answer))


def numpy_forms(base: Contender, *, traced: bool) -> Iterator[Contender]:
    """Yield NumPy's whole matrices; no argument is checked."""
    function = partial(forms.trace, forms.matrices) if traced else forms.matrices
    yield replace(base, name="numpy matrices", group="numpy", function=function, threaded=False)


def numba_forms(base: Contender, *, traced: bool) -> Iterator[Contender]:
    """Yield compiled loops over pairs, as they are, with fast mathematics and in parallel; no argument is checked."""
    if numba is None:
        return
    variants = {"njit": {}, "njit fastmath": {"fastmath": True}}
    if len(base.arguments[0][0]) > BEAMS and not traced:
        variants["njit fastmath parallel"] = {"fastmath": True, "parallel": True}
    for name, options in variants.items():
        function = forms.compiled_trace(**options) if traced else numba.njit(**options)(forms.pairs)
        threaded = "parallel" in options
        yield replace(base, name=f"numba {name}", group="numba", function=function, threaded=threaded)


def jax_forms(base: Contender, *, traced: bool) -> tuple[list[Contender], list[Row]]:
    """Return jax's contender; the loop over steps is compiled."""
    jax, absent = peer("jax")
    if absent:
        return [], [absent]
    jax.config.update("jax_enable_x64", val=True)
    arrays = [(*(jax.numpy.asarray(part) for part in given[:5]), *given[5:]) for given in base.arguments]
    compiled = forms.jax_trace(jax, STEPS) if traced else jax.jit(partial(forms.matrices, module=jax.numpy))
    shared = replace(base, group="jax", arguments=arrays, threaded=True)
    return [replace(shared, name="jax matrices", function=lambda *given: jax.block_until_ready(compiled(*given)))], []
