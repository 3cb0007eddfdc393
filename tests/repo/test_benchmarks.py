"""The benchmark programs' harness: statistics, pairs within rounds, rejection and repetition of samples."""

from __future__ import annotations

import importlib
import math
import random
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module", autouse=True)
def importable() -> Iterator[None]:
    """Put the programs' folder on the path, as running one of them does."""
    sys.path.insert(0, str(BENCHMARKS))
    yield
    sys.path.remove(str(BENCHMARKS))


def module(name: str) -> Any:
    """Return a module of the programs' folder."""
    return importlib.import_module(name)


def contender(name: str = "one", group: str = "numba", **keywords: Any) -> Any:
    """Return a contender that costs nothing."""
    return module("harness").Contender(name, group, keywords.pop("function", abs), [(1.0,)], **keywords)


def series(*samples: float, rejected: dict[int, list[float]] | None = None, **keywords: Any) -> Any:
    """Return a series with one clean sample per round, unless the round has rejected ones."""
    made = module("harness").Series(contender(**keywords), loops=1, call=0.0)
    made.rejected = rejected or {}
    made.clean = {at: seconds for at, seconds in enumerate(samples) if at not in made.rejected}
    return made


def quiet(running: int = 1, **keywords: Any) -> Any:
    """Return a watch over a run queue of fixed length."""
    return module("harness").Quiet(running=lambda: running, nap=1e-4, **keywords)


# Statistics --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3, 15, 100])
def test_quartiles_are_the_standard_librarys_and_numpys(count: int) -> None:
    """Quartiles do not depend on order, and equal both libraries' linear interpolation."""
    samples = [math.exp(i / 7) for i in range(count)]
    shuffled = random.Random(count).sample(samples, count)  # noqa: S311  an order, no secret
    found = module("harness").quartiles(shuffled)
    assert found == tuple(statistics.quantiles(samples, n=4, method="inclusive"))
    assert found[1] == statistics.median(samples)
    assert found == pytest.approx(np.percentile(samples, [25, 50, 75]))


def test_one_sample_is_its_own_quartiles() -> None:
    """A single sample stands for median and quartiles."""
    assert module("harness").quartiles([2.5]) == (2.5, 2.5, 2.5)


def test_a_summary_uses_clean_samples_alone_where_there_are_enough() -> None:
    """Rejected samples are counted and left out once four clean ones exist."""
    found = module("harness").summarise(series(9.0, 1.0, 2.0, 3.0, 4.0, rejected={0: [90.0, 80.0]}))
    assert (found.median, found.samples, found.rejected, found.contended) == (2.5, 4, 2, False)
    assert found.least == 1.0


def test_a_summary_says_when_rejected_samples_had_to_join() -> None:
    """With fewer than four clean samples the rejected ones join, and the summary is contended."""
    found = module("harness").summarise(series(0.0, 1.0, 2.0, rejected={0: [9.0, 8.0]}))
    assert (found.median, found.samples, found.rejected, found.contended) == (5.0, 4, 2, True)


def test_few_clean_samples_of_a_short_run_are_not_contended() -> None:
    """A run of three rounds without a rejection is not called contended."""
    assert not module("harness").summarise(series(1.0, 2.0, 3.0)).contended


def test_a_paired_difference_cancels_drift() -> None:
    """Drift that both series share, round by round, leaves the difference exact."""
    drift = [1.0, 64.0, 4.0, 256.0, 16.0]
    found = module("harness").paired_difference(series(*(d + 0.5 for d in drift)), series(*drift))
    assert (found.median, found.p25, found.p75, found.samples) == (0.5, 0.5, 0.5, 5)


def test_a_paired_difference_leaves_out_rounds_with_a_rejected_side() -> None:
    """A round counts only where both sides are clean."""
    one = series(0.0, 3.0, 3.0, 3.0, 3.0, rejected={0: [99.0]})
    found = module("harness").paired_difference(one, series(1.0, 1.0, 1.0, 1.0, 1.0))
    assert (found.median, found.samples, found.rejected, found.contended) == (2.0, 4, 1, False)


