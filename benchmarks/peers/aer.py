"""Contenders of the family aer: spike rates, as users of NumPy, numba, torch and jax would decode them."""

# ruff: noqa: INP001  peers.py loads families by path

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

import aer_forms as forms
from contest import Cell, Choice, Target, ours, peer
from harness import Contender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from report import Row

EXACT, ROUNDED = "aer_decode_rate", "aer_decode_rate.rounded"
SIZES = (1_000, 100_000, 10_000_000)
KERNELS = {EXACT: SIZES, ROUNDED: SIZES}
CHANNELS = 16
NEGATIVE = 0.2  # part of the events
THREADED_EVENTS = 16_384
LEAST = {1_000: 2.4, 100_000: 2.0, 10_000_000: 3.0}

numba, numba_absent = forms.numba, forms.numba_absent


def cell(kernel: str, size: int, choice: Choice) -> Cell:
    """Return the cell of one size: all events inside the window, on random channels, one in five negative.

    With a window of a power of two sums are exact, and counts divided once are right too; with another window only a
    running sum in the order of the events has the right bits.
    """
    function = importlib.import_module("polytier").aer_decode_rate
    span = 10 * size
    window = 1 << (span - 1).bit_length() if kernel == EXACT else span
    pool = [events(size, window, choice.seed + place) for place in range(8 if size <= SIZES[0] else 1)]
    wanted = function.dispatch.floor(*pool[0])
    base = Contender("", "", function, pool, threaded=size >= THREADED_EVENTS, wanted=wanted)
    mine, absent = ours(function, pool, choice, base)
    contenders = [*mine, *numpy_forms(base), *numba_forms(base)]
    for make in (torch_forms, jax_forms):
        found, missing = make(base)
        contenders += found
        absent += missing
    absent += [numba_absent] if numba_absent else []
    targets = [Target(("numba",), least=LEAST[size]), Target(("numpy",), least=5.0)] if size in LEAST else []
    tolerance = function.dispatch.kernel.tolerance._replace(scale=lambda: 0.0)  # equal numbers at these windows
    rates, parts = bounds(base, size)
    return Cell(kernel, size, "per call", tolerance, contenders, absent, rates, parts, targets)


def bounds(base: Contender, m: int) -> tuple[list[Contender], dict[str, dict[str, float]]]:
    """Return the rates and bounds: a call, and address, time and sign of each event, since all times are checked."""
    if numba is None:
        return [], {}
    limits, size = importlib.import_module("limits"), (8 + 8 + 1) * m
    rates = [
        limits.call_rate(base.arguments[0][0]),
        limits.byte_rate(size, limits.cores() if base.threaded else 1, "byte"),
    ]
    return rates, {"the call": {"call": 1.0}, "memory": {"byte": float(size)}}


def events(m: int, window: int, seed: int) -> tuple[Any, ...]:
    """Return `m` events, one in 10 ns."""
    draw = np.random.default_rng(seed)
    times = np.arange(0, 10 * m, 10, dtype=np.uint64)
    signs = np.where(draw.random(m) < NEGATIVE, -1, 1).astype(np.int8)
    return draw.integers(0, CHANNELS, m), times, signs, CHANNELS, window


def numpy_forms(base: Contender) -> Iterator[Contender]:
    """Yield NumPy formulations; none checks its arguments."""
    for name, function in forms.NUMPY.items():
        yield replace(base, name=f"numpy {name}", group="numpy", function=function, threaded=False)


def numba_forms(base: Contender) -> Iterator[Contender]:
    """Yield compiled loops; none checks its arguments."""
    if numba is None:
        return
    # Typed as the times are: numba would compare unsigned with signed numbers as floats.
    arguments = [(*given[:4], np.uint64(given[4])) for given in base.arguments]
    shared = replace(base, group="numba", arguments=arguments)
    for name, function in forms.NUMBA.items():
        yield replace(shared, name=f"numba {name}", function=numba.njit(function), threaded=False)
    parallel = numba.njit(parallel=True)(forms.counts_shared)
    yield replace(shared, name="numba counts, parallel, divided once", function=parallel, threaded=True)


def torch_forms(base: Contender) -> tuple[list[Contender], list[Row]]:
    """Return torch's contenders; tensors in, a tensor out. It has no unsigned 64-bit arithmetic: times are signed."""
    torch, absent = peer("torch")
    if absent:
        return [], [absent]
    tensors = [
        (*(torch.from_numpy(part) for part in (a, t.view(np.int64), p)), n, window)
        for a, t, p, n, window in base.arguments
    ]

    def index_add(address: Any, times: Any, signs: Any, n: int, window: int) -> Any:
        low, high = torch.searchsorted(times, torch.tensor([times[0], times[0] + window])).tolist()
        weights = signs[low:high].to(torch.float64) * (1.0 / window)
        return torch.zeros(n, dtype=torch.float64).index_add_(0, address[low:high], weights)

    def bincount(address: Any, times: Any, signs: Any, n: int, window: int) -> Any:
        low, high = torch.searchsorted(times, torch.tensor([times[0], times[0] + window])).tolist()
        return torch.bincount(address[low:high], signs[low:high].to(torch.float64) * (1.0 / window), n)

    shared = replace(base, group="torch", arguments=tensors, convert=np.asarray, threaded=True)
    named = {"searchsorted, index_add_": index_add, "searchsorted, bincount": bincount}
    return [replace(shared, name=f"torch {name}", function=function) for name, function in named.items()], []


def jax_forms(base: Contender) -> tuple[list[Contender], list[Row]]:
    """Return jax's contender; device arrays in, a device array out."""
    jax, absent = peer("jax")
    if absent:
        return [], [absent]
    jax.config.update("jax_enable_x64", val=True)
    arrays = [(*(jax.numpy.asarray(part) for part in given[:3]), given[4]) for given in base.arguments]

    def decode(address: Any, times: Any, signs: Any, window: Any) -> Any:
        inside = times - times[0] < window.astype(times.dtype)
        weights = jax.numpy.where(inside, signs * (1.0 / window), 0.0)
        return jax.numpy.zeros(CHANNELS).at[address].add(weights)

    def ready(address: Any, times: Any, signs: Any, window: int) -> Any:
        return compiled(address, times, signs, jax.numpy.int64(window)).block_until_ready()

    compiled = jax.jit(decode)

    made = replace(base, name="jax .at[].add", group="jax", function=ready, arguments=arrays, convert=np.array)
    return [replace(made, threaded=True)], []
