"""Room for answers, and the classes of answers with named parts."""

# Language policy: exempt, it makes room for answers.

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from polytier.arrays import new_array

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

_SMALL: Final = 1 << 20
"""Numbers up to which nobody asks whether there is memory: asking costs 1 us."""


def fresh(n: int) -> NDArray[np.float64]:
    """Return room for `n` numbers; MemoryError, before anything is allocated, where there is none."""
    return np.empty(n) if n <= _SMALL else new_array(n)


def rows_of(n: int, columns: int) -> NDArray[np.float64]:
    """Return room for `n` rows of numbers; MemoryError as `fresh`."""
    return np.empty((n, columns)) if n * columns <= _SMALL else new_array(n, columns)


def room(*shape: int) -> NDArray[np.complex128]:
    """Return room for a complex array of one or two axes; MemoryError as `fresh`."""
    few = shape[0] * (shape[-1] if len(shape) > 1 else 1) <= _SMALL
    return np.empty(shape, np.complex128) if few else new_array(*shape, dtype=np.complex128)


def zeros(*shape: int, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """Return zeros; MemoryError, before anything is allocated, where there is no room for them."""
    few = shape[0] * (shape[-1] if len(shape) > 1 else 1) <= _SMALL
    return np.zeros(shape, dtype) if few else new_array(*shape, dtype=dtype)


@cache
def named(name: str) -> Any:
    """Return polytier's own class of answers with named parts; polytier itself is loaded at the first of them."""
    return getattr(import_module("polytier"), name)


def of_class(name: str, *parts: Any) -> Any:
    """Return an answer of a class with named parts; the class's own constructor would cost 0.2 us more."""
    return tuple.__new__(named(name), parts)
