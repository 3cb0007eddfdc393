"""Finds the line of a TOML text where a place of its parsed form is written, for error messages."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytier.record.checks import Place

_PART = re.compile(r'"([^"]*)"|\'([^\']*)\'|([^."\'\s]+)')
_KEY = re.compile(r'\s*((?:"[^"]*"|\'[^\']*\'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|\'[^\']*\'|[A-Za-z0-9_-]+))*)\s*=')
_HEADING = re.compile(r"\s*(\[\[?)([^\[\]]+)\]")


def line_of(text: str, place: Place) -> int | None:
    """Return the number of the first line that leads deepest to the place, or into it; None if no line does."""
    found, depth = None, 0
    for number, written in _places(text):
        common = min(len(place), len(written))
        if common > depth and place[:common] == written[:common]:
            found, depth = number, common
    return found


def _places(text: str) -> Iterator[tuple[int, Place]]:
    counts: Counter[Place] = Counter()
    above: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        if heading := _HEADING.match(line):
            above = _resolved(_parts(heading[2]), counts)
            if heading[1] == "[[":
                counts[above] += 1
                above = (*above, counts[above] - 1)
            yield number, above
        elif key := _KEY.match(line):
            yield number, (*above, *_parts(key[1]))


def _parts(dotted: str) -> Place:
    return tuple("".join(match) for match in _PART.findall(dotted))


def _resolved(parts: Place, counts: Counter[Place]) -> Place:
    # A heading below an array of tables means its latest element; the array itself gets no index here.
    place: Place = ()
    for part in parts[:-1]:
        place = (*place, part)
        if counts[place]:
            place = (*place, counts[place] - 1)
    return (*place, *parts[-1:])
