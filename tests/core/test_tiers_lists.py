"""The allow list and the deny list."""

from __future__ import annotations

import pytest

from polytier.tiers.lists import Lists


def test_without_settings_nothing_is_denied() -> None:
    """No variable, or an empty one, keeps no tier out."""
    assert Lists({}).denied("rust") is None
    assert Lists({"POLYTIER_TIERS": " , ", "POLYTIER_DISABLE": ""}).denied("rust") is None


def test_the_allow_list_keeps_all_others_out() -> None:
    """POLYTIER_TIERS admits the tiers that it names; blanks and repetitions do not matter."""
    lists = Lists({"POLYTIER_TIERS": " rust, go,rust"})
    assert lists.denied("go") is None
    assert lists.denied("mojo") == "POLYTIER_TIERS=rust,go does not name it"


def test_the_deny_list_wins() -> None:
    """POLYTIER_DISABLE keeps a tier out that POLYTIER_TIERS names."""
    assert Lists({"POLYTIER_TIERS": "go", "POLYTIER_DISABLE": "go"}).denied("go") == "POLYTIER_DISABLE names it"


def test_the_floor_alone_can_be_allowed() -> None:
    """`POLYTIER_TIERS=floor` admits no tier and is no unknown name."""
    lists = Lists({"POLYTIER_TIERS": "floor"})
    assert lists.denied("rust") is not None
    assert list(lists.unknown(["rust"])) == []


@pytest.mark.parametrize("variable", ["POLYTIER_TIERS", "POLYTIER_DISABLE"])
def test_unknown_names_are_told_with_the_known_ones(variable: str) -> None:
    """A name that no installed tier carries gives a warning that lists those installed."""
    (warning,) = Lists({variable: "rust,golang"}).unknown(["rust", "go"])
    expected = f"follow {variable}: no installed tier is named 'golang'\nhint: installed: 'go', 'rust'"
    assert str(warning) == expected


def test_the_floor_cannot_be_disabled() -> None:
    """The floor in POLYTIER_DISABLE is an unknown name."""
    assert len(list(Lists({"POLYTIER_DISABLE": "floor"}).unknown([]))) == 1
