"""The Mojo tier's families after `kuramoto`: the program by hand, parts of long calls, and what crosses how."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polytier_mojo
from polytier.agreement import compare
from polytier.kernels.declaration import catalogue
from polytier_mojo import aer, doppler, faraday, native, operators
from polytier_mojo.frames import GREETING, REPLY, REQUEST
from polytier_mojo.kuramoto import worker

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = Path(sys.executable).with_name("polytier-mojo-worker")
RNG = np.random.default_rng(1)


def levels() -> list[Path]:
    """Return the executables of the wheel that this CPU can run."""
    found = []
    for level in native.LEVELS:
        try:
            native.chosen_level(native._flags(), level)
        except ImportError:
            continue
        found.append(native.FOLDER / f"{native.NAME}-{level}")
    assert found
    return found


def run(program: Path, name: str, numbers: tuple[object, ...], values: tuple[Any, ...]) -> Any:
    """Run a program once with arrays as its input."""
    given = b"".join(np.ascontiguousarray(value).tobytes() for value in values)
    command = [str(program), name, *map(str, numbers)]
    return subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)


def dense(*shape: int) -> Any:
    """Return an array of complex normal numbers."""
    return RNG.normal(size=shape) + 1j * RNG.normal(size=shape)


def events(m: int) -> tuple[Any, ...]:
    """Return addresses on 5 channels, times and polarities as 64-bit integers."""
    return RNG.integers(0, 5, m), np.sort(RNG.integers(0, 900, m)), RNG.choice([-1, 1], m)


def beams(n: int) -> tuple[Any, ...]:
    """Return phases, positions, velocities, frequencies, couplings and rates of the frequencies."""
    return (*RNG.normal(size=(4, n)), RNG.normal(size=(n, n)), RNG.normal(size=n))


def by_hand(name: str, n: int) -> tuple[tuple[object, ...], tuple[Any, ...], tuple[Any, ...], dict[str, Any]]:
    """Return what the program takes for a kernel, as numbers and as input, and what the floor takes for the same."""
    if name.startswith("aer"):
        address, times, signs = events(n)
        given = (address, times.astype(np.uint64), signs, 5, 700)
        return (5, 700, 20), (address, times, signs), given, {"start_ns": 20}
    if name.startswith("faraday"):
        if name.endswith("emf"):
            return (0.5, -2.0, 1.5, 3.0, 7.0), (), (0.5, -2.0, 1.5, 3.0, 7.0), {}
        samples = (np.cumsum(RNG.uniform(1, 2, n + 1)), RNG.uniform(0, 1, n + 1), *RNG.normal(size=(3, n + 1)))
        return (3.0, 2.5, 0.75), samples, (*samples, 3.0, 2.5, 0.75), {}
    if name.startswith("doppler"):
        arrays = beams(n)
        names = ("phase_lag", "doppler_strength", "velocity_epsilon", "distance_scale", "time")
        options = dict(zip(names, (0.1, 0.2, 0.3, 0.4, 0.5), strict=True))
        steps = (1e-3, 7) if name.endswith("trace") else ()
        return (*steps, *options.values()), arrays, (*arrays[:5], *steps), {**options, "omega_rate": arrays[5]}
    inputs = matrices(name, n)
    numbers = {"xy_hamiltonian_dense": (0.3,), "dla_dimension": (2, 50, 0, 1e-10)}.get(name, ())
    return numbers, inputs, (*inputs, *numbers[:1]) if name.startswith("xy") else inputs, {}


def matrices(name: str, n: int) -> tuple[Any, ...]:
    """Return the arrays that a kernel of the family `operators` takes."""
    qubits = min(n, 5)
    if name == "xy_hamiltonian_dense":
        return RNG.normal(size=(qubits, qubits)), RNG.normal(size=qubits)
    if name == "dla_dimension":
        return (np.array([[[0, 1], [1, 0]], [[1, 0], [0, -1]]], complex),)
    shapes = {
        "commutator_dense": [(n, n), (n, n)],
        "pauli_decompose": [(2**qubits, 2**qubits)],
        "pauli_reconstruct": [(4**qubits,)],
        "pauli_expectations": [(2**qubits,)],
    }
    return tuple(dense(*shape) for shape in shapes[name])


FAMILIES = {"aer", "faraday", "doppler", "operators"}
KERNELS = [kernel.name for kernel in catalogue if kernel.family in FAMILIES]


@pytest.mark.parametrize("program", levels(), ids=lambda path: path.name)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 9, 17, 33, 65])
@pytest.mark.parametrize("name", KERNELS)
def test_every_remainder_of_a_vector(name: str, n: int, program: Path) -> None:
    """For counts around every multiple of a vector each build, run by hand, agrees with the floors."""
    numbers, values, arguments, options = by_hand(name, n)
    done = run(program, name, numbers, values)
    assert (done.returncode, done.stderr) == (0, b"")
    wanted = catalogue[name].floor(*arguments, **options)
    parts = wanted if isinstance(wanted, tuple) else (wanted, 1.0) if name == "dla_dimension" else (wanted,)
    flat = np.concatenate([np.ravel(part).astype(complex if np.iscomplexobj(part) else float) for part in parts])
    found = np.frombuffer(done.stdout, "<f8").view(flat.dtype)
    assert found.shape == flat.shape
    np.testing.assert_allclose(found, flat, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    ("name", "numbers", "values", "said"),
    [
        ("aer_decode_rate", (0, 5, "first"), (), b"a number out of its range"),
        ("aer_decode_rate", (4, 5, "soon"), (), b"a number out of its range"),
        ("aer_decode_rate", (4, 5, 0), (np.array([0, 1, 7]),), b"input out of its range"),
        ("aer_decode_isi", (4, 5, 0), (np.array([9, 1, 1]),), b"input out of its range"),
        ("faraday_recovery", (1, 1, 1.5), (), b"a number out of its range"),
        ("faraday_recovery", (1, 1, 1), (np.array([1.0, 1.0, *np.ones(8)]),), b"input out of its range"),
        ("doppler_kuramoto", (0, 0, 1, 1, -1), (np.ones(6),), b"a number out of its range"),
        ("doppler_kuramoto", (0, 0, 1, 1, 0), (np.ones(7),), b"input out of its range"),
        ("doppler_kuramoto", (0, 0, 1, 1, 0), (np.full(6, np.nan),), b"not finite"),
        ("commutator_dense", (), (np.full(16, 1e200), RNG.normal(size=16)), b"beyond float64"),
        ("commutator_dense", (), (np.full(12, np.inf),), b"out of its range"),
        ("dla_dimension", (1, 0, 0, 1e-10), (), b"a number out of its range"),
        ("pauli_decompose", (1,), (), b"no kernel with these numbers"),
        ("pauli_expectations", (), (np.full(4, np.nan),), b"not finite"),
    ],
)
def test_what_the_program_refuses(name: str, numbers: tuple[Any, ...], values: tuple[Any, ...], said: bytes) -> None:
    """A run of the program that cannot answer says why, with a hint, and has the exit code of its kind."""
    if said == b"beyond float64":
        values = (1e200 * RNG.normal(size=8), 1e200 * RNG.normal(size=8))
    done = run(PROGRAM, name, numbers, values)
    assert (done.returncode, done.stdout) == (2 if b"these numbers" in said else 1, b"")
    first, hint = done.stderr.splitlines()
    assert said in first
    assert hint.startswith(b"hint: ")


@pytest.mark.parametrize(
    ("kernel", "counts", "numbers", "arrays"),
    [
        (9, (1, 0, 0), 3, 4),  # no channel
        (9, (1, 1, 4), 3, 4),  # parts of no kind
        (9, (1, 1, 0), 2, 4),  # a number too few
        (9, (1, 1, 0), 3, 3),  # an array too few
        (9, (1, 1, 0), 3, 7),  # more arrays than any kernel has
        (9, (1, 1, 0), 1 << 40, 4),  # numbers beyond the frame
        (12, (1, 0, 0), 3, 5),  # one sample
        (14, (1 << 30, 0, 0), 5, 6),  # couplings beyond any memory
        (16, (2, 1, 2), 0, 2),  # rows beyond the last
        (18, (30, 0, 0), 0, 1),  # more qubits than an array has weights for
        (19, (2, 0, 5), 1, 2),
        (20, (41, 0, 0), 0, 1),
        (21, (1 << 21, 0, 1), 3, 1),
        (22, (1, 0, 0), 0, 0),  # no such kernel
    ],
)
def test_the_worker_refuses_tasks_that_make_no_sense(
    kernel: int, counts: tuple[int, ...], numbers: int, arrays: int
) -> None:
    """A request whose counts cannot be has a status that is no answer, and the worker goes on."""
    inline = (1 << 64) - 1
    body = bytes(8 * (min(numbers, 8) + arrays) + 64)
    head = (b"PTM1", REQUEST.size + len(body), 5, kernel, *counts, 0.0, 0.0, numbers, arrays, inline, inline, 0, 0, 0)
    frame = REQUEST.pack(*head) + body
    done = subprocess.run([PROGRAM, "--serve", "0", "0", "0"], input=frame, capture_output=True, check=True, timeout=60)
    assert REPLY.unpack(done.stdout[GREETING.size :])[3] in {3, 4}


# For each kernel: where its limit stands, a limit that this call exceeds several times, and the call.
PARTS: dict[str, tuple[Any, str, int, Callable[[], tuple[Any, ...]]]] = {
    "aer_decode_rate": (aer, "EVENTS_MOST", 7, lambda: (*events(100), 5, 700)),
    "aer_decode_temporal": (aer, "EVENTS_MOST", 7, lambda: (*events(100), 5, 700)),
    "aer_decode_isi": (aer, "EVENTS_MOST", 7, lambda: (*events(100), 5, 700)),
    "faraday_recovery": (faraday, "SAMPLES_MOST", 7, lambda: (np.arange(50.0), *RNG.uniform(0, 1, (4, 50)), 2.0, 3.0)),
    "doppler_kuramoto_trace": (doppler, "WORK_MOST", 3 * (8 * 16 + 256 * 4 + 1024), lambda: (*beams(4)[:5], 1e-3, 20)),
    "commutator_dense": (operators, "WORK_MOST", 60, lambda: (dense(9, 9), dense(9, 9))),
    "xy_hamiltonian_dense": (operators, "ANSWER_MOST", 50, lambda: (RNG.normal(size=(5, 5)), RNG.normal(size=5))),
}


@pytest.mark.parametrize("name", PARTS)
def test_parts_give_what_the_whole_gives(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that takes several exchanges gives the bits of one that takes a single one, but for sums of energy."""
    module, limit, short, make = PARTS[name]
    arguments = make()
    asked: list[int] = []
    task = worker.task

    def counted(kernel: int, *rest: Any) -> tuple[float, float]:
        asked.append(kernel)
        return task(kernel, *rest)

    monkeypatch.setattr(worker, "task", counted)
    whole = getattr(polytier_mojo, name)(*arguments)
    assert len(asked) == 1
    monkeypatch.setattr(module, limit, short)
    parts = getattr(polytier_mojo, name)(*arguments)
    assert len(asked) > 3
    if name == "faraday_recovery":
        assert compare(parts, whole, catalogue[name].tolerance, arguments) is None
        np.testing.assert_array_equal(parts[:4], whole[:4])
        return
    for one, other in zip(parts, whole, strict=True):  # the parts of a result, or the rows of an array
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({1: [5, 4]}, "'t_ns' must be non-decreasing"),
        ({2: [1, 3]}, "'polarity' must be"),
        ({0: [0, -1]}, "'address' must be between 0 and 2"),
    ],
)
def test_refused_events_are_named(spoilt: dict[int, Any], said: str) -> None:
    """Events that the worker refuses are refused by the name of the argument, with the place in the whole array."""
    columns: list[Any] = [np.zeros(4, np.int64), np.arange(4, dtype=np.uint64), np.ones(4, np.int8)]
    for column, values in spoilt.items():
        columns[column][2:] = values
    with pytest.raises(ValueError, match=rf"{said}.*\n?.*at index [23]"):
        polytier_mojo.aer_decode_rate(*columns, 3, 100)


