"""How a worker process is started and how it ended, in words."""

from __future__ import annotations

import errno
import signal
import subprocess
from typing import TYPE_CHECKING, Final

from polytier.errors import told

if TYPE_CHECKING:
    from pathlib import Path

_ASKED: Final = "start the mojo worker"
_NOT_FOR_HERE: Final = {errno.ENOEXEC, errno.ENOENT, errno.ELIBBAD}


def started(executable: Path, stdin: int, stdout: int, shared: tuple[int, ...]) -> subprocess.Popen[bytes]:
    """Start a worker that inherits these descriptors and no other."""
    command = [str(executable), "--serve", *map(str, shared or (0, 0, 0))]
    try:
        return subprocess.Popen(  # noqa: S603 - the wheel's own executable, by its path, without a shell
            command, stdin=stdin, stdout=stdout, pass_fds=shared, cwd="/", env={}
        )
    except PermissionError as failure:
        hint = "reinstall polytier-mojo where files may be executed"
        raise ImportError(told(_ASKED, f"it is not executable ({failure})", hint)) from failure
    except OSError as failure:
        if failure.errno in _NOT_FOR_HERE:
            hint = "install the wheel of polytier-mojo that is made for this machine"
            raise ImportError(told(_ASKED, f"it does not run here ({failure})", hint)) from failure
        hint = "free some memory, or end some processes"
        raise RuntimeError(told(_ASKED, str(failure), hint)) from failure


def ending(code: int) -> str:
    """Return how a process ended, from its exit code."""
    if code >= 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was killed by signal {-code}"
