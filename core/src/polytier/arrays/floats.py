"""Checked conversions to finite arrays of float64 and complex128."""

# Language policy: exempt, it converts and checks arguments, once per call, for floors and tiers alike.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from polytier.errors import bad_type, bad_value, mistyped_conversion, not_finite

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Answer = TypeVar("Answer", bound=np.generic | np.ndarray[Any, Any])


def float_vector(value: ArrayLike, name: str, *, length: int | None = None) -> NDArray[np.float64]:
    """Return `value` as a finite, C-contiguous float64 vector of at least one element.

    The result may share memory with `value`: it is for reading.
    """
    array: NDArray[np.float64] = _numbers(value, name, 1, np.float64)
    if array.size == 0:
        raise bad_value(name, "a non-empty vector", "0 elements")
    if length is not None and len(array) != length:
        raise bad_value(name, f"a vector of length {length}", f"length {len(array)}")
    return _finite(array, name)


def float_matrix(value: ArrayLike, name: str, *, shape: tuple[int, int] | None = None) -> NDArray[np.float64]:
    """Return `value` as a finite, C-contiguous float64 matrix of at least one element.

    The result may share memory with `value`: it is for reading.
    """
    array: NDArray[np.float64] = _numbers(value, name, 2, np.float64)
    if array.size == 0:
        raise bad_value(name, "a non-empty matrix", f"shape {array.shape}")
    if shape is not None and array.shape != shape:
        raise bad_value(name, f"a matrix of shape {shape}", f"shape {array.shape}")
    return _finite(array, name)


def complex_vector(value: ArrayLike, name: str) -> NDArray[np.complex128]:
    """Return `value` as a finite, C-contiguous complex128 vector of at least one element.

    The result may share memory with `value`: it is for reading.
    """
    array: NDArray[np.complex128] = _numbers(value, name, 1, np.complex128)
    if array.size == 0:
        raise bad_value(name, "a non-empty vector", "0 elements")
    return _finite(array, name)


def square_matrix(value: ArrayLike, name: str, *, size: int | None = None) -> NDArray[np.complex128]:
    """Return `value` as a finite, C-contiguous, square complex128 matrix of at least one element.

    The result may share memory with `value`: it is for reading.
    """
    array: NDArray[np.complex128] = _numbers(value, name, 2, np.complex128)
    _square(array, name, size)
    return _finite(array, name)


def square_matrices(value: ArrayLike, name: str) -> NDArray[np.complex128]:
    """Return `value` as a finite, C-contiguous stack of at least one square complex128 matrix.

    The result may share memory with `value`: it is for reading.
    """
    array: NDArray[np.complex128] = _numbers(value, name, 3, np.complex128)
    _square(array, name, None)
    return _finite(array, name)


def finite_answer(values: Answer, name: str) -> Answer:
    """Return computed values; ValueError where finite arguments took them beyond float64."""
    found = _not_finite(values)
    if found:
        raise not_finite(name, found)
    return values


def as_array(value: ArrayLike, name: str, wanted: str) -> NDArray[Any]:
    """Return `value` as the array that NumPy makes of it, whatever its dtype and shape."""
    try:
        return np.asarray(value)
    except ValueError as failure:  # ragged nesting
        raise mistyped_conversion(name, wanted, value, failure) from None


def _numbers(value: ArrayLike, name: str, ndim: int, dtype: type[np.float64 | np.complex128]) -> NDArray[Any]:
    wanted = f"a {ndim}-dimensional array of numbers"
    raw = as_array(value, name, wanted)
    if raw.dtype.kind not in ("fiubc" if dtype is np.complex128 else "fiub"):
        raise bad_type(name, wanted, f"dtype {raw.dtype}")
    if raw.ndim != ndim:
        raise bad_value(name, wanted, f"{raw.ndim} dimensions, shape {raw.shape}")
    # An explicit dtype also makes non-native byte order native; ascontiguousarray alone would keep it.
    return np.ascontiguousarray(raw, dtype=dtype)


def _square(array: NDArray[Any], name: str, size: int | None) -> None:
    rows, columns = array.shape[-2:]
    kind = "square matrix" if array.ndim == 2 else "stack of square matrices"  # noqa: PLR2004 - a matrix has two axes
    if array.size == 0 or rows != columns:
        raise bad_value(name, f"a non-empty {kind}", f"shape {array.shape}")
    if size is not None and rows != size:
        raise bad_value(name, f"a matrix of shape {(size, size)}", f"shape {array.shape}")


def _finite(array: NDArray[Any], name: str) -> NDArray[Any]:
    found = _not_finite(array)
    if found:
        raise bad_value(name, "finite", found)
    return array


def _not_finite(values: Any) -> str:
    """Return the first value that is not finite and its place in words; nothing where all are finite."""
    finite = np.isfinite(values)
    if finite.all():
        return ""
    if not values.ndim:
        return str(values)
    place = tuple(int(i) for i in np.argwhere(~finite)[0])
    return f"{values[place]} at index {place if values.ndim > 1 else place[0]}"