def test_lasting_arrays_of_any_kind_are_not_copied() -> None:
    """Arrays over memory of `empty`, viewed as integers or as complex numbers, are read where they lie."""
    worker.stop()
    lasting = polytier_mojo.empty((2, 4096))
    address, times = lasting[0].view(np.int64), lasting[1].view(np.uint64)
    address[:], times[:] = np.arange(4096) % 4, np.arange(4096)
    found = polytier_mojo.aer_decode_temporal(address, times, np.ones(4096, np.int8), 4, 4096)
    np.testing.assert_array_equal(found, 1.0 - np.arange(4) / 4096)
    state = polytier_mojo.empty(8192).view(np.complex128)
    state[:] = 1 / 64
    assert polytier_mojo.pauli_expectations(state)[3] == pytest.approx(1.0, abs=1e-12)
    assert worker.shared_bytes == 0
    shifted = lasting.reshape(-1).view(np.int8)[3:4099]
    shifted[:] = 1
    assert polytier_mojo.aer_decode_rate(np.zeros(4096, int), np.arange(4096, dtype=np.uint64), shifted, 1, 4096) == 1.0


def test_fast_turns_have_the_slopes_of_the_definition() -> None:
    """Where a phase turns far in a step, each stage has the rounding of the definition, which the next magnifies."""
    arguments = (*beams(5)[:5], 50.0, 2)
    kernel = catalogue["doppler_kuramoto_trace"]
    found = polytier_mojo.doppler_kuramoto_trace(*arguments)
    assert compare(found, kernel.floor(*arguments), kernel.tolerance, arguments) is None
