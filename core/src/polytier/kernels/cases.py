"""Builders of cases that families share: sized inputs from a seed, and the awkward inputs of one array argument."""

# Language policy: exempt, it makes the inputs of cases.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.kernels.declaration import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Complex = NDArray[np.complex128]
    Arguments = tuple[Any, ...]
    Inputs = Iterator[tuple[str, Any, type[Exception] | None]]


def timed(size_label: str, arguments: Callable[[], Arguments], *, seed: int = 0) -> Case:
    """Return a case that is measured."""
    return Case(size_label, arguments, timed=True, seed=seed)


def refused(label: str, arguments: Callable[[], Arguments], raises: type[Exception]) -> Case:
    """Return a case of bad input with the exception class it must give."""
    return Case(label, arguments, raises=raises)


def around(place: int, name: str, arguments: Callable[[], Arguments], inputs: Callable[[], Inputs]) -> Iterator[Case]:
    """Yield one case per input, each put at position `place` of otherwise good arguments."""
    for label, _, raises in inputs():

        def build(label: str = label) -> Arguments:
            # Made anew at each call: a tier that writes into its input must not spoil a later case.
            value = next(value for other, value, _ in inputs() if other == label)
            good = arguments()
            return (*good[:place], value, *good[place + 1 :])

        yield Case(f"{name}: {label}", build, raises=raises)


def around_option(name: str, arguments: Callable[[], Arguments], inputs: Callable[[], Inputs]) -> Iterator[Case]:
    """Yield one case per input of the keyword `name`, beside otherwise good arguments; inputs must not be arrays."""
    for label, value, raises in inputs():
        yield Case(f"{name}: {label}", arguments, {name: value}, raises)


def vector_inputs(good: Vector) -> Inputs:
    """Yield the awkward forms of a float vector, as (label, value, exception class or None)."""
    yield from _same_numbers(good)
    yield "empty", [], ValueError
    yield "scalar", 0.5, ValueError
    yield "matrix", np.zeros((len(good), 2)), ValueError
    yield from _not_numbers(good)


def matrix_inputs(good: Vector) -> Inputs:
    """Yield the awkward forms of a square float matrix, as (label, value, exception class or None)."""
    yield from _same_numbers(good)
    yield "Fortran order", np.asfortranarray(good), None
    yield "huge diagonal", good + np.diag(np.full(len(good), 1e6)), None
    yield "vector", good[0].copy(), ValueError
    yield "not square", good[:, :-1].copy(), ValueError
    yield "wrong size", np.zeros((len(good) + 1, len(good) + 1)), ValueError
    yield from _not_numbers(good)


def complex_inputs(good: Complex) -> Inputs:
    """Yield the awkward forms of a complex array, as (label, value, exception class or None)."""
    yield from _same_complex_numbers(good)
    yield "empty", np.zeros((0,) * good.ndim), ValueError
    yield "scalar", 0.5, ValueError
    yield "one dimension too many", good[np.newaxis], ValueError
    for bad in (np.nan, np.inf, -np.inf * 1j):
        spoiled = good.copy()
        spoiled.flat[-1] = bad
        yield f"{bad} at the end", spoiled, ValueError
    yield "None", None, TypeError
    yield "None inside", [*good.tolist()[1:], None], (TypeError if good.ndim == 1 else ValueError)
    yield "objects", good.astype(object), TypeError
    yield "text", "state", TypeError
    yield "ragged", [[0.0], [0.0, 1.0]], ValueError


def square_inputs(good: Complex) -> Inputs:
    """Yield the awkward forms of a square complex matrix, as (label, value, exception class or None)."""
    yield from complex_inputs(good)
    yield "Fortran order", np.asfortranarray(good), None
    yield "vector", good[0].copy(), ValueError
    yield "not square", good[:, :-1].copy(), ValueError


