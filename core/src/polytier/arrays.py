"""Checked conversions that a floor or a tier's adapter needs; each says which argument it refuses and why."""

from __future__ import annotations

import math
import operator
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.errors import bad_type, bad_value, mistyped_conversion, short_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray

_UNASKED = 1 << 26
"""Bytes up to which nobody asks what memory is available: asking costs 30 us."""

_LIMITS = ("/proc/meminfo", "/sys/fs/cgroup/memory.max")
"""Where Linux says what memory is available, and what a container may use."""


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


def qubit_count(length: int, name: str, *, base: int = 2) -> int:
    """Return n where `length` is `base` to the power of n; `base` is 2 or 4."""
    bits = base.bit_length() - 1
    n, odd = divmod(length.bit_length() - 1, bits)
    if odd or length != base**n:
        raise bad_value(name, f"of a length that is a power of {base}", f"length {length}")
    return n


def require_memory(name: str, shape: Sequence[int], dtype: DTypeLike, limits: Sequence[str] = _LIMITS) -> None:
    """Raise MemoryError where an array of this shape is larger than the memory that is available."""
    needed = math.prod(shape) * np.dtype(dtype).itemsize
    if needed > _UNASKED:
        available = available_memory(limits)
        if needed > available:
            raise short_memory(name, needed, available)


def available_memory(limits: Sequence[str] = _LIMITS) -> int:
    """Return the bytes that are available, as far as the system says; else its physical memory, or all addresses."""
    said = [bytes_said for path in limits if (bytes_said := _said_by(path)) is not None]
    if said:
        return min(said)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf, and a system may lack a name
        return sys.maxsize


def _said_by(path: str) -> int | None:
    try:
        with open(path, encoding="ascii") as source:  # noqa: PTH123 - pathlib is not loaded here
            lines = source.read(16_384).splitlines()
    except OSError:
        return None
    for name, *figures in (line.split() for line in lines):
        if name == "MemAvailable:":
            return 1024 * int(figures[0])
        if name.isdigit():
            return int(name)
    return None


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


def _numbers(value: ArrayLike, name: str, ndim: int, dtype: type[np.float64 | np.complex128]) -> NDArray[Any]:
    wanted = f"a {ndim}-dimensional array of numbers"
    try:
        raw = np.asarray(value)
    except ValueError as failure:  # ragged nesting
        raise mistyped_conversion(name, wanted, value, failure) from None
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
    finite = np.isfinite(array)
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise bad_value(name, "finite", f"{array[place]} at index {place if array.ndim > 1 else place[0]}")
    return array
