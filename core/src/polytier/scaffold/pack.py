"""The skeleton of a kernel pack: a package with one kernel, its cases and its tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytier.scaffold.names import kernel_package
from polytier.scaffold.skeleton import Skeleton, install, render, requirement

if TYPE_CHECKING:
    from pathlib import Path


def pack_skeleton(name: str, parent: Path) -> Skeleton:
    """Return the files of a pack with one kernel."""
    package, target = kernel_package(name), parent / name
    values = {
        "name": name,
        "package": package,
        "distribution": package.replace("_", "-"),
        "requirement": requirement(),
    }
    contents = {
        "README.md": render("kernel/README.md", **values),
        "pyproject.toml": render("kernel/pyproject.toml", **values),
        f"src/{package}/__init__.py": render("kernel/__init__.py", **values),
        f"src/{package}/py.typed": "",
        f"tests/test_{name}.py": render("kernel/test_kernel.py", **values),
    }
    steps = [
        install(target),
        f"polytier kernels {name}",
        f"polytier check --kernel {name}",
        f"python -m pytest --pyargs polytier.testing --tier floor --kernel {name}",
        f"polytier new-tier NAME --kernel {name}",
    ]
    return Skeleton("kernel", name, target, dict(sorted(contents.items())), steps)
