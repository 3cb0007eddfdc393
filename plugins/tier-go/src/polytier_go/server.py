"""The console script `polytier-go-sidecar`: it becomes the binary that lies in this package."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from polytier.errors import told


def path() -> Path:
    """Return where the wheel puts the sidecar."""
    return Path(__file__).with_name("polytier-go-sidecar")


def main() -> None:
    """Replace this process by the sidecar, with the same arguments; PATH is not asked."""
    file = path()
    try:
        os.execv(file, [str(file), *sys.argv[1:]])  # noqa: S606 - our own binary, and no shell
    except OSError as failure:
        hint = "reinstall it: pip install --force-reinstall --no-deps polytier-go"
        sys.exit(told(f"start {str(file)!r}", str(failure), hint))
