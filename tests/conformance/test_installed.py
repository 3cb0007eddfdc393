"""The installed first-party tiers, as a user meets them: found, probed, checked, and put where the table says."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import polytier
from polytier.dispatch.tables import shipped_path
from polytier.kernels.declaration import catalogue
from polytier.record.tables import read_table
from polytier.tiers.probe import probe_isolated

TIERS = sorted(filter(None, os.environ.get("POLYTIER_CONFORMANCE", "go,julia,mojo,rust").split(",")))
KERNELS = [kernel.name for kernel in catalogue]


def test_the_first_party_tiers_are_installed() -> None:
    """Discovery finds each first-party tier and no other."""
    assert list(polytier.dispatcher.tiers.installed()) == TIERS


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_passes_its_probe(tier: str) -> None:
    """A tier loads in a fresh process, gives a receipt of core's version, and agrees on the smallest cases."""
    found = probe_isolated(tier)
    assert found.failure is None
    assert found.receipt is not None
    assert (found.receipt.tier, found.receipt.version) == (tier, polytier.__version__)
    assert found.receipt.digest
    assert {kernel: wrong for kernel, wrong in found.agreement.items() if wrong is not None} == {}


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_serves_every_kernel(tier: str) -> None:
    """A first-party tier has a valid implementation of each kernel of core."""
    assert sorted(polytier.dispatcher.tiers.offered(tier)) == sorted(KERNELS)


@pytest.mark.parametrize("tier", TIERS)
def test_the_check_of_a_tier_finds_nothing(tier: str) -> None:
    """`polytier check` finds agreement on every case of every kernel."""
    asked = [sys.executable, "-m", "polytier.cli", "check", "--tier", tier, "--json"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    reports = json.loads(done.stdout)["reports"]
    assert [report for report in reports if report["state"] != "agrees"] == []
    assert sorted(report["kernel"] for report in reports) == sorted(KERNELS)
    assert done.returncode == 0


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_shipped_table_orders_the_chain(kernel: str) -> None:
    """With the installed tiers each chain begins with the first place of the shipped table at that size."""
    for standing in read_table(shipped_path()).kernels[kernel].standings:
        links = polytier.explain(kernel, standing.size).links
        assert links[0].name == standing.order[0]
        assert links[-1].name == "floor"
