"""Runs the conformance kit on the floor and on every installed first-party tier.

POLYTIER_CONFORMANCE=rust,go names tiers that must be tested: one of them that is not installed fails instead of being
skipped. A tier's expected failures lie in plugins/tier-NAME/conformance.toml, if it has any.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from polytier.marks import FLOOR, TIER_GROUP
from polytier.tiers import entry_points

FIRST_PARTY = ("go", "julia", "mojo", "rust")
NAMED = tuple(filter(None, os.environ.get("POLYTIER_CONFORMANCE", "").replace(" ", "").split(",")))
PLUGINS = Path(__file__).parents[2] / "plugins"


@pytest.mark.parametrize("tier", [FLOOR, *sorted({*FIRST_PARTY, *NAMED})])
def test_tier_conforms(tier: str, tmp_path: Path) -> None:
    """The tier passes the kit; a tier that was named and is not installed fails, another is skipped."""
    installed = {FLOOR, *(point.name for point in entry_points(TIER_GROUP))}
    if tier not in installed and tier not in NAMED:
        pytest.skip(f"tier {tier!r} is not installed; name it in POLYTIER_CONFORMANCE to insist on it")
    assert tier in installed, (
        f"tier {tier!r} is named in POLYTIER_CONFORMANCE and is not installed: {sorted(installed)}"
    )
    expected = PLUGINS / f"tier-{tier}" / "conformance.toml"
    command = [sys.executable, "-m", "pytest", "-p", "polytier.testing.plugin", "--pyargs", "polytier.testing"]
    command += ["--tier", tier, *(["--conformance-xfail", str(expected)] if expected.is_file() else [])]
    environment = {
        name: value for name, value in os.environ.items() if name not in {"POLYTIER_TIERS", "POLYTIER_DISABLE"}
    }
    run = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert run.returncode == 0, run.stdout + run.stderr
