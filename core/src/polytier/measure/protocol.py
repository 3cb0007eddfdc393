"""How a session and its workers talk: one JSON object per line, on descriptors that no tier gets hold of."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

BOOTSTRAP: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop()); "
    "from polytier.measure.worker import main; sys.exit(main())"
)
"""The worker's first line: it finds modules where the session does, polytier itself and every tier included."""


def command() -> list[str]:
    """Return the command that starts a worker; -P keeps the current directory out until the path is set."""
    path = [entry or str(Path.cwd()) for entry in sys.path if isinstance(entry, str)]
    return [sys.executable, "-P", "-c", BOOTSTRAP, json.dumps(path)]


def private_channel() -> tuple[IO[str], IO[str]]:
    """Take stdin and stdout for the protocol alone and return them; what a tier prints goes to stderr instead."""
    # os.dup gives descriptors that child processes do not inherit: a tier's own helper cannot hold the pipes open.
    requests, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(requests, encoding="utf-8"), os.fdopen(replies, "w", encoding="utf-8")


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
