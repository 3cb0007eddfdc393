"""What every verb prints with: data on stdout, talk on stderr, text that any terminal can show."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

_GREEN, _RED, _YELLOW = "32", "31", "33"
_COLOURS: Final = {
    **dict.fromkeys(("agrees", "usable", "same", "measured", "pinned"), _GREEN),
    **dict.fromkeys(("differs", "unusable", "fails", "crashed", "rejected", "quarantined", "refused"), _RED),
    **dict.fromkeys(("disabled", "declines", "stale", "estimated", "unmeasured"), _YELLOW),
}
_NARROWEST = 24
_MANY = 1000.0


def emit(text: str = "") -> None:
    """Print one piece of the answer to stdout."""
    _write(sys.stdout, text)


def emit_json(document: Any) -> None:
    """Print the whole answer to stdout as one JSON document, in ASCII."""
    _write(sys.stdout, json.dumps(document, indent=2, allow_nan=False))


def say(text: str = "") -> None:
    """Print talk, progress or an error to stderr."""
    _write(sys.stderr, text)


def flush() -> None:
    """Hand everything printed so far to the operating system, so that a failure shows here."""
    if sys.stdout is not None:
        sys.stdout.flush()


def speaks_unicode() -> bool:
    """Say whether stdout can show more than ASCII."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return encoding.lower().replace("-", "").startswith("utf") and os.environ.get("TERM") != "dumb"


def table(
    headings: Sequence[str], rows: Sequence[Sequence[object]], *, right: frozenset[int] = frozenset()
) -> list[str]:
    """Return the rows as aligned lines under their headings; `right` names the columns that end flush.

    On a terminal the last column is wrapped to its width, and words that tell a state are coloured.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    return [line for row in (headings, *cells) for line in aligned(row, widths, right=right)]


def seconds(value: float) -> str:
    """Return a duration with three significant digits and the unit that suits it."""
    rounded = float(f"{value:.3g}")
    for factor, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if rounded >= factor:
            return f"{value:.0f} s" if rounded >= _MANY else f"{value / factor:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return '1 kernel', '2 kernels', 'no kernels'."""
    return f"{number or 'no'} {noun if number == 1 else plural or noun + 's'}"


def aligned(cells: Sequence[str], widths: Sequence[int], *, right: frozenset[int] = frozenset()) -> list[str]:
    """Return one row of a table whose columns have these widths; more than one line where its last cell is wrapped."""
    fixed = [
        _coloured(cell, cell.rjust(width) if place in right else cell.ljust(width))
        for place, (cell, width) in enumerate(zip(cells[:-1], widths[:-1], strict=True))
    ]
    indent = sum(widths[:-1]) + 2 * len(fixed)
    last, *more = wrapped(cells[-1], indent)
    if len(widths) - 1 in right:
        last = last.rjust(widths[-1])
    first = "  ".join([*fixed, _coloured(cells[-1], last)]).rstrip()
    return [first, *(" " * indent + line for line in more)]


def wrapped(text: str, indent: int) -> list[str]:
    """Return the text in lines that leave room for an indent on a terminal; one line where there is none."""
    lines = text.splitlines() or [""]
    if not _is_terminal():
        return [" ".join(lines)]
    room = max(shutil.get_terminal_size().columns - indent, _NARROWEST)
    return [piece for line in lines for piece in textwrap.wrap(line, room, break_on_hyphens=False) or [""]]


def message(text: str, indent: int) -> list[str]:
    """Return a message in lines that leave room for an indent, its hint on a line of its own."""
    told, _, hint = text.partition("\nhint: ")
    return [*wrapped(told, indent), *(wrapped(f"hint: {hint}", indent) if hint else [])]


def _coloured(word: str, padded: str) -> str:
    colour = _COLOURS.get(word)
    if colour is None or not _is_terminal() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return padded
    return f"\x1b[{colour}m{padded}\x1b[0m"


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # the caller closed it
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
