"""Imports a foreign module at most once, whatever it raises and whichever threads ask for it."""

from __future__ import annotations

import importlib
import inspect
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from polytier.errors import forget_frames, in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

T = TypeVar("T")

PASSED_ON = (KeyboardInterrupt, GeneratorExit, RecursionError, MemoryError)
"""What says nothing about the module that happened to be imported: it reaches the caller and is not remembered."""


class BrokenModuleError(Exception):
    """Foreign code raised; `lasting` says whether another attempt in this process would end alike."""

    def __init__(self, found: str, *, lasting: bool = True) -> None:
        super().__init__(found)
        self.lasting = lasting
        self.where = ""

    def kept(self) -> BrokenModuleError:
        """Return the same, fit to be kept: where it was raised becomes text, and no frame stays alive."""
        import traceback  # only a failure pays for it

        if self.__cause__ is not None:
            self.where = in_words(self.__cause__, lambda cause: "".join(traceback.format_exception(cause))).rstrip()
        forget_frames(self)
        return self


def guarded(doing: str, action: Callable[[], T]) -> T:
    """Return what foreign code returns; raise BrokenModuleError, with the cause, for whatever it raises."""
    try:
        return action()
    except PASSED_ON:
        raise
    except BaseException as failure:  # SystemExit is no Exception, nor is the panic of a Rust extension
        raise BrokenModuleError(f"{doing} raised {in_words(failure, repr)}") from failure


def import_module(name: str) -> ModuleType:
    """Import a module; raise BrokenModuleError where it fails or is only half there."""
    if not all(part.isidentifier() for part in name.split(".")):
        raise BrokenModuleError(f"its entry point names no module: {name!r}")
    module = guarded(f"importing {name!r}", lambda: importlib.import_module(name))
    # What a module puts into sys.modules in its own place need not have a spec.
    spec = guarded(f"importing {name!r}", lambda: getattr(module, "__spec__", None))
    if getattr(spec, "_initializing", False):
        found = f"{name!r} is only half imported: it calls a kernel while it is being imported"
        raise BrokenModuleError(found, lasting=False)
    return module


class ImportLock:
    """Lets one thread at a time import, yet is never waited for in the midst of another import.

    A thread that imports holds Python's own lock of that module. Were it to wait here for a thread that waits for that
    very module, neither would go on; it imports at once instead, and Python's locks keep the order.
    """

    def __init__(self) -> None:
        self._lock, self._process = threading.RLock(), os.getpid()

    @contextmanager
    def held(self, *, always: bool = False) -> Iterator[None]:
        """Hold the lock, or, unless it must be held `always`, go on without it in the midst of an import."""
        if self._process != os.getpid():
            # The thread that held the lock at the time of a fork does not exist in the child.
            self._lock, self._process = threading.RLock(), os.getpid()
        lock = self._lock
        acquired = lock.acquire(blocking=always or not _importing())
        try:
            yield
        finally:
            if acquired:
                lock.release()


def _importing() -> bool:
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename != "<frozen importlib._bootstrap>":
        frame = frame.f_back
    return frame is not None
