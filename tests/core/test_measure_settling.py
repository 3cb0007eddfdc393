"""A process whose threads still run after a call, and one at rest."""

from __future__ import annotations

from itertools import count

from polytier.measure.settling import settle


def test_a_process_at_rest_settles() -> None:
    """Nothing runs beside the thread that waits."""
    assert settle(bound=30.0)


def test_threads_that_run_on_are_waited_for() -> None:
    """The wait is over with the first nap in which the processor was not used."""
    readings = iter([0.0, 1.0, 1.0, 2.0, 2.0, 2.0])
    assert settle(bound=30.0, used=lambda: next(readings))
    assert not list(readings)


def test_a_process_that_never_rests_is_left_alone() -> None:
    """The clock of the processor goes on for ever; the wait does not."""
    clock = count()
    assert not settle(bound=0.01, used=lambda: float(next(clock)))
    assert next(clock) == 2 * 10
