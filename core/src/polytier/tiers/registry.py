"""The installed tiers of one process: which there are, what they offer, and why one cannot be used."""

from __future__ import annotations

import importlib
import os
import warnings
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from polytier.errors import MissingImplementation, PolytierWarning, TierLoadError, UnknownNameError, listed
from polytier.marks import FLOOR, TIER_GROUP
from polytier.tiers.deprecation import deprecation_of
from polytier.tiers.index import EntryPoint, entry_points
from polytier.tiers.lists import Lists
from polytier.tiers.loading import BrokenModuleError, ImportLock, guarded, import_module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import ModuleType

    from polytier.kernels.declaration import Kernel
    from polytier.marks import Deprecation
    from polytier.tiers.absences import Absences
    from polytier.tiers.receipt import Receipt
    from polytier.tiers.validation import Validator

_ABSENT = object()
_MEND = "mend or uninstall it, then call polytier.refresh()"


# Neither of the two is a dataclass: each would add 0.6 ms to the first call.
class _Verdict(NamedTuple):
    """What came of validating one tier's function for one declaration of a kernel."""

    kernel: Kernel
    reason: str | None
    function: Callable[..., Any] | None = None
    cause: BaseException | None = None


class _Knowledge:
    """All that a refresh forgets; a thread that began before the refresh ends with what it began with."""

    def __init__(self, lists: Lists) -> None:
        self.lists = lists
        self.claims: dict[str, list[EntryPoint]] | None = None
        self.locks: dict[str, ImportLock] = {}
        self.modules: dict[str, ModuleType] = {}
        self.failures: dict[str, BrokenModuleError] = {}
        self.receipts: dict[str, Receipt] = {}
        self.verdicts: dict[tuple[str, str], _Verdict] = {}
        self.validator: Validator | None = None


