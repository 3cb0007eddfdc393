"""The entry point: parse, run one verb, turn whatever ends it into a message and an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

from polytier.cli import output
from polytier.cli.parser import build
from polytier.errors import PinError, PolytierError, PolytierWarning, TierLoadError

if TYPE_CHECKING:
    from collections.abc import Sequence

OK, FINDING, TROUBLE, INTERRUPTED = 0, 1, 2, 130
BROKEN_PIPE = 141
"""What a shell reports of a program that wrote to a closed pipe (128 + SIGPIPE)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    parser = build()
    arguments = parser.parse_args(argv)
    if arguments.verb is None:
        output.say(parser.format_help().rstrip())
        return TROUBLE
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        warnings.simplefilter("always", PolytierWarning)
        return _run(arguments)


def _run(arguments: Any) -> int:
    try:
        code: int = arguments.run(arguments)
        output.flush()
    except BrokenPipeError:
        _forget_stdout()
        return BROKEN_PIPE
    except KeyboardInterrupt as stopped:
        output.say(f"polytier: {stopped if stopped.args else 'interrupted'}")
        return INTERRUPTED
    except (PolytierError, OSError) as failure:
        output.say(f"polytier: {failure}")
        return FINDING if isinstance(failure, TierLoadError | PinError) else TROUBLE
    return code


def _show_warning(message: Warning | str, *_place: object, **_more: object) -> None:
    output.say(f"polytier: warning: {message}")


def _forget_stdout() -> None:
    # Python flushes stdout once more at exit and would report the broken pipe there.
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
