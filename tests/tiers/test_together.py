"""All first-party tiers in one interpreter: used in turn, from threads, interrupted, and left without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import polytier

PROGRAM = Path(__file__).with_name("together.py")
TIERS = [name.strip() for name in os.environ.get("POLYTIER_CONFORMANCE", "rust,go,mojo,julia").split(",")]
ORDERS = [TIERS, TIERS[::-1], TIERS[2:] + TIERS[:2], TIERS[1:] + TIERS[:1]]
LIMIT = 180
STAGES = ["in_turn", "from_threads", "ready", "until_interrupted"]


def members(group: int) -> list[int]:
    """Return the processes of a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if entry.name.isdigit() and int(fields[2]) == group and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def segments() -> set[str]:
    """Return the names in the shared-memory file system."""
    return {entry.name for entry in Path("/dev/shm").iterdir()}  # noqa: S108  looked at only


def gone(group: int) -> bool:
    """Say whether a process group is empty, or becomes so within five seconds."""
    end = time.monotonic() + 5
    while members(group) and time.monotonic() < end:
        time.sleep(0.05)
    return not members(group)


@pytest.mark.parametrize("tier", TIERS)
def test_a_named_tier_starts(tier: str) -> None:
    """Every tier that POLYTIER_CONFORMANCE names is installed, and its runtime starts and answers."""
    polytier.warm(tier)
    assert polytier.order_parameter.dispatch.tier(tier)([0.0, 0.0]) == 1.0


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_tiers_share_one_interpreter(order: list[str]) -> None:
    """A thousand rounds in any order end without crash, hang, or leak of process, thread or shared memory."""
    before = segments()
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), *order],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        hang = threading.Timer(LIMIT, os.killpg, (process.pid, signal.SIGKILL))
        hang.start()
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(3)]
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate()
        hang.cancel()
    assert (lines, rest, process.returncode) == (STAGES[:3], f"{STAGES[3]}\n", 0), errors
    assert gone(process.pid), members(process.pid)
    assert segments() <= before
