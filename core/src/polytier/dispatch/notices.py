"""Deprecations told to callers: one DeprecationWarning for each thing in a process, at the caller's own line."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polytier.errors import deprecated

if TYPE_CHECKING:
    from types import FunctionType

    from polytier.dispatch.service import Service
    from polytier.marks import Deprecation

INSIDE = (f"{Path(__file__).parents[1]}{os.sep}", "<polytier ")
"""How the file names of core begin, and those of generated bodies: no line of theirs is the caller's."""


class _Unset:
    """Stands as the default of a deprecated argument: the very default, when it is passed, is told apart."""

    def __repr__(self) -> str:
        return "<left out>"


UNSET = _Unset()


def tell(told: dict[str, object], what: str, deprecation: Deprecation, owner: str = "") -> None:
    """Warn of what is deprecated, unless that was done; `told` holds what callers were warned of."""
    mine = object()
    # Noted first, and in one step: another thread, or what shows the warning, may use the same thing meanwhile.
    if told.setdefault(what, mine) is not mine:
        return
    warning = deprecated(what, deprecation.said(owner), deprecation.instead)
    try:
        warnings.warn(warning, stacklevel=_level())
    except BaseException:  # as `-W error` asks: the next use must raise as well
        del told[what]
        raise


def _level() -> int:
    """Return the stack level, counted from `tell`, of the first frame outside core."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001  the frames that warnings.warn counts
    while frame.f_back is not None and frame.f_code.co_filename.startswith(INSIDE):
        level, frame = level + 1, frame.f_back
    return level


class Guard:
    """What the bodies of a kernel ask first, for as long as something deprecated about it is not told yet.

    Once told, they are compiled anew without the question: what is deprecated then costs nothing either.
    """

    def __init__(self, service: Service) -> None:
        kernel = service.kernel
        self._service = service
        self._owner = kernel.module.partition(".")[0]
        self._marked = dict(kernel.deprecated_arguments) | ({"": kernel.deprecated} if kernel.deprecated else {})
        self._pending = {name for name in self._marked if self._what(name) not in service.dispatcher.told}

    def lines(self, number: int) -> list[str]:
        """Return the first lines of a body: they warn of the kernel, and of each argument that is passed."""
        private = self._service.dispatcher.private
        guard, unset = f"_guard_{number}", f"_unset_{number}"
        private |= {guard: self, unset: UNSET}
        lines = [f"{guard}.used()"] if "" in self._pending else []
        for name in sorted(self._pending - {""}):
            default = f"_default_{number}_{name}"
            private[default] = self._service.kernel.signature.parameters[name].default
            lines += [f"if {name} is {unset}:", f"    {name} = {default}"]
            lines += ["else:", f"    {guard}.used({name!r})"]
        return lines

    def mark(self, function: FunctionType) -> None:
        """Give the arguments that are asked for a default of their own, and all others the floor's."""
        floor: Any = self._service.floor
        function.__defaults__, function.__kwdefaults__ = floor.__defaults__, floor.__kwdefaults__
        if not self._pending - {""}:
            return
        given = [p for p in self._service.kernel.signature.parameters.values() if p.default is not p.empty]
        defaults = {p: UNSET if p.name in self._pending else p.default for p in given}
        function.__defaults__ = tuple(value for p, value in defaults.items() if p.kind is not p.KEYWORD_ONLY)
        function.__kwdefaults__ = {p.name: value for p, value in defaults.items() if p.kind is p.KEYWORD_ONLY}

    def used(self, name: str = "") -> None:
        """Warn that an argument, or without a name the kernel itself, is deprecated, and ask no more for it."""
        tell(self._service.dispatcher.told, self._what(name), self._marked[name], self._owner)
        self._over(name)

    def _what(self, name: str) -> str:
        kernel = f"kernel {self._service.kernel.name!r}"
        return f"argument {name!r} of {kernel}" if name else kernel

    def _over(self, name: str) -> None:
        service = self._service
        with service.dispatcher.lock:
            self._pending.discard(name)
            service.bodies.renew()
            # Before the body that does not ask: it must never see what stands for an argument left out.
            self.mark(service.function)
            service.watch()
