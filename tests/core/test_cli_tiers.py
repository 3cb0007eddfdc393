"""`polytier tiers` and `polytier kernels`: what is installed and what it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from helpers_cli import COPY_OF_THE_FLOOR, run, spawn

from polytier.kernels.declaration import catalogue
from polytier.marks import KERNEL_GROUP

if TYPE_CHECKING:
    import pytest


def test_without_tiers_the_remedy_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """With no tier installed, stdout stays empty and stderr says how to get one."""
    ran = run(capsys, "tiers")
    assert (ran.code, ran.out) == (0, "")
    assert "pip install 'polytier[rust]'" in ran.err


def test_usable_tier_shows_its_receipt(capsys: pytest.CaptureFixture[str], install_tier: Any) -> None:
    """A tier that passes its probe shows version, build, number of kernels and where it comes from."""
    installed = install_tier("fast", f"{COPY_OF_THE_FLOOR}\n    BUILD_DIGEST = 'abc123'", version="2.5")
    ran = run(capsys, "tiers")
    assert ran.code == 0
    assert ran.rows[0] == ["tier", "state", "version", "build", "kernels", "distribution"]
    assert ran.rows[1][:6] == ["fast", "usable", "2.5", "abc123", "3", "polytier-fast,"]
    assert str(installed.package) in ran.out


def test_unusable_tier_says_why(capsys: pytest.CaptureFixture[str], install_tier: Any) -> None:
    """A tier that cannot be loaded is listed with its reason; only asking for it by name makes it a finding."""
    install_tier("broken", "import no_such_module")
    ran = run(capsys, "tiers")
    assert ran.code == 0
    assert ran.rows[1] == ["broken", "unusable", "-", "-", "-", "-"]
    reason, hint = ran.out.splitlines()[-2:]
    assert "No module named 'no_such_module'" in reason
    assert hint.startswith("  hint: reinstall 'polytier-broken' 1.0")
    assert run(capsys, "tiers", "broken").code == 1


def test_crashing_tier_is_only_reported(capsys: pytest.CaptureFixture[str], install_tier: Any) -> None:
    """A tier that kills its process does not take the command along."""
    install_tier("mad", "import os\nos.abort()")
    install_tier("fast", COPY_OF_THE_FLOOR)
    fast, mad = run(capsys, "tiers", "--json").document["tiers"]
    assert (fast["state"], mad["state"]) == ("usable", "unusable")
    assert mad["reason"]


def test_rejected_kernel_does_not_reject_the_others(capsys: pytest.CaptureFixture[str], install_tier: Any) -> None:
    """A tier with one bad function is impaired: the rest counts, and the reason is told."""
    install_tier("odd", f"{COPY_OF_THE_FLOOR}\n    def kuramoto_rk4(size): ...\n")
    ran = run(capsys, "tiers", "odd")
    assert ran.code == 1
    assert (ran.rows[1][1], ran.rows[1][4]) == ("impaired", "3")
    assert "odd kuramoto_rk4:" in ran.out
    (odd,) = run(capsys, "tiers", "--json").document["tiers"]
    assert odd["kernels"] == ["order_parameter", "mean_phase", "build_knm"]
    assert list(odd["rejected"]) == ["kuramoto_rk4"]


def test_disabled_tier_is_not_loaded(
    capsys: pytest.CaptureFixture[str], install_tier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tier that the environment keeps out is listed with that reason."""
    install_tier("fast", "raise SystemExit")
    monkeypatch.setenv("POLYTIER_TIERS", "floor")
    ran = run(capsys, "tiers")
    assert ran.rows[1][:2] == ["fast", "disabled"]
    assert "POLYTIER_TIERS=floor does not name it" in ran.out


def test_unknown_tier(capsys: pytest.CaptureFixture[str], install_tier: Any) -> None:
    """A mistyped tier gets the installed ones and the nearest."""
    install_tier("julia")
    ran = run(capsys, "tiers", "julla")
    assert ran.code == 2
    assert "known: 'julia'; did you mean 'julia'?" in ran.err


def test_kernels_are_listed_by_family(capsys: pytest.CaptureFixture[str], install_tier: Any) -> None:
    """Every kernel has a line with size, tiers and tolerance, under the name of its family."""
    install_tier("fast", COPY_OF_THE_FLOOR)
    install_tier("broken", "import no_such_module")
    ran = run(capsys, "kernels")
    assert ran.code == 0
    assert [row[1] for row in ran.rows if row[:1] == ["family"]] == sorted({k.family for k in catalogue})
    assert ["order_parameter", "len(theta)", "fast", "absolute", "1e-10"] in ran.rows
    assert ["build_knm", "n", "*", "n", "fast", "absolute", "1e-12"] in ran.rows


def test_kernels_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The document tells everything the declaration states."""
    (kernel,) = run(capsys, "kernels", "mean_phase", "--json").document["kernels"]
    assert kernel == {
        "name": "mean_phase",
        "family": "kuramoto",
        "module": "polytier.kernels.kuramoto",
        "size": "len(theta)",
        "tolerance": "absolute 1e-10 modulo 6.28319",
        "tiers": [],
        "absent": {},
        "cases": len(catalogue["mean_phase"].cases),
        "deprecated": None,
        "deprecated_arguments": {},
    }


def test_kernel_pack_takes_part(install_tier: Any) -> None:
    """A third party's kernels are listed and checked like polytier's own; a tolerance by field is told by field."""
    install_tier(
        "pack",
        """
        from polytier import Case, Tolerance, kernel

        def cases():
            yield Case("one", lambda: (1.0,), timed=True)

        @kernel(size="1", tolerance={"low": Tolerance(atol=1.0), "high": Tolerance.bit_exact()}, cases=cases)
        def halves(x):
            return x / 2
        """,
        group=KERNEL_GROUP,
    )
    install_tier("half", "def halves(x):\n    return x * 0.5\n", distribution="half")
    ran = spawn("kernels", "halves", "--json")
    assert ran.document["kernels"][0]["tolerance"] == "low: absolute 1, relative 0; high: bit-exact"
    assert ran.document["kernels"][0]["tiers"] == ["half"]
    ran = spawn("check", "--kernel", "halves")
    assert ran.rows[1] == ["halves", "half", "agrees", "1"]
