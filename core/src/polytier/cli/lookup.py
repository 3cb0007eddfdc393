"""From names on the command line to kernels and tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polytier
from polytier.errors import UnknownNameError
from polytier.kernels.declaration import Kernel, catalogue
from polytier.marks import FLOOR
from polytier.tiers.packs import load_kernel_packs

if TYPE_CHECKING:
    from polytier.tiers.probe import Probe


def kernels(names: list[str] | None = None) -> list[Kernel]:
    """Return the named kernels, or all of them; those of installed kernel packs included."""
    load_kernel_packs()
    return [catalogue[name] for name in unique(names)] if names else list(catalogue)


def tiers(names: list[str] | None = None) -> list[str]:
    """Return the named tiers, or all that are installed; an unknown name is an error that lists the known."""
    installed = polytier.dispatcher.tiers.installed()
    for name in names or ():
        if name not in installed:
            raise UnknownNameError.of("tier", name, installed)
    return unique(names) if names else list(installed)


def probes(tiers: list[str]) -> dict[str, Probe]:
    """Return a probe of each tier that the environment lets in, taken in a process of its own."""
    from polytier.tiers.probe import probe_isolated

    return {tier: probe_isolated(tier) for tier in tiers if denied(tier) is None}


def denied(name: str) -> str | None:
    """Return why the environment keeps a tier out, or None."""
    return polytier.dispatcher.tiers.denied(name)


def without_floor(names: list[str] | None) -> list[str] | None:
    """Return the names less 'floor', which every verb covers anyway."""
    return [name for name in names if name != FLOOR] if names else names


def unique(names: list[str]) -> list[str]:
    """Return the names in their order, each once."""
    return list(dict.fromkeys(names))
