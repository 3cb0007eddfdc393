"""The console script `polytier-mojo-worker`: it becomes the packaged executable, so that a shell can run a kernel."""

from __future__ import annotations

import os
import sys

from polytier_mojo.native import NAME, executable


def main() -> None:
    """Replace this process by the executable, with the same arguments."""
    try:
        os.execv(executable(), [NAME, *sys.argv[1:]])  # noqa: S606 - the wheel's own executable, by its path
    except (ImportError, OSError) as failure:
        sys.exit(f"{NAME}: {failure}")
