"""`polytier demo aer`, `doppler` and `operators`: known figures, who served, what was gained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from helpers_cli import run

from polytier.demo import chains, scenarios

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytier.demo.scenario import Call

FLOORS = "from polytier.kernels.declaration import catalogue\n" + "".join(
    f"{name} = catalogue.function('{name}').dispatch.floor\n"
    for name in (
        "aer_decode_rate",
        "doppler_kuramoto_trace",
        "dla_dimension",
        "pauli_decompose",
        "xy_hamiltonian_dense",
    )
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the timed calls be short ones."""
    calls: dict[str, Callable[[], tuple[Call, ...]]] = {
        "aer": lambda: (scenarios.spikes(300),),
        "doppler": lambda: (scenarios.swarm(3),),
        "operators": lambda: chains.large(3, 3),
    }
    for name, make in scenarios.SCENARIOS.items():
        short = make()._replace(timed=calls[name]())
        monkeypatch.setitem(scenarios.SCENARIOS, name, lambda short=short: short)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["aer", "doppler", "operators"])
def test_core_alone_says_so(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Without tiers the floor serves every call, and the demo says how to get more."""
    ran = run(capsys, "demo", name)
    assert ran.code == 0
    assert any(row[1:2] == ["floor"] for row in ran.rows)
    assert "only the floor is installed" in ran.out
    assert "pip install 'polytier[rust]'" in ran.out


@pytest.mark.parametrize(("name", "count"), [("aer", 4), ("doppler", 2), ("operators", 3)])
def test_the_figures_are_the_known_ones(capsys: pytest.CaptureFixture[str], name: str, count: int) -> None:
    """The whole scenario runs, and every figure is within 1e-7 of what is known."""
    document = run(capsys, "demo", name, "--json").document
    assert len(document["checks"]) == count
    assert {check["label"]: check["found"] for check in document["checks"]} == {
        check["label"]: pytest.approx(check["wanted"], rel=1e-7) for check in document["checks"]
    }
    assert all((timed["seconds"], timed["difference"]) == (None, None) for timed in document["timed"])
    assert document["served"][0]["tier"] == "floor"


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["aer", "doppler", "operators"])
def test_a_tier_is_compared_with_the_floor(
    capsys: pytest.CaptureFixture[str], install_tier: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """With a tier the demo gives both times, and says that the answers agree."""
    install_tier("fast", FLOORS)
    monkeypatch.setenv("POLYTIER_UNMEASURED", "allow")
    ran = run(capsys, "demo", name)
    assert ran.code == 0
    assert any(row[1:2] == ["fast"] for row in ran.rows)
    assert "the floor alone, turn and turn about in the same run" in ran.out
    assert "the answers agree within the tolerance of their kernels" in ran.out


@pytest.mark.usefixtures("small")
def test_a_wrong_answer_is_a_finding(
    capsys: pytest.CaptureFixture[str], install_tier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tier that answers wrongly ends the demo with code 1, and the difference is told."""
    wrong = "def aer_decode_rate(address, t_ns, polarity, n_channels, window_ns, start_ns=None):\n"
    install_tier("wrong", FLOORS + wrong + "    return __import__('numpy').zeros(n_channels)\n")
    monkeypatch.setenv("POLYTIER_UNMEASURED", "allow")
    ran = run(capsys, "demo", "aer")
    assert ran.code == 1
    assert "is 0.0, the floor says" in ran.out


def test_the_algebras_and_the_strings_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The dimensions stand beside their formulae and their share of su(2^n), the strings beside their weights."""
    algebras, strings = run(capsys, "demo", "operators", "--json").document["tables"].values()
    assert all(row["dimension"] == row["known"] for row in algebras)
    assert {row["% of su(2^n)"] for row in algebras if row["formula"] == "4^n - 1"} == {100.0}
    assert {row["string"]: row["weight"] for row in strings} == pytest.approx(chains.known_weights(4))
    assert (strings[4]["string"], strings[-2]["string"]) == ("IIZZ", "ZIII")


@pytest.mark.parametrize("option", ["--plot", "--steps", "--points"])
def test_options_of_the_network_are_refused(capsys: pytest.CaptureFixture[str], option: str) -> None:
    """What a scenario does not look at is a usage error."""
    ran = run(capsys, "demo", "aer", option, "5")
    assert ran.code == 2
    assert f"argument {option}: it is for the network, not for aer" in ran.err
