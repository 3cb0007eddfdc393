"""Registers implementations with pluggy, which validates them; pluggy never makes a call."""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from polytier import marks
from polytier.tiers.signatures import unfit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from polytier.kernels.declaration import Kernel

_MARKER = f"{marks.PROJECT}_impl"
_FLAGS = ("tryfirst", "trylast", "wrapper", "hookwrapper")


class Validator:
    """One PluginManager: a hookspec per kernel, and per tier one plugin of stubs that hold its functions."""

    def __init__(self, blocked: Iterable[str]) -> None:
        import pluggy

        self._refusal = pluggy.PluginValidationError
        self._manager = pluggy.PluginManager(marks.PROJECT)
        self._stubs: dict[str, dict[str, Any]] = {}
        self._specified: dict[str, Kernel] = {}
        for tier in blocked:
            self._manager.set_blocked(tier)

    def outdated(self, kernel: Kernel) -> bool:
        """Say whether another declaration of this kernel was specified: pluggy never changes a specification."""
        return self._specified.get(kernel.name, kernel) is not kernel

    def accept(self, tier: str, kernel: Kernel, found: Any) -> str | None:
        """Register a tier's function for a kernel; return why it is refused, or None."""
        marked = getattr(found, _MARKER, None)
        marked = dict(marked) if isinstance(marked, dict) else {}
        flags = [flag for flag in _FLAGS if marked.get(flag)]
        if flags:
            return f"it is marked {' and '.join(flags)}, but the order of tiers is measured and nothing wraps a kernel"
        reason = unfit(kernel, found)
        if reason is not None:
            return reason
        if kernel.name not in self._specified:
            self._specified[kernel.name] = kernel
            self._manager.add_hookspecs(_namespace({kernel.name: marks.hookspec(_stub(kernel, kernel.floor))}))
        stub = marks.hookimpl(_stub(kernel, found))
        getattr(stub, _MARKER).update(marked)
        return self._register(tier, kernel.name, stub)

    def implementation(self, tier: str, kernel: str) -> Callable[..., Any] | None:
        """Return the function that pluggy lists for a tier and a specified kernel, or None."""
        listed: list[Any] = getattr(self._manager.hook, kernel).get_hookimpls()
        return next((found.function.implementation for found in listed if found.plugin_name == tier), None)

    def _register(self, tier: str, kernel: str, stub: Any) -> str | None:
        before = self._stubs.get(tier, {})
        reason = self._replace(tier, {**before, kernel: stub})
        if reason is None and self.implementation(tier, kernel) is None:
            reason = "pluggy lists it under another name: it is marked with a specname"
        if reason is not None:
            self._replace(tier, before)
        return reason

    def _replace(self, tier: str, stubs: dict[str, Any]) -> str | None:
        # A registered plugin cannot grow, so a tier's next kernel comes with a new one.
        if self._manager.has_plugin(tier):
            self._manager.unregister(name=tier)
        self._stubs[tier] = stubs
        try:
            self._manager.register(_namespace(stubs), name=tier)
        except self._refusal as failure:
            return f"pluggy refuses it: {' '.join(str(failure).split())}"
        return None


def _namespace(stubs: Mapping[str, Any]) -> ModuleType:
    namespace = ModuleType("stubs")
    vars(namespace).update(stubs)
    return namespace


def _stub(kernel: Kernel, implementation: Callable[..., Any]) -> Any:
    # pluggy cannot bind a compiled function and reads parameter names from the code object: the floor's has them all.
    floor: Any = kernel.floor
    stub: Any = FunctionType(floor.__code__, floor.__globals__, kernel.name, floor.__defaults__, floor.__closure__)
    stub.__kwdefaults__ = floor.__kwdefaults__
    stub.implementation = implementation
    return stub
