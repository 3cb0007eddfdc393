"""The entry point: exit codes, messages without traceback, help, pipes and interrupts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from helpers_cli import run, spawn

import polytier
from polytier.cli import command, parser

FULL = Path("/dev/full")
COMMAND = [sys.executable, "-m", "polytier.cli"]


def test_no_verb_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a verb the help goes to stderr, and the exit code is 2."""
    ran = run(capsys)
    assert (ran.code, ran.out) == (2, "")
    assert all(verb in ran.err for verb in parser.VERBS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """The version is polytier's."""
    assert run(capsys, "--version").out == f"polytier {polytier.__version__}\n"


@pytest.mark.parametrize("verb", parser.VERBS)
def test_help_teaches_by_example(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """The help of every verb shows a command line that is understood, and fits 80 columns but for its samples."""
    monkeypatch.setenv("COLUMNS", "80")
    ran = run(capsys, verb, "--help")
    assert ran.code == 0
    assert max(len(line) for line in ran.out.splitlines() if not line.startswith("  ")) <= 80
    example = next(line for line in ran.out.splitlines() if line.startswith("  $ polytier"))
    words = example.removeprefix("  $ polytier ").partition(" >")[0].split()
    assert parser.build().parse_args(words).verb == verb
    assert "--json" in ran.out


def test_mistyped_verb_gets_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    """A verb that does not exist is a usage error that names the nearest, where there is one."""
    ran = run(capsys, "mesure")
    assert ran.code == 2
    assert "did you mean 'measure'?" in ran.err
    assert "did you mean" not in run(capsys, "xyzzy").err


def test_mistyped_option_gets_the_usage_of_its_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """An option that a verb does not have is refused with that verb's usage and the nearest, where there is one."""
    ran = run(capsys, "check", "--kernels", "order_parameter")
    assert ran.code == 2
    assert ran.err.startswith("usage: polytier check ")
    assert "unrecognized arguments: --kernels order_parameter; did you mean '--kernel'?" in ran.err
    ran = run(capsys, "check", "--bogus")
    assert ran.err.startswith("usage: polytier check ")
    assert ran.err.endswith("unrecognized arguments: --bogus\n")
    ran = run(capsys, "--bogus")
    assert (ran.code, ran.err.startswith("usage: polytier [-h]")) == (2, True)


def test_error_is_a_message_without_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """An error of polytier's is told in its own words, with the hint, and exit code 2."""
    ran = run(capsys, "why", "order", "--size", "1")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("polytier: use kernel 'order': no kernel has this name\nhint: known: ")
    assert "Traceback" not in ran.err


def test_malformed_table_is_trouble(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that was named and cannot be read is told with its place."""
    bad = tmp_path / "bad.toml"
    bad.write_text("format = 1\nhost = 3\n")
    monkeypatch.setenv("POLYTIER_TABLE", str(bad))
    ran = run(capsys, "why", "order_parameter", "--size", "1")
    assert ran.code == 2
    assert f"read table {str(bad)!r}: line 2" in ran.err


def test_tier_that_cannot_be_loaded_is_a_finding(capsys: pytest.CaptureFixture[str], install_tier: Any) -> None:
    """A tier that was asked for by name and is disabled gives exit code 1."""
    install_tier("fast")
    os.environ["POLYTIER_DISABLE"] = "fast"
    try:
        ran = run(capsys, "measure", "--tier", "fast")
    finally:
        del os.environ["POLYTIER_DISABLE"]
    assert ran.code == 1
    assert "load tier 'fast': POLYTIER_DISABLE names it" in ran.err


def test_warning_is_one_plain_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning is told on stderr without file and line."""
    monkeypatch.setenv("POLYTIER_TIERS", "rust-from-mars")
    ran = run(capsys, "tiers")
    assert ran.code == 0
    assert ran.err.startswith("polytier: warning: follow POLYTIER_TIERS: no installed tier is named 'rust-from-mars'")
    assert ".py" not in ran.err


def test_reader_that_goes_away_is_no_error() -> None:
    """`polytier kernels | head -1` ends silently, with the shell's code for a broken pipe."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing) as pipe:
        done = subprocess.run([*COMMAND, "kernels"], stdout=pipe, stderr=subprocess.PIPE, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (141, b"")


def test_broken_pipe_of_a_stream_without_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replaced stdout that has no descriptor can break as well."""

    class Broken:
        encoding = "utf-8"

        def write(self, text: str) -> int:
            raise BrokenPipeError

        def fileno(self) -> int:
            raise OSError

    monkeypatch.setattr(sys, "stdout", Broken())
    assert command.main(["freeze"]) == 141


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_full_disk_is_told() -> None:
    """What cannot be written to stdout is an error, not a silent loss."""
    with FULL.open("w") as full:
        done = subprocess.run([*COMMAND, "freeze"], stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith(b"polytier: ")
    assert b"No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


def test_interrupt_ends_with_130(install_tier: Any) -> None:
    """Ctrl-C ends a verb with one line and exit code 130, and takes its processes along."""
    install_tier("slow", "import time\ndef order_parameter(theta):\n    time.sleep(60)\n")
    worker = subprocess.Popen([*COMMAND, "check"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert worker.stdout is not None
    assert worker.stdout.readline().startswith(b"kernel")
    time.sleep(0.5)
    worker.send_signal(signal.SIGINT)
    _, told = worker.communicate(timeout=20)
    assert (worker.returncode, told) == (130, b"polytier: interrupted\n")


EARLY = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
import polytier_command
sys.exit(polytier_command.main())
"""


@pytest.mark.parametrize("name", ["numpy", "polytier.cli.parser"])
def test_early_interrupt_is_quiet(name: str) -> None:
    """Ctrl-C while the command is still being imported ends it with 130 and without a traceback."""
    done = subprocess.run([sys.executable, "-c", EARLY.format(name=name)], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_interrupted_measuring_says_what_it_has_kept(tmp_path: Path) -> None:
    """Ctrl-C while a kernel is measured loses that kernel only, and says which are kept."""
    kernels = ("--kernel", "build_knm", "--kernel", "order_parameter")
    worker = subprocess.Popen(
        [*COMMAND, "measure", "--quick", *kernels, "--output", tmp_path], stderr=subprocess.PIPE, text=True
    )
    assert worker.stderr is not None
    assert any("order_parameter" in line for line in worker.stderr)
    worker.send_signal(signal.SIGINT)
    _, told = worker.communicate(timeout=60)
    assert worker.returncode == 130
    assert "measured and kept: 'build_knm'; not measured now: 'order_parameter'" in told
    assert "Traceback" not in told
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["build_knm.json", "dispatch.toml"]


def test_module_can_be_run() -> None:
    """`python -m polytier.cli` is the command."""
    assert spawn("--version").out == f"polytier {polytier.__version__}\n"


def test_slow_imports_are_left_to_those_who_need_them() -> None:
    """A verb without progress or probes imports neither rich nor matplotlib."""
    code = "import sys; from polytier.cli import main; main(['freeze']); print({'rich', 'matplotlib'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
