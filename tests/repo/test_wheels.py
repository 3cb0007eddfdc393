"""The built wheels carry what they must and import what they may."""

from __future__ import annotations

import ast
from configparser import ConfigParser
from email import message_from_bytes
from fnmatch import fnmatch
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message
    from pathlib import Path
    from zipfile import ZipFile

DISTRIBUTIONS = ["polytier", "polytier-go", "polytier-julia", "polytier-mojo", "polytier-rust"]
ALLOWED = {"polytier.marks", "polytier.errors", "polytier.arrays"}
NATIVE = ("*.so", "*.pyd", "*.dll", "*.dylib")
RUNTIMES = {"cffi", "juliacall", "juliapkg", "mojo", "max", "numba", "jax"} | {
    name.replace("-", "_") for name in DISTRIBUTIONS[1:]
}


def member(wheel: ZipFile, pattern: str) -> bytes:
    """Return the one file of a wheel that matches."""
    (name,) = [name for name in wheel.namelist() if fnmatch(name, pattern)]
    return wheel.read(name)


def metadata(wheel: ZipFile) -> Message:
    """Return the metadata of a wheel."""
    return message_from_bytes(member(wheel, "*.dist-info/METADATA"))


def imports(wheel: ZipFile) -> Iterator[tuple[str, str]]:
    """Yield (file, imported module) for every import of a wheel's Python files; `from a import b` counts as `a.b`."""
    for name in wheel.namelist():
        if name.endswith(".py"):
            for node in ast.walk(ast.parse(wheel.read(name))):
                if isinstance(node, ast.Import):
                    yield from ((name, alias.name) for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    yield from ((name, f"{node.module}.{alias.name}") for alias in node.names)


def test_the_wheels_are_there(wheels: dict[str, ZipFile]) -> None:
    """Every distribution of the repository is built."""
    assert sorted(wheels) == DISTRIBUTIONS


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_wheel_carries_the_licence(wheels: dict[str, ZipFile], root: Path, name: str) -> None:
    """Each wheel holds the repository's LICENSE, word for word, and names it in its metadata."""
    assert member(wheels[name], "*.dist-info/licenses/LICENSE") == (root / "LICENSE").read_bytes()
    assert metadata(wheels[name])["License-Expression"] == "Apache-2.0"


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_wheel_holds_no_tests(wheels: dict[str, ZipFile], name: str) -> None:
    """No wheel ships tests, caches or native sources."""
    strange = ("tests/*", "*/tests/*", "*__pycache__*", "*.rs", "*.c", "*.go", "*.h", "*.mojo", "*/target/*")
    assert [file for file in wheels[name].namelist() if any(fnmatch(file, one) for one in strange)] == []


def test_core_carries_the_shipped_table(wheels: dict[str, ZipFile], root: Path) -> None:
    """The wheel of core holds the repository's dispatch.toml, byte for byte."""
    assert member(wheels["polytier"], "polytier/dispatch.toml") == (root / "dispatch.toml").read_bytes()


@pytest.mark.parametrize("file", ["polytier/record/record.schema.json", "polytier/py.typed", "polytier_pytest.py"])
def test_core_carries_its_data(wheels: dict[str, ZipFile], file: str) -> None:
    """The wheel of core holds the record's schema, the typing marker and the pytest plugin."""
    assert file in wheels["polytier"].namelist()


def test_core_installs_the_command(wheels: dict[str, ZipFile]) -> None:
    """The command is the module that stands outside the package, and the wheel holds it."""
    assert "polytier_command.py" in wheels["polytier"].namelist()
    assert b"polytier = polytier_command:main\n" in member(wheels["polytier"], "*.dist-info/entry_points.txt")


def test_core_is_pure_python(wheels: dict[str, ZipFile]) -> None:
    """The wheel of core holds no native file, says so in its tag, and imports no native runtime."""
    wheel = wheels["polytier"]
    assert [name for name in wheel.namelist() if any(fnmatch(name, one) for one in NATIVE)] == []
    assert b"Root-Is-Purelib: true" in member(wheel, "*.dist-info/WHEEL")
    assert [found for found in imports(wheel) if found[1].partition(".")[0] in RUNTIMES] == []


def test_a_tier_imports_only_the_leaves(wheels: dict[str, ZipFile]) -> None:
    """A first-party tier imports polytier.marks, polytier.errors and polytier.arrays, and nothing else of core."""
    found = [
        (file, module)
        for name in DISTRIBUTIONS[1:]
        for file, module in imports(wheels[name])
        if module.partition(".")[0] == "polytier"
        and not any(module == one or module.startswith(f"{one}.") for one in ALLOWED)
    ]
    assert found == []


@pytest.mark.parametrize("name", DISTRIBUTIONS[1:])
def test_a_tier_pins_core(wheels: dict[str, ZipFile], name: str) -> None:
    """A first-party tier requires exactly the version of core that it was built beside."""
    version = metadata(wheels["polytier"])["Version"]
    assert f"polytier=={version}" in metadata(wheels[name]).get_all("Requires-Dist", [])
    assert metadata(wheels[name])["Version"] == version


@pytest.mark.parametrize("name", DISTRIBUTIONS[1:])
def test_a_tier_registers_itself(wheels: dict[str, ZipFile], name: str) -> None:
    """The wheel of a first-party tier declares one entry point, named as the tier."""
    points = ConfigParser(delimiters="=")
    points.read_string(member(wheels[name], "*.dist-info/entry_points.txt").decode())
    tier = name.removeprefix("polytier-")
    assert dict(points["polytier.tiers"]) == {tier: f"polytier_{tier}"}