def test_a_paired_difference_falls_back_to_the_best_of_each_round() -> None:
    """Where too few rounds are clean, each round's fastest try stands in and the figure is contended."""
    one = series(0.0, 0.0, 3.0, rejected={0: [99.0, 5.0], 1: [7.0]})
    found = module("harness").paired_difference(one, series(1.0, 2.0, 3.0))
    assert (found.median, found.samples, found.contended) == (4.0, 3, True)
    assert found.least == 3.0 - 1.0


# Sampling ----------------------------------------------------------------------------------------------------------


def test_a_one_thread_sample_that_lost_its_core_is_rejected() -> None:
    """One involuntary switch rejects a one-thread sample."""
    found = series()
    assert not found.add(0, 1.0, 1)
    assert found.add(0, 2.0, 0)
    assert (found.clean, found.rejected) == ({0: 2.0}, {0: [1.0]})


def test_a_threaded_sample_is_kept_whatever_happened_to_its_core() -> None:
    """A contender with threads loses cores to itself; its samples are kept."""
    found = series(threaded=True)
    assert found.add(0, 1.0, 5)
    assert found.clean == {0: 1.0}


def test_a_rejected_sample_is_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round takes a rejected sample again, up to the plan's tries."""
    harness = module("harness")
    switches = iter([1, 0, 1, 1])
    monkeypatch.setattr(harness, "calibrate", lambda *_: (1, 1.0))
    monkeypatch.setattr(harness, "sample", lambda *_: (4.0, next(switches)))
    found = harness.measure([contender(per=2.0)], harness.Plan(rounds=2, tries=2), quiet())["one"]
    assert (found.clean, found.rejected) == ({0: 2.0}, {0: [2.0], 1: [2.0, 2.0]})


def test_every_contender_is_sampled_in_every_round() -> None:
    """A real run gives each contender one sample per round, in seconds per unit."""
    harness = module("harness")
    plan = harness.Plan(rounds=3, batch=1e-5, tries=50)
    found = harness.measure([contender("one"), contender("two", threaded=True)], plan, quiet())
    assert {name: len(one.clean) for name, one in found.items()} == {"one": 3, "two": 3}
    assert all(0 < seconds < 1e-3 for one in found.values() for seconds in one.clean.values())


def test_a_batch_lasts_as_long_as_asked() -> None:
    """Calibration finds a number of calls that lasts at least the batch."""
    loops, call = module("harness").calibrate(contender(), 1e-3)
    assert loops * call >= 1e-3


def test_a_loop_passes_every_argument_and_draws_on_the_pool() -> None:
    """A sample calls with the pool's arguments in turn, from its offset on, after the untimed calls."""
    harness, seen = module("harness"), []
    made = harness.Contender("two arguments", "", lambda a, b: seen.append((a, b)), [(0, "a"), (1, "b"), (2, "c")])
    harness.sample(made, 2, 2, 0.0)
    assert seen[-2:] == [(2, "c"), (0, "a")]
    assert len(seen) == 2 + harness.WARM_CALLS


def test_the_wait_for_a_quiet_queue_is_bounded() -> None:
    """A busy host delays a sample by `each` at most, and all samples by `total`."""
    watch = quiet(running=3, each=2e-3, total=3e-3)
    assert not watch.wait()
    assert watch.left == pytest.approx(1e-3)
    assert not watch.wait()
    assert watch.left == pytest.approx(0.0, abs=1e-12)
    assert quiet().wait()


def test_the_run_queue_is_read_from_the_kernel(tmp_path: Path) -> None:
    """The length of the run queue is the kernel's figure, and 1 where there is none."""
    (tmp_path / "stat").write_text("cpu 1 2\nprocs_running 7\nprocs_blocked 0\n", encoding="ascii")
    assert module("harness").procs_running(tmp_path / "stat") == 7
    assert module("harness").procs_running(tmp_path / "absent") == 1


def test_a_fresh_interpreter_reports_its_time() -> None:
    """A child times its statement only, and one whose check fails is an error."""
    child = module("processes").Child("sleep", "", "time.sleep(0.01)", setup="time.sleep(0.2)")
    assert 0.01 <= child.run()[0] < 0.2
    with pytest.raises(RuntimeError, match="AssertionError"):
        module("processes").Child("wrong", "", "pass", check="assert False").run()
