"""A skeleton: files of a new distribution, rendered from templates and written all at once or not at all."""

from __future__ import annotations

import os
import shlex
import shutil
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Final, NamedTuple

import polytier
from polytier.errors import ScaffoldError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

WIDTH: Final = 120
"""Characters of a line in what is written."""


class Skeleton(NamedTuple):
    """The files of a new distribution by their paths within it, and the commands to go on with."""

    kind: str
    name: str
    directory: Path
    contents: dict[str, str]
    next_steps: list[str]


def render(template: str, **values: str) -> str:
    """Return the text of a template of this package with its placeholders filled."""
    text = files("polytier.scaffold").joinpath("templates", f"{template}.txt").read_text(encoding="utf-8")
    return Template(text).substitute(values)


def wrapped(head: str, items: Iterable[str], tail: str) -> str:
    """Return `head`, the items and `tail` on one line, or each item on a line of its own where that is too long."""
    items = list(items)
    line = f"{head}{', '.join(items)}{tail}"
    # An import needs its parentheses only where it is broken.
    line = line.replace("import (", "import ").removesuffix(")") if tail == ")" else line
    return line if len(line) <= WIDTH else "\n".join([head, *(f"    {item}," for item in items), tail])


def requirement() -> str:
    """Return the range of core that a third party's distribution declares: the running minor version."""
    major, minor, *_ = polytier.__version__.split(".")
    return f"polytier>={major}.{minor},<{major}.{int(minor) + 1}"


def install(directory: Path) -> str:
    """Return the command that installs the distribution in a directory."""
    # Without a separator pip would take the path for the name of a distribution.
    place = str(directory) if directory.is_absolute() else f"{os.curdir}{os.sep}{directory}"
    return f"python -m pip install {shlex.quote(place)}"


def write(skeleton: Skeleton) -> None:
    """Write the files into a new directory; raise and leave nothing behind if it exists or cannot be written."""
    target = skeleton.directory
    if os.path.lexists(target):
        hint = "choose another --directory, or move away what is there; nothing is overwritten"
        raise ScaffoldError.of(skeleton.kind, skeleton.name, f"{str(target)!r} exists already", hint)
    passing = target.with_name(f".{target.name}.{os.urandom(6).hex()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _fill(passing, skeleton.contents)
        passing.rename(target)
    except OSError as failure:
        raise StorageError.of(skeleton.kind, target, failure) from failure
    finally:
        shutil.rmtree(passing, ignore_errors=True)


def _fill(directory: Path, contents: dict[str, str]) -> None:
    directory.mkdir()
    for name, text in contents.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
