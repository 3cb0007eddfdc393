"""How large arrays cross: through memory that this process and its worker share, copied there unless they lie there."""

# Language policy: exempt, it copies arrays to and from the worker.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from polytier.errors import told
from polytier_mojo.frames import LASTING
from polytier_mojo.shared import KEPT, Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytier_mojo.shared import Arena

    AnyArray = NDArray[Any]

_ALIGNED: Final = 64
_SHARING: Final = "share memory with the mojo worker"


class Crossing:
    """A segment for the inputs of a call, one for its answers, and the arrays that last."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._segments: tuple[Segment, ...] = ()
        self._shortage: OSError | None = None

    def open(self) -> tuple[int, ...]:
        """Make the segments, and return the descriptors for the worker: none where they cannot be had."""
        self._segments, self._shortage = _segments()
        return (*(segment.fd for segment in self._segments), self._arena.fd) if self._segments else ()

    @property
    def size(self) -> int:
        """The bytes that are kept between calls, what lasts aside."""
        return sum(segment.size for segment in self._segments)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The bytes of the inputs, of the answers and of what lasts, for the worker to map."""
        ours, theirs = self._segments
        return ours.size, theirs.size, self._arena.size

    def put(self, inputs: tuple[AnyArray, ...]) -> list[int]:
        """Put arrays of any kind where the worker sees them, and return their places."""
        ours = self._shared()[0]
        places: list[int] = []
        copied: list[tuple[int, AnyArray]] = []
        end = 0
        for array in inputs:
            lasting = self._arena.place(array)
            if lasting is not None and lasting % 8 == 0:
                places.append(lasting | LASTING)
                continue
            places.append(end)
            copied.append((end, array))
            end += -(-array.nbytes // _ALIGNED) * _ALIGNED
        _reserve(ours, end)
        values = ours.values.view(np.uint8)
        for start, array in copied:
            values[start : start + array.nbytes] = array.reshape(-1).view(np.uint8)
        return places

    def make_room(self, nbytes: int) -> None:
        """Have room for an answer."""
        _reserve(self._shared()[1], nbytes)

    def fetch(self, answers: tuple[AnyArray, ...]) -> None:
        """Fill arrays with what the worker has answered."""
        values = self._segments[1].values
        end = 0
        for answer in answers:
            start, end = end, end + answer.nbytes // 8
            answer.reshape(-1).view(np.float64)[:] = values[start:end]

    def trim(self) -> None:
        """Give back what only a large call needs, in both segments at once."""
        if any(segment.size > KEPT for segment in self._segments):
            for segment in self._segments:
                segment.trim()

    def close(self) -> None:
        """Forget the memory without a word to the worker."""
        for segment in self._segments:
            segment.close()
        self._segments = ()

    def _shared(self) -> tuple[Segment, ...]:
        """Return the segments, if there are any."""
        if not self._segments:
            hint = "memfd_create must be allowed; small calls work without it"
            raise RuntimeError(told(_SHARING, str(self._shortage), hint))
        return self._segments


def _reserve(segment: Segment, nbytes: int) -> None:
    if nbytes <= segment.size:
        return
    try:
        segment.reserve(nbytes)
    except OSError as failure:
        hint = "free some memory, or raise the limit on the size of files; small calls work without it"
        found = f"{nbytes} bytes cannot be had ({failure})"
        raise RuntimeError(told(_SHARING, found, hint)) from failure


def _segments() -> tuple[tuple[Segment, ...], OSError | None]:
    """Return the two segments, or none and the reason: without shared memory small calls still work."""
    made: list[Segment] = []
    try:
        made.append(Segment("polytier-mojo-inputs"))
        made.append(Segment("polytier-mojo-answers"))
    except OSError as failure:
        for segment in made:
            segment.close()
        return (), failure
    return tuple(made), None
