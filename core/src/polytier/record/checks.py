"""Typed reading of parsed JSON or TOML: every value knows its place, and the first wrong one stops the reading."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Place = tuple[str | int, ...]

HOST: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")
"""A host id: it is a directory's name too."""

KERNEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""A kernel's name: a Python name, a native symbol and a TOML key at once."""

TIER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""A tier's name: the name of an entry point."""


SHORTEST: Final = 1e-15
LONGEST: Final = 1e9
"""The seconds a call can take; wider figures are no times, and their ratios leave the floating-point range."""


class MalformedError(Exception):
    """A value is not what the format wants at its place; the caller knows the file and forms the message."""

    def __init__(self, place: Place, found: str, hint: str) -> None:
        super().__init__(found)
        self.place = place
        self.found = found
        self.hint = hint


def spelled(place: Place) -> str:
    """Return the place as a reader writes it: `measurements[2].case`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


class Node:
    """One parsed value and its place in the file."""

    __slots__ = ("place", "value")

    def __init__(self, value: Any, place: Place = ()) -> None:
        self.value = value
        self.place = place

    def refuse(self, found: str, hint: str) -> NoReturn:
        """Stop the reading here."""
        raise MalformedError(self.place, found, hint)

    def fields(self, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Node]:
        """Return the members by name: all the required ones, and none that the format does not know."""
        members = self._mapping()
        for name in required:
            if name not in members:
                self.refuse(f"{name!r} is missing", f"it needs {', '.join(map(repr, sorted(required)))}")
        for name in members:
            if name not in required and name not in optional:
                known = sorted([*required, *optional])
                Node(None, (*self.place, name)).refuse("it is unknown here", f"known: {', '.join(map(repr, known))}")
        return {name: Node(value, (*self.place, name)) for name, value in members.items()}

    def named(self, pattern: re.Pattern[str]) -> Iterator[tuple[str, Node]]:
        """Yield the members of a mapping whose keys are names."""
        for name, value in self._mapping().items():
            node = Node(value, (*self.place, name))
            if not pattern.fullmatch(name):
                node.refuse(f"{name!r} is no valid name", f"names match {pattern.pattern}")
            yield name, node

    def items(self) -> list[Node]:
        """Return the elements of a list."""
        if not isinstance(self.value, list):
            self._wrong("a list")
        return [Node(value, (*self.place, index)) for index, value in enumerate(self.value)]

    def mapping(self) -> dict[str, Any]:
        """Return the value as it is, a mapping of anything."""
        return self._mapping()

    def text(self) -> str:
        """Return any string."""
        if not isinstance(self.value, str):
            self._wrong("a string")
        return self.value

    def label(self) -> str:
        """Return a string of one printable line."""
        text = self.text()
        if not text or not text.isprintable():
            self._wrong("a printable, non-empty string")
        return text

    def name(self, pattern: re.Pattern[str]) -> str:
        """Return a string that matches the pattern whole."""
        text = self.text()
        if not pattern.fullmatch(text):
            self._wrong(f"a name like {pattern.pattern}")
        return text

    def integer(self, minimum: int) -> int:
        """Return an integer of at least `minimum`; a bool is none."""
        if type(self.value) is not int or not minimum <= self.value < 2**63:
            self._wrong(f"an integer of at least {minimum} that fits 64 bits")
        return int(self.value)

    def seconds(self) -> float:
        """Return a time that a call can take."""
        if type(self.value) not in (int, float) or not SHORTEST <= self.value <= LONGEST:
            self._wrong(f"seconds between {SHORTEST:g} and {LONGEST:g}")
        return float(self.value)

    def _mapping(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            self._wrong("a table of named values")
        return self.value

    def _wrong(self, wanted: str) -> NoReturn:
        shown = repr(self.value)
        self.refuse(f"it must be {wanted}, found {shown[:60]}{'...' if shown[60:] else ''}", f"make it {wanted}")
