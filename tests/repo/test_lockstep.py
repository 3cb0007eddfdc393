"""Core and the first-party tiers carry one version, and the tool that keeps them so works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools import lockstep

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "core/pyproject.toml": '[project]\nversion = "1.0.0"\nrust = ["polytier-rust==1.0.0"]\nnumpy = "1.0.0"\n',
    "core/src/polytier/__init__.py": '__version__ = "1.0.0"\n',
    "plugins/tier-rust/pyproject.toml": 'version = "1.0.0"\ndependencies = ["polytier==1.0.0", "numpy>=1.0.0"]\n',
    "plugins/tier-rust/native/Cargo.toml": '[package]\nversion = "1.0.0"\n[dependencies]\nnumpy = "1.0.0"\n',
    "plugins/tier-rust/native/Cargo.lock": 'name = "a"\nversion = "1.0.0"\nname = "polytier-rust"\nversion = "1.0.0"\n',
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return the root of a small checkout at version 1.0.0."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_this_repository_is_in_lockstep(root: Path) -> None:
    """Every place of this repository states core's version."""
    assert lockstep.findings(root) == []
    assert len(list(lockstep.places(root))) >= len(lockstep.PLACES)


def test_a_difference_is_named(checkout: Path) -> None:
    """A tier of another version is reported with its file and both versions."""
    path = checkout / "plugins/tier-rust/native/Cargo.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace('version = "1.0.0"', 'version = "0.9.0"'), encoding="utf-8"
    )
    assert lockstep.findings(checkout) == ["plugins/tier-rust/native/Cargo.toml: version: 0.9.0, wanted 1.0.0"]


def test_a_missing_pin_is_named(checkout: Path) -> None:
    """A tier that does not pin core is reported."""
    path = checkout / "plugins/tier-rust/pyproject.toml"
    path.write_text('version = "1.0.0"\n', encoding="utf-8")
    assert lockstep.findings(checkout) == ["plugins/tier-rust/pyproject.toml: pin of core: missing, wanted 1.0.0"]


def test_a_bump_moves_every_place_and_nothing_else(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bump writes the version in each place and leaves the versions of others alone."""
    assert lockstep.main(["bump", "1.1.0"], checkout) == 0
    text = "".join((checkout / name).read_text(encoding="utf-8") for name in FILES)
    assert text.count("1.1.0") == 7
    assert text.count("1.0.0") == 4
    assert capsys.readouterr().out == "lockstep: one version everywhere\n"


def test_a_finding_is_the_exit_status(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check exits with 1 and prints what differs."""
    (checkout / "core/src/polytier/__init__.py").write_text('__version__ = "2"\n', encoding="utf-8")
    assert lockstep.main(["check"], checkout) == 1
    assert "version: 2, wanted 1.0.0" in capsys.readouterr().out
