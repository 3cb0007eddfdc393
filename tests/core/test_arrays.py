"""The checked conversions: what is accepted, and what each refusal says."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from polytier.arrays import (
    available_memory,
    complex_vector,
    float_matrix,
    float_vector,
    integer,
    positive,
    qubit_count,
    real,
    require_memory,
    square_matrices,
    square_matrix,
)

if TYPE_CHECKING:
    from pathlib import Path


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


@pytest.mark.parametrize(("length", "base", "n"), [(1, 2, 0), (2, 2, 1), (1024, 2, 10), (1, 4, 0), (64, 4, 3)])
def test_qubits_are_counted(length: int, base: int, n: int) -> None:
    """The count is the exponent of the length."""
    assert qubit_count(length, "H", base=base) == n


@pytest.mark.parametrize(("length", "base"), [(3, 2), (6, 2), (2, 4), (5, 4), (12, 4)])
def test_other_lengths_have_no_qubits(length: int, base: int) -> None:
    """A length that is no power is refused."""
    with pytest.raises(ValueError, match=f"'H' must be of a length that is a power of {base}: found length {length}"):
        qubit_count(length, "H", base=base)


def test_arrays_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """The smallest amount that the system states counts; small arrays are not looked into."""
    (tmp_path / "meminfo").write_text("MemTotal: 900 kB\nMemAvailable:  200000 kB\n")
    (tmp_path / "max").write_text("100000000\n")
    (tmp_path / "unlimited").write_text("max\n")
    limits = [str(tmp_path / name) for name in ("meminfo", "max", "unlimited", "nowhere")]
    assert available_memory(limits) == 100_000_000
    require_memory("it", (2**23,), np.float64, limits)
    require_memory("it", (12_000_000,), np.float64, limits)
    with pytest.raises(MemoryError, match=r"allocate it: 0\.0969 GiB are needed, 0\.0931 GiB are available\nhint: "):
        require_memory("it", (13_000_000,), np.float64, limits)


def test_without_a_word_from_linux_all_memory_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere the physical memory counts as available, or every address where nothing says how much there is."""
    assert available_memory([]) == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    monkeypatch.delattr(os, "sysconf")
    assert available_memory([]) == sys.maxsize
