"""Makes the kernels of third parties known: imports the installed kernel packs."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from polytier.errors import PolytierWarning
from polytier.marks import KERNEL_GROUP
from polytier.tiers.index import entry_points
from polytier.tiers.loading import BrokenModuleError, import_module

if TYPE_CHECKING:
    from collections.abc import Sequence


def load_kernel_packs(path: Sequence[str] | None = None) -> tuple[str, ...]:
    """Import every installed kernel pack and return the names of those that could be; a broken one is a warning."""
    loaded = []
    for point in sorted(entry_points(KERNEL_GROUP, path), key=lambda point: point.name):
        try:
            import_module(point.module)
        except BrokenModuleError as broken:
            hint = f"reinstall {point.distribution!r} {point.version}, or uninstall it"
            warnings.warn(PolytierWarning.of(f"load kernel pack {point.name!r}", str(broken), hint), stacklevel=2)
        else:
            loaded.append(point.name)
    return tuple(loaded)
