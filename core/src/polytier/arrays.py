"""Checked conversions that a floor or a tier's adapter needs; each says which argument it refuses and why."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.errors import bad_type, bad_value, mistyped_conversion, no_memory

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray


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


def integer_vector(
    value: ArrayLike, name: str, *, length: int | None = None, dtype: DTypeLike = np.int64
) -> NDArray[Any]:
    """Return `value` as a C-contiguous vector of signed integers, which may be empty.

    An integer beyond the range of `dtype` becomes the nearest end of it: for checks against narrower bounds.
    The result may share memory with `value`: it is for reading.
    """
    raw = _integers(value, name, length)
    if raw.dtype.kind == "O" or not np.can_cast(raw.dtype, dtype):
        raw = _saturated(raw, np.iinfo(np.dtype(dtype)))
    return np.ascontiguousarray(raw, dtype=dtype)


def unsigned_vector(value: ArrayLike, name: str, *, length: int | None = None) -> NDArray[np.uint64]:
    """Return `value` as a C-contiguous vector of unsigned 64-bit integers, which may be empty.

    The result may share memory with `value`: it is for reading.
    """
    raw, most = _integers(value, name, length), 2**64 - 1
    if raw.dtype.kind != "u" and len(raw):
        wrong = (raw < 0) | (raw > most) if raw.dtype.kind == "O" else raw < 0
        if wrong.any():
            place = int(np.argmax(wrong))
            raise bad_value(name, f"between 0 and {most}", f"{raw[place]} at index {place}")
    return np.ascontiguousarray(raw, dtype=np.uint64)


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


def real(value: Any, name: str, *, minimum: float = -math.inf, maximum: float = math.inf) -> float:
    """Return `value` as a finite float, between the bounds if there are any."""
    bounds = [f"{sign} {bound:g}" for sign, bound in ((">=", minimum), ("<=", maximum)) if math.isfinite(bound)]
    wanted = " ".join(["a finite number", " and ".join(bounds)]).rstrip()
    number = _float(value, name, wanted)
    if not (math.isfinite(number) and minimum <= number <= maximum):
        raise bad_value(name, wanted, repr(number))
    return number


def positive(value: Any, name: str) -> float:
    """Return `value` as a finite float greater than zero."""
    wanted = "a finite number > 0"
    number = _float(value, name, wanted)
    if not (np.isfinite(number) and number > 0):
        raise bad_value(name, wanted, repr(number))
    return number


def new_array(*shape: int) -> NDArray[np.float64]:
    """Return zeros of this shape; MemoryError where they cannot be had, however large the shape is."""
    try:
        return np.zeros(shape)
    except (MemoryError, ValueError, OverflowError):  # NumPy calls a size that no address space holds a wrong value
        raise no_memory(shape) from None


def _float(value: Any, name: str, wanted: str) -> float:
    if isinstance(value, str | bytes):
        raise bad_type(name, wanted, f"{value!r}, a {type(value).__name__}")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as failure:
        raise mistyped_conversion(name, wanted, value, failure) from None


def _float_array(value: ArrayLike, name: str, ndim: int) -> NDArray[np.float64]:
    wanted = f"a {ndim}-dimensional array of numbers"
    raw = _array(value, name, wanted)
    if raw.dtype.kind not in "fiub":
        raise bad_type(name, wanted, f"dtype {raw.dtype}")
    if raw.ndim != ndim:
        raise bad_value(name, wanted, f"{raw.ndim} dimensions, shape {raw.shape}")
    # An explicit dtype also makes non-native byte order native; ascontiguousarray alone would keep it.
    return np.ascontiguousarray(raw, dtype=np.float64)


def _array(value: ArrayLike, name: str, wanted: str) -> NDArray[Any]:
    try:
        return np.asarray(value)
    except ValueError as failure:  # ragged nesting
        raise mistyped_conversion(name, wanted, value, failure) from None


def _integers(value: ArrayLike, name: str, length: int | None) -> NDArray[Any]:
    """Return a vector of an integer dtype, or of Python's integers where the numbers suit no such dtype."""
    wanted = "a vector of integers"
    raw = _array(value, name, wanted)
    if isinstance(value, list | tuple):
        # NumPy would make a number of a bool among integers, and floats of integers on both sides of int64.
        raw = np.asarray(value, dtype=object)
    if raw.dtype.kind not in ("iuO" if raw.size else "iufO") or (raw.dtype.kind == "O" and raw.ndim == 0):
        raise bad_type(name, wanted, f"dtype {raw.dtype}")
    if raw.ndim != 1:
        raise bad_value(name, wanted, f"{raw.ndim} dimensions, shape {raw.shape}")
    if length is not None and len(raw) != length:
        raise bad_value(name, f"a vector of length {length}", f"length {len(raw)}")
    if raw.dtype.kind == "f":
        return raw.astype(np.int64)
    return raw if raw.dtype.kind != "O" else _indices(raw, name, wanted)


def _saturated(raw: NDArray[Any], ends: np.iinfo[Any]) -> NDArray[Any]:
    if raw.dtype.kind == "O":
        return np.array([min(max(number, int(ends.min)), int(ends.max)) for number in raw], ends.dtype)
    own = np.iinfo(raw.dtype)
    saturated: NDArray[Any] = np.clip(raw, max(ends.min, own.min), min(ends.max, own.max))
    return saturated


def _indices(raw: NDArray[Any], name: str, wanted: str) -> NDArray[Any]:
    for place, number in enumerate(raw):
        if isinstance(number, bool | np.bool_) or not hasattr(number, "__index__"):
            raise bad_type(name, wanted, f"{number!r}, a {type(number).__name__}, at index {place}")
    numbers = np.empty(len(raw), dtype=object)
    numbers[:] = [operator.index(number) for number in raw]
    return numbers


def _finite(array: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    finite = np.isfinite(array)
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise bad_value(name, "finite", f"{array[place]} at index {place if array.ndim > 1 else place[0]}")
    return array
