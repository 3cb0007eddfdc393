"""The installed examples as their users meet them: found, checked, conforming, measured, ranked and served.

This runs where examples/tier-numba and examples/kernel-pack are installed, and hatchling, which builds the skeletons.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polytier_fourier
import polytier_numba
import pytest
from polytier_series import autocovariance

import polytier
from polytier.kernels.declaration import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

CORE = sorted(kernel.name for kernel in catalogue if kernel.module == "polytier.kernels.kuramoto")
SERVES = {"numba": CORE, "fourier": ["autocovariance"]}
LIMIT = 570


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the tables and caches of the user, and what earlier tests looked up, away."""
    for variable in [name for name in os.environ if name.startswith("POLYTIER_")]:
        monkeypatch.delenv(variable)
    for variable in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    polytier.refresh()
    yield
    polytier.refresh()


def python(*argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a module of Python in a fresh process, outside the checkout."""
    command, environ = [sys.executable, "-m", *argv], {**os.environ, **environment}
    folder = os.environ["XDG_DATA_HOME"]
    Path(folder).mkdir(exist_ok=True)
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=LIMIT)


def ask(*argv: str) -> Any:
    """Run a verb and return its document."""
    done = python("polytier.cli", *argv, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("tier", SERVES)
def test_a_tier_is_found_and_passes_its_probe(tier: str) -> None:
    """`polytier tiers` finds the tier and all that it serves."""
    (found,) = ask("tiers", tier)["tiers"]
    assert (found["state"], sorted(found["kernels"]), found["rejected"]) == ("usable", SERVES[tier], {})


def test_the_kernel_is_found() -> None:
    """`polytier kernels` finds the kernel of the pack and the tier that serves it."""
    (found,) = ask("kernels", "autocovariance")["kernels"]
    assert (found["family"], found["size"], found["tiers"]) == ("polytier_series", "len(series)", ["fourier"])


@pytest.mark.parametrize("tier", SERVES)
def test_a_tier_agrees_on_every_case(tier: str) -> None:
    """`polytier check` finds agreement on every case of every kernel that the tier serves."""
    asked = [word for kernel in SERVES[tier] for word in ("--kernel", kernel)]
    reports = ask("check", "--tier", tier, *asked)["reports"]
    assert {report["kernel"]: report["state"] for report in reports} == dict.fromkeys(SERVES[tier], "agrees")


@pytest.mark.parametrize("tier", SERVES)
def test_a_tier_conforms(tier: str) -> None:
    """The tier passes the conformance kit: nothing fails, nothing is declined."""
    kit = python("pytest", "-q", "-p", "no:cacheprovider", "--pyargs", "polytier.testing", "--tier", tier)
    assert kit.returncode == 0, kit.stdout + kit.stderr
    header, row = (line.split("  ") for line in kit.stdout.splitlines() if line.startswith(("tier  ", tier)))
    told = dict(zip(filter(None, header), filter(None, row), strict=True))
    assert (told["failed"].strip(), told["declined"].strip()) == ("0", "0")


def test_the_floor_of_the_pack_conforms() -> None:
    """The floor of the pack's kernel passes the conformance kit too."""
    kit = python("pytest", "-q", "--pyargs", "polytier.testing", "--tier", "floor", "--kernel", "autocovariance")
    assert kit.returncode == 0, kit.stdout + kit.stderr


def test_importing_numba_waits_for_the_first_call() -> None:
    """Importing the tier loads no numba; the first call does."""
    script = (
        "import sys, polytier_numba; print('numba' in sys.modules);"
        "polytier_numba.order_parameter([0.0]); print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_a_failing_compilation_falls_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """What numba cannot compile is a RuntimeError with the cause kept, which dispatch passes on to the next link."""
    from polytier_numba import native

    monkeypatch.setattr(native, "field", native.compiled(lambda theta: theta.no_such_thing()))
    with pytest.raises(RuntimeError, match="compile 'field': ") as raised:
        polytier_numba.order_parameter([0.0])
    assert isinstance(raised.value.__cause__, native.NumbaError)


def test_a_pinned_tier_serves() -> None:
    """A pin reaches a tier that nobody measured."""
    with polytier.using("numba"), polytier.trace() as calls:
        assert polytier.order_parameter([0.0, 0.0]) == 1.0
    assert [call.tier for call in calls] == ["numba"]


def test_a_plain_sum_agrees_with_floor_and_tier() -> None:
    """A sum over all pairs, written as the formula is, gives what floor and tier give."""
    series = np.random.default_rng(5).normal(3.0, 2.0, 41)
    deviations = [value - series.mean() for value in series]
    lags = range(len(deviations))
    plain = [sum(deviations[i] * deviations[i + k] for i in range(len(deviations) - k)) / len(deviations) for k in lags]
    np.testing.assert_allclose(autocovariance.dispatch.floor(series), plain, rtol=0, atol=1e-12)
    np.testing.assert_allclose(polytier_fourier.autocovariance(series), plain, rtol=0, atol=1e-12)


def test_the_examples_of_the_kernel_run() -> None:
    """The examples in the kernel's docstring print what they say."""
    done = python("doctest", str(Path(sys.modules["polytier_series"].__file__ or "")))
    assert (done.returncode, done.stdout) == (0, "")


def test_a_measured_tier_is_ranked_and_served() -> None:
    """After `polytier measure` every call goes to the first place of the table at its size."""
    measured = ask("measure", "--quick", "--kernel", "autocovariance", "--tier", "fourier")
    assert "autocovariance" in json.dumps(measured)
    polytier.refresh()
    for case in autocovariance.dispatch.kernel.timed_cases:
        first, *others = autocovariance.dispatch.chain(autocovariance.dispatch.kernel.case_size(case))
        assert {first, *others} <= {"fourier", "floor"}
        with polytier.trace() as calls:
            autocovariance(*case.arguments())
        assert [call.tier for call in calls] == [first]
    why = ask("why", "autocovariance", "--size", "4096")
    assert "fourier" in json.dumps(why)


@pytest.mark.parametrize(
    ("verb", "kit"),
    [
        (["new-tier", "begun"], ["--tier", "begun"]),
        (["new-tier", "begun", "--kernel", "autocovariance"], ["--tier", "begun"]),
        (["new-kernel", "band_energy"], ["--tier", "floor", "--kernel", "band_energy"]),
    ],
    ids=["tier", "tier of a pack", "kernel"],
)
def test_a_skeleton_is_built_installed_and_conforms(tmp_path: Path, verb: list[str], kit: list[str]) -> None:
    """What the verbs write can be built and installed as it is, and the conformance kit passes at once."""
    ask(*verb, "--directory", str(tmp_path))
    site, built = tmp_path / "site", str(tmp_path / verb[1])
    offline = ["--no-deps", "--no-index", "--no-build-isolation", "--target", str(site)]
    made = python("pip", "install", "--quiet", *offline, built)
    assert made.returncode == 0, made.stdout + made.stderr
    ran = python("pytest", "-q", "--pyargs", "polytier.testing", *kit, PYTHONPATH=str(site))
    assert ran.returncode == 0, ran.stdout + ran.stderr
