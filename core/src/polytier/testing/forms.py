"""The forms in which the numbers of an array argument may arrive."""

# Language policy: exempt, it brings inputs into the forms in which callers hand them over.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytier.kernels.declaration import Case, Kernel

Array = NDArray[Any]


def _strided(array: Array) -> Array:
    return np.repeat(array, 2, axis=-1)[..., ::2]


def _reversed(array: Array) -> Array:
    return array[..., ::-1].copy()[..., ::-1]


def _read_only(array: Array) -> Array:
    locked = array.copy()
    locked.flags.writeable = False
    return locked


def _unaligned(array: Array) -> Array:
    buffer = np.empty(array.nbytes + 1, dtype=np.uint8)
    shifted = buffer[1:].view(array.dtype).reshape(array.shape)
    shifted[...] = array
    return shifted


def _subclass(array: Array) -> Array:
    return array.copy().view(type("Subclass", (np.ndarray,), {}))


def _single(array: Array) -> Array:
    return array.astype(np.complex64 if array.dtype.kind == "c" else np.float32)


FORMS: dict[str, Callable[[Array], Any]] = {
    "list": lambda array: array.tolist(),
    "tuple": lambda array: tuple(array.tolist()),
    "single precision": _single,
    "strided": _strided,
    "reversed": _reversed,
    "Fortran order": np.asfortranarray,
    "read-only": _read_only,
    "big-endian": lambda array: array.astype(array.dtype.newbyteorder(">")),
    "unaligned": _unaligned,
    "subclass": _subclass,
}
"""Each form of a float64 or complex128 array with the same numbers (single precision: those that it can hold)."""


def is_convertible(value: Any) -> bool:
    """Say whether an argument is an array whose form may change without changing its meaning."""
    return isinstance(value, np.ndarray) and value.dtype in {np.dtype(np.float64), np.dtype(np.complex128)}


def plain_case(kernel: Kernel) -> Case | None:
    """Return the case whose forms are tried: of the measured ones the second smallest, which is small and no trifle."""
    cases = kernel.timed_cases
    return cases[min(1, len(cases) - 1)] if cases else None


def forms_of(kernel: Kernel) -> tuple[str, ...]:
    """Return the forms that a kernel's arguments can take; none if it takes no array."""
    case = plain_case(kernel)
    values = (*case.arguments(), *case.keywords.values()) if case else ()
    return tuple(FORMS) if any(is_convertible(value) for value in values) else ()


def formed(values: tuple[Any, ...], form: str) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the same numbers twice: every array in its plain form, and every array in the form."""
    plain = tuple(
        _rounded(value) if form == "single precision" and is_convertible(value) else value for value in values
    )
    return plain, tuple(FORMS[form](value) if is_convertible(value) else value for value in plain)


def _rounded(array: Array) -> Array:
    return _single(array).astype(array.dtype)
