"""Contenders of the family kuramoto: phase oscillators, as users of NumPy, numba, torch and jax would write them."""

# ruff: noqa: INP001  peers.py loads families by path

from __future__ import annotations

import importlib
import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

import kuramoto_forms as forms
from contest import LIMIT, Cell, Choice, Target, ours, peer
from harness import Contender
from report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

KERNELS = {"order_parameter": (8, 64, 1_000, 100_000, 10_000_000), "kuramoto_euler": (8, 32, 256, 1024)}
STEPS = {8: 1000, 32: 1000, 256: 200, 1024: 50}
PAIRWISE_STEPS = {8: 1000, 32: 200, 256: 20, 1024: 3}
DT = 0.01

# From here on a kernel may use several threads: rejecting samples for lost cores would reject the second thread.
THREADED_ANGLES, THREADED_OSCILLATORS = 4096, 256
# 1000 repeated angles let the branch predictor learn a scalar sine's branches: 2.1 times too fast.
FRESH_ANGLES, POOL = 65_536, 2048

numba, numba_absent = forms.numba, forms.numba_absent


def cell(kernel: str, size: int, choice: Choice) -> Cell:
    """Return the cell of one kernel and size."""
    return {"order_parameter": order_cell, "kuramoto_euler": euler_cell}[kernel](size, choice)


# order_parameter ---------------------------------------------------------------------------------------------------


