"""Checked conversions to one number."""

# Language policy: exempt, it converts and checks single numbers.

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from polytier.errors import bad_type, bad_value, mistyped_conversion


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
    if not (math.isfinite(number) and number > 0):
        raise bad_value(name, wanted, repr(number))
    return number


def qubit_count(length: int, name: str, *, base: int = 2) -> int:
    """Return n where `length` is `base` to the power of n; `base` is 2 or 4."""
    bits = base.bit_length() - 1
    n, odd = divmod(length.bit_length() - 1, bits)
    if odd or length != base**n:
        raise bad_value(name, f"of a length that is a power of {base}", f"length {length}")
    return n


def _float(value: Any, name: str, wanted: str) -> float:
    if isinstance(value, str | bytes):
        raise bad_type(name, wanted, f"{value!r}, a {type(value).__name__}")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as failure:
        raise mistyped_conversion(name, wanted, value, failure) from None
