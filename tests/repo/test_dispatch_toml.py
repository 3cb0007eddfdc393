"""The shipped table follows from the committed records, and the records name what they measure."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import jsonschema
import pytest

from polytier.kernels.declaration import catalogue
from polytier.rank import table
from polytier.record.records import read_records
from polytier.record.tables import format_table, read_table

if TYPE_CHECKING:
    from pathlib import Path
    from zipfile import ZipFile


@pytest.fixture
def hosts(root: Path) -> list[Path]:
    """Return the folders of records, one for each host."""
    return sorted(path for path in (root / "docs/benchmarks").iterdir() if any(path.glob("*.json")))


def test_the_table_follows_from_the_records(root: Path, hosts: list[Path]) -> None:
    """dispatch.toml is, byte for byte, what the records of its host give."""
    shipped = read_table(root / "dispatch.toml")
    records = read_records(root / "docs/benchmarks" / shipped.host)
    assert [path for path in hosts if path.name == shipped.host] != []
    assert (root / "dispatch.toml").read_text(encoding="utf-8") == format_table(table(records.values()))


def test_the_records_are_of_the_present_sources(root: Path, hosts: list[Path]) -> None:
    """Each committed record of the Rust tier was measured with the native sources that stand here."""
    present = rust_digest(root / "plugins/tier-rust/native")
    stale = [
        f"{record.host.id}/{kernel}.json was measured with build {record.tiers['rust'].digest[:12]} of tier 'rust', "
        f"the sources give {present[:12]}: install plugins/tier-rust, run `polytier measure --records docs/benchmarks` "
        "on that host and then `polytier rank`, and commit what they write"
        for folder in hosts
        for kernel, record in read_records(folder).items()
        if record.tiers["rust"].digest != present
    ]
    assert stale == []


def rust_digest(native: Path) -> str:
    """Return the digest that build.rs bakes in: SHA-256 over name, length and content of each source, by name."""
    sources = [path.relative_to(native).as_posix() for path in native.glob("src/**/*.rs")]
    digest = hashlib.sha256()
    for name in sorted(["Cargo.toml", "Cargo.lock", "build.rs", *sources]):
        content = (native / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def test_the_table_knows_every_kernel(root: Path) -> None:
    """The shipped table has standings for each kernel of core that stays, under the kernel's name, and for no other."""
    ranked = set(read_table(root / "dispatch.toml").kernels)
    assert {kernel.name for kernel in catalogue if kernel.deprecated is None} <= ranked
    assert ranked <= {kernel.name for kernel in catalogue}


def test_a_folder_of_records_carries_its_host(hosts: list[Path]) -> None:
    """Each folder of records is named as the host its records are of, and each record as its kernel."""
    for folder in hosts:
        assert {record.host.id for record in read_records(folder).values()} == {folder.name}


def test_records_satisfy_the_schema(wheels: dict[str, ZipFile], hosts: list[Path]) -> None:
    """Each committed record, archived ones included, satisfies the JSON Schema in the wheel of core."""
    schema = json.loads(wheels["polytier"].read("polytier/record/record.schema.json"))
    for path in (path for folder in hosts for place in (folder, folder / "archive") for path in place.glob("*.json")):
        jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), schema)
