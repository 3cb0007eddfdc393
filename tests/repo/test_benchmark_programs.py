"""What the benchmark programs print: ratios, limits, verdicts, tables; and the programs themselves."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module as module
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polytier

if TYPE_CHECKING:
    from pathlib import Path

PROGRAMS = ("boundary", "dispatch_overhead", "peers", "limits", "discovery", "import_time")
pytestmark = pytest.mark.usefixtures("benchmarks")


def contender(name: str = "one", group: str = "numba", **keywords: Any) -> Any:
    """Return a contender that costs nothing."""
    return module("harness").Contender(name, group, keywords.pop("function", abs), [(1.0,)], **keywords)


def row(name: str, group: str, median: float | None, note: str = "") -> Any:
    """Return a row whose samples all equal the median."""
    summary = None if median is None else module("harness").Summary(median, median, median, 15, 0, least=median)
    return module("report").Row(name, group, summary, note)


def quiet(running: int = 1, **keywords: Any) -> Any:
    """Return a watch over a run queue of fixed length."""
    return module("harness").Quiet(running=lambda: running, nap=1e-4, **keywords)


def test_a_ratio_needs_two_figures() -> None:
    """A ratio is of medians, and absent where either side is."""
    ratio = module("report").ratio
    assert ratio(row("a", "x", 6.0), row("b", "y", 1.5)) == 4.0
    assert ratio(row("a", "x", None), row("b", "y", 1.5)) is None
    assert ratio(row("a", "x", 6.0), row("b", "y", None)) is None
    assert ratio(row("a", "x", 6.0), None) is None


def test_the_best_of_groups_is_the_fastest_row_with_a_figure() -> None:
    """Absent rows and rows of other groups are never the best."""
    rows = [row("a", "numba", 3.0), row("b", "numpy", 2.0), row("c", "torch", 1.0), row("d", "numpy", None)]
    assert module("report").best(rows, ["numba", "numpy"]).name == "b"
    assert module("report").best(rows, ["jax"]) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.00 ns"),
        (6.1e-9, "6.10 ns"),
        (999.9e-9, "1.00 us"),
        (23.46e-6, "23.5 us"),
        (0.418, "418 ms"),
        (2, "2.00 s"),
    ],
)
def test_a_duration_has_three_digits_and_a_fitting_unit(seconds: float, text: str) -> None:
    """Durations are shown with three significant digits in s, ms, us or ns."""
    assert module("report").duration(seconds) == text


def test_a_table_gives_ratios_reasons_and_marks() -> None:
    """A table shows each ratio, why a row has no figure, and which figures are contended."""
    report, rough = module("report"), module("harness").Summary(2e-6, 1e-6, 3e-6, 5, 9, contended=True)
    rows = [row("fast", "a", 1e-6), report.Row("slow", "b", rough), row("torch", "torch", None, "not installed: why")]
    text = report.timing_table(rows, {"x fast": rows[0]}, "per call").splitlines()
    assert text[2].split() == ["fast", "1.00", "us", "1.00", "us", "..", "1.00", "us", "1x", "15"]
    assert "2.00 us*" in text[3]
    assert "2x" in text[3]
    assert text[4].endswith("not installed: why")
    assert text[5].startswith("* contended")


def test_a_target_is_met_missed_or_without_a_figure() -> None:
    """Bounds themselves count as met; without a figure there is no verdict."""
    report = module("report")
    words = [report.at_least("t", figure, 3.0).word for figure in (3.0, 2.9, None)]
    words += [report.at_most("t", figure, 1.6).word for figure in (1.6, 1.7, None)]
    assert words == ["met", "MISSED", "no figure"] * 2


def cell(**keywords: Any) -> Any:
    """Return a cell without contenders."""
    tolerance = polytier.Tolerance(atol=1e-10)
    return module("contest").Cell("k", 8, "per call", tolerance, keywords.pop("contenders", []), **keywords)


def test_a_target_compares_the_subject_with_the_best_of_its_groups() -> None:
    """The figure is the best rival's time over the subject's, and over the limit the other way round."""
    target = module("contest").Target
    rows = [
        row("polytier", "polytier", 2.0),
        row("n1", "numba", 9.0),
        row("n2", "numba", 8.0),
        row("limit", "limit", 1.0),
    ]
    targets = [target(("numba", "numpy"), least=4.0), target(("torch",), least=1.0), target(("limit",), most=1.6)]
    found = module("contest").verdicts(cell(targets=targets), rows)
    assert [(v.figure, v.word) for v in found] == [(4.0, "met"), (None, "no figure"), (2.0, "MISSED")]
    assert found[0].note == "best: n2; without numpy"


def test_a_verdict_names_the_rivals_that_were_left_out() -> None:
    """A figure against some of its rivals only says which were not there."""
    rows = [row("polytier", "polytier", 2.0), row("torch", "torch", 9.0), row("torch.compile", "torch left out", None)]
    found = module("contest").verdicts(cell(targets=[module("contest").Target(("torch",), least=4.0)]), rows)
    assert [(v.word, v.note) for v in found] == [("met", "best: torch; without torch.compile")]


def test_the_limit_is_the_slowest_bound() -> None:
    """Each bound is the sum of its units at their rates; the slowest of them sets the limit and is named."""
    parts = {"arithmetic": {"cycle": 2.0, "flop": 3.0}, "memory": {"byte": 4.0}}
    rates = {
        name: row(name, "rate", seconds).summary for name, seconds in {"cycle": 1.0, "flop": 2.0, "byte": 1.5}.items()
    }
    found = module("contest").limit_row(parts, rates)
    assert (found.summary.median, found.note) == (8.0, "set by arithmetic")


def test_a_bound_without_its_rate_sets_no_limit() -> None:
    """A bound whose rate was not measured is left out; without any the limit's row says why."""
    limit_row, call = module("contest").limit_row, row("call", "rate", 1.0).summary
    assert limit_row({"the call": {"call": 1.0}, "memory": {"byte": 9.0}}, {"call": call}).note == "set by the call"
    assert limit_row({"memory": {"byte": 9.0}}, {}).summary is None


