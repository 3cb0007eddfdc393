"""Records to test with: built from few figures, or drawn by hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from polytier.marks import FLOOR
from polytier.record import HostFacts, Measurement, Record, Refusal, TierBuild

HOST = HostFacts("linux-x86_64-test-2c-avx2-00000000", {"cpu": "Test CPU ®", "cores": 2, "load": [0.5, 0.25, 0.1]})
TIERS = ("go", "julia", "mojo", "rust")


def measurement(tier: str, size: int, median: float, *, spread: float = 0.0, case: str = "") -> Measurement:
    """Return a measurement whose quartiles lie `spread` (relative) around the median."""
    low, high = median * (1 - spread), median * (1 + spread)
    return Measurement(case or f"n={size}", size, 7, tier, 9, 100, low, low, median, high, high, 2 * high)


def record(
    *measurements: Measurement, kernel: str = "order_parameter", refusals: tuple[Refusal, ...] = (), **changes: Any
) -> Record:
    """Return a record of these measurements with a build for each tier."""
    names = {FLOOR, *(entry.tier for entry in measurements)}
    tiers = {name: TierBuild("0.1.0", f"digest of {name}") for name in sorted(names)}
    fields = {"host": HOST, "revision": "abc1234", "polytier": "0.1.0", "tiers": tiers} | changes
    return Record(kernel=kernel, measurements=measurements, refusals=refusals, **fields)


def banded(tier: str, size: int, case: str, low: int, width: int) -> Measurement:
    """Return a measurement whose quartiles lie `low`, in the middle and `low + width` microseconds from zero."""
    p25, median, p75 = low * 1e-6, (low + width / 2) * 1e-6, (low + width) * 1e-6
    return Measurement(case, size, size % 7, tier, 5, 10, p25 / 2, p25, median, p75, 2 * p75, 3 * p75)


@st.composite
def records(draw: st.DrawFn, *, complete: bool = False, cases: int = 1) -> Record:
    """Draw a record in which bands often touch and overlap.

    `complete` measures each tier on all cases and refuses none, `cases` is how many cases one size may have.
    """
    sizes = draw(st.lists(st.integers(0, 40) | st.integers(0, 10**6), min_size=1, max_size=5, unique=True))
    labels = [(f"n={size}, {part}", size) for size in sizes for part in range(draw(st.integers(1, cases)))]
    tiers = (FLOOR, *draw(st.lists(st.sampled_from(TIERS), unique=True, max_size=4)))
    places = [(tier, size, label) for tier in tiers for label, size in labels]
    # One byte for each measurement: twelve positions, seven widths, and one in four is missing.
    figures = draw(st.binary(min_size=len(places), max_size=len(places)))
    entries = [
        banded(*place, figure % 12 + 1, figure // 12 % 7)
        for place, figure in zip(places, figures, strict=True)
        if complete or figure >= 64
    ]
    refusals = () if complete else tuple(draw(st.lists(_refusals(), max_size=1)))
    builds = {tier: TierBuild("0.1.0", f"digest of {tier}") for tier in tiers}
    return record(*entries, refusals=refusals, tiers=builds)


def _refusals() -> st.SearchStrategy[Refusal]:
    return st.builds(Refusal, st.sampled_from(TIERS), st.sampled_from(["n=1", "odd"]), st.text(max_size=20))
