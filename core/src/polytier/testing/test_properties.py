"""What holds for all inputs: the specification's invariants, and agreement with the floor on drawn inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from polytier.testing.answers import told_failure
from polytier.testing.claims import Claim, search
from polytier.testing.complaints import decline, fail

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytier.testing.selection import Selection, Subject


@pytest.mark.usefixtures("alive")
def test_property(
    subject: Subject,
    claim: Claim,
    selection: Selection,
    pytestconfig: pytest.Config,
    record_property: Callable[[str, object], None],
) -> None:
    """A claim of the kernel's family holds for every example that Hypothesis draws."""
    try:
        held = search(claim, selection.kernels_of(subject.tier), pytestconfig.option.conformance_examples)
    except (ImportError, RuntimeError) as failure:
        decline(failure)
    except AssertionError as failure:
        hint = "the claim follows from the specification of the kernel: correct the implementation"
        fail(subject, f"{claim.sentence} Not so: {failure}", hint, claim.label)
    except Exception as failure:  # noqa: BLE001 - whatever it raises is the finding
        fail(subject, f"{claim.sentence} It raised {told_failure(failure)}", "answer every good input", claim.label)
    record_property("polytier.examples", held)
