"""Arrays of integers become vectors of one integer type, or are refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from polytier.arrays import integer_vector, unsigned_vector


@pytest.mark.parametrize(
    "value",
    [
        [1, 0, 3],
        (np.int8(1), 0, np.uint64(3)),
        np.array([1, 0, 3], ">i4"),
        np.array([1, 0, 3], np.uint8),
        np.array([1, 0, 3], object),
        np.array([1, 9, 0, 9, 3])[::2],
    ],
)
def test_integer_vectors_become_contiguous_and_native(value: Any) -> None:
    """Any array_like of integers is accepted, signed or not."""
    for vector, dtype in ((integer_vector(value, "a"), "=i8"), (unsigned_vector(value, "a"), "=u8")):
        assert vector.dtype == np.dtype(dtype)
        assert vector.flags.c_contiguous
        assert vector.tolist() == [1, 0, 3]


def test_integer_vectors_may_be_empty_and_are_not_copied_needlessly() -> None:
    """What needs no conversion is passed through; NumPy gives empty lists a float dtype, which does not matter."""
    for take, dtype in ((integer_vector, np.int64), (unsigned_vector, np.uint64)):
        vector = np.arange(4, dtype=dtype)
        assert take(vector, "a") is vector
        for empty in ([], (), np.array([])):
            assert (take(empty, "a").dtype, take(empty, "a").shape) == (dtype, (0,))


def test_integers_beyond_the_range_become_its_ends() -> None:
    """Saturation keeps what is out of range out of range, whatever the source."""
    ends = [-(2**63), 2**63 - 1]
    assert integer_vector([-(2**70), 2**70], "a").tolist() == ends
    assert integer_vector(np.array([2**63], np.uint64), "a").tolist() == ends[1:]
    assert integer_vector(np.array([-300, 300]), "a", dtype=np.int8).tolist() == [-128, 127]
    assert integer_vector(np.array([200], np.uint8), "a", dtype=np.int8).tolist() == [127]


def test_unsigned_vectors_keep_every_bit() -> None:
    """Numbers that float64 cannot tell apart stay apart, in lists of mixed size too."""
    for value in ([0, 2**64 - 1, 2**63 + 1], np.array([0, 2**64 - 1, 2**63 + 1], np.uint64)):
        assert unsigned_vector(value, "t").tolist() == [0, 2**64 - 1, 2**63 + 1]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([3, -1], "argument 't' must be between 0 and 18446744073709551615: found -1 at index 1"),
        (np.array([-5]), "found -5 at index 0"),
        ([2**64], "found 18446744073709551616 at index 0"),
        (7, r"'t' must be a vector of integers: found 0 dimensions, shape \(\)"),
        ([[1]], r"found 2 dimensions, shape \(1, 1\)"),
        ([[1], [1, 2]], "found list"),
        ([1], "'t' must be a vector of length 2: found length 1"),
    ],
)
def test_bad_unsigned_vectors_are_refused(value: Any, message: str) -> None:
    """The message names the argument, what was wanted, and what was found."""
    with pytest.raises(ValueError, match=message):
        unsigned_vector(value, "t", length=2 if value == [1] else None)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([True, 2], "found True, a bool, at index 0"),
        (np.array([True]), "found dtype bool"),
        ([1, 2.0], "found 2.0, a float, at index 1"),
        (np.array([1.0]), "found dtype float64"),
        ([None], "found None, a NoneType, at index 0"),
        (None, "found dtype object"),
        ("12", "found dtype <U2"),
        (["1"], "found '1', a str, at index 0"),
    ],
)
def test_what_holds_no_integers_is_a_type_error(value: Any, message: str) -> None:
    """Bools, floats and text are refused whatever their value."""
    for take in (integer_vector, unsigned_vector):
        with pytest.raises(TypeError, match=f"argument 'a' must be a vector of integers: {message}"):
            take(value, "a")
