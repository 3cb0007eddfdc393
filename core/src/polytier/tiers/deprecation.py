"""The deprecation that a tier's module may state: read when the module is imported, refused where it is none."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from polytier.marks import DEPRECATED
from polytier.tiers.loading import BrokenModuleError, guarded

if TYPE_CHECKING:
    from types import ModuleType

    from polytier.marks import Deprecation


def deprecation_of(module: ModuleType) -> Deprecation | None:
    """Return the deprecation that a tier's module states, or None; BrokenModuleError where it is none."""
    found = guarded(f"reading its {DEPRECATED}", partial(getattr, module, DEPRECATED, None))
    if found is None:
        return None
    from polytier.kernels.deprecation import flaw  # most tiers are not deprecated

    flawed = guarded(f"reading its {DEPRECATED}", partial(flaw, found))
    if flawed is not None:
        raise BrokenModuleError(f"its {DEPRECATED} cannot be used: {flawed}")
    return cast("Deprecation", found)
