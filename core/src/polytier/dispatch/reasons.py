"""Why a tier serves or does not serve a call, and the explanation that `why` shows."""

from __future__ import annotations

from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Reason(StrEnum):
    """Why a name stands in a chain, or why it is left out."""

    PINNED = "pinned"
    """The caller has chosen it."""
    MEASURED = "measured"
    """It was measured on this kind of host, and is faster than what follows."""
    LEVEL = "level"
    """It was measured, and the name before it is not measurably faster."""
    ESTIMATED = "estimated"
    """It was measured on another kind of host."""
    STALE = "stale"
    """It was measured with another build."""
    UNMEASURED = "unmeasured"
    """It has no rank at this size."""
    REFUSED = "refused"
    """This build of it was measured and found wrong, or may be the one that was; it is never tried."""
    SLOWER_THAN_FLOOR = "slower-than-floor"
    """It was measured slower than the floor at this size."""
    QUARANTINED = "quarantined"
    """It failed, and is kept out for a time."""
    FELL_THROUGH = "fell-through"
    """A name before it failed or declined; where nothing was called yet, it cannot be loaded at the moment."""
    ABSENT = "absent"
    """It is not installed, is not wholly imported yet, or does not offer the kernel."""
    DISABLED = "disabled"
    """The environment keeps it out."""
    FLOOR = "floor"
    """It ends every chain."""


class LinkReason(NamedTuple):
    """One name, and why it stands where it stands; `seconds` is its median in the table, where there is one."""

    name: str
    reason: Reason
    detail: str
    seconds: float | None = None


class Link(NamedTuple):
    """One link of a chain: what dispatch calls, and why."""

    why: LinkReason
    resolve: Callable[[], Callable[..., Any]]

    @property
    def name(self) -> str:
        """The tier's name, or 'floor'."""
        return self.why.name


class Explanation(NamedTuple):
    """How a call of one size is served on this host: the chain in order, and what was left out of it."""

    kernel: str
    size: int
    host: str
    origin: str
    links: tuple[LinkReason, ...]
    left_out: tuple[LinkReason, ...]
    refused_tables: tuple[str, ...] = ()
    orders: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """From which size on which order in the ranks, installed or not, down to the floor; empty without ranks."""

    @property
    def crossovers(self) -> dict[str, str]:
        """Who is first at which sizes, and the orders if they change more often, in words; empty without ranks."""
        orders = [(start, ", ".join(names)) for start, names in self.orders]
        firsts = [next(run) for _, run in groupby([(s, names[0]) for s, names in self.orders], key=lambda one: one[1])]
        told = {"first": _by_size(firsts, ", "), "order": _by_size(orders, "; ") if len(orders) > len(firsts) else ""}
        return {what: words for what, words in told.items() if words}

    def __str__(self) -> str:
        """Return the explanation as lines of plain text."""
        head = [f"{self.kernel} at size {self.size} on {self.host}", f"ranks: {self.origin}"]
        head += [f"{what}: {words}" for what, words in self.crossovers.items()]
        tried = [f"  {place}. {_line(link)}" for place, link in enumerate(self.links, 1)]
        return "\n".join([*head, *self.refused_tables, *tried, *(f"  -  {_line(link)}" for link in self.left_out)])


def _by_size(parts: list[tuple[int, str]], separator: str) -> str:
    """Return what holds from which size on, in words."""
    if len(parts) < 2:  # noqa: PLR2004  what holds everywhere has no crossover
        return "".join(f"{what} at every size" for _, what in parts)
    ends = [f"below {start}" for start, _ in parts[1:]] + [f"from {parts[-1][0]} on"]
    return separator.join(f"{what} {end}" for (_, what), end in zip(parts, ends, strict=True))


def _line(link: LinkReason) -> str:
    figure = "" if link.seconds is None else f" {link.seconds:.3g} s"
    return f"{link.name}: {link.reason}{figure}, {link.detail}"
