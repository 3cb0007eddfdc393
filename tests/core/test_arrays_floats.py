"""Arrays of numbers become finite arrays of float64 or complex128, or are refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from polytier.arrays import complex_vector, float_matrix, float_vector, square_matrices, square_matrix


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


@pytest.mark.parametrize("value", [[1, 2j], np.float32([1, 2]), np.array([1, 2j], ">c16"), [True, False]])
def test_numbers_become_contiguous_native_complex128(value: Any) -> None:
    """Any array_like of real or complex numbers is accepted, and a good one is not copied."""
    vector = complex_vector(value, "psi")
    assert vector.dtype == np.dtype("=c16")
    assert vector.flags.c_contiguous
    assert vector.tolist() == np.asarray(value).tolist()
    assert complex_vector(vector, "psi") is vector


@pytest.mark.parametrize(
    ("check", "value", "kind", "message"),
    [
        (complex_vector, [], ValueError, "'x' must be a non-empty vector: found 0 elements"),
        (complex_vector, [1.0, np.nan * 1j], ValueError, "must be finite: found .*nanj.* at index 1"),
        (complex_vector, [None], TypeError, "found dtype object"),
        (square_matrix, [1.0], ValueError, "found 1 dimensions"),
        (square_matrix, np.zeros((2, 3)), ValueError, r"a non-empty square matrix: found shape \(2, 3\)"),
        (square_matrix, np.zeros((0, 0)), ValueError, r"a non-empty square matrix: found shape \(0, 0\)"),
        (square_matrix, [[np.inf]], ValueError, r"must be finite: found .* at index \(0, 0\)"),
        (square_matrices, np.zeros((0, 2, 2)), ValueError, "a non-empty stack of square matrices"),
        (square_matrices, np.zeros((2, 2)), ValueError, "found 2 dimensions"),
    ],
)
def test_bad_complex_arrays_are_refused(check: Any, value: Any, kind: type[Exception], message: str) -> None:
    """The message names the argument, what was wanted, and what was found."""
    with pytest.raises(kind, match=message):
        check(value, "x")


def test_a_square_matrix_of_the_wrong_size_is_refused() -> None:
    """A stated size is checked."""
    assert square_matrix(np.eye(2), "b", size=2).shape == (2, 2)
    assert square_matrices([np.eye(2)], "b").shape == (1, 2, 2)
    with pytest.raises(ValueError, match=r"'b' must be a matrix of shape \(3, 3\): found shape \(2, 2\)"):
        square_matrix(np.eye(2), "b", size=3)
