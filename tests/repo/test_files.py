"""README, changelog fragments, licences and pins keep their form."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from tools.snippets import snippets

if TYPE_CHECKING:
    from pathlib import Path

README_LINES = 100
FRAGMENT = re.compile(r"\+?[a-z0-9-]+\.(added|changed|fixed|removed)\.md")


def test_the_readme_is_short(root: Path) -> None:
    """README.md has at most 100 lines."""
    assert len((root / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES


def test_the_readme_opens_with_the_two_commands(root: Path) -> None:
    """The README's first block installs from the clone and runs the demonstration, its second runs every gate."""
    first, second = list(snippets(root / "README.md"))[:2]
    assert "-m venv" in first.text
    assert "polytier demo" in first.text
    assert second.text == "python -m pip install tox && tox\n"


def test_fragments_have_the_form(root: Path) -> None:
    """Every file in changes/ is a fragment of a known kind that holds sentences, one per line."""
    found = [path for path in (root / "changes").iterdir() if path.name not in {".gitignore", "README.md"}]
    assert [path.name for path in found if not FRAGMENT.fullmatch(path.name)] == []
    lines = [line for path in found for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if not line.endswith((".", ":"))] == []


def test_the_changelog_takes_fragments(root: Path) -> None:
    """CHANGELOG.md holds the line after which towncrier writes."""
    assert "<!-- towncrier release notes start -->" in (root / "CHANGELOG.md").read_text(encoding="utf-8")


def test_licences_are_copies(root: Path, tracked: list[Path]) -> None:
    """Each distribution's LICENSE is the repository's, byte for byte."""
    copies = [path for path in tracked if path.name == "LICENSE"]
    folders = {path.parent for path in tracked if path.name == "pyproject.toml"}
    assert {path.parent for path in copies} >= folders
    assert {(root / path).read_bytes() for path in copies} == {(root / "LICENSE").read_bytes()}


@pytest.mark.parametrize("name", ["build", "crossval", "docs", "examples", "lint", "test"])
def test_pins_are_complete(root: Path, name: str) -> None:
    """Each pinned list holds what its source names, every entry with an exact version and a hash."""
    pinned = (root / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = [entry for entry in re.split(r"^(?=\w)", pinned, flags=re.MULTILINE) if not entry.startswith("#")]
    assert [one for one in entries if not re.match(r"[\w.-]+==\S+ .*\\\n    --hash=sha256:\w{64}", one)] == []
    asked = re.findall(r"^\w[\w.-]*", (root / "requirements" / f"{name}.in").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(asked) <= {entry.partition("==")[0] for entry in entries}


@pytest.mark.parametrize("extra", ["crossval"])
def test_an_extra_is_what_its_pins_are_made_of(root: Path, extra: str) -> None:
    """What an extra of core installs is what the pinned list of the same name is compiled from."""
    project = tomllib.loads((root / "core/pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = (root / "requirements" / f"{extra}.in").read_text(encoding="utf-8").splitlines()
    assert project["optional-dependencies"][extra] == asked


def test_no_tracked_file_names_this_machine(root: Path, tracked: list[Path]) -> None:
    """No tracked text holds an absolute path of the folders that its authors work in."""
    place = re.compile(rb"(?<![\w.])/(?:root|work|Users)/[\w.-]+")
    found = [str(path) for path in tracked if path.suffix != ".txt" and place.search((root / path).read_bytes())]
    assert found == []


def test_the_contracts_name_every_part(root: Path) -> None:
    """The import contracts place each part of core in a layer, and forbid tiers all but the leaves."""
    layers, forbidden = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    package = root / "core/src/polytier"
    parts = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    placed = {name for layer in layers["layers"] for name in re.split(r" [|:] ", layer)}
    assert placed == parts - {"__init__"}
    assert {name.removeprefix("polytier.") for name in forbidden["forbidden_modules"]} == placed - {
        "marks",
        "errors",
        "arrays",
    }
