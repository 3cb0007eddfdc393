"""Holds every kernel that claims bits to the floor's, on each tier and each set of vector instructions.

A tier reads its level from the environment as it loads, so each level has a process of its own, which `bitwise.py` is.
A level that this CPU lacks must be refused by its name, and the closing lines of the run say that it was not checked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from polytier.marks import TIER_GROUP
from polytier.tiers import entry_points

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = Path(__file__).with_name("bitwise.py")
NAMED = tuple(filter(None, os.environ.get("POLYTIER_CONFORMANCE", "").replace(" ", "").split(",")))
LIMIT = 900
AVX2 = "avx2 fma"
MOJO_AVX2 = f"{AVX2} bmi1 bmi2 f16c movbe"
LEVELS: dict[str, dict[str, str]] = {
    "go": {"avx2": AVX2, "baseline": ""},
    "julia": {"": ""},  # Julia compiles for the CPU that it finds
    "mojo": {"avx512": f"{MOJO_AVX2} avx512f avx512bw avx512cd avx512dq avx512vl", "avx2": MOJO_AVX2},
    "rust": {"avx512": "avx512f", "avx2": AVX2, "baseline": ""},
}
"""The levels that the environment can ask a tier for, and the flags that a CPU needs for each."""

PATHS = [(tier, level) for tier in sorted({*(NAMED or LEVELS)}) for level in LEVELS.get(tier, {"": ""})]

PLANTED = """
import functools
import numpy as np
from polytier.kernels.declaration import catalogue

def one_ulp_more(answer):
    if hasattr(answer, "flux"):
        return answer._replace(flux=one_ulp_more(answer.flux))
    if isinstance(answer, int):
        return answer + 1
    moved = np.array(answer)
    moved.flat[-1] = np.nextafter(moved.flat[-1], np.inf)
    return moved if moved.ndim else float(moved)

def planted(floor):
    @functools.wraps(floor)
    def fault(*arguments, **keywords):
        answer = floor(*arguments, **keywords)
        size = len(arguments[0]) if hasattr(arguments[0], "__len__") else 0
        return one_ulp_more(answer) if SPOILED(size) else answer
    return fault

for kernel in tuple(catalogue):
    globals()[kernel.name] = planted(kernel.floor)
"""
"""A tier that answers as the floors do, but for one bit of its answers to inputs of some sizes."""


def flags() -> set[str]:
    """Return the names that /proc/cpuinfo has for what this CPU can do."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    return {flag for line in lines if line.startswith(("flags", "Features")) for flag in line.split()[2:]}


def found_of(tier: str, level: str = "", **environment: str) -> dict[str, Any]:
    """Return what a process of its own found of a tier at one level."""
    given = {name: value for name, value in os.environ.items() if name not in {"POLYTIER_TIERS", "POLYTIER_DISABLE"}}
    given |= {f"POLYTIER_{tier.upper()}_SIMD": level} if level else {}
    command = [sys.executable, str(PROGRAM), tier]
    run = subprocess.run(command, check=False, capture_output=True, text=True, env=given | environment, timeout=LIMIT)
    assert run.returncode == 0, run.stdout + run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def differences(found: dict[str, Any]) -> dict[str, str]:
    """Return the first difference of each kernel that has one."""
    assert "refused" not in found, found["refused"]
    return {name: one["difference"] for name, one in found["kernels"].items() if one["difference"]}


def told(tier: str, level: str, found: dict[str, Any]) -> str:
    """Return the line that a run ends with about a path that was checked."""
    kernels = found["kernels"]
    beyond = [f"{name}, {field}" for name, one in kernels.items() for field in one["beyond"]]
    cases = sum(one["cases"] for one in kernels.values())
    done = f"{tier} {level}: {len(kernels)} kernels have the floor's bits, by {cases} cases and drawn inputs"
    return f"{done}; they have them beyond their claims too in {'; '.join(beyond) or 'nothing'}"


@pytest.mark.parametrize(("tier", "level"), PATHS, ids=[f"{tier}-{level or 'native'}" for tier, level in PATHS])
def test_a_tier_has_the_bits_of_the_floor(
    tier: str, level: str, record_property: Callable[[str, object], None]
) -> None:
    """A tier's answers have the floor's bits where a kernel claims so; a level that the CPU lacks is refused."""
    installed = {point.name for point in entry_points(TIER_GROUP)}
    if tier not in installed and tier not in NAMED:
        pytest.skip(f"tier {tier!r} is not installed; name it in POLYTIER_CONFORMANCE to insist on it")
    assert tier in installed, (
        f"tier {tier!r} is named in POLYTIER_CONFORMANCE and is not installed: {sorted(installed)}"
    )
    found = found_of(tier, level)
    missing = set(LEVELS.get(tier, {}).get(level, "").split()) - flags()
    if missing:
        assert level in found.get("refused", ""), f"this CPU lacks {sorted(missing)}: {found}"
        line = f"{tier} {level}: NOT CHECKED, this CPU lacks {' '.join(sorted(missing))}; the tier refuses the level"
    else:
        assert differences(found) == {}
        assert found["level"] == level
        line = told(tier, level or "native", found)
    record_property("bitwise", line)


def plant(folder: Path, sizes: str) -> dict[str, Any]:
    """Return what is found of a tier that is one bit off for the sizes of which an expression over `size` is true."""
    source = PLANTED.replace("SPOILED(size)", f"({sizes})")
    (folder / "polytier_planted.py").write_text(source, encoding="utf-8")
    info = folder / "polytier_planted-1.0.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: polytier-planted\nVersion: 1.0\n", "utf-8")
    info.joinpath("entry_points.txt").write_text(f"[{TIER_GROUP}]\nplanted = polytier_planted\n", "utf-8")
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join(filter(None, (str(folder), before)))
    return found_of("planted", PYTHONPATH=path, XDG_CACHE_HOME=str(folder / "cache"))


def test_one_bit_is_seen_everywhere(tmp_path: Path) -> None:
    """A planted bit is reported for every kernel that claims bits, by kernel, case, index and both values."""
    found = plant(tmp_path, "True")
    said = differences(found)
    assert set(said) == set(found["kernels"])
    assert "commutator_dense" not in said
    assert said["aer_decode_temporal"].startswith(
        "aer_decode_temporal [m=1] of tier 'planted': index 15 is 5e-324, the floor says 0.0"
    )
    assert "faraday_recovery [n=2] of tier 'planted': field flux[1] is " in said["faraday_recovery"]
    assert said["doppler_kuramoto"].startswith("doppler_kuramoto [no coupling, to the bit] of tier 'planted': index 12")
    assert "the floor says" in said["doppler_kuramoto"]
    assert said["faraday_back_emf"].startswith("faraday_back_emf [no radius]")
    assert "value is 2, the floor says 1" in said["dla_dimension"]


def test_one_bit_at_one_size_is_seen(tmp_path: Path) -> None:
    """A bit that is off at a size of no case is reported from what is drawn, and nothing else is."""
    said = differences(plant(tmp_path, "size == 61"))
    assert {name: sentence.partition("]")[0].partition("[")[2] for name, sentence in said.items()} == {
        "aer_decode_rate": "drawn, 61 as drawn",
        "aer_decode_temporal": "drawn, 61 as drawn",
        "aer_decode_isi": "drawn, 61 as drawn",
        "doppler_kuramoto": "drawn, 61 as drawn",
        "faraday_recovery": "drawn, 60 as drawn",
    }
