"""Every first-party tier has the same files in the same places, one native file per family among them."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NATIVE = {"go": "native/{}.go", "julia": "native/{}.jl", "mojo": "native/{}.mojo", "rust": "native/src/{}.rs"}
COMMON = ("LICENSE", "README.md", "pyproject.toml", "src/polytier_{tier}/__init__.py", "src/polytier_{tier}/py.typed")
ADAPTED = ("src/polytier_{tier}/{family}.py", "src/polytier_{tier}/runtime.py")
"""What a tier has besides whose functions are not the native ones themselves."""


def families() -> list[str]:
    """Return the families of core: the modules of kernels/ that declare kernels."""
    places = (ROOT / "core/src/polytier/kernels").glob("*.py")
    return sorted(place.stem for place in places if "@kernel(" in place.read_text(encoding="utf-8"))


def test_every_tier_is_known() -> None:
    """The tiers in plugins/ are the ones whose layout is checked here."""
    assert {path.name for path in (ROOT / "plugins").iterdir() if path.is_dir()} == {f"tier-{name}" for name in NATIVE}


@pytest.mark.parametrize("tier", NATIVE)
def test_a_tier_has_the_files_of_a_tier(tier: str) -> None:
    """A tier's licence, page, build description, entry module and typing marker lie where every tier has them."""
    place = ROOT / "plugins" / f"tier-{tier}"
    assert [name for name in COMMON if not (place / name.format(tier=tier)).is_file()] == []


@pytest.mark.parametrize("family", families())
@pytest.mark.parametrize("tier", NATIVE)
def test_a_family_is_one_native_file(tier: str, family: str) -> None:
    """Each family is one native file of its name in every tier, and one adapter of its name where there are any."""
    place = ROOT / "plugins" / f"tier-{tier}"
    assert (place / NATIVE[tier].format(family)).is_file()
    if tier != "rust":
        assert [n for n in ADAPTED if not (place / n.format(tier=tier, family=family)).is_file()] == []
