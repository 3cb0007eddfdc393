"""Every exception of polytier, each message formed here: what was asked, what was found, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path


def told(asked: str, found: str, hint: str) -> str:
    """Return one message in the house form."""
    return f"{asked}: {found}\nhint: {hint}"


def listed(names: Iterable[str]) -> str:
    """Return the names, sorted and quoted, or 'none'."""
    return ", ".join(repr(name) for name in sorted(names)) or "none"


def in_words(failure: BaseException, form: Callable[[BaseException], str] = str) -> str:
    """Return the text of an exception of foreign code, whatever its own methods raise."""
    try:
        return form(failure)
    except Exception as worse:  # noqa: BLE001 - the failure itself must not be lost over its text
        return f"<{type(failure).__name__}, whose text cannot be had: it raises {type(worse).__name__}>"


def first_line(failure: BaseException) -> str:
    """Return the first line of an exception's text."""
    return in_words(failure).partition("\n")[0]


def forget_frames(failure: BaseException) -> None:
    """Take the traceback from an exception and its causes, and what was handled meanwhile: frames keep arguments alive.

    What was handled meanwhile may be the caller's own exception, so it is let go and left as it is.
    """
    left: list[BaseException | None] = [failure]
    seen: set[int] = set()
    while left:
        one = left.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            one.__traceback__ = one.__context__ = None
            left += [one.__cause__, *getattr(one, "exceptions", ())]


class PolytierError(Exception):
    """Base of the exceptions that only polytier raises."""


class DeclarationError(PolytierError, TypeError):
    """A kernel is declared in a way that cannot be dispatched."""

    @classmethod
    def of(cls, kernel: str, found: str, hint: str) -> DeclarationError:
        """Return the error for one kernel."""
        return cls(told(f"declare kernel {kernel!r}", found, hint))


class UnknownNameError(PolytierError, LookupError):
    """A kernel or tier was asked for by a name that nothing carries."""

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
        """Return the error for a `kind` ('kernel', 'tier', ...) with the known names listed and the nearest named."""
        from difflib import get_close_matches  # only this failure pays for it

        known = sorted(known)
        near = "".join(f"; did you mean {other!r}?" for other in get_close_matches(name, known, n=1))
        return cls(told(f"use {kind} {name!r}", f"no {kind} has this name", f"known: {listed(known)}{near}"))


class TierLoadError(PolytierError, ImportError):
    """A tier cannot be used on this host: it fell out while loading or while being validated."""

    lasting: bool = True
    """Whether another attempt in this process would end alike; not so while the tier is being imported."""

    @classmethod
    def of(cls, tier: str, found: str, hint: str, *, lasting: bool = True) -> TierLoadError:
        """Return the error for one tier."""
        error = cls(told(f"load tier {tier!r}", found, hint))
        error.lasting = lasting
        return error


def passing(failure: BaseException) -> bool:
    """Say whether a failure is only of the moment: the tier calls a kernel while it is being imported."""
    return isinstance(failure, TierLoadError) and not failure.lasting


class MissingImplementation(PolytierError, NotImplementedError):  # noqa: N818 - nothing went wrong, the tier declines
    """A tier has no function for a kernel."""

    @classmethod
    def of(cls, tier: str, kernel: str) -> MissingImplementation:
        """Return the error for one tier and kernel."""
        hint = "`polytier tiers` lists what each tier offers"
        return cls(told(f"run {kernel!r} on tier {tier!r}", "the tier offers no function of this name", hint))


class PinError(PolytierError):
    """A pinned tier cannot serve the kernel."""

    @classmethod
    def of(cls, kernel: str, tier: str, found: str) -> PinError:
        """Return the error for a pin of `tier` that `kernel` cannot follow."""
        hint = "unpin it, or run `polytier tiers` to see why it cannot be used"
        for asked in (f"load tier {tier!r}: ", f"run {kernel!r} on tier {tier!r}: "):
            found = found.removeprefix(asked)  # as a tier's own error begins, and this one too
        return cls(told(f"run {kernel!r} pinned to tier {tier!r}", found, hint))


class ChainExhaustedError(PolytierError, RuntimeError):
    """Every link of the chain failed, the floor included; the cause is an ExceptionGroup."""

    @classmethod
    def of(cls, kernel: str, failures: Mapping[str, BaseException]) -> ChainExhaustedError:
        """Return the error that names each tier and its exception."""
        found = "; ".join(f"{tier!r} raised {in_words(failure, repr)}" for tier, failure in failures.items())
        error = cls(told(f"run {kernel!r}", f"every link of its chain failed: {found}", "see the causes below"))
        group = [failure for failure in failures.values() if isinstance(failure, Exception)]
        error.__cause__ = ExceptionGroup(f"what each tier of {kernel!r} raised", group)
        return error


class FileFormatError(PolytierError, ValueError):
    """A table or record cannot be read; it is refused whole."""

    @classmethod
    def of(cls, what: str, path: Path | str, place: str, found: str, hint: str) -> FileFormatError:
        """Return the error for the file at `path`; `place` says where in it ('line 3', 'measurements[2].case')."""
        return cls(told(f"read {what} {str(path)!r}", f"{place}: {found}" if place else found, hint))


