"""Comparing two answers: structure and form first, then values by the class of the tolerance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from polytier.agreement import Difference, compare
from polytier.kernels.tolerance import Tolerance

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT = Tolerance.bit_exact()
LOOSE = Tolerance(atol=0.5)


class Path(NamedTuple):
    """A named result."""

    times: NDArray[np.float64]
    values: NDArray[np.float64]


@dataclass
class Fit:
    """A result as a dataclass."""

    slope: float
    names: list[str]


def sentence(answer: Any, floor: Any, tolerance: Any = EXACT, *arguments: Any) -> str:
    """Return the sentence of a difference that must be there."""
    difference = compare(answer, floor, tolerance, arguments)
    assert isinstance(difference, Difference)
    assert str(difference) == difference.sentence
    return difference.sentence


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        -0.0,
        3,
        2**70,
        True,
        None,
        "text",
        1 + 2j,
        complex("nan+1j"),
        np.float32(0.25),
        np.array([]),
        np.array([[np.nan, np.inf], [-np.inf, 1.0]]),
        np.array([1, 2], dtype=np.uint64),
        np.array([complex("1+nanj")]),
        np.array([1.0, np.nan], dtype=np.longdouble),
        np.array(["a", "b"]),
        (np.arange(3), {"a": 1.0}, [Fit(1.0, ["x"])]),
        Path(np.arange(2.0), np.ones(2)),
        np.array([(1, np.nan)], dtype=[("n", "i4"), ("x", "f8")]),
    ],
)
@pytest.mark.parametrize(
    "tolerance",
    [EXACT, LOOSE, Tolerance.within_ulps(2), Tolerance.circular(0.1), Tolerance.scaled(0.1, lambda *_: 1.0), {}],
)
def test_every_value_agrees_with_itself(value: Any, tolerance: Any) -> None:
    """A value agrees with itself under every tolerance, NaN and infinities included."""
    assert compare(value, value, tolerance) is None


def test_a_type_differs_before_values() -> None:
    """A NumPy scalar is no float, even where the numbers are equal."""
    difference = compare(np.float64(1.0), 1.0, LOOSE)
    assert difference == Difference(
        "type", float, np.float64, "the type of the answer is numpy.float64, the floor's is float"
    )


def test_a_dtype_differs_before_values() -> None:
    """A float32 answer is not the floor's float64."""
    found = compare(np.zeros(2, np.float32), np.zeros(2), LOOSE)
    assert found is not None
    assert found.where == "dtype"
    assert found.sentence == "the dtype of the answer is float32, the floor's is float64"


def test_a_shape_differs_before_values() -> None:
    """A shape that would broadcast is another shape all the same."""
    assert sentence(np.zeros((1, 2)), np.zeros(2), LOOSE) == "the shape of the answer is (1, 2), the floor's is (2,)"


def test_the_number_of_parts_differs() -> None:
    """A tuple of another length is named by its parts."""
    found = "the structure of the answer is ['element 0'], the floor's is ['element 0', 'element 1']"
    assert sentence((1.0,), (1.0, 2.0)) == found


def test_a_field_is_named_with_its_index() -> None:
    """The difference in a field of a named result tells field and index, in one dimension and in two."""
    floor = Path(np.arange(8.0), np.zeros((2, 2)))
    late = np.arange(8.0)
    late[7] = 9.0
    difference = compare(Path(late, floor.values), floor, LOOSE)
    assert difference is not None
    assert (difference.where, difference.wanted, difference.found) == ("field times[7]", 7.0, 9.0)
    assert sentence(Path(floor.times, np.ones((2, 2))), floor, LOOSE).startswith("field values[0, 0] is 1.0")


