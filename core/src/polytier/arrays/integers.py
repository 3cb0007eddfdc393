"""Checked conversions to vectors of integers."""

# Language policy: exempt, it converts and checks arguments, once per call, for floors and tiers alike.

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays.floats import as_array
from polytier.errors import bad_type, bad_value

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray


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


def _integers(value: ArrayLike, name: str, length: int | None) -> NDArray[Any]:
    """Return a vector of an integer dtype, or of Python's integers where the numbers suit no such dtype."""
    wanted = "a vector of integers"
    raw = as_array(value, name, wanted)
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