class StorageError(PolytierError, OSError):
    """A table or record cannot be written; what stood there before is untouched."""

    @classmethod
    def of(cls, what: str, path: Path | str, failure: OSError) -> StorageError:
        """Return the error for the file at `path`."""
        hint = "choose a writable place, or free some space"
        return cls(told(f"write {what} {str(path)!r}", str(failure), hint))


class ArchivedError(PolytierError, FileExistsError):
    """The archive holds a record of this kernel already; nothing was moved."""

    @classmethod
    def of(cls, path: Path | str) -> ArchivedError:
        """Return the error for the record that is in the way."""
        return cls(told(f"archive a record as {str(path)!r}", "a record is there already", "keep one of the two"))


class MeasureBusyError(PolytierError):
    """Another `measure` holds the same output directory."""

    @classmethod
    def of(cls, path: Path | str, holder: str) -> MeasureBusyError:
        """Return the error; `holder` describes who measures there."""
        return cls(
            told(
                f"measure into {str(path)!r}", f"{holder} is measuring there", "wait for it, or choose another --output"
            )
        )


class UnsupportedSystemError(PolytierError):
    """A feature needs what this operating system does not have."""

    @classmethod
    def of(cls, feature: str, lacks: str) -> UnsupportedSystemError:
        """Return the error that names what the feature lacks here."""
        hint = "do it under Linux or macOS; `polytier freeze` and POLYTIER_TABLE carry the ranks over"
        return cls(told(feature, f"this operating system has no {lacks}", hint))


class MeasureInterruptedError(KeyboardInterrupt):
    """A session was interrupted; the kernels that were complete are kept."""

    @classmethod
    def of(cls, done: Iterable[str], left: Iterable[str]) -> MeasureInterruptedError:
        """Return the error for a session that has measured the kernels `done` and not those `left`."""
        found = f"interrupted; measured and kept: {listed(done)}; not measured now: {listed(left)}"
        return cls(told("measure", found, "measure the rest with --kernel; earlier records of it are kept"))


class MissingExtraError(PolytierError, ImportError):
    """A feature needs an optional dependency that is not installed."""

    @classmethod
    def of(cls, feature: str, extra: str) -> MissingExtraError:
        """Return the error that names the extra to install."""
        return cls(told(feature, "an optional dependency is not installed", f"pip install 'polytier[{extra}]'"))


class ScaffoldError(PolytierError, ValueError):
    """The skeleton of a new distribution cannot be made; nothing was written."""

    @classmethod
    def of(cls, kind: str, name: str, found: str, hint: str) -> ScaffoldError:
        """Return the error for a new `kind` ('tier', 'kernel')."""
        return cls(told(f"make a skeleton of {kind} {name!r}", found, hint))


class PolytierWarning(UserWarning):
    """Something that is installed or set has no effect; polytier works without it."""

    @classmethod
    def of(cls, asked: str, found: str, hint: str) -> PolytierWarning:
        """Return the warning."""
        return cls(told(asked, found, hint))


def deprecated(what: str, found: str, hint: str) -> DeprecationWarning:
    """Return the warning for what a caller uses; `found` says since when it is deprecated, and when it goes."""
    return DeprecationWarning(told(what, found, hint))


def bad_value(argument: str, wanted: str, found: object) -> ValueError:
    """Return the ValueError for an argument whose value a kernel refuses."""
    return ValueError(told(f"argument {argument!r} must be {wanted}", f"found {found}", f"pass {argument} as {wanted}"))


def bad_type(argument: str, wanted: str, found: object) -> TypeError:
    """Return the TypeError for an argument that cannot become what a kernel takes."""
    return TypeError(told(f"argument {argument!r} must be {wanted}", f"found {found}", f"pass {argument} as {wanted}"))


def not_finite(quantity: str, found: object) -> ValueError:
    """Return the ValueError for a result that finite arguments take beyond float64."""
    return ValueError(told(f"{quantity} must be finite", f"found {found}", "pass arguments of smaller magnitude"))


def mistyped_conversion(argument: str, wanted: str, value: object, failure: Exception) -> Exception:
    """Return the error for a failed conversion: a wrong value stays a ValueError, all else is a TypeError."""
    form = bad_value if isinstance(failure, ValueError | OverflowError) else bad_type
    return form(argument, wanted, f"{type(value).__name__} ({failure})")


def no_memory(name: str, needed: int, available: int | None) -> MemoryError:
    """Return the MemoryError for an array of `needed` bytes; `available` is None where the system itself refused."""
    wanted = f"{needed / 2**30:.3g} GiB are needed" if needed < 2**64 else "2**64 bytes or more are needed"
    found = "the system refuses them" if available is None else f"{available / 2**30:.3g} GiB are available"
    return MemoryError(
        told(f"make room for {name}", f"{wanted}, {found}", "ask for less, or use a machine with more memory")
    )
