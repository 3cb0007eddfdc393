"""What a tier states it does not offer, and why: `ABSENT = {"kernel": "reason"}` in its module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Says = Callable[[str], bool]

ATTRIBUTE: Final = "ABSENT"


class Absences(NamedTuple):
    """The kernels that a tier states to be absent, each with its reason, and a sentence per statement that is wrong."""

    stated: Mapping[str, str]
    problems: tuple[str, ...] = ()


def absences(found: Any, known: Says, offered: Says) -> Absences:
    """Return what a tier's ABSENT states and what is wrong with it; a wrong statement does not count."""
    if not isinstance(found, Mapping):
        return Absences({}, (f"its {ATTRIBUTE} is a {type(found).__name__}, no mapping of kernels to reasons",))
    wrong = {name: list(_problems(name, reason, known, offered)) for name, reason in found.items()}
    stated = {name: str(found[name]) for name, problems in wrong.items() if not problems}
    problems = tuple(f"its {ATTRIBUTE} {problem}" for told in wrong.values() for problem in told)
    return Absences(dict(sorted(stated.items())), problems)


def _problems(name: Any, reason: Any, known: Says, offered: Says) -> Iterator[str]:
    if not isinstance(name, str) or not known(name):
        yield f"names {name!r}, which is no known kernel"
    elif offered(name):
        yield f"names {name!r}, which the tier offers"
    if not isinstance(reason, str) or not reason.isprintable() or not reason.strip():
        yield f"gives {name!r} the reason {reason!r}: one line of text is needed"
