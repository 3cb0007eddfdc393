"""Tests of `polytier.errors`: each message once, in the house form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from polytier import order_parameter, using
from polytier.errors import MissingImplementation, PinError, TierLoadError

if TYPE_CHECKING:
    from conftest import Installer


@pytest.mark.parametrize(
    ("failure", "found"),
    [
        (TierLoadError.of("go", "its import raised OSError: no library", "mend it"), "its import raised OSError"),
        (MissingImplementation.of("go", "mean_phase"), "the tier offers no function of this name"),
    ],
)
def test_a_pin_that_fails_names_tier_and_kernel_once(failure: Exception, found: str) -> None:
    """What the tier's own error begins with is not said again."""
    text = str(PinError.of("mean_phase", "go", str(failure).partition("\n")[0]))
    assert text.startswith(f"run 'mean_phase' pinned to tier 'go': {found}")
    assert text.count("'go'") == 1
    assert text.count("\nhint: ") == 1


def test_a_pin_of_a_tier_without_the_kernel(install_tier: Installer) -> None:
    """The message that a caller gets says once what was asked."""
    install_tier("go", "")
    with using("go"), pytest.raises(PinError) as caught:
        order_parameter([0.0])
    assert str(caught.value).startswith(
        "run 'order_parameter' pinned to tier 'go': the tier offers no function of this name\nhint: "
    )
