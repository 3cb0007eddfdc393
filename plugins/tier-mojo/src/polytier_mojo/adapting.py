"""What the families' adapters share: arrays that can be sent as they are, and the parts of long calls."""

# Language policy: exempt, it looks at the form of arguments and cuts long calls into parts.

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy import ndarray

from polytier.errors import told

if TYPE_CHECKING:
    from collections.abc import Iterator

_FLOAT64: Final = np.dtype(np.float64)
COMPLEX: Final = np.dtype(np.complex128)


def is_plain(value: Any, ndim: int, dtype: np.dtype[Any] = _FLOAT64) -> bool:
    """Say whether a value can be sent as it is; the worker itself looks whether it is finite."""
    return type(value) is ndarray and value.dtype is dtype and value.ndim == ndim and value.flags.c_contiguous


@cache
def result_class(name: str) -> Any:
    """Return a class of named results that polytier exports; polytier itself may import the tier before it has it."""
    return getattr(import_module("polytier"), name)


def changed() -> RuntimeError:
    """Return the error for a refusal by the worker where there is nothing to refuse any more."""
    hint = "copy what another thread writes to, or take smaller steps"
    found = "a value is not finite, though no argument holds one now"
    return RuntimeError(told("run a kernel on the mojo worker", found, hint))


def parts_of(first: int, last: int, most: int) -> Iterator[tuple[int, int]]:
    """Yield (first, count) of the parts, at least one, of at most `most` each but never less than one."""
    most = max(1, most)
    yield first, min(most, last - first)
    for start in range(first + most, last, most):
        yield start, min(most, last - start)
