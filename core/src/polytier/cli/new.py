"""What the verbs that write a skeleton share: their option, the writing, and the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from polytier.cli import output

if TYPE_CHECKING:
    import argparse

    from polytier.scaffold.skeleton import Skeleton


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where the new directory goes."""
    place = "make the new directory in DIR (default: here)"
    parser.add_argument("--directory", type=Path, default=Path(), metavar="DIR", help=place)


def create(skeleton: Skeleton, *, as_json: bool) -> int:
    """Write the files, and say which they are and what to do next."""
    from polytier.scaffold.skeleton import write

    write(skeleton)
    paths = [str(skeleton.directory / name) for name in skeleton.contents]
    if as_json:
        found = {"kind": skeleton.kind, "name": skeleton.name, "directory": str(skeleton.directory)}
        output.emit_json({**found, "files": paths, "next": skeleton.next_steps})
        return 0
    output.emit(f"wrote {skeleton.directory}: {output.count(len(paths), 'file')}")
    for line in (*(f"  {path}" for path in paths), "next:", *(f"  {step}" for step in skeleton.next_steps)):
        output.emit(line)
    return 0
