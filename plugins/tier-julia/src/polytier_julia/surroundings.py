"""Keeps what a starting Julia changes about its process and has no business to: signals, file flags, environment."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from polytier_julia.foreign import foreign_interface

if TYPE_CHECKING:
    from collections.abc import Iterator


_ACTION_BYTES = 512
"""More than a `struct sigaction` takes anywhere."""


@contextmanager
def kept(hold: dict[str, str] | None = None) -> Iterator[None]:
    """Put back, when Julia has started: signal handlers and mask, flags of the standard streams, environment."""
    if os.name != "posix":
        yield
        return
    ffi = foreign_interface()
    ffi.cdef("int sigaction(int, const void *, void *); extern char **environ;")
    libc: Any = ffi.dlopen(None)
    actions, mask, flags = _actions(ffi, libc), signal.pthread_sigmask(signal.SIG_BLOCK, []), _flags()
    hidden = {name: os.environ.get(name) for name in hold or {}}
    os.environ.update(hold or {})
    before = _environment(ffi, libc)
    try:
        yield
    finally:
        # Julia leaves SIGINT blocked in the thread that starts it, for a thread of its own to wait for.
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, action in actions.items():
            libc.sigaction(number, action, ffi.NULL)
        _put_back(flags)
        for variable in _environment(ffi, libc) - before:
            os.unsetenv(variable)
        for name, value in hidden.items():
            os.environ.pop(name)
            os.environ.update({name: value} if value is not None else {})


def _actions(ffi: Any, libc: Any) -> dict[int, Any]:
    actions = {}
    for number in sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}):
        action = ffi.new("char[]", _ACTION_BYTES)
        if libc.sigaction(number, ffi.NULL, action) == 0:
            actions[int(number)] = action
    return actions


def _flags() -> dict[int, int]:
    import fcntl

    flags = {}
    for descriptor in range(3):
        try:
            flags[descriptor] = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        except OSError:  # closed
            continue
    return flags


def _put_back(flags: dict[int, int]) -> None:
    # Julia makes pipes non-blocking, and a Python that writes much to one fails then.
    import fcntl

    for descriptor, value in flags.items():
        fcntl.fcntl(descriptor, fcntl.F_SETFL, value)


def _environment(ffi: Any, libc: Any) -> set[bytes]:
    # os.environ does not see what native code sets, and child processes do.
    names, place = set(), 0
    while libc.environ[place] != ffi.NULL:
        names.add(ffi.string(libc.environ[place]).partition(b"=")[0])
        place += 1
    return names
