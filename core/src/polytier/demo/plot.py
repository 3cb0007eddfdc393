"""The transition as a picture: dots in a terminal, or an image by matplotlib."""

# Language policy: exempt, it draws a few dots, and no kernel draws.

from __future__ import annotations

import errno
import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.errors import MissingExtraError, StorageError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

# The bit of each dot of a braille character above the blank one, by row and column of its 4 x 2 grid.
_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BLANK = 0x2800
_HIGHEST = 1.0


def terminal_plot(
    strengths: Sequence[float], coherence: Sequence[float], *, width: int = 64, height: int = 15, braille: bool = True
) -> list[str]:
    """Return lines of text that draw the order parameter, 0 to 1, against the strength; ASCII unless `braille`."""
    fine = (2, 4) if braille else (1, 1)
    dots = _dots(strengths, coherence, width * fine[0], height * fine[1])
    rows = _braille_rows(dots) if braille else _ascii_rows(dots)
    bar, corner, dash = ("│", "└", "─") if braille else ("|", "+", "-")
    labels = {0: "1.0", height // 2: "0.5", height - 1: "0.0"}
    lines = [f"{labels.get(place, ''):>5} {bar}{row}".rstrip(f" {chr(_BLANK)}") for place, row in enumerate(rows)]
    first, last = f"{strengths[0]:.3g}", f"{strengths[-1]:.3g}"
    return [*lines, f"      {corner}{dash * width}", f"       {first}{last:>{width - len(first)}}"]


def image_formats() -> tuple[str, ...]:
    """Return the file suffixes that matplotlib can write; MissingExtraError where it is not installed."""
    return tuple(sorted(_figure().canvas.get_supported_filetypes()))


def check_image(path: Path) -> None:
    """Raise the error that drawing to `path` would end in, before any work is done."""
    formats = image_formats()
    suffix = path.suffix.removeprefix(".").lower()
    if suffix not in formats:
        raise UnknownNameError.of("image format", suffix, formats)
    if not path.parent.is_dir():
        missing = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
        raise StorageError.of("plot", path, missing)


def draw_image(path: Path, strengths: Sequence[float], coherence: Sequence[float], title: str) -> None:
    """Draw the order parameter against the strength into the file at `path`."""
    figure = _figure()
    axes = figure.add_subplot()
    axes.plot(strengths, coherence, marker="o", markersize=4)
    axes.set(xlabel="coupling, as a fraction of the lines' real strength", ylabel="order parameter R", title=title)
    axes.set_ylim(0.0, 1.02)
    axes.grid(alpha=0.3)
    try:
        figure.savefig(path, dpi=150)
    except OSError as failure:
        raise StorageError.of("plot", path, failure) from failure


def _figure() -> Any:
    # pyplot would choose a backend for this process and might want a display; a bare figure wants neither.
    try:
        module = import_module("matplotlib.figure")
    except ImportError as failure:
        raise MissingExtraError.of("draw the plot to a file", "plot") from failure
    return module.Figure(figsize=(6.4, 4.0), layout="constrained")


def _dots(strengths: Sequence[float], coherence: Sequence[float], columns: int, rows: int) -> NDArray[np.bool_]:
    x = np.asarray(strengths, dtype=np.float64)
    across = np.linspace(x[0], x[-1], columns)
    heights = np.interp(across, x, np.asarray(coherence, dtype=np.float64)).clip(0.0, _HIGHEST)
    levels = np.rint((rows - 1) * (1.0 - heights / _HIGHEST)).astype(int)
    dots = np.zeros((rows, columns), dtype=np.bool_)
    for column, level in enumerate(levels):
        before = levels[column - 1] if column else level
        dots[min(level, before) : max(level, before) + 1, column] = True
    return dots


def _braille_rows(dots: NDArray[np.bool_]) -> list[str]:
    rows, columns = dots.shape[0] // 4, dots.shape[1] // 2
    cells = dots.reshape(rows, 4, columns, 2).transpose(0, 2, 1, 3)
    codes = _BLANK + (cells * np.array(_BRAILLE)).sum(axis=(2, 3))
    return ["".join(map(chr, row)) for row in codes]


def _ascii_rows(dots: NDArray[np.bool_]) -> list[str]:
    return ["".join("*" if dot else " " for dot in row) for row in dots]
