"""The checked conversions: what is accepted, and what each refusal says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from polytier.arrays import (
    float_matrix,
    float_vector,
    integer,
    integer_vector,
    new_array,
    positive,
    real,
    unsigned_vector,
)


@pytest.mark.parametrize(
    "value",
    [[1, 2, 3], (1.0, 2.0, 3.0), np.float32([1, 2, 3]), np.array([1.0, 2, 3], ">f8"), np.arange(1.0, 6)[::2] // 1.5],
)
def test_vectors_become_contiguous_native_float64(value: Any) -> None:
    """Any array_like of numbers is accepted."""
    vector = float_vector(value, "theta")
    assert vector.dtype == np.dtype("=f8")
    assert vector.flags.c_contiguous
    assert vector.shape == (3,)


def test_a_good_array_is_not_copied() -> None:
    """What needs no conversion is passed through, read-only or not."""
    vector = np.arange(4.0)
    vector.flags.writeable = False
    assert float_vector(vector, "theta") is vector
    matrix = np.ones((2, 2))
    assert float_matrix(matrix, "K") is matrix


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        (
            [],
            ValueError,
            "argument 'theta' must be a non-empty vector: found 0 elements\nhint: pass theta as a non-empty",
        ),
        (1.0, ValueError, "found 0 dimensions, shape"),
        ([[1.0]], ValueError, r"found 2 dimensions, shape \(1, 1\)"),
        ([1.0, np.nan], ValueError, "must be finite: found nan at index 1"),
        ([np.inf], ValueError, "found inf at index 0"),
        ([[1.0], [1.0, 2.0]], ValueError, "found list"),
        (None, TypeError, "found dtype object"),
        ([None], TypeError, "found dtype object"),
        ("abc", TypeError, "found dtype <U3"),
        ([1j], TypeError, "found dtype complex128"),
    ],
)
def test_bad_vectors_are_refused(value: Any, kind: type[Exception], message: str) -> None:
    """The message names the argument, what was wanted, and what was found."""
    with pytest.raises(kind, match=message):
        float_vector(value, "theta")


def test_a_vector_of_the_wrong_length_is_refused() -> None:
    """A stated length is checked."""
    assert len(float_vector([1.0, 2.0], "omega", length=2)) == 2
    with pytest.raises(ValueError, match="'omega' must be a vector of length 3: found length 2"):
        float_vector([1.0, 2.0], "omega", length=3)


@pytest.mark.parametrize(
    ("value", "shape", "message"),
    [
        (np.zeros((0, 0)), None, r"a non-empty matrix: found shape \(0, 0\)"),
        (np.zeros((2, 3)), (2, 2), r"a matrix of shape \(2, 2\): found shape \(2, 3\)"),
        ([[0.0, np.inf]], None, r"found inf at index \(0, 1\)"),
        ([0.0], None, "found 1 dimensions"),
    ],
)
def test_bad_matrices_are_refused(value: Any, shape: tuple[int, int] | None, message: str) -> None:
    """Emptiness, shape and values are checked in this order."""
    with pytest.raises(ValueError, match=message):
        float_matrix(value, "K", shape=shape)


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


def test_numbers_may_have_bounds() -> None:
    """Bounds are part of the message, and belong to the range."""
    assert [real(x, "eta", minimum=0.0, maximum=1.0) for x in (0, 1.0)] == [0.0, 1.0]
    with pytest.raises(ValueError, match=r"'eta' must be a finite number >= 0 and <= 1: found 1\.5"):
        real(1.5, "eta", minimum=0.0, maximum=1.0)
    with pytest.raises(ValueError, match=r"'t' must be a finite number >= 0: found -1\.0"):
        real(-1, "t", minimum=0.0)


@pytest.mark.parametrize("shape", [(2**50,), (2**40, 2**40), (2**61,), (2**70, 3)])
def test_memory_that_cannot_be_had_is_a_memory_error(shape: tuple[int, ...]) -> None:
    """The error is the same whether the system or the address space has no room."""
    assert new_array(2, 3).tolist() == [[0.0] * 3] * 2
    said = " x ".join(map(str, shape))
    with pytest.raises(
        MemoryError, match=rf"^make room for {said} numbers: the memory cannot be had\nhint: ask for less$"
    ):
        new_array(*shape)
