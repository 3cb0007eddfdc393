"""What ties a tier or kernel to polytier: entry-point groups, the mark of deprecation, optional pluggy markers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from pluggy import HookimplMarker, HookspecMarker

    hookspec: HookspecMarker
    hookimpl: HookimplMarker

PROJECT: Final = "polytier"
"""The pluggy project name under which kernels are specified and implemented."""

TIER_GROUP: Final = "polytier.tiers"
"""Entry-point group of tiers: `name = "module"`, the module's functions carry the kernels' names."""

KERNEL_GROUP: Final = "polytier.kernels"
"""Entry-point group of kernel packs: `name = "module"`, importing the module declares its kernels."""

FLOOR: Final = "floor"
"""The name under which a kernel's own NumPy body stands in chains, ranks and records; no tier may take it."""

DEPRECATED: Final = "DEPRECATED"
"""The attribute of a tier's module that holds its Deprecation, if the tier is deprecated."""


class Deprecation(NamedTuple):
    """Since which version of its distribution something is deprecated, what replaces it, and which version drops it.

    A replacement is a name of the same kind: a kernel, an argument, a tier.
    An argument without one is left out; `removal` is None where no version is set yet.
    """

    since: str
    replacement: str | None = None
    removal: str | None = None

    @property
    def instead(self) -> str:
        """What to do instead, in words."""
        return f"use {self.replacement!r} instead" if self.replacement else "leave it out"

    def said(self, owner: str = "") -> str:
        """Return the versions in words; `owner` is the distribution or package whose versions they are."""
        since = f"deprecated since {owner} {self.since}" if owner else f"deprecated since {self.since}"
        return f"{since}, removed in {self.removal}" if self.removal else since


def __getattr__(name: str) -> Any:
    # pluggy costs several milliseconds to import; a tier that never marks anything never pays them.
    if name not in {"hookimpl", "hookspec"}:
        raise AttributeError(name)
    import pluggy

    globals()["hookspec"] = pluggy.HookspecMarker(PROJECT)
    globals()["hookimpl"] = pluggy.HookimplMarker(PROJECT)
    return globals()[name]
