"""The kit's plugin: its entry point, options, expected failures, and the closing table."""

from __future__ import annotations

import importlib.metadata
import sys
from typing import TYPE_CHECKING

import pytest
from helpers_testing import BODY, COHERENCE, FORCE, changed, failed_tests, messages, run_kit

from polytier.kernels.declaration import catalogue
from polytier.testing import plugin

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Installer

pytest_plugins = ["pytester"]

BRIEF = ("-k", "test_loads")


ALL = len(tuple(catalogue))


def test_the_entry_point_is_declared() -> None:
    """The distribution offers pytest one module, which does not lie in the package."""
    offered = importlib.metadata.distribution("polytier").entry_points.select(group="pytest11")
    assert [point.value for point in offered] == ["polytier_pytest"]


def test_the_options_exist_where_the_kit_is_named(pytester: pytest.Pytester) -> None:
    """Naming the package is enough for --tier to be known."""
    result = pytester.runpytest_subprocess("--pyargs", "polytier.testing", "--tier", "floor", *BRIEF)
    result.assert_outcomes(passed=1, deselected=result.parseoutcomes()["deselected"])


def test_other_runs_do_not_pay(pytester: pytest.Pytester) -> None:
    """A run that does not name the kit has none of its options, and imports neither polytier nor NumPy."""
    source = (
        "import sys\ndef test_nothing(): assert not {'polytier', 'numpy', 'hypothesis.strategies'} & set(sys.modules)"
    )
    pytester.makepyfile(source)
    result = pytester.run(sys.executable, "-m", "pytest", "-p", "no:hypothesispytest")
    result.assert_outcomes(passed=1)
    assert pytester.runpytest_subprocess("--tier", "floor").ret == pytest.ExitCode.USAGE_ERROR


