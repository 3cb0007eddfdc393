"""The receipt of a loaded tier: which distribution, which build, which file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polytier.tiers.deprecation import deprecation_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from polytier.marks import Deprecation
    from polytier.tiers.scan import EntryPoint

_DIGITS = 16


@dataclass(frozen=True)
class Receipt:
    """What a loaded tier is: `digest` tells two builds of one version apart."""

    tier: str
    distribution: str
    version: str
    digest: str
    file: str
    deprecated: Deprecation | None = None


def receipt_of(point: EntryPoint, module: ModuleType) -> Receipt:
    """Return the receipt of a tier's module: its own BUILD_DIGEST, or else a digest of its files."""
    build = getattr(module, "BUILD_DIGEST", None)
    digest = build if isinstance(build, str) and build else _digest(module)
    file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")
    return Receipt(point.name, point.distribution, point.version, digest, str(file), deprecation_of(module))


def _digest(module: ModuleType) -> str:
    import hashlib

    digest = hashlib.sha256()
    for name, content in _contents(module):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:_DIGITS]


def _contents(module: ModuleType) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of a module's file, or of all files of its package."""
    # Imported here, as hashlib is: a tier that states its BUILD_DIGEST pays for neither at the first call.
    from pathlib import Path

    for folder in map(Path, getattr(module, "__path__", ())):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(folder).as_posix(), path.read_bytes()
    file = getattr(module, "__file__", None)
    loader: Any = getattr(module.__spec__, "loader", None)
    if file is not None and hasattr(loader, "get_data"):  # the loader also reads out of a zip archive
        yield Path(file).name, loader.get_data(file)
