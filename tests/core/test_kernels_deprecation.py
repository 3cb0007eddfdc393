"""The declaration of what is deprecated: what it must state, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from helpers_dispatch import total, total_cases

from polytier.errors import DeclarationError
from polytier.kernels.declaration import Kernel, check
from polytier.kernels.deprecation import flaw
from polytier.kernels.tolerance import Tolerance
from polytier.marks import Deprecation

GOOD = Deprecation("0.4", "another", "0.6")


def declared(**marked: Any) -> Kernel:
    """Return a declaration of the kernel `total` that has not been published."""
    return Kernel("total", total, "len(values)", Tolerance(), total_cases, **marked)


@pytest.mark.parametrize(
    ("deprecation", "owner", "words"),
    [
        (GOOD, "", "deprecated since 0.4, removed in 0.6"),
        (Deprecation("0.4", "another"), "", "deprecated since 0.4"),
        (GOOD, "wavepack", "deprecated since wavepack 0.4, removed in 0.6"),
    ],
)
def test_a_deprecation_says_its_versions(deprecation: Deprecation, owner: str, words: str) -> None:
    """The words name the version that deprecates, whose it is, and the one that removes, if there is one."""
    assert deprecation.said(owner) == words


@pytest.mark.parametrize("marked", [{"deprecated": GOOD}, {"deprecated_arguments": {"scale": GOOD, "shift": GOOD}}])
def test_a_good_deprecation_is_accepted(marked: dict[str, Any]) -> None:
    """A kernel, a positional and a keyword-only argument may be deprecated."""
    check(declared(**marked))


@pytest.mark.parametrize("version", ["1", "0.4", "2.0rc1", "1.0.post2", "v3", "1!2.0+local.1"])
def test_versions_of_every_form_are_accepted(version: str) -> None:
    """A version is what packaging calls one."""
    assert flaw(Deprecation(version, "another", version)) is None


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ("0.4", "'0.4' is no Deprecation"),
        (("0.4", "another", None), r"\('0.4', 'another', None\) is no Deprecation"),
        (Deprecation("", "another"), "its 'since' is '', which is no version"),
        (Deprecation(0.4, "another"), "its 'since' is 0.4, which is no version"),  # type: ignore[arg-type]
        (Deprecation(None, "another"), "its 'since' is None, which is no version"),  # type: ignore[arg-type]
        (Deprecation("0.4", "another", "soon"), "its 'removal' is 'soon', which is no version"),
        (Deprecation("0.4"), "it names no replacement"),
        (Deprecation("0.4", " "), "its 'replacement' is ' ', which is no name"),
        (Deprecation("0.4", "a\nb"), r"its 'replacement' is 'a\\nb', which is no name"),
        (Deprecation("0.4", 7), "its 'replacement' is 7, which is no name"),  # type: ignore[arg-type]
        (Deprecation("0.4", "total"), "it is its own replacement"),
    ],
)
def test_a_kernel_whose_deprecation_says_nothing_is_refused(found: Any, message: str) -> None:
    """The error names the kernel, what was found, and the form that is wanted."""
    wanted = rf"declare kernel 'total': it is deprecated, but {message}\nhint: write Deprecation\(since="
    with pytest.raises(DeclarationError, match=wanted):
        check(declared(deprecated=found))


@pytest.mark.parametrize(
    ("name", "found", "message"),
    [
        ("values", GOOD, "the parameter has no default, so that no call can leave it out"),
        ("size", GOOD, "it has no such parameter"),
        ("scale", "0.4", "'0.4' is no Deprecation"),
        ("scale", Deprecation("four"), "its 'since' is 'four', which is no version"),
    ],
)
def test_an_argument_whose_deprecation_says_nothing_is_refused(name: str, found: Any, message: str) -> None:
    """The error names the argument; one that every call passes cannot be deprecated."""
    with pytest.raises(DeclarationError, match=f"its argument '{name}' is deprecated, but {message}\nhint: write"):
        check(declared(deprecated_arguments={name: found}))


def test_an_argument_needs_no_replacement() -> None:
    """An argument that has no successor is left out."""
    check(declared(deprecated_arguments={"scale": Deprecation("0.4")}))
