"""Which build of a tier was measured: records and tables both keep it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polytier.record.checks import Node


@dataclass(frozen=True)
class TierBuild:
    """A tier's version and the digest of what it was built from."""

    version: str
    digest: str


def tier_build(node: Node) -> TierBuild:
    """Return the build that stands at this place."""
    parts = node.fields(("version", "digest"))
    return TierBuild(parts["version"].label(), parts["digest"].label())
