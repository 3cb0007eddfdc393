"""The skeleton of a tier: a package that starts as a copy of the floors that it is to replace."""

from __future__ import annotations

import inspect
import json
import sys
from itertools import groupby
from typing import TYPE_CHECKING

from polytier.errors import ScaffoldError
from polytier.marks import KERNEL_GROUP
from polytier.scaffold.excerpt import UncutError, excerpt
from polytier.scaffold.names import tier_package
from polytier.scaffold.skeleton import Skeleton, install, render, requirement, wrapped
from polytier.tiers.index import entry_points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from polytier.kernels.declaration import Kernel


def tier_skeleton(name: str, kernels: Sequence[Kernel], parent: Path) -> Skeleton:
    """Return the files of a tier that serves these kernels."""
    package, target = tier_package(name), parent / name
    families = {stem: [kernel.name for kernel in found] for stem, found in _grouped(kernels)}
    values = {
        "name": name,
        "package": package,
        "distribution": f"polytier-{name}",
        "dependencies": json.dumps(["numpy>=1.26", *_requirements(kernels)]),
        "kernels": ", ".join(f"`{kernel.name}`" for kernel in kernels),
        "first": kernels[0].name,
        "modules": "\n".join(f"- `src/{package}/{stem}.py`" for stem in families),
        "imports": "\n".join(
            wrapped(f"from {package}.{stem} import (", found, ")") for stem, found in families.items()
        ),
        "exported": wrapped("__all__ = [", (f'"{each}"' for each in sorted(kernel.name for kernel in kernels)), "]"),
    }
    source = f"src/{package}"
    contents = {
        "README.md": render("tier/README.md", **values),
        "pyproject.toml": render("tier/pyproject.toml", **values),
        f"{source}/__init__.py": render("tier/__init__.py", **values),
        f"{source}/py.typed": "",
        "tests/test_conformance.py": render("tier/test_conformance.py", **values),
    }
    contents |= {f"{source}/{family}.py": text for family, text in _modules(name, kernels)}
    return Skeleton("tier", name, target, dict(sorted(contents.items())), _steps(name, kernels, target))


def _steps(name: str, kernels: Sequence[Kernel], target: Path) -> list[str]:
    return [
        install(target),
        f"polytier check --tier {name}{''.join(f' --kernel {kernel.name}' for kernel in kernels)}",
        f"python -m pytest --pyargs polytier.testing --tier {name}",
        f"polytier measure --quick{''.join(f' --kernel {kernel.name}' for kernel in kernels)}",
    ]


def _stem(kernel: Kernel) -> str:
    # Of core the family's own name; a third party's module in full, because two packs may have a family of one name.
    return kernel.module.removeprefix("polytier.kernels.").replace(".", "_")


def _grouped(kernels: Sequence[Kernel]) -> Iterator[tuple[str, list[Kernel]]]:
    for stem, found in groupby(sorted(kernels, key=_stem), key=_stem):
        yield stem, sorted(found, key=lambda kernel: kernel.name)


def _modules(name: str, kernels: Sequence[Kernel]) -> Iterator[tuple[str, str]]:
    for stem, found in _grouped(kernels):
        text = (
            f'"""Kernels of the family `{found[0].family}`: each starts as a copy of its floor, for you to replace."""'
        )
        yield stem, f"{text}\n\n{_copied(name, found)}"


def _copied(name: str, kernels: list[Kernel]) -> str:
    try:
        return excerpt(inspect.getsource(sys.modules[kernels[0].module]), [kernel.name for kernel in kernels])
    except (UncutError, OSError, TypeError, SyntaxError, KeyError) as failure:
        named = ", ".join(kernel.name for kernel in kernels)
        hint = "begin with another kernel, and add this one by hand"
        raise ScaffoldError.of("tier", name, f"the floor of {named} cannot be copied: {failure}", hint) from failure


def _requirements(kernels: Sequence[Kernel]) -> list[str]:
    packs = entry_points(KERNEL_GROUP)
    modules = {kernel.module for kernel in kernels}
    found = {p.distribution for p in packs if any(f"{module}.".startswith(f"{p.module}.") for module in modules)}
    return sorted([requirement(), *found])
