"""Uses all first-party tiers in one interpreter, in the order of the arguments; `test_together.py` starts it.

It prints one line per stage, so that a crash or a hang shows where it came, and ends with status 0 if all held.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from pathlib import Path

import numpy as np

import polytier

ROUNDS = 1000
THREADS = 4
SIZES = (1, 8, 1000, 70_000)
LARGE_EVERY = 50
GROWTH = 8
"""Threads that the runtimes of Go and Julia may add on their own between the first rounds and the last."""

drawn = {n: np.random.default_rng(n).uniform(-np.pi, np.pi, n) for n in SIZES}
floor = polytier.order_parameter.dispatch.floor
wanted = {n: floor(theta) for n, theta in drawn.items()}


def tell(line: str) -> None:
    """Tell the test how far this is."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def call(tier: str, size: int) -> None:
    """Call one tier and compare its answer with the floor's."""
    answer = polytier.order_parameter.dispatch.tier(tier)(drawn[size])
    if abs(answer - wanted[size]) > 1e-10:
        raise AssertionError(f"tier {tier!r}, size {size}: {answer!r} is not {wanted[size]!r}")


def turn(tiers: list[str], at: int) -> None:
    """Call every tier once; a large array now and then, and a collection between."""
    for tier in tiers:
        call(tier, SIZES[-1] if at % LARGE_EVERY == 0 else SIZES[at % 3])
    if at % LARGE_EVERY == 0:
        gc.collect()


def threads() -> int:
    """Return how many threads this process has, those of foreign runtimes included."""
    return len(list(Path("/proc/self/task").iterdir()))


def files() -> int:
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def in_turn(tiers: list[str]) -> None:
    """Use the tiers one after the other, and see that the process gains no threads and no descriptors."""
    for at in range(ROUNDS // 10):
        turn(tiers, at)
    before = threads(), files()
    for at in range(ROUNDS):
        turn(tiers, at)
    after = threads(), files()
    if after[0] > before[0] + GROWTH or after[1] > before[1]:
        raise AssertionError(f"threads and open files were {before}, and became {after}")


def from_threads(tiers: list[str]) -> None:
    """Use the tiers from several threads at once; only a RuntimeError, a tier's way to decline, may be raised."""
    trouble: list[BaseException] = []
    declined: set[str] = set()

    def rounds(offset: int) -> None:
        for at in range(ROUNDS // THREADS):
            for tier in tiers:
                try:
                    call(tier, SIZES[(at + offset) % 3])
                except RuntimeError:
                    declined.add(tier)
                except BaseException as failure:  # noqa: BLE001  the main thread reports it
                    trouble.append(failure)
                    return

    workers = [threading.Thread(target=rounds, args=(offset,)) for offset in range(THREADS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if trouble:
        raise trouble[0]
    if declined - {"julia"}:
        raise AssertionError(f"only Julia may decline a call of a foreign thread: {sorted(declined)}")


def until_interrupted(tiers: list[str]) -> None:
    """Call until Ctrl-C arrives, then see that every tier still answers."""
    tell("ready")
    end = time.monotonic() + 60
    try:
        while time.monotonic() < end:
            turn(tiers, 1)
    except KeyboardInterrupt:
        turn(tiers, 0)
        return
    raise AssertionError("Ctrl-C did not reach Python")


if __name__ == "__main__":
    chosen = sys.argv[1:]
    for stage in (in_turn, from_threads, until_interrupted):
        stage(chosen)
        tell(stage.__name__)
