"""`polytier kernels --audit`: the repository's page of kernels, tiers, agreement and first places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from helpers_cli import COPY_OF_THE_FLOOR, run

import polytier.dispatch.tables
from polytier.cli.kernel_audit import FIRST_PARTY, audit
from polytier.cli.kernel_audit_page import page
from polytier.kernels.declaration import catalogue
from polytier.marks import KERNEL_GROUP, Deprecation
from polytier.record.tables import KernelRanks, Standing, Table, TierBuild, write_table

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Installer

REASON = "its stack is too small | for four stages"
BUILD = TierBuild("1.0", "abc")

OLD = Deprecation("0.4", "go", "0.6")


def standing(size: int, start: int, *order: str) -> Standing:
    """Return a standing with this order."""
    return Standing(size, start, order, (), dict.fromkeys(order, 1e-6))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return a table in which the first place of `order_parameter` changes hands and that of `mean_phase` does not."""
    changing = (standing(4, 0, "floor"), standing(9, 5, "rust", "floor"), standing(20, 10, "rust", "floor"))
    changing += (standing(99, 30, "floor", "rust"), standing(999, 100, "rust", "floor"))
    ranks = {
        "order_parameter": KernelRanks("order_parameter", {"rust": BUILD}, changing),
        "mean_phase": KernelRanks("mean_phase", {"go": BUILD}, (standing(4, 0, "floor"),), {"go": "it is off by 1"}),
    }
    path = tmp_path / "shipped.toml"
    write_table(Table("linux-x86_64-test-1c-12345678", ranks), path)
    return path


def section(text: str, kernel: str) -> list[str]:
    """Return the lines of a kernel's section."""
    return text.partition(f"### {kernel}\n")[2].partition("\n#")[0].splitlines()


def offers(found: dict[str, Any], kernel: str) -> dict[str, tuple[str, Any]]:
    """Return state and reason by tier."""
    (told,) = [each for each in found["kernels"] if each["name"] == kernel]
    return {offer["tier"]: (offer["state"], offer["reason"]) for offer in told["offers"]}


def test_a_tier_that_is_not_installed_is_said_to_be_so(table: Path) -> None:
    """Each first-party tier has its column and its line; one that is not installed is told plainly."""
    found = audit(table)
    assert [tier["tier"] for tier in found["tiers"]] == list(FIRST_PARTY)
    assert {tier["state"] for tier in found["tiers"]} == {"not installed"}
    lines = section(page(found), "build_knm")
    assert [line.split(" | ")[1] for line in lines if line.startswith("| rust")] == ["not installed here"]
    assert "| [build_knm](functions.md#build_knm) |" + " not installed here |" * 4 in page(found).splitlines()


