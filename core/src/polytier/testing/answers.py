"""What came back from a call: its arrays, its bits, and whether it declined."""

# Language policy: exempt, it reads the bits of answers.

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.agreement.comparison import parts_of, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from polytier.kernels.declaration import Case

DECLINED = "declined: "
"""How the outcome of a call begins that raised what dispatch passes on to the next tier."""

_LONGEST = 200  # characters of an exception's text in a sentence


def arrays(value: Any, path: str = "the answer") -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield every array of an answer with the words that say where it stands."""
    if isinstance(value, np.ndarray):
        yield path, value
        return
    for label, part in parts_of(value) or ():
        yield from arrays(part, within(path, label))


def bits(value: Any) -> str:
    """Return a digest of an answer that differs whenever a type, a shape or one bit differs."""
    digest = hashlib.sha256()
    for piece in _pieces(value):
        digest.update(piece)
    return digest.hexdigest()[:24]


def told_failure(failure: BaseException) -> str:
    """Return an exception's class and the first line of its text."""
    return f"{type(failure).__name__}: {str(failure).partition(chr(10))[0][:_LONGEST]}"


def outcome(implementation: Callable[..., Any], case: Case, arguments: tuple[Any, ...] | None = None) -> str:
    """Return one line that is equal for equal outcomes: the answer's digest, or the exception's class."""
    given = case.arguments() if arguments is None else arguments
    try:
        return f"answered {bits(implementation(*given, **case.keywords))}"
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as failure:  # noqa: BLE001 - a Rust panic is no Exception
        if isinstance(failure, ImportError | RuntimeError) and not (case.raises and isinstance(failure, case.raises)):
            return f"{DECLINED}{told_failure(failure)}"
        return f"raised {type(failure).__name__}"


def _pieces(value: Any) -> Iterator[bytes]:
    yield f"{type(value).__module__}.{type(value).__qualname__};".encode()
    parts = parts_of(value)
    if isinstance(value, np.ndarray | np.generic):
        yield f"{value.dtype.str}{value.shape};".encode()
        yield value.tobytes()
    elif parts is not None:
        for label, part in parts:
            yield f"{label};".encode()
            yield from _pieces(part)
    else:
        yield struct.pack("<d", value) if isinstance(value, float) else repr(value).encode()
