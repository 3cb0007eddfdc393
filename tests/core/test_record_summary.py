"""Tests of `polytier.record.summary`: the figures of a sample against the standard library."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytier.record.summary import significant, summarise

if TYPE_CHECKING:
    import random

SAMPLES = st.lists(st.floats(1e-12, 1e6), min_size=2, max_size=60)


@given(SAMPLES, st.randoms(use_true_random=False))
def test_figures_equal_the_standard_library_on_shuffled_input(samples: list[float], chance: random.Random) -> None:
    """Minimum, quartiles and 95th percentile are those of `statistics`, whatever the order of the samples."""
    wanted = statistics.quantiles(samples, n=100, method="inclusive")
    chance.shuffle(samples)
    found = summarise(samples)
    assert found["minimum"] == min(samples)
    assert found["median"] == pytest.approx(statistics.median(samples), rel=1e-12)
    for name, percent in (("p25", 25), ("p75", 75), ("p95", 95)):
        assert found[name] == pytest.approx(wanted[percent - 1], rel=1e-12)


@given(SAMPLES)
def test_figures_never_cross(samples: list[float]) -> None:
    """The figures ascend without exception, so that every record that is written can be read."""
    figures = list(summarise(samples).values())
    assert figures == sorted(figures)
    assert figures[-1] <= max(samples)


@given(st.floats(1e-12, 1e6), st.integers(1, 30))
def test_equal_samples_give_their_value(value: float, count: int) -> None:
    """A sample without any spread has no spread in its figures, not even a rounding."""
    assert set(summarise([value] * count).values()) == {value}


def test_samples_are_left_in_their_order() -> None:
    """Summarising changes nothing in the caller's list."""
    samples = [3.0, 1.0, 2.0]
    summarise(samples)
    assert samples == [3.0, 1.0, 2.0]


@pytest.mark.parametrize("samples", [[1.0, float("nan")], [float("nan")], [0.0], [1.0, -1.0], [float("inf"), 2.0]])
def test_what_is_no_time_is_refused(samples: list[float]) -> None:
    """A sample that is not finite and positive is named in a ValueError."""
    with pytest.raises(ValueError, match=r"'samples' must be finite and greater than 0: found (nan|0\.0|-1\.0|inf)"):
        summarise(samples)


def test_no_samples_are_refused() -> None:
    """Without samples there are no figures."""
    with pytest.raises(ValueError, match="'samples' must be a non-empty sequence of seconds: found none"):
        summarise([])


@given(st.floats(1e-15, 1e9), st.floats(1e-15, 1e9))
def test_five_digits_are_kept_and_keep_the_order(one: float, other: float) -> None:
    """Rounding moves a time by at most half a unit of the fifth digit, changes nothing twice and never swaps two."""
    assert significant(one) == pytest.approx(one, rel=5.0001e-5)
    assert significant(significant(one)) == significant(one)
    low, high = sorted((one, other))
    assert significant(low) <= significant(high)
