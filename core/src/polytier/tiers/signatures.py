"""Says whether a function can stand for a kernel: callable, plain, and with exactly the floor's signature."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytier.kernels.declaration import Kernel

_DEFERRED = (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)


def unfit(kernel: Kernel, found: Any) -> str | None:
    """Return why `found` cannot implement the kernel, or None if it can."""
    if not callable(found):
        return f"it is a {type(found).__name__}, no function"
    if hasattr(getattr(found, "dispatch", None), "floor"):
        return "it is polytier's own dispatching function, which would call itself"
    if any(deferred(found) for deferred in _DEFERRED):
        return "it is a generator or coroutine, which returns before it has computed"
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return "its signature cannot be read; a compiled function needs a __text_signature__"
    differences = "; ".join(_differences(signature, kernel.signature))
    if not differences:
        return None
    return f"its signature is {_bare(signature)}, the floor's is {_bare(kernel.signature)}: {differences}"


def _differences(found: inspect.Signature, wanted: inspect.Signature) -> Iterator[str]:
    missing = [name for name in wanted.parameters if name not in found.parameters]
    strange = [name for name in found.parameters if name not in wanted.parameters]
    yield from (f"parameter {name!r} is missing" for name in missing)
    yield from (f"parameter {name!r} is unknown to the floor" for name in strange)
    if not missing and not strange and list(found.parameters) != list(wanted.parameters):
        yield "the parameters stand in another order"
    for name, parameter in wanted.parameters.items():
        if name in found.parameters:
            yield from _parameter_differences(name, found.parameters[name], parameter)


def _parameter_differences(name: str, found: inspect.Parameter, wanted: inspect.Parameter) -> Iterator[str]:
    if found.kind is not wanted.kind:
        yield f"parameter {name!r} is {found.kind.description} instead of {wanted.kind.description}"
    if not _same(found.default, wanted.default):
        yield f"parameter {name!r} has {_default(found)} instead of {_default(wanted)}"


def _same(one: object, other: object) -> bool:
    # By text: 16 and 16.0 differ, NaN equals itself, and an array has no truth value.
    return one is other or (type(one) is type(other) and repr(one) == repr(other))


def _default(parameter: inspect.Parameter) -> str:
    return "no default" if parameter.default is parameter.empty else f"the default {parameter.default!r}"


def _bare(signature: inspect.Signature) -> str:
    plain = [parameter.replace(annotation=parameter.empty) for parameter in signature.parameters.values()]
    return str(inspect.Signature(plain))
