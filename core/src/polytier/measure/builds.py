"""Which build of the floor, and which revision of the sources, a record is about."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from polytier.record.tables import TierBuild

if TYPE_CHECKING:
    from polytier.kernels.declaration import Kernel

UNKNOWN = "unknown"


def floor_build(kernel: Kernel) -> TierBuild:
    """Return the version of the package that declares the kernel, and a digest of the floor's source file."""
    try:
        digest = hashlib.sha256(Path(kernel.floor.__code__.co_filename).read_bytes()).hexdigest()[:16]
    except OSError:
        digest = UNKNOWN
    return TierBuild(version_of(kernel.module), digest)


def version_of(module: str) -> str:
    """Return the version of the package in which an imported module lies."""
    return str(getattr(sys.modules.get(module.partition(".")[0]), "__version__", UNKNOWN))


def revision(source: Path = Path(__file__)) -> str:
    """Return the revision of the checkout that tracks the source file, 'unknown' where none does."""
    git = ["git", "-C", str(source.parent)]
    try:
        # An installed package may lie inside somebody else's checkout: only one that tracks the file counts.
        _output([*git, "ls-files", "--error-unmatch", source.name])
        return _output([*git, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]).strip() or UNKNOWN
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)  # noqa: S603
    return done.stdout
