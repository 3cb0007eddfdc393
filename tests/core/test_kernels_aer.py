"""The family aer: every floor against the loop of its definition, every case, and the published values."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from helpers_kernels import answered, cases, family, insist_on_form

from polytier.agreement import compare
from polytier.kernels import aer

if TYPE_CHECKING:
    from polytier.kernels.declaration import Case, Kernel

LARGEST_FOR_LOOPS = 100_000


def window(address: Any, t_ns: Any, window_ns: int, start_ns: int | None) -> list[tuple[int, int, int]]:
    """Return the place, address and time since the start of every event inside the window."""
    start = start_ns if start_ns is not None else int(t_ns[0]) if len(t_ns) else 0
    times = [int(t) - int(start) for t in t_ns]
    return [(k, int(a), t) for k, (a, t) in enumerate(zip(address, times, strict=True)) if 0 <= t < window_ns]


def rate(  # noqa: PLR0913, PLR0917 - the arguments of the kernel
    address: Any, t_ns: Any, polarity: Any, n: int, window_ns: int, start_ns: Any = None
) -> list[float]:
    """Add each event's addend to its channel, in order."""
    f = [0.0] * n
    for k, a, _ in window(address, t_ns, window_ns, start_ns):
        f[a] = f[a] + int(polarity[k]) / float(window_ns)
    return f


def temporal(address: Any, t_ns: Any, _: Any, n: int, window_ns: int, start_ns: Any = None) -> list[float]:
    """Let each channel's first event decide."""
    f: dict[int, float] = {}
    for _, a, t in window(address, t_ns, window_ns, start_ns):
        f.setdefault(a, 1.0 - float(t) / float(window_ns))
    return [f.get(channel, 0.0) for channel in range(n)]


def isi(address: Any, t_ns: Any, _: Any, n: int, window_ns: int, start_ns: Any = None) -> list[float]:
    """Divide the number of intervals by their sum."""
    times = defaultdict(list)
    for _, a, t in window(address, t_ns, window_ns, start_ns):
        times[a].append(t)
    spans = {a: found[-1] - found[0] for a, found in times.items()}
    return [(len(times[c]) - 1) / float(spans[c]) if spans.get(c) else 0.0 for c in range(n)]


ORACLES = {"aer_decode_rate": rate, "aer_decode_temporal": temporal, "aer_decode_isi": isi}


@pytest.mark.parametrize(("kernel", "case"), cases("aer"))
def test_the_floor_is_what_the_loops_say(kernel: Kernel, case: Case) -> None:
    """Every case is the loop's answer to the bit, or raises the stated exception."""
    if case.timed and kernel.case_size(case) > LARGEST_FOR_LOOPS:
        return  # the sizes that agree below differ in nothing but their length
    answer = answered(kernel, case)
    if answer is None:
        return
    wanted = ORACLES[kernel.name](*case.arguments(), **case.keywords)
    assert answer.tolist() == wanted
    assert not np.signbit(answer[answer == 0.0]).any()


@pytest.mark.parametrize("kernel", family("aer"), ids=lambda kernel: kernel.name)
def test_the_declaration_keeps_its_form(kernel: Kernel) -> None:
    """Each kernel has a doctest that runs, ascending sizes and distinct labels."""
    insist_on_form(kernel)


def test_the_published_example() -> None:
    """The specification's five events give its three answers."""
    events = ([0, 3, 0, 1, 3], [0, 10, 20, 50, 90], [1] * 5, 4, 100)
    assert aer.aer_decode_rate(*events).tolist() == [0.02, 0.01, 0.0, 0.02]
    assert aer.aer_decode_temporal(*events).tolist() == [1.0, 0.5, 0.0, 0.9]
    assert aer.aer_decode_isi(*events).tolist() == [0.05, 0.0, 0.0, 0.0125]


def test_a_running_sum_is_no_quotient() -> None:
    """Each addend is rounded, and so is each sum: 20000 thirds are not 20000 / 3."""
    assert aer.aer_decode_rate([0] * 20_000, [0] * 20_000, [1] * 20_000, 1, 3).tolist() == [6666.6666666650735]


def test_the_refusals_name_the_place() -> None:
    """A message names the argument, what was wanted, what was found, and where."""
    events = ([0, 1, 2], [5, 6, 7], [1, 1, 1], 3, 10)

    def message(**changes: Any) -> str:
        names = ("address", "t_ns", "polarity", "n_channels", "window_ns")
        with pytest.raises((ValueError, TypeError, MemoryError)) as refusal:
            aer.aer_decode_rate(**(dict(zip(names, events, strict=True)) | changes))
        return str(refusal.value).partition("\n")[0]

    assert message(t_ns=[5, 4, 7]) == "argument 't_ns' must be non-decreasing: found 4 after 5 at index 1"
    assert message(polarity=[1, 1, 2]) == "argument 'polarity' must be +1 or -1: found 2 at index 2"
    assert message(address=[0, 1, 3]) == "argument 'address' must be between 0 and 2: found 3 at index 2"
    assert message(address=[0, -1, 3]) == "argument 'address' must be between 0 and 2: found -1 at index 1"
    assert message(window_ns=2**64 - 1) == (
        "argument 'window_ns' must be at most 18446744073709551615 - start: "
        "found 18446744073709551615 after a start of 5"
    )
    assert message(n_channels=2**50).startswith("make room for the answer: 8.39e+06 GiB are needed, ")


def test_the_tolerance_is_exact_up_to_windows_of_2_to_the_53() -> None:
    """One ulp off is a difference below, and 1 ulp of every addend is allowed above."""
    tolerance = aer.RATE_TOLERANCE

    def differs(window_ns: int) -> bool:
        events = ([0, 0], [0, 1], [1, 1], 1, window_ns)
        answer = aer.aer_decode_rate(*events)
        return compare(np.nextafter(answer, 1.0), answer, tolerance, events, {"start_ns": 0}) is not None

    assert [differs(window_ns) for window_ns in (100, 2**53, 3 * 2**52, 2**60)] == [True, True, False, False]
