"""The pytest plugin of the kit: options, what is tested with what, expected failures, and the closing table."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from polytier.errors import MissingExtraError, PolytierError
from polytier.kernels.declaration import catalogue
from polytier.marks import FLOOR
from polytier.testing.expected import Expected, read_expected
from polytier.testing.forms import forms_of
from polytier.testing.selection import Selection, Subject
from polytier.testing.summary import PREFIX, write_summary

if TYPE_CHECKING:
    from collections.abc import Iterable

HOME = Path(__file__).parent
SELECTION = pytest.StashKey[Selection]()
EXPECTED = pytest.StashKey[tuple[Expected, ...]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a conformance run."""
    group = parser.getgroup("polytier", "polytier conformance kit")
    group.addoption("--tier", action="append", default=[], metavar="NAME", help="test this tier; may be repeated")
    group.addoption(
        "--kernel", action="append", default=[], metavar="NAME", help="test this kernel only; may be repeated"
    )
    group.addoption("--conformance-xfail", metavar="FILE", type=Path, help="TOML file of expected failures")
    group.addoption(
        "--conformance-examples", metavar="N", type=int, default=30, help="examples per property (default: %(default)s)"
    )
    group.addoption(
        "--conformance-limit",
        metavar="SECONDS",
        type=float,
        default=120.0,
        help="end a process that gives no answer for so long (default: %(default)s)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Settle what this run tests; a name that nothing carries is a usage error."""
    try:
        if find_spec("hypothesis") is None:
            raise MissingExtraError.of("run the conformance kit", "testing")
        file: Path | None = config.option.conformance_xfail
        config.stash[EXPECTED] = read_expected(file) if file else ()
        option = config.option
        config.stash[SELECTION] = Selection(option.tier, option.kernel, option.conformance_limit)
    except PolytierError as failure:
        raise pytest.UsageError(str(failure)) from failure


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the kit's tests their tiers, kernels, cases, forms and properties."""
    if metafunc.definition.path.parent != HOME:
        return
    selection, wanted = metafunc.config.stash[SELECTION], metafunc.fixturenames
    if "tier" in wanted:
        metafunc.parametrize("tier", selection.tiers)
    subjects = [subject for tier in selection.tiers for subject in selection.subjects(tier)]
    if "candidate" in wanted:
        rejected = [subject for tier in selection.tiers for subject in selection.rejected(tier)]
        metafunc.parametrize("candidate", subjects + rejected, ids=_named)
        return
    if "subject" not in wanted:
        return
    for name, choices in (("case", _cases), ("form", forms_of), ("claim", _claims)):
        if name in wanted:
            pairs = [(subject, choice) for subject in subjects for choice in choices(subject.kernel)]
            ids = [f"{_named(subject)}-{getattr(choice, 'label', choice)}" for subject, choice in pairs]
            metafunc.parametrize(("subject", name), pairs, ids=ids)
            return
    metafunc.parametrize("subject", subjects, ids=_named)


@pytest.hookimpl(tryfirst=True)  # before -k and -m deselect what an entry may name
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell each test's report what it is about, and mark the expected failures."""
    entries, matched = config.stash[EXPECTED], set[Expected]()
    mine = [(item, keys_of(item)) for item in items if item.path.parent == HOME]
    for item, keys in mine:
        item.user_properties.extend((PREFIX + key, value) for key, value in keys.items())
        for entry in entries:
            if entry.matches(keys):
                matched.add(entry)
                item.add_marker(pytest.mark.xfail(reason=entry.reason, strict=True))
    collected = {keys["test"] for _, keys in mine}
    for entry in entries:
        if entry not in matched and _in_scope(entry, config.stash[SELECTION], collected):
            raise pytest.UsageError(str(entry.unmatched()))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Close with the table: per tier what was tested, what was not, and why."""
    if SELECTION in config.stash and not config.option.collectonly:
        write_summary(terminalreporter, config.stash[SELECTION])


@pytest.fixture(scope="session")
def selection(pytestconfig: pytest.Config) -> Selection:
    """Return what this run tests."""
    return pytestconfig.stash[SELECTION]


@pytest.fixture
def alive(request: pytest.FixtureRequest, selection: Selection) -> None:
    """Skip what would end or hang this very process: a fresh one has tried every case before."""
    subject = request.getfixturevalue("subject")
    stage = selection.answers(subject).fresh
    end = selection.answers(subject).end
    if end and (stage.begun is not None or not stage.outcomes):
        pytest.skip("not run: a fresh process did not survive this kernel, see test_survives_every_case")


def keys_of(item: pytest.Item) -> dict[str, str]:
    """Return what a test is about: its name and, where it has them, tier, kernel and case."""
    keys = {"test": getattr(item, "originalname", item.name)}
    params = item.callspec.params if hasattr(item, "callspec") else {}
    subject = params.get("subject", params.get("candidate"))
    if isinstance(subject, Subject):  # an empty set of parameters has a placeholder
        keys |= {"tier": subject.tier, "kernel": subject.kernel.name}
    elif "tier" in params:
        keys["tier"] = params["tier"]
    for name in ("case", "form", "claim"):
        if name in params:
            keys["case"] = getattr(params[name], "label", params[name])
    return keys


def _named(subject: Any) -> str:
    return f"{subject.tier}-{subject.kernel.name}"


def _cases(kernel: Any) -> Iterable[Any]:
    return kernel.cases  # type: ignore[no-any-return]


def _claims(kernel: Any) -> Iterable[Any]:
    from polytier.testing.claims import claims_of  # Hypothesis is optional

    return claims_of(kernel)


def _in_scope(entry: Expected, selection: Selection, collected: set[str]) -> bool:
    """Say whether this run should have met the entry: a part of the kit that was not chosen cannot match."""
    test, kernel, tier = (entry.keys.get(key) for key in ("test", "kernel", "tier"))
    known = {
        name
        for path in HOME.glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    left_out = (
        (test in known and test not in collected)
        or (kernel in catalogue and kernel not in selection.kernels)
        or (tier in {*selection.registry.installed(), FLOOR} and tier not in selection.tiers)
    )
    return not left_out