def test_each_field_has_its_own_tolerance() -> None:
    """A mapping gives the tolerance by field; a field that it leaves out must be bit-exact."""
    floor, answer = Path(np.zeros(1), np.zeros(1)), Path(np.full(1, 0.25), np.full(1, 0.25))
    assert compare(answer, floor, {"times": LOOSE, "values": LOOSE}) is None
    found = "field values[0] is 0.25, the floor says 0.0; the tolerance is bit-exact"
    assert sentence(answer, floor, {"times": LOOSE}) == found


def test_nested_parts_carry_their_path() -> None:
    """Parts of parts are named from the outside in, a scalar without an index."""
    floor = ({"fit": Fit(1.0, ["a"])},)
    assert sentence(({"fit": Fit(1.0, ["b"])},), floor) == (
        "element 0 field fit field names element 0 is 'b', the floor says 'a'; the tolerance is bit-exact"
    )
    assert sentence(({"fit": Fit(1, ["a"])},), floor).startswith("the type of element 0 field fit field slope is int")


def test_a_structured_array_is_compared_by_field() -> None:
    """The fields of a structured array take their tolerances by name."""
    floor = np.array([(1, 1.0), (2, 2.0)], dtype=[("n", "i4"), ("x", "f8")])
    near = floor.copy()
    near["x"] += 0.25
    assert compare(near, floor, {"x": LOOSE}) is None
    assert sentence(near, floor).startswith("field x[0] is 1.25, the floor says 1.0")


def test_the_first_of_several_differences_is_named() -> None:
    """The first index in C order is named, with both values, their difference and the tolerance."""
    floor = np.zeros((2, 3))
    answer = floor.copy()
    answer[0, 2], answer[1, 1] = 0.75, 8.0
    assert sentence(answer, floor, LOOSE) == (
        "index (0, 2) is 0.75, the floor says 0.0; the difference 0.75 exceeds absolute 0.5, relative 0"
    )
    assert sentence(answer[0], floor[0], LOOSE).startswith("index 2 is 0.75")


def test_a_scalar_is_named_as_the_value() -> None:
    """A scalar answer has no index."""
    assert sentence(2.0, 1.0, LOOSE) == (
        "value is 2.0, the floor says 1.0; the difference 1 exceeds absolute 0.5, relative 0"
    )


def test_a_relative_tolerance_scales_with_the_floor() -> None:
    """The floor's value, not the answer's, sets what is allowed."""
    assert compare(109.0, 100.0, Tolerance(rtol=0.1)) is None
    assert compare(90.0, 100.0, Tolerance(rtol=0.1)) is None
    assert compare(111.0, 100.0, Tolerance(rtol=0.1)) is not None


@pytest.mark.parametrize(
    ("answer", "floor"), [(np.nan, 1.0), (1.0, np.nan), (np.inf, 1e308), (5.0, np.inf), (-np.inf, np.inf)]
)
@pytest.mark.parametrize(
    "tolerance", [Tolerance(atol=1e300, rtol=1e300), Tolerance.within_ulps(2**62), Tolerance.circular(9.0)]
)
def test_no_tolerance_covers_what_is_not_finite(answer: float, floor: float, tolerance: Tolerance) -> None:
    """NaN and infinities agree only with themselves."""
    assert compare(float(answer), float(floor), tolerance) is not None


def test_a_difference_without_a_distance_names_the_tolerance() -> None:
    """Where the difference is no number, the sentence gives the tolerance instead."""
    found = "value is nan, the floor says 1.0; the tolerance is absolute 0.5, relative 0"
    assert sentence(float("nan"), 1.0, LOOSE) == found


def test_bit_exact_tells_zeros_apart() -> None:
    """Minus zero is not zero under bit-exact, in a complex number neither, and is under every other class."""
    assert sentence(-0.0, 0.0) == "value is -0.0, the floor says 0.0; the tolerance is bit-exact"
    assert compare(complex(0.0, -0.0), 0j, EXACT) is not None
    assert compare(-0.0, 0.0, Tolerance()) is None
    assert compare(-0.0, 0.0, Tolerance.within_ulps(0)) is None