class Tiers:
    """The installed tiers: found without importing any, loaded one by one, each kernel validated when asked for.

    `kernels` looks a kernel up by name; `environ` and `path` stand for os.environ and sys.path;
    `notice` is told of each deprecated tier when it is loaded.
    """

    def __init__(
        self,
        kernels: Callable[[str], Kernel],
        *,
        environ: Mapping[str, str] | None = None,
        path: Sequence[str] | None = None,
        notice: Callable[[str, Deprecation], None] | None = None,
    ) -> None:
        self._kernels = kernels
        self._notice = notice
        self._environ = os.environ if environ is None else environ
        self._path = path
        self._rescan = False
        self._warned: set[str] = set()
        # Held while pluggy's state changes, never while a tier is imported: so a thread that imports may wait for it.
        self._validating = ImportLock()
        self._known = _Knowledge(Lists(self._environ))

    def refresh(self) -> None:
        """Forget what was found, refused and failed; an imported module stays, a failed import is tried again."""
        importlib.invalidate_caches()
        self._rescan = True
        self._known = _Knowledge(Lists(self._environ))

    def installed(self) -> tuple[str, ...]:
        """Return the names of the installed tiers, sorted, those that cannot be used included."""
        return tuple(self._claims(self._known))

    def entry_point(self, name: str) -> EntryPoint:
        """Return where a tier comes from."""
        claims = self._claims(self._known)
        if name not in claims:
            raise TierLoadError.of(name, "no installed distribution offers it", f"installed: {listed(claims)}")
        first, *others = claims[name]
        if others:
            claimed = " and by ".join(f"{c.distribution!r} {c.version} ({c.module!r})" for c in claims[name])
            raise TierLoadError.of(name, f"the name is claimed by {claimed}", "uninstall all but one of them")
        return first

    def denied(self, name: str) -> str | None:
        """Return why POLYTIER_TIERS or POLYTIER_DISABLE keeps a tier out, or None."""
        return self._known.lists.denied(name)

    def load(self, name: str) -> ModuleType:
        """Return a tier's module, imported at most once; TierLoadError where it cannot be had."""
        known = self._known
        if name not in known.modules:
            with known.locks.setdefault(name, ImportLock()).held():
                if name not in known.modules:
                    known.modules[name] = self._import(known, name)
        return known.modules[name]

    def implementation(self, name: str, kernel: str) -> Callable[..., Any]:
        """Return a tier's own function for a kernel, once pluggy lists it.

        TierLoadError where the tier cannot be loaded or its function is refused;
        MissingImplementation where it has none.
        """
        verdict = self._verdict(self._known, name, self._kernels(kernel))
        if verdict.function is None:
            raise TierLoadError.of(name, f"its {kernel!r} is refused: {verdict.reason}", _MEND) from verdict.cause
        return verdict.function

    def offered(self, name: str) -> tuple[str, ...]:
        """Return the kernels that a tier implements validly, sorted."""
        return tuple(kernel for kernel, reason in self._judged(name).items() if reason is None)

    def rejected(self, name: str) -> Mapping[str, str]:
        """Return the kernels that a tier offers in vain, each with the reason."""
        return {kernel: reason for kernel, reason in self._judged(name).items() if reason is not None}

    def absences(self, name: str) -> Absences:
        """Return which kernels a tier states to be absent, and why; no kernel of it is called, no runtime started."""
        from polytier.tiers.absences import ATTRIBUTE, Absences, absences

        module = self.load(name)

        def read() -> Absences:
            return absences(getattr(module, ATTRIBUTE, {}), self._is_kernel, partial(hasattr, module))

        try:
            return guarded(f"reading its {ATTRIBUTE}", read)
        except BrokenModuleError as broken:
            return Absences({}, (str(broken),))

    def receipt(self, name: str) -> Receipt:
        """Return a tier's receipt, loading it; TierLoadError where it cannot be had."""
        from polytier.tiers.receipt import receipt_of

        known, module = self._known, self.load(name)
        if name not in known.receipts:
            point = self.entry_point(name)
            try:
                known.receipts[name] = guarded("taking its receipt", lambda: receipt_of(point, module))
            except BrokenModuleError as broken:
                raise TierLoadError.of(name, str(broken), _MEND) from broken.__cause__
        return known.receipts[name]

    def _claims(self, known: _Knowledge) -> Mapping[str, list[EntryPoint]]:
        if known.claims is None:
            claims: dict[str, list[EntryPoint]] = {}
            for point in entry_points(TIER_GROUP, self._path, rescan=self._rescan):
                claims.setdefault(point.name, []).append(point)
            reserved = claims.pop(FLOOR, [])
            known.claims = dict(sorted(claims.items()))
            self._warn([_reserved(point) for point in reserved])
            self._warn(known.lists.unknown(claims))
        return known.claims

    def _warn(self, told: Iterable[PolytierWarning]) -> None:
        for warning in told:
            if str(warning) not in self._warned:
                self._warned.add(str(warning))
                warnings.warn(warning, stacklevel=4)

    def _import(self, known: _Knowledge, name: str) -> ModuleType:
        point = self.entry_point(name)
        denied = known.lists.denied(name)
        if denied is not None:
            raise TierLoadError.of(name, denied, "change that variable, then call polytier.refresh()")
        broken = known.failures.get(name)
        if broken is None:
            try:
                return self._noticed(name, import_module(point.module))
            except BrokenModuleError as failure:
                broken = failure.kept()
        if broken.lasting:
            known.failures[name] = broken
        hint = f"reinstall {point.distribution!r} {point.version} or uninstall it, then call polytier.refresh()"
        error = TierLoadError.of(name, str(broken), hint, lasting=broken.lasting)
        if broken.where:
            error.add_note(f"it was raised so:\n{broken.where}")
        raise error from broken.__cause__

    def _noticed(self, name: str, module: ModuleType) -> ModuleType:
        deprecation = deprecation_of(module)
        if deprecation is not None and self._notice is not None:
            self._notice(name, deprecation)
        return module

    def _verdict(self, known: _Knowledge, name: str, kernel: Kernel) -> _Verdict:
        module, key = self.load(name), (name, kernel.name)
        verdict = known.verdicts.get(key)
        if verdict is not None and verdict.kernel is kernel:
            return verdict
        try:
            found = guarded(f"reading {kernel.name!r}", partial(getattr, module, kernel.name, _ABSENT))
        except BrokenModuleError as broken:
            return _Verdict(kernel, str(broken), cause=broken.__cause__)
        if found is _ABSENT:
            raise MissingImplementation.of(name, kernel.name)
        with self._validating.held(always=True):
            known.verdicts[key] = self._validated(known, name, kernel, found)
            return known.verdicts[key]

    def _validated(self, known: _Knowledge, name: str, kernel: Kernel, found: Any) -> _Verdict:
        # Imported here: pluggy costs 3 ms, and a process whose chains hold the floor alone never needs it.
        from polytier.tiers.validation import Validator

        if known.validator is None or known.validator.outdated(kernel):
            known.validator = Validator(filter(known.lists.denied, self._claims(known)))
        try:
            # A foreign signature, or a default's repr, is foreign code too.
            reason = guarded("reading its signature", partial(known.validator.accept, name, kernel, found))
        except BrokenModuleError as broken:
            return _Verdict(kernel, str(broken), cause=broken.kept().__cause__)
        function = known.validator.implementation(name, kernel.name) if reason is None else None
        return _Verdict(kernel, reason, function)

    def _is_kernel(self, name: str) -> bool:
        try:
            self._kernels(name)
        except UnknownNameError:
            return False
        return True

    def _judged(self, name: str) -> dict[str, str | None]:
        judged: dict[str, str | None] = {}
        for attribute in sorted(dir(self.load(name))):
            with suppress(UnknownNameError, MissingImplementation):
                judged[attribute] = self._verdict(self._known, name, self._kernels(attribute)).reason
        return judged


def _reserved(point: EntryPoint) -> PolytierWarning:
    hint = f"uninstall {point.distribution!r}, or ask its authors for another name"
    found = f"{point.distribution!r} {point.version} takes the name of the kernels' own bodies"
    return PolytierWarning.of(f"use tier {FLOOR!r}", found, hint)
