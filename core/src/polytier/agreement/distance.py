"""How far numbers lie apart, by the class of a tolerance."""

# Language policy: exempt, it judges answers and must stay readable and apart from every tier that it judges.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytier.kernels.tolerance import Tolerance

Array = NDArray[Any]

_WIDEST_ORDERED = 8  # bytes; no integer is as wide as a long double


def judge(
    found: Array, wanted: Array, tolerance: Tolerance, scale: Callable[[Tolerance], Any]
) -> tuple[Array, Array | None]:
    """Return which elements are wrong, and all distances where the tolerance has any.

    Both arrays have one dtype, one shape and at least one dimension; `scale` gives the scale of a scaled tolerance.
    """
    if found.dtype.kind not in "fciu":
        return np.asarray(found != wanted), None
    if tolerance.kind == "bit-exact":
        return ~_same(found, wanted, signed_zeros=True), None
    with np.errstate(all="ignore"):
        distance, limit = _distance(found, wanted, tolerance, scale)
        near = np.isfinite(found) & np.isfinite(wanted) & (distance <= limit)
    return ~(near | _same(found, wanted, signed_zeros=False)), distance


def _distance(
    found: Array, wanted: Array, tolerance: Tolerance, scale: Callable[[Tolerance], Any]
) -> tuple[Array, Any]:
    if tolerance.kind == "ulp":
        return _steps(found, wanted), tolerance.ulps
    distance = _gap(found, wanted)
    if tolerance.kind == "circular":
        turned = np.fmod(distance, tolerance.period)
        return np.minimum(turned, tolerance.period - turned), tolerance.atol
    if tolerance.kind == "scaled":
        return distance, tolerance.rtol * np.asarray(scale(tolerance))
    return distance, tolerance.atol + tolerance.rtol * np.abs(wanted)


def _gap(found: Array, wanted: Array) -> Array:
    if found.dtype.kind in "fc":
        return np.asarray(np.abs(found - wanted))
    # Unsigned subtraction wraps to the true distance; a float64 difference would lose it beyond 2**53.
    a, b = (_viewed(numbers, "u") for numbers in (found, wanted))
    return np.where(found > wanted, a - b, b - a).astype(np.float64)


def _steps(found: Array, wanted: Array) -> Array:
    """Return how many representable numbers lie between; of a complex number, in the worse part."""
    if found.dtype.kind == "c":
        return np.maximum(_steps(found.real, wanted.real), _steps(found.imag, wanted.imag))
    if found.dtype.kind in "iu":
        return _gap(found, wanted)
    if found.dtype.itemsize <= _WIDEST_ORDERED:
        return _gap(_ordered(found), _ordered(wanted))
    return np.asarray(np.abs(found - wanted) / np.spacing(np.maximum(np.abs(found), np.abs(wanted))))


def _ordered(numbers: Array) -> Array:
    """Return integers in the order of the floats, neighbours one apart and both zeros 0."""
    bits = _viewed(numbers, "i")
    return np.where(bits < 0, np.iinfo(bits.dtype).min - bits, bits)


def _viewed(numbers: Array, kind: str) -> Array:
    native = np.ascontiguousarray(numbers, dtype=numbers.dtype.newbyteorder("="))
    return native.view(f"{kind}{native.dtype.itemsize}")


def _same(found: Array, wanted: Array, *, signed_zeros: bool) -> Array:
    """Return where the numbers are equal; NaN equals NaN."""
    if found.dtype.kind == "c":
        parts = ((found.real, wanted.real), (found.imag, wanted.imag))
        real, imaginary = (_same(a, b, signed_zeros=signed_zeros) for a, b in parts)
        return np.asarray(real & imaginary)
    same = found == wanted
    if signed_zeros and found.dtype.kind == "f":
        # Equal numbers of one sign have equal bits; the bytes themselves hold padding in a long double.
        same &= np.signbit(found) == np.signbit(wanted)
    return np.asarray(same | (np.isnan(found) & np.isnan(wanted)))