def order_cell(n: int, choice: Choice) -> Cell:
    """Return order_parameter at `n` angles."""
    kernel = importlib.import_module("polytier").order_parameter
    draw = np.random.default_rng(choice.seed)
    pool = [(draw.uniform(-np.pi, np.pi, n),) for _ in range(min(POOL, -(-FRESH_ANGLES // n)))]
    base = Contender("", "", kernel, pool, threaded=n >= THREADED_ANGLES, wanted=kernel.dispatch.floor(*pool[0]))
    mine, absent = ours(kernel, pool, choice, base)
    single = replace(base, threaded=False)
    contenders = [*mine, *order_numpy(single, n), *order_numba(single)]
    for make in (order_torch, order_jax):
        found, missing = make(base, choice)
        contenders += found
        absent += missing
    rates, parts = order_limits(n, pool)
    parted = {"numba": {8: 3.0, 64: 6.0, 1000: 9.0}, "torch": {100_000: 4.5, 10_000_000: 3.5}}
    targets = [Target((group,), least=figures[n]) for group, figures in parted.items() if n in figures]
    targets += [Target((LIMIT,), most=1.6)] if n >= 1000 else []  # noqa: PLR2004  the target's own size
    absent += [numba_absent] if numba_absent else []
    return Cell(
        "order_parameter", n, "per call", kernel.dispatch.kernel.tolerance, contenders, absent, rates, parts, targets
    )


def order_limits(n: int, pool: Sequence[tuple[Any, ...]]) -> tuple[list[Contender], dict[str, dict[str, float]]]:
    """Return the rates and bounds: a builtin that looks at the array, 20 vector operations per register, n reads."""
    call = Contender("call", "rate", len, pool)
    bounds = {"the call": {"call": 1.0}}
    if numba is None:
        return [call], bounds
    limits = importlib.import_module("limits")
    threads = limits.cores() if n >= THREADED_ANGLES else 1
    # An operation on a register takes the place of a multiply-add on it: 2 flop per angle, 40 for the 20 of them.
    bounds |= {"arithmetic": {"flop": 40.0 * n}, "memory": {"byte": 8.0 * n}}
    return [call, limits.flop_rate(threads, "flop"), limits.byte_rate(8 * n, threads, "byte")], bounds


def order_numpy(base: Contender, n: int) -> Iterator[Contender]:
    """Yield NumPy formulations, from the obvious to the careful."""
    buffer = np.empty(min(n, 16_384))
    variants: dict[str, Callable[..., Any]] = {
        "abs(mean(exp(1j t)))": lambda t: float(abs(np.exp(1j * t).mean())),
        "cos().sum(), sin().sum()": lambda t: math.hypot(np.cos(t).sum(), np.sin(t).sum()) / len(t),
        "add.reduce(cos), add.reduce(sin)": forms.order_reduce,
        "blocks of 16384, out=": partial(forms.order_blocked, buffer=buffer),
    }
    for name, function in variants.items():
        yield replace(base, name=f"numpy {name}", group="numpy", function=function)
    if n <= 64:  # noqa: PLR2004  beyond, nobody loops in Python
        yield replace(base, name="python loop over math", group="python", function=forms.order_loop, convert=float)


def order_numba(base: Contender) -> Iterator[Contender]:
    """Yield the compiled loop: as it is, with fast mathematics, and in parallel."""
    if numba is None:
        return
    for name, options in {
        "njit": {},
        "njit fastmath": {"fastmath": True},
        "njit fastmath parallel": {"fastmath": True, "parallel": True},
    }.items():
        compiled = numba.njit(**options)(forms.order_loop)
        threaded = "parallel" in options
        yield replace(base, name=f"numba {name}", group="numba", function=compiled, threaded=threaded or base.threaded)


def order_torch(base: Contender, choice: Choice) -> tuple[list[Contender], list[Row]]:
    """Return torch's contenders; a tensor in, a tensor out."""
    torch, absent = peer("torch")
    if absent:
        return [], [absent]
    n = len(base.arguments[0][0])
    tensors = [(torch.from_numpy(theta),) for (theta,) in base.arguments]
    shared = replace(base, group="torch", arguments=tensors, convert=float)

    def sums(t: Any) -> Any:
        return torch.hypot(torch.cos(t).sum(), torch.sin(t).sum()) / n

    def blocked(t: Any) -> Any:
        parts = [(torch.cos(part).sum(), torch.sin(part).sum()) for part in t.split(131_072)]
        return torch.hypot(sum(c for c, _ in parts), sum(s for _, s in parts)) / n

    eager = {"cos().sum(), sin().sum()": sums, "abs(mean(exp(1j t)))": lambda t: torch.exp(1j * t).mean().abs()}
    eager |= {"blocks of 131072": blocked} if n > 131_072 else {}  # noqa: PLR2004  the block itself
    found = [replace(shared, name=f"torch {name}", function=function) for name, function in eager.items()]
    if not choice.slow:
        return found, [Row("torch.compile", "torch left out", note="left out: --slow")]
    return [*found, replace(shared, name="torch.compile", function=torch.compile(sums))], []


def order_jax(base: Contender, choice: Choice) -> tuple[list[Contender], list[Row]]:  # noqa: ARG001  one form for all
    """Return jax's contenders; a device array in, a device array out."""
    jax, absent = peer("jax")
    if absent:
        return [], [absent]
    jax.config.update("jax_enable_x64", val=True)
    arrays = [(jax.numpy.asarray(theta),) for (theta,) in base.arguments]
    np_ = jax.numpy
    forms: dict[str, Callable[..., Any]] = {
        "cos().sum(), sin().sum()": lambda t: np_.hypot(np_.cos(t).sum(), np_.sin(t).sum()) / t.size,
        "abs(mean(exp(1j t)))": lambda t: abs(np_.exp(1j * t).mean()),
    }
    shared = replace(base, group="jax", arguments=arrays, convert=float, threaded=True)
    return [replace(shared, name=f"jax {name}", function=_ready(jax, form)) for name, form in forms.items()], []


def _ready(jax: Any, form: Callable[..., Any]) -> Callable[..., Any]:
    compiled = jax.jit(form)
    return lambda *arguments: compiled(*arguments).block_until_ready()


# kuramoto_euler ----------------------------------------------------------------------------------------------------


def euler_cell(n: int, choice: Choice) -> Cell:
    """Return kuramoto_euler of `n` oscillators."""
    kernel = importlib.import_module("polytier").kuramoto_euler
    draw = np.random.default_rng(choice.seed)
    coupling, omega = draw.uniform(0.0, 2.0 / n, (n, n)), draw.normal(0.0, 0.5, n)  # K >= 0 synchronises: no chaos
    starts = [draw.uniform(-np.pi, np.pi, n) for _ in range(8)]

    def problem(steps: int, threaded: bool) -> Contender:
        pool = [(theta, omega, coupling, DT, steps) for theta in starts]
        wanted = kernel.dispatch.floor(*pool[0])
        return Contender("", "", kernel, pool, per=float(steps), threaded=threaded, wanted=wanted)

    steps = STEPS.get(n, max(1, 10_000_000 // n**2))
    few = problem(PAIRWISE_STEPS.get(n, max(1, steps // 10)), threaded=False)
    base = problem(steps, threaded=n >= THREADED_OSCILLATORS)
    mine, absent = ours(kernel, base.arguments, choice, base)
    contenders = [*mine, *euler_numpy(base, few, n, kernel.dispatch.floor), *euler_numba(base, few, n)]
    for make in (euler_torch, euler_jax):
        found, missing = make(base, few)
        contenders += found
        absent += missing
    rates, parts = euler_limits(n)
    least = {8: 4.5, 32: 5.0, 256: 2.2, 1024: 1.3}
    targets = [Target(("numba", "numpy"), least=least[n])] if n in least else []
    absent += [numba_absent] if numba_absent else []
    return Cell(
        "kuramoto_euler", n, "per step", kernel.dispatch.kernel.tolerance, contenders, absent, rates, parts, targets
    )


def euler_limits(n: int) -> tuple[list[Contender], dict[str, dict[str, float]]]:
    """Return the rates and bounds: the chain from one step to the next, two products with K, reading K once a step."""
    if numba is None:
        return [], {}
    limits = importlib.import_module("limits")
    threads = limits.cores() if n >= THREADED_OSCILLATORS else 1
    rates = [
        limits.cycle_rate("cycle"),
        limits.flop_rate(threads, "flop"),
        limits.byte_rate(8 * n * n, threads, "byte"),
    ]
    work = {"cycle": 45.0, "flop": 4.0 * n * n}
    return rates, {"the chain of steps": {"cycle": 50.0}, "arithmetic": work, "memory": {"byte": 8.0 * n * n}}


def euler_numpy(base: Contender, few: Contender, n: int, floor: Callable[..., Any]) -> Iterator[Contender]:
    """Yield NumPy formulations, from the obvious to the careful."""
    yield replace(few, name="numpy sin of all differences", group="numpy", function=forms.euler_differences)
    shared = replace(base, group="numpy")
    yield replace(shared, name="numpy identity, two products", function=forms.euler_identity)
    yield replace(shared, name="numpy identity, two products, out=", function=forms.euler_buffers)
    yield replace(shared, name="numpy identity, one (n, 2) product, out=", function=forms.euler_stacked)
    if n <= 8:  # noqa: PLR2004  beyond, nobody loops in Python
        slow = [(*arguments[:4], 20) for arguments in few.arguments]
        wanted = floor(*slow[0])
        loop = replace(few, name="python loop over math", group="python", function=forms.euler_pairwise)
        yield replace(loop, arguments=slow, per=20.0, wanted=wanted)


def euler_numba(base: Contender, few: Contender, n: int) -> Iterator[Contender]:
    """Yield the compiled loops: pairwise and identity, each with fast mathematics and in parallel."""
    if numba is None:
        return
    fast, parallel = {"fastmath": True}, {"fastmath": True, "parallel": True}
    variants: list[tuple[str, Contender, Callable[..., Any], dict[str, bool]]] = [
        ("pairwise njit", few, forms.euler_pairwise, {}),
        ("pairwise njit fastmath", few, forms.euler_pairwise, fast),
        ("identity njit", base, forms.euler_rows, {}),
        ("identity njit fastmath", base, forms.euler_rows, fast),
        ("identity njit np.dot", base, forms.euler_dot, fast),
    ]
    if n >= 32:  # noqa: PLR2004  below, a fork costs more than the step
        variants.append(("pairwise njit fastmath parallel", few, forms.euler_pairwise, parallel))
        variants.append(("identity njit fastmath parallel", base, forms.euler_rows, parallel))
    for name, problem, function, options in variants:
        threaded = problem.threaded or "parallel" in options
        compiled = numba.njit(**options)(function)
        yield replace(problem, name=f"numba {name}", group="numba", function=compiled, threaded=threaded)


def euler_torch(base: Contender, few: Contender) -> tuple[list[Contender], list[Row]]:  # noqa: ARG001  identity only
    """Return torch's contenders; tensors in, a tensor out."""
    torch, absent = peer("torch")
    if absent:
        return [], [absent]
    shared = [torch.from_numpy(value) for value in base.arguments[0][1:3]]
    tensors = [(torch.from_numpy(a[0]), *shared, *a[3:]) for a in base.arguments]

    def identity(theta0: Any, omega: Any, K: Any, dt: float, n_steps: int) -> Any:
        theta = theta0
        for _ in range(n_steps):
            s, c = torch.sin(theta), torch.cos(theta)
            theta = theta + dt * (omega + c * (K @ s) - s * (K @ c))
        return theta

    eager = replace(base, name="torch identity, two products", group="torch", function=identity, arguments=tensors)
    return [replace(eager, convert=np.asarray)], []


def euler_jax(base: Contender, few: Contender) -> tuple[list[Contender], list[Row]]:
    """Return jax's contenders; the loop over steps is compiled."""
    jax, absent = peer("jax")
    if absent:
        return [], [absent]
    jax.config.update("jax_enable_x64", val=True)
    sin, cos = jax.numpy.sin, jax.numpy.cos

    def identity(theta: Any, K: Any) -> Any:
        return cos(theta) * (K @ sin(theta)) - sin(theta) * (K @ cos(theta))

    def pairwise(theta: Any, K: Any) -> Any:
        return (K * sin(theta - theta[:, None])).sum(axis=1)

    def contender(name: str, problem: Contender, force: Callable[..., Any]) -> Contender:
        def euler(theta0: Any, omega: Any, K: Any, dt: float, n_steps: int) -> Any:
            return jax.lax.fori_loop(0, n_steps, lambda _, theta: theta + dt * (omega + force(theta, K)), theta0)

        shared = [jax.numpy.asarray(value) for value in problem.arguments[0][1:3]]
        arrays = [(jax.numpy.asarray(a[0]), *shared, *a[3:]) for a in problem.arguments]
        made = replace(problem, name=f"jax {name}", group="jax", function=_ready(jax, euler), arguments=arrays)
        return replace(made, convert=np.array, threaded=True)

    return [contender("identity", base, identity), contender("pairwise", few, pairwise)], []