def test_a_wrong_answer_is_shown_and_not_timed() -> None:
    """A contender outside the tolerance, or one that raises, has a reason instead of a figure and wins nothing."""
    contest, harness = module("contest"), module("harness")
    contenders = [
        contender("polytier", "polytier", wanted=1.0),
        contender("wrong", "numba", function=lambda x: x + 1e-9, wanted=1.0),
        contender("broken", "numba", function=lambda x: x / 0, wanted=1.0),
    ]
    targets = [contest.Target(("numba",), least=1.0)]
    plan = harness.Plan(rounds=1, batch=1e-6, tries=50)
    found = contest.run(cell(contenders=contenders, targets=targets), plan, quiet(), lambda _: None)
    right, wrong, broken, limit = found.rows
    assert right.summary is not None
    assert wrong.summary is broken.summary is limit.summary is None
    assert wrong.note.startswith("WRONG: ")
    assert broken.note == "failed: ZeroDivisionError: float division by zero"
    assert [verdict.word for verdict in found.verdicts] == ["no figure"]


def test_an_absent_peer_is_a_row_with_the_reason() -> None:
    """A peer that cannot be imported gives a row that says so."""
    found, absent = module("contest").peer("no_such_peer")
    assert found is None
    assert absent.note == "not installed: ModuleNotFoundError: No module named 'no_such_peer'"


# The programs ------------------------------------------------------------------------------------------------------


def test_overhead_is_judged_by_the_worst_row_of_each_budget() -> None:
    """Several rows share a budget; the slowest counts, against its budget and against a tenth of the hook's."""
    added = {
        "polytier, one tier": 30e-9,
        "polytier, one crossover, smaller": 50e-9,
        "polytier, one crossover, larger": 56e-9,
        "polytier, four buckets, number 1": 60e-9,
        "polytier, after a quarantine for good": 30e-9,
        "pluggy firstresult hook": 550e-9,
    }
    found = module("dispatch_overhead").judge({name: row(name, "", seconds).summary for name, seconds in added.items()})
    words = {verdict.target.partition(":")[0]: [] for verdict in found}
    for verdict in found:
        words[verdict.target.partition(":")[0]].append(verdict.word)
    assert words["one tier"] == ["met", "met"]
    assert words["one crossover"] == ["MISSED", "MISSED"]
    assert words["four buckets"] == ["met", "MISSED"]
    assert words["quarantine"] == ["met", "met"]


