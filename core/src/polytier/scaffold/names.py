"""Says which names a new tier or kernel can carry."""

from __future__ import annotations

import builtins
import keyword
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from polytier.errors import ScaffoldError
from polytier.kernels.declaration import catalogue
from polytier.marks import FLOOR, TIER_GROUP
from polytier.tiers.index import entry_points

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_PARTY: Final = ("go", "julia", "mojo", "rust")
"""Tiers that belong to polytier, installed or not."""

LONGEST: Final = 50
"""Characters of a name; it becomes part of names of files."""

_TIER = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_KERNEL = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# What the skeleton of a kernel pack uses itself.
_TAKEN = frozenset({"annotations", "float_vector", "kernel", "np", "partial"})


def tier_package(name: str) -> str:
    """Return the package of a new tier; raise ScaffoldError if the name cannot be taken."""
    if not _TIER.fullmatch(name) or len(name) > LONGEST:
        hint = f"lower-case letters and digits, joined by single hyphens, at most {LONGEST}: 'fast', 'fast-gpu'"
        raise ScaffoldError.of("tier", name, "the name has another form than the names of tiers have", hint)
    package = f"polytier_{name.replace('-', '_')}"
    for found in _tier_troubles(name, package):
        raise ScaffoldError.of("tier", name, found, "choose another name; `polytier tiers` lists the installed ones")
    return package


def kernel_package(name: str) -> str:
    """Return the package of a new kernel's pack; raise ScaffoldError if the name cannot be taken."""
    if not _KERNEL.fullmatch(name) or len(name) > LONGEST:
        hint = f"lower-case letters and digits, joined by single underscores, at most {LONGEST}: 'band_energy'"
        raise ScaffoldError.of("kernel", name, "the name has another form than the names of kernels have", hint)
    package = f"{name}_pack"
    for found in _kernel_troubles(name, package):
        raise ScaffoldError.of("kernel", name, found, "choose another name; `polytier kernels` lists the known ones")
    return package


def _tier_troubles(name: str, package: str) -> Iterator[str]:
    if name == FLOOR:
        yield "the floor is no tier"
    if name in FIRST_PARTY:
        yield "the name belongs to a tier of polytier itself"
    if any(point.name == name for point in entry_points(TIER_GROUP)):
        yield "a tier of this name is installed"
    if find_spec(package) is not None:
        yield f"there is a module {package!r} already"


def _kernel_troubles(name: str, package: str) -> Iterator[str]:
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or hasattr(builtins, name):
        yield "Python itself uses the name"
    if name in _TAKEN:
        yield "the skeleton uses the name for something else"
    if name in catalogue:
        yield f"{catalogue[name].module} declares this name already"
    if find_spec(package) is not None:
        yield f"there is a module {package!r} already"
