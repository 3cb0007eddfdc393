"""The command `polytier`: verbs over the other parts, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    from polytier.cli.command import main as run  # the verbs are imported where an interrupt is caught

    return run(argv)
