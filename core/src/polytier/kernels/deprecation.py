"""What a deprecation must state, and what is told of it: for kernels, their arguments, and tiers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from polytier.errors import DeclarationError
from polytier.marks import Deprecation

if TYPE_CHECKING:
    from polytier.kernels.declaration import Kernel

_VERSION = re.compile(r"v?\d+(?:\.\d+)*[\w.+!-]*")


def flaw(found: Any, *, replaced: bool = True) -> str | None:
    """Return what keeps an object from being a deprecation, or None; one that is `replaced` must say by what."""
    if not isinstance(found, Deprecation):
        return f"{found!r} is no Deprecation"
    for field, version in (("since", found.since), ("removal", found.removal)):
        given = version is not None or field == "since"
        if given and not (isinstance(version, str) and _VERSION.fullmatch(version)):
            return f"its {field!r} is {version!r}, which is no version"
    if found.replacement is None:
        return "it names no replacement" if replaced else None
    if not (isinstance(found.replacement, str) and found.replacement.isprintable() and found.replacement.strip()):
        return f"its 'replacement' is {found.replacement!r}, which is no name"
    return None


def check_deprecations(declared: Kernel) -> None:
    """Raise DeclarationError unless each deprecation of a kernel and its arguments says what it must."""
    if declared.deprecated is not None:
        _refuse(declared, "it is deprecated", flaw(declared.deprecated))
        if declared.deprecated.replacement == declared.name:
            _refuse(declared, "it is deprecated", "it is its own replacement")
    for name, deprecation in declared.deprecated_arguments.items():
        asked = f"its argument {name!r} is deprecated"
        parameter = declared.signature.parameters.get(name)
        if parameter is None:
            _refuse(declared, asked, "it has no such parameter")
        elif parameter.default is parameter.empty:
            _refuse(declared, asked, "the parameter has no default, so that no call can leave it out")
        _refuse(declared, asked, flaw(deprecation, replaced=False))


def _refuse(declared: Kernel, asked: str, found: str | None) -> None:
    if found is not None:
        hint = "write Deprecation(since='0.4', replacement='another', removal='0.6')"
        raise DeclarationError.of(declared.name, f"{asked}, but {found}", hint)
