"""How a session and its workers talk: one JSON object per line, on descriptors that no tier gets hold of."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

BOOTSTRAP: Final = (
    "import os, sys; channel = os.dup(0), os.dup(1); os.dup2(os.open(os.devnull, os.O_RDONLY), 0); os.dup2(2, 1); "
    "import json; sys.path[:] = json.loads(sys.argv.pop()); "
    "from polytier.measure.worker import main; sys.exit(main(*channel))"
)
"""A worker's first lines.

The protocol takes stdin and stdout for itself before anything is imported: what a module or a tier prints goes to
stderr, and a process that it starts inherits neither pipe. Then the worker finds modules where the session does.
"""


def command() -> list[str]:
    """Return the command that starts a worker; -P keeps the current directory out until the path is set."""
    path = [entry or str(Path.cwd()) for entry in sys.path if isinstance(entry, str)]
    return [sys.executable, "-P", "-c", BOOTSTRAP, json.dumps(path)]


def send(stream: IO[str], message: Mapping[str, Any]) -> None:
    """Write one message."""
    stream.write(json.dumps(message) + "\n")
    stream.flush()


def received(line: str) -> dict[str, Any] | None:
    """Return the message in the line; None if it is none."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None
