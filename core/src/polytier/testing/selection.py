"""What one run tests: which tiers, which of their kernels, and what their scouts reported."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polytier  # noqa: F401 - wires the kernels
from polytier.errors import TierLoadError, UnknownNameError
from polytier.kernels.declaration import Kernel, catalogue
from polytier.marks import FLOOR
from polytier.testing import processes
from polytier.tiers import Tiers, load_kernel_packs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


@dataclass(frozen=True)
class Offer:
    """What one tier brings: the kernels it offers, those that were rejected and why, or why it does not load.

    `problems` tells what it states wrongly of the kernels that it lacks.
    """

    offered: tuple[str, ...]
    rejected: Mapping[str, str]
    failure: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """One implementation under test."""

    tier: str
    kernel: Kernel
    tiers: Tiers = field(repr=False, compare=False)
    rejected: str | None = None

    @cached_property
    def implementation(self) -> Callable[..., Any]:
        """The tier's own function for the kernel."""
        return self.tiers.implementation(self.tier, self.kernel.name) if self.tier != FLOOR else self.kernel.floor


class Kernels:
    """A tier's kernels as attributes; the floor stands in for those that it lacks."""

    def __init__(self, kernels: Mapping[str, Callable[..., Any]]) -> None:
        self._kernels = kernels

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return the implementation of a kernel."""
        return self._kernels[name]


class Selection:
    """The tiers and kernels of one run; what is asked of a scout is asked once."""

    def __init__(self, tiers: Sequence[str] = (), kernels: Sequence[str] = (), limit: float = 120.0) -> None:
        load_kernel_packs()
        self.registry = Tiers(catalogue.__getitem__)
        self.limit = limit
        self.kernels = _named("kernel", kernels, {kernel.name: kernel for kernel in catalogue})
        self.tiers = tuple(dict.fromkeys(tiers)) or self._usable() or (FLOOR,)
        for tier in self.tiers:
            self._check(tier)
        self._offers: dict[str, Offer] = {}
        self._reports: dict[tuple[str, ...], processes.Report] = {}

    def offer(self, tier: str) -> Offer:
        """Return what a tier brings, among the kernels of this run."""
        if tier not in self._offers:
            self._offers[tier] = self._ask_offer(tier)
        return self._offers[tier]

    def subjects(self, tier: str) -> list[Subject]:
        """Return the implementations of a tier that are under test."""
        return [Subject(tier, self.kernels[name], self.registry) for name in self.offer(tier).offered]

    def rejected(self, tier: str) -> list[Subject]:
        """Return the kernels that a tier has a function for that cannot serve."""
        offer = self.offer(tier)
        return [Subject(tier, self.kernels[name], self.registry, reason) for name, reason in offer.rejected.items()]

    def kernels_of(self, tier: str) -> Kernels:
        """Return a tier's kernels, the floor standing in for those that it lacks."""
        own = {subject.kernel.name: subject.implementation for subject in self.subjects(tier)}
        return Kernels({kernel.name: kernel.floor for kernel in catalogue} | own)

    def absent(self, tier: str) -> list[str]:
        """Return the kernels of this run for which a tier has no function."""
        offer = self.offer(tier)
        return [name for name in self.kernels if name not in offer.offered and name not in offer.rejected]

    def report(self, *errand: str) -> processes.Report:
        """Return what the scout reported on an errand."""
        if errand not in self._reports:
            self._reports[errand] = processes.errand(*errand, limit=self.limit)
        return self._reports[errand]

    def answers(self, subject: Subject) -> processes.Report:
        """Return what a fresh process and its children answered to every case."""
        return self.report("answer", subject.tier, subject.kernel.name, str(self.limit))

    def _usable(self) -> tuple[str, ...]:
        return tuple(tier for tier in self.registry.installed() if self.registry.denied(tier) is None)

    def _check(self, tier: str) -> None:
        installed = self.registry.installed()
        if tier not in {*installed, FLOOR}:
            raise UnknownNameError.of("tier", tier, (*installed, FLOOR))
        denied = self.registry.denied(tier) if tier != FLOOR else None
        if denied is not None:
            raise TierLoadError.of(tier, denied, "change the environment variable, or leave the tier out")

    def _ask_offer(self, tier: str) -> Offer:
        if tier == FLOOR:
            return Offer(tuple(self.kernels), {})
        report = self.report("offer", tier)
        if report.end:
            return Offer((), {}, f"loading it in a fresh process: the process {report.end}\n{report.stderr}".rstrip())
        offered = tuple(name for name in self.kernels if name in report.facts["offered"])
        rejected = {name: why for name, why in report.facts["rejected"].items() if name in self.kernels}
        return Offer(offered, rejected, report.facts["failure"], tuple(report.facts["problems"]))


def _named(kind: str, asked: Iterable[str], known: Mapping[str, Kernel]) -> dict[str, Kernel]:
    for name in asked:
        if name not in known:
            raise UnknownNameError.of(kind, name, known)
    wanted = set(asked) or set(known)
    return {name: kernel for name, kernel in known.items() if name in wanted}
