"""Tiers and kernels that the tests of the registry share."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from polytier.errors import TierLoadError, UnknownNameError
from polytier.kernels.declaration import Kernel, catalogue
from polytier.kernels.tolerance import Tolerance
from polytier.tiers import Tiers

if TYPE_CHECKING:
    from collections.abc import Callable


GOOD = "def order_parameter(theta):\n    return 1.0\n"


def tiers(**environ: str) -> Tiers:
    """Return the installed tiers over the real catalogue."""
    return Tiers(catalogue.__getitem__, environ=environ)


def declared(floor: Callable[..., Any]) -> Kernel:
    """Return a kernel with this floor."""
    return Kernel(floor.__name__, floor, "1", Tolerance(), list)


def lookup(*kernels: Kernel) -> Callable[[str], Kernel]:
    """Return a look-up over hand-made kernels."""
    by_name = {kernel.name: kernel for kernel in kernels}

    def find(name: str) -> Kernel:
        try:
            return by_name[name]
        except KeyError:
            raise UnknownNameError.of("kernel", name, by_name) from None

    return find


def refusal(found: Tiers, name: str) -> str:
    """Return what loading a tier is refused with."""
    with pytest.raises(TierLoadError) as caught:
        found.load(name)
    return str(caught.value)


def declared_as(name: str, floor: Callable[..., Any]) -> Kernel:
    """Return a kernel of this name."""
    return Kernel(name, floor, "1", Tolerance(), list)


def together(count: int, action: Callable[[], Any]) -> list[Any]:
    """Return what an action returns or raises in several threads that start at once."""
    results: list[Any] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait(10)
        try:
            results.append(action())
        except TierLoadError as failure:
            results.append(str(failure))

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(results) == count, "a thread hangs"
    return results


COUNTING = "import builtins, time\nbuiltins.imports.append(1)\ntime.sleep(0.05)\n"
