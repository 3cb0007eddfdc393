"""Whether a function can stand for a kernel."""

from __future__ import annotations

import functools
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polytier
from polytier.kernels.declaration import Kernel
from polytier.kernels.tolerance import Tolerance
from polytier.tiers.signatures import unfit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


def declared(floor: Callable[..., Any]) -> Kernel:
    """Return a kernel with this floor."""
    return Kernel(floor.__name__, floor, "1", Tolerance(), list)


def template(n: int = 16, k_base: float = 0.45, *, alpha: float = 0.3) -> float:
    """Stand in for a kernel with defaults and a keyword-only parameter."""
    return n * k_base * alpha


FIT: list[Any] = [
    template,
    lambda n=16, k_base=0.45, *, alpha=0.3: (n, k_base, alpha),
    functools.wraps(template)(lambda *_, **__: 0.0),
    functools.partial(lambda m, n=16, k_base=0.45, *, alpha=0.3: (m, n, k_base, alpha), 1),
]

UNFIT: list[tuple[Any, str]] = [
    (3.5, "it is a float, no function"),
    (None, "it is a NoneType, no function"),
    (polytier.build_knm, "it is polytier's own dispatching function, which would call itself"),
    (lambda n=16, k_base=0.45: (n, k_base), "parameter 'alpha' is missing"),
    (lambda n=16, k_base=0.45, x=1, *, alpha=0.3: (n, k_base, x, alpha), "parameter 'x' is unknown to the floor"),
    (lambda m=16, k_base=0.45, *, alpha=0.3: (m, k_base, alpha), "parameter 'n' is missing; parameter 'm' is unknown"),
    (lambda k_base=0.45, n=16, *, alpha=0.3: (n, k_base, alpha), "the parameters stand in another order"),
    (
        lambda n=8, k_base=0.45, *, alpha=0.3: (n, k_base, alpha),
        "parameter 'n' has the default 8 instead of the default 16",
    ),
    (lambda n=16.0, k_base=0.45, *, alpha=0.3: (n, k_base, alpha), "parameter 'n' has the default 16.0 instead of"),
    (lambda n, k_base=0.45, *, alpha=0.3: (n, k_base, alpha), "parameter 'n' has no default instead of the default 16"),
    (
        lambda n=16, k_base=0.45, alpha=0.3: (n, k_base, alpha),
        "parameter 'alpha' is positional or keyword instead of keyword-only",
    ),
    (lambda *args, **kwargs: (args, kwargs), "parameter 'n' is missing"),
    (math.hypot, "its signature cannot be read; a compiled function needs a __text_signature__"),
]


@pytest.mark.parametrize("function", FIT)
def test_the_floors_own_signature_fits(function: Any) -> None:
    """Any callable with the floor's names, kinds and defaults fits, whatever its annotations."""
    assert unfit(declared(template), function) is None


@pytest.mark.parametrize(("function", "reason"), UNFIT)
def test_any_difference_is_said(function: Any, reason: str) -> None:
    """A refusal says exactly what differs from the floor."""
    assert re.search(re.escape(reason), str(unfit(declared(template), function)))


def test_a_refusal_shows_both_signatures() -> None:
    """Annotations are left out of what is shown."""
    reason = unfit(declared(template), lambda n: n)
    assert str(reason).startswith("its signature is (n), the floor's is (n=16, k_base=0.45, *, alpha=0.3): ")


def test_positional_only_parameters_are_compared() -> None:
    """A compiled function whose parameters are positional-only fits such a floor and no other."""

    def sqrt(x: float, /) -> float:
        return 0.5 * x

    def loose(x: float) -> float:
        return 0.5 * x

    assert unfit(declared(sqrt), math.sqrt) is None
    assert "'x' is positional-only instead of positional or keyword" in str(unfit(declared(loose), math.sqrt))


def test_defaults_without_a_truth_value_are_compared() -> None:
    """NaN equals NaN, and arrays as defaults compare by their text."""

    def floor(a: float = math.nan, b: Any = np.zeros(2)) -> Any:  # noqa: B008 - odd defaults are the point
        return a, b

    assert unfit(declared(floor), lambda a=float("nan"), b=np.zeros(2): (a, b)) is None  # noqa: B008 - as above
    assert "'b' has the default" in str(unfit(declared(floor), lambda a=math.nan, b=np.ones(2): (a, b)))  # noqa: B008


def test_deferred_functions_are_refused() -> None:
    """Generators and coroutines return before they have computed."""

    def generator(x: float) -> Iterator[float]:
        yield x

    async def coroutine(x: float) -> float:
        return x

    async def both(x: float) -> AsyncIterator[float]:
        yield x

    for function in (generator, coroutine, both):
        assert "generator or coroutine" in str(unfit(declared(lambda x: x), function))