def count_inputs(minimum: int) -> Inputs:
    """Yield the awkward forms of an integer argument, as (label, value, exception class or None)."""
    yield "numpy integer", np.int32(minimum + 2), None
    yield "too small", minimum - 1, ValueError
    yield "float", 2.0, TypeError
    yield "bool", True, TypeError
    yield "None", None, TypeError
    yield "text", "3", TypeError
    yield "array", np.array([1, 2]), TypeError


def positive_inputs() -> Inputs:
    """Yield the awkward forms of a positive number, as (label, value, exception class or None)."""
    yield "integer", 1, None
    yield "numpy float32", np.float32(0.25), None
    for value in (0.0, -0.5, np.nan, np.inf):
        yield repr(float(value)), value, ValueError
    yield "None", None, TypeError
    yield "text", "0.1", TypeError


def number_inputs(*refused_values: float) -> Inputs:
    """Yield the awkward forms of a number, as (label, value, exception class or None)."""
    yield "integer", 1, None
    yield "numpy float32", np.float32(0.25), None
    for value in (*refused_values, np.nan, np.inf, -np.inf):
        yield repr(float(value)), value, ValueError
    yield "enormous integer", 10**400, ValueError
    yield "None", None, TypeError
    yield "text", "0.1", TypeError
    yield "list", [1.0], TypeError


def integer_vector_inputs(good: NDArray[np.int64]) -> Inputs:
    """Yield the awkward forms of an integer vector of small numbers, as (label, value, exception class or None)."""
    yield "list", good.tolist(), None
    yield "tuple of numpy integers", tuple(np.int16(number) for number in good), None
    for dtype in (np.int8, np.int32, ">i8", object):
        yield f"dtype {np.dtype(dtype)}", good.astype(dtype), None
    yield "every second element of a longer array", np.repeat(good, 2)[::2], None
    yield "one too few", good[:-1].copy(), ValueError
    yield "scalar", 1, ValueError
    yield "matrix", good.reshape(1, -1).copy(), ValueError
    yield "ragged", [[0], [0, 1]], ValueError
    yield "floats", good.astype(np.float64), TypeError
    yield "bools", good > 0, TypeError
    yield "a bool inside", [True, *good.tolist()[1:]], TypeError
    yield "a float inside", [1.0, *good.tolist()[1:]], TypeError
    yield "None inside", [None, *good.tolist()[1:]], TypeError
    yield "None", None, TypeError
    yield "text", "1", TypeError


def _same_numbers(good: Vector) -> Inputs:
    yield "list", good.tolist(), None
    yield "float32", good.astype(np.float32), None
    yield "integers", np.round(good * 3).astype(np.int64), None
    yield "big-endian", good.astype(">f8"), None
    yield "every second element of a longer array", np.repeat(good, 2, axis=-1)[..., ::2], None
    yield "reversed view", good[..., ::-1], None
    locked = good.copy()
    locked.flags.writeable = False
    yield "read-only", locked, None


def _same_complex_numbers(good: Complex) -> Inputs:
    yield "list", good.tolist(), None
    yield "complex64", good.astype(np.complex64), None
    yield "real", good.real.copy(), None
    yield "integers", np.round(good.real * 3).astype(np.int8), None
    yield "uint64 beyond int64", (good.real > 0).astype(np.uint64) << np.uint64(63), None
    yield "booleans", good.real > 0, None
    yield "big-endian", good.astype(">c16"), None
    yield "every second element of a longer array", np.repeat(good, 2, axis=-1)[..., ::2], None
    yield "reversed view", good[..., ::-1].copy()[..., ::-1], None
    yield "subnormal", good * 5e-324, None
    locked = good.copy()
    locked.flags.writeable = False
    yield "read-only", locked, None


def _not_numbers(good: Vector) -> Inputs:
    for bad in (np.nan, np.inf, -np.inf):
        spoiled = good.copy()
        spoiled.flat[-1] = bad
        yield f"{bad} at the end", spoiled, ValueError
    yield "None", None, TypeError
    yield "None inside", [None, *good.ravel()[1:].tolist()], TypeError
    yield "text", "phases", TypeError
    yield "complex", good + 0j, TypeError
    yield "ragged", [[0.0], [0.0, 1.0]], ValueError