@pytest.mark.parametrize("starts", [[0], [0, 4], [0, 800], [0, 1, 2, 800]])
@pytest.mark.parametrize("bad", [None, ImportError, RuntimeError])
def test_overhead_is_measured_over_the_compiled_function(starts: list[int], bad: type[Exception] | None) -> None:
    """Our rows reach the compiled function itself, in each of their forms, and settle into a final body."""
    overhead = module("dispatch_overhead")
    with overhead.long_quarantine():
        kernel = overhead.dispatched(overhead.touch, callable, starts, bad)
        codes = [kernel.__code__ for _ in range(6) if kernel(np.zeros(8)) is False]
    assert len(codes) == 6
    assert codes[-1] is codes[-2]
    assert "attended" not in kernel.__code__.co_filename


def test_every_family_states_its_kernels() -> None:
    """Each file in peers/ names kernels of the catalogue, each with its sizes; a kind of arguments may follow a dot."""
    peers = module("peers")
    assert "kuramoto" in peers.families()
    for name in peers.families():
        family = peers.load(name)
        kernels = {kernel.partition(".")[0]: sizes for kernel, sizes in family.KERNELS.items()}
        assert all(hasattr(polytier, kernel) and sizes for kernel, sizes in kernels.items())


def test_quick_leaves_out_long_cells_unless_they_are_asked_for() -> None:
    """--quick skips cells of much work, a size given by hand runs all the same, an unknown kernel is refused."""
    peers, offered = module("peers"), {"vector": (8, 10_000_000), "matrix": (8, 1024)}
    parse = peers.arguments().parse_args
    assert peers.chosen(parse(["kuramoto", "--quick"]), offered) == [("vector", 8), ("matrix", 8)]
    assert peers.chosen(parse(["kuramoto", "--quick", "--size", "1024", "--kernel", "matrix"]), offered) == [
        ("matrix", 1024)
    ]
    assert len(peers.chosen(parse(["kuramoto"]), offered)) == 4
    with pytest.raises(SystemExit, match="hint: one of vector, matrix"):
        peers.chosen(parse(["kuramoto", "--kernel", "other"]), offered)


@pytest.mark.parametrize(
    ("name", "units", "text"), [("flop f64, 1 thread", 15.1, "of 16"), ("read 4096 KiB", 20.0, "20.00")]
)
def test_a_limit_stands_beside_the_ratio_that_hardware_fixes(name: str, units: float, text: str) -> None:
    """Units per cycle are shown, and where hardware fixes the ratio, that too."""
    clock, found = row("clock", "", 1.0).summary, row(name, "", 1.0 / units).summary
    assert module("limits").per_cycle(name, found, clock).endswith(text)


def test_a_report_is_written_whole(tmp_path: Path) -> None:
    """The JSON holds the host, the program and its rows with five digits, and leaves no draft behind."""
    report = module("report")
    path = report.write(str(tmp_path / "new" / "x.json"), "x", {"rows": [report.as_json(row("a", "g", 1 / 3))]})
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["rows"][0]["median"] == 0.33333
    assert (content["program"], bool(content["host"]["id"])) == ("x", True)
    assert [entry.name for entry in path.parent.iterdir()] == ["x.json"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_teaches(program: str, benchmarks: Path) -> None:
    """--help states what the program does, its rows or an example, and the shared options."""
    command = [sys.executable, str(benchmarks / f"{program}.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert {"--rounds", "--quick", "--json"} <= set(done.stdout.replace(",", " ").split())
    assert len(done.stdout.splitlines()) > 15
