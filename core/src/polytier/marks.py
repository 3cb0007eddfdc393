"""The names that tie a tier to polytier: entry-point groups and the optional pluggy markers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

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


def __getattr__(name: str) -> Any:
    # pluggy costs several milliseconds to import; a tier that never marks anything never pays them.
    if name not in {"hookimpl", "hookspec"}:
        raise AttributeError(name)
    import pluggy

    globals()["hookspec"] = pluggy.HookspecMarker(PROJECT)
    globals()["hookimpl"] = pluggy.HookimplMarker(PROJECT)
    return globals()[name]
