"""The progress bar of a capable terminal; imported only there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from typing import Self


class RichBar:
    """A bar with what is being done, how much is done, the time gone by and the time left."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True, expand=True)
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(self, *failure: object) -> None:
        """Take the bar off the screen."""
        self._progress.stop()

    def at(self, done: int, total: int, doing: str) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=done, total=total, description=doing)

    def note(self, text: str) -> None:
        """Print a line that stays above the bar."""
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)
