"""The page of the kernels is what the built wheels of core and all tiers give, and the tool that writes it works."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from polytier.cli.kernel_audit import FIRST_PARTY, audit
from polytier.cli.kernel_audit_page import page
from polytier.record.tables import format_table, read_table
from tools import kernel_audit

if TYPE_CHECKING:
    from pathlib import Path
    from zipfile import ZipFile

REMEDY = (
    "run `python -m tools.kernel_audit` where core and plugins/* of this checkout are installed, and commit the page"
)


@pytest.fixture(scope="module")
def site(wheels: dict[str, ZipFile], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which every wheel is unpacked: reading what a tier offers needs no more."""
    assert set(wheels) == {"polytier", *(f"polytier-{tier}" for tier in FIRST_PARTY)}
    folder = tmp_path_factory.mktemp("site")
    for wheel in wheels.values():
        wheel.extractall(folder)
    return folder


def run(root: Path, site: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run a module with what lies in the folder."""
    environ = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(
        [sys.executable, "-m", *argv], cwd=root, env=environ, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def document(root: Path, site: Path) -> dict[str, Any]:
    """Return the audit as data."""
    found: dict[str, Any] = json.loads(run(root, site, "polytier.cli", "kernels", "--audit", "--json").stdout)
    return found


def test_every_tier_has_its_column(root: Path) -> None:
    """The tiers in plugins/ are those that the audit tells of."""
    assert sorted(path.name for path in (root / "plugins").iterdir()) == [f"tier-{tier}" for tier in FIRST_PARTY]


def test_the_page_is_current(root: Path, site: Path) -> None:
    """docs/reference/kernels.md is, byte for byte, what `polytier kernels --audit` prints with all tiers installed."""
    ran = run(root, site, "polytier.cli", "kernels", "--audit")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert kernel_audit.PAGE.read_text(encoding="utf-8") == ran.stdout, REMEDY


def test_the_data_tells_what_the_page_tells(root: Path, site: Path, document: dict[str, Any]) -> None:
    """The page can be made from the JSON document alone."""
    assert page(document) == run(root, site, "polytier.cli", "kernels", "--audit").stdout


def test_every_tier_offers_or_says_why_not(document: dict[str, Any]) -> None:
    """Each first-party tier offers each kernel of core or states the reason, and states nothing wrongly."""
    assert kernel_audit.findings(document) == []


def test_the_records_are_there(root: Path, document: dict[str, Any]) -> None:
    """Each record that the page links to is a file of the repository."""
    records = [host["record"] for kernel in document["kernels"] for host in kernel["hosts"] if host["record"]]
    assert records
    assert [record for record in records if not (root / record).is_file()] == []


def test_a_removed_tier_is_told(root: Path, site: Path, tmp_path: Path) -> None:
    """Where a tier is missing the audit says so in its place, and the tool names it and writes nothing."""
    less = tmp_path / "site"
    shutil.copytree(site, less)
    # Under another name the distribution still hides a copy of itself that this environment may have installed.
    points = "[polytier.tiers]\nvanished = polytier_go\n"
    (next(less.glob("polytier_go-*.dist-info")) / "entry_points.txt").write_text(points, encoding="utf-8")
    ran = run(root, less, "polytier.cli", "kernels", "--audit")
    assert ran.stdout != kernel_audit.PAGE.read_text(encoding="utf-8")
    assert "| go | not installed here | " in ran.stdout
    before = kernel_audit.PAGE.read_bytes()
    ran = run(root, less, "tools.kernel_audit")
    assert (ran.returncode, kernel_audit.PAGE.read_bytes()) == (1, before)
    assert ran.stdout.startswith("tier 'go' is not installed\nhint: install core and plugins/* of this checkout")


def test_a_new_order_is_another_page(root: Path, tmp_path: Path) -> None:
    """A table in which another name comes first gives another page."""
    table = read_table(root / "dispatch.toml")
    ranks = table.kernels["order_parameter"]
    turned = tuple(each._replace(order=each.order[::-1], level=()) for each in ranks.standings)
    kernels = {**table.kernels, "order_parameter": ranks._replace(standings=turned)}
    (tmp_path / "dispatch.toml").write_text(format_table(table._replace(kernels=kernels)), encoding="utf-8")
    assert page(audit(tmp_path / "dispatch.toml")) != page(audit(root / "dispatch.toml"))


def test_the_tool_reads_the_table_of_the_repository(root: Path, site: Path) -> None:
    """In one command, with the tiers installed, the tool finds the page current."""
    ran = run(root, site, "tools.kernel_audit", "--check")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "kernels.md is current\n", "")


def test_a_stale_page_is_told_and_mended(
    tmp_path: Path,
    document: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`--check` shows what differs and exits with 1; without it the page is written."""
    stale = tmp_path / "kernels.md"
    stale.write_text("# Kernels\n", encoding="utf-8")
    monkeypatch.setattr(kernel_audit, "PAGE", stale)
    monkeypatch.setattr(kernel_audit, "document", lambda: document)
    assert kernel_audit.main(["--check"]) == 1
    assert "+### order_parameter" in capsys.readouterr().out
    assert (kernel_audit.main([]), stale.read_text(encoding="utf-8")) == (0, page(document))
    assert kernel_audit.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("state", "reason", "told"),
    [
        ("unstated", None, "tier 'go' has 'k' unstated: ABSENT gives no reason"),
        ("refused", "it is no function", "tier 'go' has 'k' refused: it is no function"),
    ],
)
def test_a_kernel_without_offer_or_reason_is_a_finding(state: str, reason: str | None, told: str) -> None:
    """A kernel that a tier neither offers nor states to be absent is named with its tier, as is a wrong statement."""
    tier = {"tier": "go", "state": "installed", "reason": None, "problems": ["its ABSENT names 'q'"]}
    offers = [{"tier": "floor", "state": "present", "reason": None}, {"tier": "go", "state": state, "reason": reason}]
    document = {"tiers": [tier], "kernels": [{"name": "k", "offers": offers}]}
    assert kernel_audit.findings(document) == ["tier 'go': its ABSENT names 'q'", told]
