"""Progress on stderr: a bar with the time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Protocol

from polytier.cli import output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polytier.measure.progress import Progress


class Bar(Protocol):
    """What both forms of progress do."""

    def at(self, done: int, total: int, doing: str) -> None:
        """Show how much is done and what is being done."""

    def note(self, text: str) -> None:
        """Print a line that stays."""


class Lines:
    """Progress as lines: one whenever something else is being done."""

    def __init__(self) -> None:
        self._doing = ""

    def at(self, done: int, total: int, doing: str) -> None:
        """Print a line if something new is being done."""
        if doing != self._doing:
            self._doing = doing
            output.say(f"[{done:>{len(str(total))}}/{total}] {doing}")

    def note(self, text: str) -> None:
        """Print the note."""
        output.say(text)


@contextlib.contextmanager
def bar() -> Iterator[Bar]:
    """Show progress on stderr for as long as the block runs."""
    if not _is_capable():
        yield Lines()
        return
    from polytier.cli.richbar import RichBar  # rich takes 130 ms to import

    with RichBar() as shown:
        yield shown


@contextlib.contextmanager
def counted(noun: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how many of `total` things are done; lines are of no use to so short a work."""
    if not _is_capable():
        yield lambda _: None
        return
    with bar() as shown:
        shown.at(0, total, noun)
        yield lambda done: shown.at(done, total, noun)


def reporting(shown: Bar) -> Callable[[Progress], None]:
    """Return what a session of measuring calls with its progress."""

    def report(progress: Progress) -> None:
        shown.at(progress.done, progress.total, progress.kernel)
        if progress.note:
            shown.note(progress.note)

    return report


def _is_capable() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}