def test_offers_are_read_from_the_installed_tiers(
    table: Path, install_tier: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Present, absent for a reason, absent without one, refused, and unusable are told apart, whatever is disabled."""
    source = (
        f"{COPY_OF_THE_FLOOR}\n    def kuramoto_euler(x): ...\n    ABSENT = {{'kuramoto_rk4': {REASON!r}, 'no': ''}}\n"
    )
    install_tier("rust", source)
    install_tier("julia", "raise ImportError('no\\nlibrary')")
    install_tier("other", COPY_OF_THE_FLOOR)
    monkeypatch.setenv("POLYTIER_DISABLE", "rust")
    found = audit(table)
    assert offers(found, "build_knm")["floor"] == offers(found, "build_knm")["rust"] == ("present", None)
    assert offers(found, "kuramoto_rk4")["rust"] == ("absent", REASON)
    assert offers(found, "kuramoto_phases")["rust"] == ("unstated", None)
    assert offers(found, "kuramoto_euler")["rust"][0] == "refused"
    assert offers(found, "build_knm")["julia"][0] == "unusable"
    assert "other" not in offers(found, "build_knm")
    text = page(found)
    assert "| rust | absent: its stack is too small \\| for four stages | not measured |" in section(
        text, "kuramoto_rk4"
    )
    assert "| rust | absent, no reason stated | not measured |" in section(text, "kuramoto_phases")
    assert any(line.startswith("| rust | refused: ") for line in section(text, "kuramoto_euler"))
    assert any(line.startswith("| julia | unusable: ") for line in section(text, "build_knm"))
    assert "Tier rust states what is wrong: its ABSENT names 'no', which is no known kernel.\n" in text


def test_first_places_follow_from_the_table(table: Path) -> None:
    """A name has the ranges in which it is first, nowhere, not measured, or refused; the record is a link."""
    text = page(audit(table))
    host = "linux-x86_64-test-1c-12345678"
    lines = section(text, "order_parameter")
    assert f"| tier | offer | first on {host} |" in lines
    assert "| floor | present | up to 4, 30 to 99 |" in lines
    assert "| rust | not installed here | 5 to 29, from 100 on |" in lines
    assert "| go | not installed here | not measured |" in lines
    path = f"benchmarks/{host}/order_parameter.json"
    assert f"Record: [docs/{path}](../{path})." in lines
    lines = section(text, "mean_phase")
    assert "| floor | present | at every size |" in lines
    assert "| go | not installed here | refused: it is off by 1 |" in lines
    assert not any(line.startswith("Record") for line in section(text, "build_knm"))


def test_a_measured_tier_that_is_never_first_is_first_nowhere(table: Path, tmp_path: Path) -> None:
    """A tier that has ranks and no first place is told to be first nowhere."""
    ranks = KernelRanks("build_knm", {"rust": BUILD}, (standing(4, 0, "floor", "rust"),))
    write_table(Table("linux-x86_64-test-1c-12345678", {"build_knm": ranks}), tmp_path / "other.toml")
    assert "| rust | not installed here | nowhere |" in section(page(audit(tmp_path / "other.toml")), "build_knm")


def test_agreement_has_class_and_tolerance_by_field(table: Path) -> None:
    """Every kind of answer has its class: of a named result each field, and a whole number that must be equal."""
    text = page(audit(table))
    assert "| answer | absolute+relative | absolute 1e-10, relative 0 |" in section(text, "order_parameter")
    assert "| answer | circular | absolute 1e-10 modulo 6.28319 |" in section(text, "mean_phase")
    assert "| answer | exact integer | none |" in section(text, "dla_dimension")
    assert "| answer | bit-exact | none |" in section(text, "aer_decode_isi")
    assert "| flux | bit-exact | none |" in section(text, "faraday_recovery")
    fields = [line.split(" | ")[0][2:] for line in section(text, "doppler_kuramoto_trace")[5:10]]
    assert fields == list(catalogue["doppler_kuramoto_trace"].tolerance)  # type: ignore[arg-type]


def test_what_is_deprecated_is_told(table: Path, install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deprecated kernel says so in its section, a deprecated tier at the top of the page."""
    install_tier("rust", f"{COPY_OF_THE_FLOOR}\n    from polytier.marks import Deprecation\n    DEPRECATED = {OLD!r}")
    monkeypatch.setattr(catalogue["build_knm"], "deprecated", OLD)
    text = page(audit(table))
    assert "The kernel is deprecated since 0.4, removed in 0.6; use 'go' instead." in section(text, "build_knm")
    assert "Tier rust is deprecated since 0.4, removed in 0.6; use 'go' instead." in text.splitlines()


def test_kernel_packs_take_no_part(table: Path, install_tier: Installer) -> None:
    """The audit tells of core's kernels, family by family, in the order of their files."""
    source = "from polytier import Tolerance, kernel\n@kernel(size='1', tolerance=Tolerance(), cases=list)\n"
    install_tier("pack", f"{source}def foreign(x):\n    return x\n", group=KERNEL_GROUP)
    polytier.tiers.load_kernel_packs()
    assert "foreign" in catalogue
    names = [kernel["name"] for kernel in audit(table)["kernels"]]
    assert set(names) == {kernel.name for kernel in catalogue} - {"foreign"}
    assert names.index("aer_decode_rate") < names.index("order_parameter") < names.index("kuramoto_rk4")


def test_the_verb_prints_the_page_of_the_shipped_table(
    capsys: pytest.CaptureFixture[str], table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text on stdout is the page, byte for byte, and a table named by the environment has no part in it."""
    monkeypatch.setattr(polytier.dispatch.tables, "shipped_path", lambda: table)
    monkeypatch.setenv("POLYTIER_TABLE", str(tmp_path / "mine.toml"))
    ran = run(capsys, "kernels", "--audit")
    assert (ran.code, ran.out, ran.err) == (0, page(audit(table)), "")
    assert run(capsys, "kernels", "--audit", "--json").document == audit(table)


def test_the_audit_takes_no_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    """A kernel beside --audit is a usage error: the page is one whole."""
    ran = run(capsys, "kernels", "order_parameter", "--audit")
    assert ran.code == 2
    assert "argument --audit: it tells of every kernel; name none" in ran.err
