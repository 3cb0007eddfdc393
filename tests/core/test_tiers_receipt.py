"""The receipt of a loaded tier."""

from __future__ import annotations

import importlib
import sys
import zipfile
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from polytier.tiers import EntryPoint
from polytier.tiers.receipt import Receipt, receipt_of

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Installed, Installer

POINT = EntryPoint("fast", "tier_fast", "polytier-fast", "1.0", "")


def receipt(installed: Installed) -> Receipt:
    """Return the receipt of an installed tier."""
    return receipt_of(POINT, importlib.import_module(installed.module))


def test_a_build_digest_is_taken_whole(install_tier: Installer) -> None:
    """A tier that states its BUILD_DIGEST is known by it, whatever its length."""
    digest = "0123456789abcdef" * 4
    installed = install_tier("fast", f"BUILD_DIGEST = {digest!r}")
    assert receipt(installed) == Receipt("fast", "polytier-fast", "1.0", digest, str(installed.package / "__init__.py"))


@pytest.mark.parametrize("digest", ["''", "None", "3"])
def test_a_digest_that_is_no_text_does_not_count(install_tier: Installer, digest: str) -> None:
    """Without a usable BUILD_DIGEST the files are digested, to 16 digits."""
    installed = install_tier("fast", f"BUILD_DIGEST = {digest}")
    assert len(receipt(installed).digest) == 16


def test_every_file_of_the_package_counts(install_tier: Installer, tmp_path: Path) -> None:
    """Another content or another name of any file is another build; compiled Python is not looked at."""
    variants = [{"a.so": b"1"}, {"a.so": b"2"}, {"b.so": b"1"}, {"deep/a.so": b"1"}, {"a.so": b"", "b": b"1"}, {}]
    digests = []
    for i, files in enumerate(variants):
        installed = install_tier("fast", module=f"build{i}", root=tmp_path / str(i), files=files)
        digests.append(receipt(installed).digest)
    assert len(set(digests)) == len(variants)
    (installed.package / "__pycache__").mkdir(exist_ok=True)
    (installed.package / "__pycache__" / "other.pyc").touch()
    assert receipt(installed).digest == digests[-1]


def test_a_single_file_is_digested(install_tier: Installer) -> None:
    """A tier that is one file has a digest of that file."""
    root = install_tier.add_root(install_tier.root)
    (root / "tier_file.py").write_text("x = 1")
    module = importlib.import_module("tier_file")
    first = receipt_of(POINT, module)
    (root / "tier_file.py").write_text("x = 2")
    assert first.file == str(root / "tier_file.py")
    assert receipt_of(POINT, module).digest != first.digest


def test_a_namespace_package_is_known_by_its_folder(install_tier: Installer) -> None:
    """A package without `__init__.py` has a digest of its files and its folder as file."""
    folder = install_tier.add_root(install_tier.root) / "tier_space"
    folder.mkdir()
    (folder / "part.py").touch()
    found = receipt_of(POINT, importlib.import_module("tier_space"))
    assert found.file == str(folder)
    assert found.digest != receipt_of(POINT, ModuleType("nothing")).digest


def test_a_module_in_a_zip_archive_is_digested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of a zipped tier is read through its loader."""
    with zipfile.ZipFile(tmp_path / "tiers.zip", "w") as archive:
        archive.writestr("tier_zipped.py", "x = 1")
    monkeypatch.syspath_prepend(str(tmp_path / "tiers.zip"))
    module = importlib.import_module("tier_zipped")
    monkeypatch.delitem(sys.modules, "tier_zipped")
    assert receipt_of(POINT, module).digest != receipt_of(POINT, ModuleType("nothing")).digest


def test_a_module_without_a_file_has_a_receipt() -> None:
    """A module that is built into the interpreter has no file."""
    assert receipt_of(POINT, sys).file == ""
