"""What does not fit into the memory that is available is refused before it is allocated."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from polytier.arrays import available_memory, new_array, require_memory

if TYPE_CHECKING:
    from pathlib import Path


def test_arrays_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """The smallest amount that the system states counts; small arrays are not looked into."""
    (tmp_path / "meminfo").write_text("MemTotal: 900 kB\nMemAvailable:  200000 kB\n")
    (tmp_path / "max").write_text("100000000\n")
    (tmp_path / "unlimited").write_text("max\n")
    limits = [str(tmp_path / name) for name in ("meminfo", "max", "unlimited", "nowhere")]
    assert available_memory(limits) == 100_000_000
    require_memory("it", (2**23,), np.float64, limits)
    require_memory("it", (12_000_000,), np.float64, limits)
    said = r"^make room for it: 0\.0969 GiB are needed, 0\.0931 GiB are available\nhint: "
    with pytest.raises(MemoryError, match=said):
        require_memory("it", (13_000_000,), np.float64, limits)


def test_without_a_word_from_linux_all_memory_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere the physical memory counts as available, or every address where nothing says how much there is."""
    assert available_memory([]) == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    monkeypatch.delattr(os, "sysconf")
    assert available_memory([]) == sys.maxsize


@pytest.mark.parametrize(
    ("shape", "needed"),
    [
        ((2**50,), r"8\.39e\+06 GiB are needed"),
        ((2**40, 2**20), r"8\.59e\+09 GiB are needed"),
        ((2**61,), r"2\*\*64 bytes or more are needed"),
        ((2**2000, 3), r"2\*\*64 bytes or more are needed"),
    ],
)
def test_no_array_is_made_that_does_not_fit(shape: tuple[int, ...], needed: str) -> None:
    """The error is the same whether the memory or the address space is too small, however large the shape is."""
    said = rf"^make room for the answer: {needed}, .* GiB are available\nhint: ask for less, or use a machine "
    with pytest.raises(MemoryError, match=said):
        new_array(*shape)


def test_what_the_system_refuses_is_a_memory_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process may not get what is said to be available."""
    monkeypatch.setattr("polytier.arrays.memory.available_memory", lambda _: sys.maxsize)
    said = "^make room for the path: .* GiB are needed, the system refuses them\nhint: "
    with pytest.raises(MemoryError, match=said):
        new_array(2**50, name="the path")


def test_new_arrays_are_zeros() -> None:
    """An array that fits has the shape and the dtype that were asked for."""
    assert new_array(2, 3).tolist() == [[0.0] * 3] * 2
    assert new_array(2, dtype=np.complex128).tolist() == [0j, 0j]