def test_without_hypothesis_the_run_ends(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Hypothesis is not installed the run ends, and the error says what to install."""
    config = pytester.parseconfig("--pyargs", "polytier.testing")
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(pytest.UsageError, match=r"polytier\[testing\]"):
        plugin.pytest_configure(config)


def test_tests_beside_the_kit_are_left_alone(pytester: pytest.Pytester) -> None:
    """A test that runs beside the kit gets no parameters, matches no entry and does not count."""
    file = pytester.makepyfile("def test_loads(request): assert not hasattr(request.node, 'callspec')")
    result = run_kit(pytester, str(file), "--tier", "floor", *BRIEF)
    result.assert_outcomes(passed=2, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines([f"floor *{ALL} of {ALL} *0 *0 *1 *0 *"])


def test_an_unknown_tier_is_a_usage_error(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A tier that is not installed ends the run with the known ones listed."""
    install_tier("rusty", COHERENCE)
    result = run_kit(pytester, "--tier", "rust")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "use tier 'rust': no tier has this name" in messages(result)
    assert "'floor', 'rusty'" in messages(result)


def test_an_unknown_kernel_is_a_usage_error(pytester: pytest.Pytester) -> None:
    """A kernel that is not declared ends the run with the known ones listed."""
    result = run_kit(pytester, "--kernel", "order")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "use kernel 'order': no kernel has this name" in messages(result)


def test_a_denied_tier_that_is_named_is_a_usage_error(
    pytester: pytest.Pytester, install_tier: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tier that the environment keeps out cannot be tested, and the error says why."""
    install_tier("right", COHERENCE)
    monkeypatch.setenv("POLYTIER_DISABLE", "right")
    result = run_kit(pytester, "--tier", "right")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "POLYTIER_DISABLE" in messages(result)


def test_every_usable_tier_is_tested_by_default(
    pytester: pytest.Pytester, install_tier: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --tier every installed tier is tested that is not denied."""
    install_tier("alpha", COHERENCE)
    install_tier("beta", FORCE)
    install_tier("gamma", FORCE)
    monkeypatch.setenv("POLYTIER_DISABLE", "gamma")
    result = run_kit(pytester, *BRIEF)
    result.stdout.fnmatch_lines(["tier *", f"alpha *1 of {ALL}*", f"beta *1 of {ALL}*"])
    assert "gamma" not in result.stdout.str()


def test_the_floor_is_tested_where_no_tier_is(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no tier can be used the floor stands against itself, so that something runs."""
    monkeypatch.setenv("POLYTIER_TIERS", "")
    monkeypatch.setattr("polytier.tiers.Tiers.installed", lambda _: ())
    result = run_kit(pytester, "--kernel", "mean_phase", "-k", "loads or signature or starts")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["floor *1 of 1*"])


def test_one_kernel_can_be_tested_alone(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """With --kernel the others are neither tested nor called absent."""
    install_tier("right", COHERENCE + FORCE)
    result = run_kit(pytester, "--tier", "right", "--kernel", "networked_force", "-k", "signature")
    result.assert_outcomes(passed=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(["right *1 of 1*"])
    assert "absent" not in result.stdout.str()


FAULTY = changed(COHERENCE, (BODY, BODY + "    if len(phases) == 37:\n        return 0.5\n"))
ENTRY = '[[xfail]]\nkernel = "order_parameter"\ntest = "test_agrees"\ncase = "odd length"\nreason = "37 is hard"\n'


def run_expecting(
    pytester: pytest.Pytester, install_tier: Installer, source: str, expected: str, *arguments: str
) -> pytest.RunResult:
    """Run test_agrees on a tier with a file of expected failures."""
    install_tier("faulty", source)
    file: Path = pytester.path / "expected.toml"
    file.write_text(expected, "utf-8")
    return run_kit(pytester, "--tier", "faulty", "--conformance-xfail", str(file), "-k", "test_agrees", *arguments)


def test_an_expected_failure_does_not_fail_the_run(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """A failure that the file names counts as expected."""
    result = run_expecting(pytester, install_tier, FAULTY, ENTRY)
    assert result.ret == 0
    assert result.parseoutcomes()["xfailed"] == 1


def test_an_expected_failure_that_passes_fails_the_run(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """An expected failure that does not come is a failure, with its reason."""
    result = run_expecting(pytester, install_tier, COHERENCE, ENTRY)
    assert failed_tests(result) == {"test_agrees"}
    assert "37 is hard" in messages(result)


@pytest.mark.parametrize(
    "change",
    [
        ("odd length", "even length"),
        ("order_parameter", "mean_phase"),
        ("order_parameter", "orderly"),
        ("agrees", "agree"),
    ],
)
def test_an_entry_that_matches_nothing_fails_the_run(
    pytester: pytest.Pytester, install_tier: Installer, change: tuple[str, str]
) -> None:
    """An entry that names no test of the run ends it, with its place in the file."""
    result = run_expecting(pytester, install_tier, FAULTY, ENTRY.replace(*change))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "expected.toml': entry 1: no test matches" in messages(result)


def test_an_entry_of_what_was_not_chosen_is_left_alone(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """An entry about a kernel or tier that this run leaves out is neither matched nor missed."""
    entries = ENTRY.replace("order_parameter", "mean_phase") + ENTRY.replace("[[xfail]]", '[[xfail]]\ntier = "floor"')
    result = run_expecting(pytester, install_tier, COHERENCE, entries, "--kernel", "order_parameter")
    assert result.ret == 0


def test_a_malformed_file_is_a_usage_error(pytester: pytest.Pytester, install_tier: Installer) -> None:
    """An entry without a reason ends the run before a test has run."""
    result = run_expecting(pytester, install_tier, FAULTY, ENTRY.replace("37 is hard", " "))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "entry 1: no reason is given" in messages(result)


def test_collecting_only_prints_no_table(pytester: pytest.Pytester) -> None:
    """With --collect-only nothing is said to have been tested."""
    assert "polytier conformance =" not in run_kit(pytester, "--tier", "floor", "--collect-only", "-q").stdout.str()
