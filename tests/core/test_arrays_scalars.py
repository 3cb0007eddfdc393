"""Single numbers are converted, or refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from polytier.arrays import integer, positive, qubit_count, real


def test_integers_are_taken_as_index_does() -> None:
    """Python and NumPy integers are integers."""
    assert [integer(v, "n", minimum=0) for v in (0, np.int8(3), np.uint64(7))] == [0, 3, 7]


@pytest.mark.parametrize("value", [True, np.True_, 2.0, "2", None, np.array([1, 2]), np.array([1])])
def test_what_is_no_integer_is_a_type_error(value: Any) -> None:
    """A bool, a float, text and arrays are refused whatever their value."""
    with pytest.raises(TypeError, match="'n' must be an integer >= 1: found"):
        integer(value, "n", minimum=1)


def test_an_integer_below_the_minimum_is_a_value_error() -> None:
    """The message states the minimum."""
    with pytest.raises(ValueError, match="'n' must be an integer >= 1: found 0"):
        integer(0, "n", minimum=1)


def test_numbers_become_floats() -> None:
    """Integers and NumPy scalars are numbers."""
    assert (real(-1, "a"), real(np.float32(0.5), "a")) == (-1.0, 0.5)
    assert (positive(2, "dt"), positive(np.float64(0.1), "dt")) == (2.0, 0.1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 10**400])
def test_numbers_must_be_finite(value: Any) -> None:
    """NaN, infinities and what overflows float64 are wrong values."""
    for take in (real, positive):
        with pytest.raises(ValueError, match="'x' must be a finite number"):
            take(value, "x")


@pytest.mark.parametrize("value", [0.0, -0.0, -1])
def test_positive_means_greater_than_zero(value: Any) -> None:
    """Zero is not positive."""
    with pytest.raises(ValueError, match="a finite number > 0: found"):
        positive(value, "dt")


@pytest.mark.parametrize("value", [None, "0.1", b"1", 1j, [1.0]])
def test_what_is_no_number_is_a_type_error(value: Any) -> None:
    """Text is not parsed, and containers are no numbers."""
    with pytest.raises(TypeError, match="'x' must be a finite number"):
        real(value, "x")


def test_numbers_may_have_bounds() -> None:
    """Bounds are part of the message, and belong to the range."""
    assert [real(x, "eta", minimum=0.0, maximum=1.0) for x in (0, 1.0)] == [0.0, 1.0]
    with pytest.raises(ValueError, match=r"'eta' must be a finite number >= 0 and <= 1: found 1\.5"):
        real(1.5, "eta", minimum=0.0, maximum=1.0)
    with pytest.raises(ValueError, match=r"'t' must be a finite number >= 0: found -1\.0"):
        real(-1, "t", minimum=0.0)


@pytest.mark.parametrize(("length", "base", "n"), [(1, 2, 0), (2, 2, 1), (1024, 2, 10), (1, 4, 0), (64, 4, 3)])
def test_qubits_are_counted(length: int, base: int, n: int) -> None:
    """The count is the exponent of the length."""
    assert qubit_count(length, "H", base=base) == n


@pytest.mark.parametrize(("length", "base"), [(3, 2), (6, 2), (2, 4), (5, 4), (12, 4)])
def test_other_lengths_have_no_qubits(length: int, base: int) -> None:
    """A length that is no power is refused."""
    with pytest.raises(ValueError, match=f"'H' must be of a length that is a power of {base}: found length {length}"):
        qubit_count(length, "H", base=base)
