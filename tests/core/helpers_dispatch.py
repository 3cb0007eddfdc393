"""Builders for the tests of dispatch: a dispatcher of its own with tiers made of plain functions and a table."""

from __future__ import annotations

import types
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from polytier.dispatch import Dispatcher
from polytier.errors import MissingImplementation
from polytier.kernels.declaration import Case, Catalogue, Kernel
from polytier.kernels.tolerance import Tolerance
from polytier.record import KernelRanks, Standing, Table, TierBuild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

HOST = "a-host-of-the-test"
CALL = [1.0, 2.0]


class Receipt(NamedTuple):
    """The part of a receipt that dispatch reads."""

    digest: str


class Functions:
    """Tiers made of plain functions: `{"fast": {"total": function}}`; an exception in place of a function is raised."""

    def __init__(self, tiers: Mapping[str, Mapping[str, Any]], denied: Mapping[str, str] | None = None) -> None:
        self.tiers = dict(tiers)
        self.denials = dict(denied or {})
        self.loads: list[str] = []
        self.refreshes = 0
        self.warmed: list[str] = []

    def installed(self) -> tuple[str, ...]:
        """Return the names, sorted."""
        return tuple(sorted(self.tiers))

    def denied(self, name: str) -> str | None:
        """Return the reason given to the constructor."""
        return self.denials.get(name)

    def implementation(self, name: str, kernel: str) -> Callable[..., Any]:
        """Return the function, or raise what stands in its place."""
        self.loads.append(name)
        found = self.tiers[name].get(kernel)
        if isinstance(found, BaseException):
            raise found
        if found is None:
            raise MissingImplementation.of(name, kernel)
        return found

    def receipt(self, name: str) -> Receipt:
        """Return a receipt whose digest tells the tier."""
        return Receipt(f"digest of {name}")

    def load(self, name: str) -> types.ModuleType:
        """Return a module; a tier called 'warmable' can be warmed."""
        module = types.ModuleType(name)
        if name == "warmable":
            module.warm = lambda: self.warmed.append(name)  # type: ignore[attr-defined]
        return module

    def refresh(self) -> None:
        """Count the refreshes."""
        self.refreshes += 1


def total(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
    """Return the scaled sum; a kernel with a default and a keyword-only parameter."""
    if not isinstance(values, list):
        raise TypeError("values must be a list")
    return scale * sum(values) + shift


def total_cases() -> list[Case]:
    """Return one timed case."""
    return [Case("two", lambda: ([1.0, 2.0],), timed=True)]


def standing(size: int, start: int, *order: str, level: tuple[str, ...] = (), **seconds: float) -> Standing:
    """Return a standing whose medians double from place to place unless given."""
    medians = {name: 1e-6 * 2**place for place, name in enumerate(order)} | seconds
    return Standing(size, start, order, level, medians)


def table(
    *standings: Standing, host: str = HOST, kernel: str = "total", tiers: Mapping[str, Any] | None = None
) -> Table:
    """Return a table of one kernel."""
    names = {name for each in standings for name in each.order} - {"floor"}
    builds = {name: TierBuild("1.0", f"digest of {name}") for name in sorted(names)} | dict(tiers or {})
    return Table(host, {kernel: KernelRanks(kernel, builds, standings)})


class Bench(NamedTuple):
    """A dispatcher, its one public function, its tiers and its clock."""

    dispatcher: Dispatcher
    function: Any
    tiers: Functions
    now: list[float]

    def fast(self) -> bool:
        """Say whether the next call takes the generated body of a plan."""
        service = self.dispatcher.services["total"]
        return service.function.__code__ is not service.bodies.attended.code


def bench(  # noqa: PLR0913  each by name, and each with a default
    tiers: Mapping[str, Any],
    *standings: Standing,
    floor: Callable[..., Any] = total,
    size: str = "len(values)",
    environ: Mapping[str, str] | None = None,
    denied: Mapping[str, str] | None = None,
    host: str = HOST,
    **marked: Any,
) -> Bench:
    """Return a dispatcher for the kernel `total`, each tier given by its function; `marked` says what is deprecated."""
    source = Functions({name: {"total": function} for name, function in tiers.items()}, denied)
    now = [1000.0]
    catalogue = Catalogue()
    dispatcher = Dispatcher(catalogue, tiers=source, environ=environ or {}, clock=lambda: now[0])
    dispatcher.host = lambda: HOST  # type: ignore[method-assign]
    catalogue.publish = dispatcher.publish
    function = catalogue.declare(Kernel("total", floor, size, Tolerance(atol=1e-12), total_cases, **marked))
    dispatcher.rank_by(table(*standings, host=host))
    return Bench(dispatcher, function, source, now)


def named(name: str) -> Any:
    """Return the floor `total` under another name."""
    floor = types.FunctionType(total.__code__, total.__globals__, name, total.__defaults__)
    floor.__kwdefaults__ = total.__kwdefaults__
    floor.__module__ = "helpers_dispatch"
    return floor


def several(tiers: Mapping[str, Mapping[str, Any]], ranks: Mapping[str, tuple[Standing, ...]]) -> dict[str, Any]:
    """Return kernels like `total` under several names on one dispatcher; `ranks` gives the standings of each."""
    catalogue = Catalogue()
    dispatcher = Dispatcher(catalogue, tiers=Functions(tiers), environ={}, clock=lambda: 1000.0)
    dispatcher.host = lambda: HOST  # type: ignore[method-assign]
    catalogue.publish = dispatcher.publish
    functions = {
        name: catalogue.declare(Kernel(name, named(name), "len(values)", Tolerance(), total_cases)) for name in ranks
    }
    tables = [table(*standings, kernel=name) for name, standings in ranks.items()]
    dispatcher.rank_by(Table(HOST, {name: ranks for each in tables for name, ranks in each.kernels.items()}))
    return functions


def answering(value: float) -> Any:
    """Return an implementation of `total` that tells by its answer that it served."""

    def implementation(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        return value + 0 * scale * shift

    return implementation


def raising(failure: BaseException) -> Any:
    """Return an implementation of `total` that always raises."""

    def implementation(values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        raise failure

    return implementation


class Flaky:
    """An implementation that fails as often as told, and counts its calls."""

    def __init__(self, failures: int, kind: type[Exception] = RuntimeError) -> None:
        self.failures, self.kind, self.calls = failures, kind, 0

    def __call__(self, values: Any, scale: float = 1.0, *, shift: float = 0.0) -> float:
        """Fail or answer."""
        self.calls += 1
        if self.calls <= self.failures:
            raise self.kind(f"failure {self.calls}")
        return 7.0


@contextmanager
def warned() -> Iterator[list[warnings.WarningMessage]]:
    """Yield the warnings that come in the block, each of them and in order."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield heard
