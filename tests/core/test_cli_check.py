"""`polytier check`: every tier against the floor, each in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from helpers_cli import COPY_OF_THE_FLOOR, Ran, run

from polytier.cli import checking
from polytier.kernels.declaration import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

ONE = ("--kernel", "order_parameter")
CASES = len(catalogue["order_parameter"].cases)


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `polytier check` in this process."""
    return lambda *argv: run(capsys, "check", *argv)


def test_without_tiers_there_is_nothing_to_compare(check: Callable[..., Ran]) -> None:
    """With no tier installed the verb says so and succeeds."""
    ran = check()
    assert (ran.code, ran.out) == (0, "")
    assert "no tier is installed" in ran.err


def test_agreement_is_one_line_per_kernel_and_tier(check: Callable[..., Ran], install_tier: Any) -> None:
    """A tier that gives the floor's answers agrees, on all cases of the kernel."""
    install_tier("fast", COPY_OF_THE_FLOOR)
    ran = check(*ONE, "--kernel", "kuramoto_rk4")
    assert ran.code == 0
    assert ran.rows == [
        ["kernel", "tier", "state", "cases"],
        ["order_parameter", "fast", "agrees", str(CASES)],
        ["kuramoto_rk4", "fast", "absent", "-"],
    ]
    absent = check("--kernel", "kuramoto_rk4", "--json").document["reports"][0]
    assert "offers no function" in absent["reason"]


def test_disagreement_names_case_index_and_both_values(check: Callable[..., Ran], install_tier: Any) -> None:
    """A wrong answer is told with kernel, case, place and both values, and the exit code is 1."""
    install_tier(
        "wrong",
        """
        from polytier.kernels.declaration import catalogue

        def networked_force(theta, K):
            answer = catalogue.function("networked_force").dispatch.floor(theta, K)
            answer[-1] += 0.25
            return answer
        """,
    )
    ran = check("--kernel", "networked_force")
    assert ran.code == 1
    assert ran.rows[1][:3] == ["networked_force", "wrong", "differs"]
    assert "networked_force [n=1] of tier 'wrong': index 0 is 0.25, the floor says 0.0" in ran.out


def test_crash_is_reported_and_the_next_kernel_checked(check: Callable[..., Ran], install_tier: Any) -> None:
    """A kernel that kills its process is reported with case, signal and last words; the others are still checked."""
    install_tier(
        "mad",
        """
        import os, sys
        from polytier.kernels.declaration import catalogue

        mean_phase = catalogue.function("mean_phase").dispatch.floor

        def order_parameter(theta):
            print("about to fall", file=sys.stderr, flush=True)
            os.kill(os.getpid(), 11)
        """,
    )
    ran = check(*ONE, "--kernel", "mean_phase", "--json")
    assert ran.code == 1
    first, second = ran.document["reports"]
    assert (first["state"], first["case"], first["kernel"]) == ("crashed", "n=1", "order_parameter")
    assert first["reason"].startswith("its process was ended by signal 11 (Segmentation fault); its last words:")
    assert "about to fall" in first["reason"]
    assert second == {"tier": "mad", "kernel": "mean_phase", "state": "agrees", "cases": CASES, "declined": 0}


def test_exit_in_mid_air_is_a_crash(check: Callable[..., Ran], install_tier: Any) -> None:
    """A tier that ends the process without a signal is reported with the exit code."""
    install_tier("leaver", "import os\ndef order_parameter(theta):\n    os._exit(3)\n")
    ran = check(*ONE)
    assert ran.code == 1
    assert "its process ended with exit code 3" in ran.out


def test_hang_is_reported(install_tier: Any) -> None:
    """A case that takes longer than the limit ends its process and is reported."""
    install_tier("slow", "import time\ndef order_parameter(theta):\n    time.sleep(60)\n")
    (report,) = checking.check_tier("slow", [catalogue["order_parameter"]], silence=3.0)
    assert (report["state"], report["reason"]) == ("crashed", "its process gave no answer within 3 s")


def test_broken_tier_is_one_line(check: Callable[..., Ran], install_tier: Any) -> None:
    """A tier that cannot be loaded is reported once, not once per kernel, and is a finding."""
    install_tier("broken", "import no_such_module")
    ran = check()
    assert ran.code == 1
    assert [row[:3] for row in ran.rows[1:2]] == [["-", "broken", "unusable"]]
    assert ran.out.count("no_such_module") == 1


def test_refused_function_is_a_finding(check: Callable[..., Ran], install_tier: Any) -> None:
    """A function of another signature is reported as rejected."""
    install_tier("odd", "def order_parameter(phases):\n    return 1.0\n")
    ran = check(*ONE)
    assert ran.code == 1
    assert ran.rows[1][2] == "rejected"


def test_declined_cases_are_counted(check: Callable[..., Ran], install_tier: Any) -> None:
    """NotImplementedError is a tier's way to decline: counted, and no finding."""
    install_tier("shy", "def order_parameter(theta):\n    raise NotImplementedError\n")
    ran = check(*ONE)
    assert ran.code == 0
    assert ran.rows[1] == ["order_parameter", "shy", "agrees", "0"]
    assert f"declines {CASES} cases" in ran.out


def test_failing_case_is_a_finding(check: Callable[..., Ran], install_tier: Any) -> None:
    """A RuntimeError is no answer, and is reported with its text."""
    install_tier("ill", "def order_parameter(theta):\n    raise RuntimeError('out of cheese')\n")
    ran = check(*ONE)
    assert ran.code == 1
    assert "order_parameter [n=1] of tier 'ill': RuntimeError: out of cheese" in ran.out


def test_absent_kernel_is_a_finding_only_when_both_were_named(check: Callable[..., Ran], install_tier: Any) -> None:
    """A tier need not offer every kernel, unless that kernel of that tier was asked for."""
    install_tier("fast", COPY_OF_THE_FLOOR)
    assert check("--kernel", "kuramoto_rk4").code == 0
    assert check("--kernel", "kuramoto_rk4", "--tier", "fast").code == 1


def test_disabled_tier(check: Callable[..., Ran], install_tier: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tier that the environment keeps out is not run; asking for it by name is a finding."""
    install_tier("fast", "raise SystemExit")
    monkeypatch.setenv("POLYTIER_DISABLE", "fast")
    ran = check(*ONE)
    assert (ran.code, ran.rows[1][:3]) == (0, ["-", "fast", "disabled"])
    assert check(*ONE, "--tier", "fast").code == 1


def test_unknown_names_are_usage_errors(check: Callable[..., Ran]) -> None:
    """A mistyped kernel or tier gets the known ones and the nearest, and exit code 2."""
    ran = check("--kernel", "oder_parameter")
    assert ran.code == 2
    assert "did you mean 'order_parameter'?" in ran.err
    ran = check("--tier", "rusty-nail")
    assert (ran.code, "known: none" in ran.err) == (2, True)


def test_output_of_native_code_does_not_disturb(check: Callable[..., Ran], install_tier: Any) -> None:
    """What a tier prints to stdout lands nowhere in the reports."""
    install_tier("chatty", "print('hello')\n" + "import os\nos.write(1, b'hello')\n")
    ran = check(*ONE, "--json")
    assert ran.document["reports"][0]["state"] == "absent"
