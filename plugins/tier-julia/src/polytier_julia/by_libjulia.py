"""Julia started through the C API of its library: any from 1.5 on, without a Julia package and without network."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from polytier.errors import told
from polytier_julia.foreign import foreign_interface
from polytier_julia.locate import Julia, find
from polytier_julia.surroundings import kept

if TYPE_CHECKING:
    from polytier_julia.functions import Connected

_DECLARATIONS = """
void jl_parse_opts(int *, char ***);
int jl_is_initialized(void);
void *jl_eval_string(const char *);
void *jl_exception_occurred(void);
const char *jl_typeof_str(void *);
const char *jl_string_ptr(void *);
const char *jl_ver_string(void);
int64_t jl_unbox_int64(void *);
"""
_STARTS = ("jl_init_with_image__threading", "jl_init_with_image")
_NEEDED = ("jl_parse_opts", "jl_is_initialized", "jl_eval_string", "jl_exception_occurred", "jl_unbox_int64")
_HOLD: Final = {"OPENBLAS_NUM_THREADS": "1"}
"""The kernels use no BLAS; threads that Julia's own would start are threads for nothing."""


class Library:
    """A libjulia that is loaded; `begun` says that this module has started it."""

    opened: Library | None = None

    def __init__(self, julia: Julia) -> None:
        self.julia, self.begun, self.ffi = julia, False, foreign_interface()
        self.thread = 0
        self.ffi.cdef(_DECLARATIONS + "".join(f"void {name}(const char *, const char *);\n" for name in _STARTS))
        self.c: Any = self._loaded()

    def _loaded(self) -> Any:
        _check_file(self.julia.library, "libjulia")
        _check_file(self.julia.image, "the system image")
        try:
            library = self.ffi.dlopen(self.julia.library, self.ffi.RTLD_NOW | self.ffi.RTLD_GLOBAL)
        except OSError as failure:
            raise _unusable(self.julia, str(failure)) from failure
        lacking = [name for name in _NEEDED if not hasattr(library, name)]
        if lacking or not any(hasattr(library, name) for name in _STARTS):
            missing = ", ".join(lacking or _STARTS)
            raise _unusable(self.julia, f"{self.julia.library!r} is no libjulia: it lacks {missing}")
        return library

    def start(self) -> None:
        """Start the runtime in this thread; it cannot be stopped again."""
        if self.begun:
            # Only after an interrupted start: from then on Julia takes code from the thread that started it, no other.
            if self.thread != threading.get_ident():
                hint = "repeat the first call in the thread that made it"
                raise RuntimeError(told("load the kernels into Julia", "another thread has started it", hint))
            return
        if self.c.jl_is_initialized():
            found = "a Julia that something else has started already runs in this process"
            raise ImportError(told("start Julia", found, "set POLYTIER_JULIA=juliacall, and import juliacall first"))
        with kept(_HOLD):
            self._parse_options()
            self.begun, self.thread = True, threading.get_ident()
            begin = next(getattr(self.c, name) for name in _STARTS if hasattr(self.c, name))
            begin(os.fsencode(self.julia.bindir), os.fsencode(self.julia.image))

    def _parse_options(self) -> None:
        # One thread and no handlers: signals are Python's, and JULIA_NUM_THREADS is for the user's own programs.
        threads = "1" if self.julia.version < (1, 12) else "1,0"
        words = ["julia", "--handle-signals=no", f"--threads={threads}", "--startup-file=no"]
        texts = [self.ffi.new("char[]", word.encode()) for word in words]
        count, vector = self.ffi.new("int *", len(texts)), self.ffi.new("char *[]", [*texts, self.ffi.NULL])
        self.c.jl_parse_opts(count, self.ffi.new("char ***", vector))

    def integer(self, code: str) -> int:
        """Return the integer that Julia code gives."""
        value = self.c.jl_eval_string(code.encode())
        if self.c.jl_exception_occurred() != self.ffi.NULL:
            kind = self.ffi.string(self.c.jl_typeof_str(self.c.jl_exception_occurred())).decode(errors="replace")
            found = f"Julia {'.'.join(map(str, self.julia.version))} raised {kind}{self._message()}"
            raise ImportError(told("load the kernels into Julia", found, "report it; set POLYTIER_JULIA=off meanwhile"))
        return int(self.c.jl_unbox_int64(value))

    def _message(self) -> str:
        text = self.c.jl_eval_string(b"sprint(showerror, ccall(:jl_exception_occurred, Any, ()))")
        if text == self.ffi.NULL:
            return ""
        return f": {self.ffi.string(self.c.jl_string_ptr(text)).decode(errors='replace')}"


def start() -> Connected:
    """Start Julia and load the kernels; ImportError where it cannot be done."""
    from polytier_julia.functions import connected

    if Library.opened is None:
        Library.opened = Library(find())
    library = Library.opened
    library.start()
    return connected("libjulia", library.julia.version, library.integer)


def _check_file(path: str, what: str) -> None:
    # Julia ends the whole process where its image is missing.
    if not Path(path).is_file():
        hint = "repair or reinstall this Julia, or name another one by JULIA_BINDIR"
        raise ImportError(told("start Julia", f"{what} is missing: {path!r}", hint))


def _unusable(julia: Julia, found: str) -> ImportError:
    hint = f"{julia.executable!r} (from {julia.origin}) is damaged or made for another machine: name another Julia"
    return ImportError(told("load libjulia", found, hint))
