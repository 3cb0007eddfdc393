"""Checked conversions that a floor or a tier's adapter needs; each says which argument it refuses and why."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.errors import bad_type, bad_value, mistyped_conversion

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def float_vector(value: ArrayLike, name: str, *, length: int | None = None) -> NDArray[np.float64]:
    """Return `value` as a finite, C-contiguous float64 vector of at least one element.

    The result may share memory with `value`: it is for reading.
    """
    array = _float_array(value, name, 1)
    if array.size == 0:
        raise bad_value(name, "a non-empty vector", "0 elements")
    if length is not None and len(array) != length:
        raise bad_value(name, f"a vector of length {length}", f"length {len(array)}")
    return _finite(array, name)


def float_matrix(value: ArrayLike, name: str, *, shape: tuple[int, int] | None = None) -> NDArray[np.float64]:
    """Return `value` as a finite, C-contiguous float64 matrix of at least one element.

    The result may share memory with `value`: it is for reading.
    """
    array = _float_array(value, name, 2)
    if array.size == 0:
        raise bad_value(name, "a non-empty matrix", f"shape {array.shape}")
    if shape is not None and array.shape != shape:
        raise bad_value(name, f"a matrix of shape {shape}", f"shape {array.shape}")
    return _finite(array, name)


def integer(value: Any, name: str, *, minimum: int) -> int:
    """Return `value` as an int of at least `minimum`; a bool is not an integer."""
    wanted = f"an integer >= {minimum}"
    if isinstance(value, bool | np.bool_):
        raise bad_type(name, wanted, f"{value!r}, a bool")
    try:
        number = operator.index(value)
    except TypeError:
        raise bad_type(name, wanted, f"{value!r}, a {type(value).__name__}") from None
    if number < minimum:
        raise bad_value(name, wanted, repr(number))
    return number


def real(value: Any, name: str) -> float:
    """Return `value` as a finite float."""
    number = _float(value, name, "a finite number")
    if not np.isfinite(number):
        raise bad_value(name, "a finite number", repr(number))
    return number


def positive(value: Any, name: str) -> float:
    """Return `value` as a finite float greater than zero."""
    wanted = "a finite number > 0"
    number = _float(value, name, wanted)
    if not (np.isfinite(number) and number > 0):
        raise bad_value(name, wanted, repr(number))
    return number


def _float(value: Any, name: str, wanted: str) -> float:
    if isinstance(value, str | bytes):
        raise bad_type(name, wanted, f"{value!r}, a {type(value).__name__}")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as failure:
        raise mistyped_conversion(name, wanted, value, failure) from None


def _float_array(value: ArrayLike, name: str, ndim: int) -> NDArray[np.float64]:
    wanted = f"a {ndim}-dimensional array of numbers"
    try:
        raw = np.asarray(value)
    except ValueError as failure:  # ragged nesting
        raise mistyped_conversion(name, wanted, value, failure) from None
    if raw.dtype.kind not in "fiub":
        raise bad_type(name, wanted, f"dtype {raw.dtype}")
    if raw.ndim != ndim:
        raise bad_value(name, wanted, f"{raw.ndim} dimensions, shape {raw.shape}")
    # An explicit dtype also makes non-native byte order native; ascontiguousarray alone would keep it.
    return np.ascontiguousarray(raw, dtype=np.float64)


def _finite(array: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    finite = np.isfinite(array)
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise bad_value(name, "finite", f"{array[place]} at index {place if array.ndim > 1 else place[0]}")
    return array