def test_bit_exact_refuses_a_neighbour() -> None:
    """One ulp is a difference under bit-exact."""
    assert compare(np.nextafter(1.0, 2.0), np.float64(1.0), EXACT) is not None


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, ">f8"])
def test_ulps_count_representable_numbers(dtype: Any) -> None:
    """Two steps of nextafter are two ulps, in every float type and byte order."""
    floor = np.array([1.5, -1.5], dtype=dtype)
    native = floor.astype(floor.dtype.newbyteorder("="))
    near = np.nextafter(np.nextafter(native, native.dtype.type(9)), native.dtype.type(9)).astype(dtype)
    assert compare(near, floor, Tolerance.within_ulps(2)) is None
    assert sentence(near, floor, Tolerance.within_ulps(1)).endswith("the difference 2 exceeds 1 ulp")


def test_ulps_count_across_zero() -> None:
    """The smallest numbers on both sides of zero are two ulps apart."""
    tiny = np.nextafter(0.0, 1.0)
    assert compare(-tiny, tiny, Tolerance.within_ulps(2)) is None
    assert compare(-tiny, tiny, Tolerance.within_ulps(1)) is not None


def test_ulps_of_complex_and_integers() -> None:
    """A complex number is judged by its worse part; integers are one apart."""
    up = float(np.nextafter(1.0, 2.0))
    assert compare(complex(1, up), complex(1, 1), Tolerance.within_ulps(1)) is None
    assert compare(complex(1, up), complex(1, 1), Tolerance.within_ulps(0)) is not None
    assert compare(5, 7, Tolerance.within_ulps(2)) is None
    assert compare(5, 8, Tolerance.within_ulps(2)) is not None


def test_integers_lose_no_digit() -> None:
    """Integers beyond 2**53 that differ by one differ, at both ends of their range."""
    low, high = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    assert compare(2**60 + 1, 2**60, Tolerance()) is not None
    assert compare(2**60 + 1, 2**60, Tolerance(atol=1.0)) is None
    assert sentence(high, low, Tolerance(atol=9.0)).endswith(
        "the difference 1.84467e+19 exceeds absolute 9, relative 0"
    )
    assert compare(np.array([3], ">u2"), np.array([4], ">u2"), Tolerance(atol=1.0)) is None
    assert compare(np.array([4], ">u2"), np.array([3], ">u2"), Tolerance(atol=0.5)) is not None


def test_a_scaled_tolerance_takes_its_scale_from_the_arguments() -> None:
    """The scale is a function of the call's arguments; it may be a number or an array."""
    tolerance = Tolerance.scaled(0.1, lambda values, *, by=1.0: np.abs(values) * by)
    floor, arguments = np.zeros(2), (np.array([1.0, 100.0]),)
    answer = np.array([0.05, 9.0])
    assert compare(answer, floor, tolerance, arguments) is None
    assert compare(answer, floor, tolerance, arguments, {"by": 0.1}) is not None
    assert compare(1.0, 0.0, Tolerance(kind="scaled", rtol=1.0)) is not None


def test_angles_are_compared_around_the_circle() -> None:
    """A circular tolerance sees the short way round, whatever the number of turns."""
    tolerance = Tolerance.circular(0.01)
    assert compare(np.pi, -np.pi, tolerance) is None
    assert compare(0.001 + 8 * np.pi, -0.001, tolerance) is None
    assert sentence(3.0, 0.0, tolerance).endswith("the difference 3 exceeds absolute 0.01 modulo 6.28319")


def test_complex_numbers_are_compared_by_their_distance() -> None:
    """The absolute value of the complex difference counts."""
    assert compare(1.3 + 0.3j, 1 + 0j, LOOSE) is None
    assert compare(1.4 + 0.4j, 1 + 0j, LOOSE) is not None


def test_long_values_are_shortened() -> None:
    """A sentence stays short, however long the values are."""
    assert len(sentence("x" * 10_000, "y" * 10_000)) < 200
