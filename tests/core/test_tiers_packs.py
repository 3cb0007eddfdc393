"""Kernel packs: the kernels of third parties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from polytier.errors import PolytierWarning
from polytier.kernels.declaration import catalogue
from polytier.marks import KERNEL_GROUP
from polytier.tiers import load_kernel_packs

if TYPE_CHECKING:
    from conftest import Installer

DECLARING = """
from polytier import Case, Tolerance, kernel

def cases():
    yield Case("two", lambda: (2.0,), timed=True)

@kernel(size="1", tolerance=Tolerance(), cases=cases)
def doubled_in_a_pack(x: float) -> float:
    return 2 * x
"""


def test_a_pack_declares_its_kernels(install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading the packs makes their kernels known."""
    monkeypatch.setattr(catalogue, "_kernels", dict(catalogue._kernels))
    monkeypatch.setattr(catalogue, "_functions", dict(catalogue._functions))
    install_tier("pack", DECLARING, group=KERNEL_GROUP)
    assert load_kernel_packs() == ("pack",)
    assert catalogue["doubled_in_a_pack"].floor(4.0) == 8.0
    assert load_kernel_packs() == ("pack",)


def test_a_broken_pack_is_a_warning_that_names_it(install_tier: Installer) -> None:
    """A pack that cannot be imported is told, and the others are loaded."""
    install_tier("bad", "raise SystemExit", group=KERNEL_GROUP)
    install_tier("good", "", group=KERNEL_GROUP)
    with pytest.warns(
        PolytierWarning, match="load kernel pack 'bad': importing 'tier_bad' raised SystemExit"
    ) as caught:
        assert load_kernel_packs() == ("good",)
    assert len(caught) == 1
    assert "hint: reinstall 'polytier-bad' 1.0, or uninstall it" in str(caught[0].message)


def test_a_hand_made_path_is_searched(install_tier: Installer) -> None:
    """Another path than sys.path decides which packs there are."""
    install_tier("pack", "", group=KERNEL_GROUP)
    assert load_kernel_packs([]) == ()
