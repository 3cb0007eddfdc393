"""`polytier kernels` and `polytier tiers`: what is deprecated is shown with its replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from helpers_cli import COPY_OF_THE_FLOOR, run, spawn

from polytier.marks import KERNEL_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable

PACK = """
from polytier import Case, Deprecation, Tolerance, kernel

def cases():
    yield Case("one", lambda: (1.0,), timed=True)

@kernel(
    size="1", tolerance=Tolerance(), cases=cases,
    deprecated=Deprecation("0.4", "halves", "0.6"), deprecated_arguments={"by": Deprecation("0.3")},
)
def halved(x, by=2):
    return x / by

@kernel(size="1", tolerance=Tolerance(), cases=cases)
def halves(x):
    return x / 2
"""
MARKED = f"{COPY_OF_THE_FLOOR}\n    from polytier.marks import Deprecation\n    DEPRECATED = Deprecation('1.4', 'fast')"
HALVED = {"since": "0.4", "replacement": "halves", "removal": "0.6"}
OLD = {"since": "1.4", "replacement": "fast", "removal": None}


@pytest.fixture
def installed(install_tier: Callable[..., Any]) -> None:
    """Install a pack with a deprecated kernel, a deprecated tier, and one that is not."""
    install_tier("pack", PACK, group=KERNEL_GROUP, module="wavepack")
    install_tier("old", MARKED)
    install_tier("fast", COPY_OF_THE_FLOOR)


@pytest.mark.usefixtures("installed")
def test_kernels_end_with_what_is_deprecated() -> None:
    """After the families stands a line for each deprecated kernel, argument and tier that is shown."""
    ran = spawn("kernels", "halved", "halves", "order_parameter")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.partition("deprecated\n")[2].splitlines() == [
        "  kernel 'halved': deprecated since 0.4, removed in 0.6; use 'halves' instead",
        "  argument 'by' of kernel 'halved': deprecated since 0.3; leave it out",
        "  tier 'old': deprecated since 1.4; use 'fast' instead",
    ]


@pytest.mark.usefixtures("installed")
def test_kernels_as_json_tell_of_deprecations() -> None:
    """The document has the deprecation of each kernel, of its arguments, and of the tiers."""
    document = spawn("kernels", "halved", "halves", "--json").document
    halved, halves = document["kernels"]
    assert (halved["deprecated"], halves["deprecated"]) == (HALVED, None)
    assert halved["deprecated_arguments"] == {"by": {"since": "0.3", "replacement": None, "removal": None}}
    assert halves["deprecated_arguments"] == {}
    assert document["deprecated_tiers"] == {"old": OLD}


@pytest.mark.usefixtures("installed")
def test_tiers_tell_of_a_deprecated_one(capsys: pytest.CaptureFixture[str]) -> None:
    """A deprecated tier is usable, and a line below the table says since when and what replaces it."""
    ran = run(capsys, "tiers")
    assert (ran.code, [row[:2] for row in ran.rows[1:3]]) == (0, [["fast", "usable"], ["old", "usable"]])
    assert ran.out.endswith("\n\nold: deprecated since 1.4; use 'fast' instead\n")
    fast, old = run(capsys, "tiers", "--json").document["tiers"]
    assert (fast["receipt"]["deprecated"], old["receipt"]["deprecated"]) == (None, OLD)


def test_without_deprecations_nothing_is_added(
    capsys: pytest.CaptureFixture[str], install_tier: Callable[..., Any]
) -> None:
    """No heading stands over nothing; a tier that cannot be loaded is passed over."""
    install_tier("broken", "import no_such_module")
    assert "deprecated" not in run(capsys, "kernels").out
    assert "deprecated" not in run(capsys, "tiers").out


def test_a_tier_that_states_nonsense_is_unusable(
    capsys: pytest.CaptureFixture[str], install_tier: Callable[..., Any]
) -> None:
    """The reason names the attribute and what is wrong with it."""
    install_tier("odd", f"{COPY_OF_THE_FLOOR}\n    DEPRECATED = True")
    ran = run(capsys, "tiers", "odd")
    assert (ran.code, ran.rows[1][1]) == (1, "unusable")
    assert "its DEPRECATED cannot be used: True is no Deprecation" in ran.out
