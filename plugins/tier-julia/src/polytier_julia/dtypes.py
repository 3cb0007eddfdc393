"""The dtypes that the native functions know, each by the one object that NumPy has for it."""

# Language policy: exempt, it names dtypes and computes nothing.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLOAT64: Final = np.dtype(np.float64)
COMPLEX128: Final = np.dtype(np.complex128)
INT64: Final = np.dtype(np.int64)
UINT64: Final = np.dtype(np.uint64)
INT8: Final = np.dtype(np.int8)
DTYPES: Final = (FLOAT64, COMPLEX128, INT64, UINT64, INT8)
"""In the order of `Layout` in native/arrays.jl."""


def plain(array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an array whose dtype is this very object; one with metadata equals it and is another."""
    return array if array.dtype is dtype else array.view(dtype)
