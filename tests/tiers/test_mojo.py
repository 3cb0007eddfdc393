"""The Mojo tier beside its worker's life: the program by hand, what crosses the boundary and where, the build."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polytier_mojo
from polytier.kernels.declaration import catalogue
from polytier_mojo import kuramoto, native
from polytier_mojo.frames import GREETING, REPLY, REQUEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLUGIN = Path(__file__).parents[2] / "plugins" / "tier-mojo"
PROGRAM = Path(sys.executable).with_name("polytier-mojo-worker")
NETWORKS = ["kuramoto_euler", "kuramoto_phases", "kuramoto_trajectory", "kuramoto_rk4"]


def run(*arguments: object, values: tuple[Any, ...] = (), program: Path | None = None) -> Any:
    """Run the console script once, with arrays as its input."""
    given = b"".join(np.asarray(value, dtype="<f8").tobytes() for value in values)
    command = [str(program or PROGRAM), *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)


def values_of(*arguments: object, values: tuple[Any, ...] = (), program: Path | None = None) -> NDArray[np.float64]:
    """Return what one run answers."""
    done = run(*arguments, values=values, program=program)
    assert (done.returncode, done.stderr) == (0, b"")
    return np.frombuffer(done.stdout, dtype="<f8")


def levels() -> list[Path]:
    """Return the executables of the wheel that this CPU can run."""
    flags = native._flags()
    found = [level for level in native.LEVELS if _has(flags, level)]
    assert found
    return [native.FOLDER / f"{native.NAME}-{level}" for level in found]


def _has(flags: set[str], level: str) -> bool:
    try:
        return native.chosen_level(flags, level) == level
    except ImportError:
        return False


@pytest.mark.parametrize("program", levels(), ids=lambda path: path.name)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 40, 63, 65, 130])
def test_every_remainder_of_a_vector(n: int, program: Path) -> None:
    """For counts around every multiple of a vector each build, run by hand, agrees with the floors."""
    rng = np.random.default_rng(n)
    theta, omega, matrix = rng.uniform(-9, 9, n), rng.normal(size=n), rng.uniform(0, 2 / n, (n, n))
    matrix[np.diag_indices(n)] = 1e6
    agree(values_of("order_parameter", values=(theta,), program=program), [polytier_floor("order_parameter", theta)])
    agree(values_of("mean_phase", values=(theta,), program=program), [polytier_floor("mean_phase", theta)])
    agree(
        values_of("networked_force", values=(theta, matrix), program=program),
        polytier_floor("networked_force", theta, matrix),
    )
    agree(values_of("build_knm", n, 0.45, 0.3, program=program), polytier_floor("build_knm", n, 0.45, 0.3))
    for kernel in NETWORKS:
        for steps in (0, 1, 20):
            found = values_of(kernel, 0.01, steps, values=(theta, omega, matrix), program=program)
            agree(found, polytier_floor(kernel, theta, omega, matrix, 0.01, steps))


def polytier_floor(kernel: str, *arguments: Any) -> Any:
    """Return the floor's answer."""
    return catalogue[kernel].floor(*arguments)


def agree(found: NDArray[np.float64], wanted: Any) -> None:
    """Compare the values of an answer, one after the other, with the floor's."""
    parts = wanted if isinstance(wanted, tuple) else (wanted,)
    flat = np.concatenate([np.ravel(part) for part in parts])
    assert found.shape == flat.shape
    np.testing.assert_allclose(found, flat, rtol=0, atol=1e-10)


@pytest.mark.parametrize("magnitude", [1e-300, 1.0, 1e3, 1e6, 9.9e8, 1.1e9, 1e15, 1e22, 1e300])
def test_phases_of_every_magnitude(magnitude: float) -> None:
    """Sine and cosine are right from the smallest to the largest phases, on both sides of the fast reduction's end."""
    theta = np.random.default_rng(int(np.log10(magnitude) + 400)).uniform(-magnitude, magnitude, 4099)
    cosines, sines, _ = kuramoto._sums(theta)
    assert cosines == pytest.approx(np.cos(theta).sum(), abs=1e-11)
    assert sines == pytest.approx(np.sin(theta).sum(), abs=1e-11)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "found no kernel's name"),
        (("order",), 2, "no kernel with these numbers"),
        (("order_parameter", "1"), 2, "no kernel with these numbers"),
        (("--serve",), 2, "no kernel with these numbers"),
        (("kuramoto_euler", "0.1"), 2, "no kernel with these numbers"),
        (("kuramoto_euler", "0.1", "-1"), 1, "out of its range"),
        (("kuramoto_euler", "nan", "1"), 1, "out of its range"),
        (("build_knm", "0", "1", "1"), 1, "out of its range"),
        (("build_knm", "3", "1x", "1"), 1, "out of its range"),
        (("order_parameter",), 1, "of a wrong length or not finite"),
        (("build_knm", "1000000", "1", "1"), 3, "found no memory"),
    ],
)
def test_exit_codes(arguments: tuple[str, ...], code: int, said: str) -> None:
    """A run that cannot answer says why on standard error, with a hint, and has the exit code of its kind."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (code, b"")
    first, hint = done.stderr.decode().splitlines()
    assert said in first
    assert hint.startswith("hint: ")


@pytest.mark.parametrize("values", [([np.nan],), ([np.inf, 0.0],)])
def test_the_program_refuses_what_is_not_finite(values: tuple[Any, ...]) -> None:
    """An infinity or a NaN in the input is refused with exit code 1."""
    assert run("order_parameter", values=values).returncode == 1


def test_an_input_that_ends_inside_a_number() -> None:
    """An input whose length is no multiple of eight bytes is refused."""
    done = subprocess.run([PROGRAM, "mean_phase"], input=bytes(12), capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")


def test_an_output_that_cannot_be_written() -> None:
    """A full disk under the output is exit code 4."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([PROGRAM, "build_knm", "3", "1", "1"], stdout=full, check=False)
    assert done.returncode == 4


def test_the_help_names_every_kernel() -> None:
    """--help lists every kernel and every exit code, and --digest states the build."""
    text = run("--help").stdout.decode()
    assert [one.name for one in catalogue if f"\n  {one.name} " not in text] == []
    assert "0 done, 1 arguments refused, 2 used wrongly, 3 no memory, 4 reading" in text
    assert run("--digest").stdout.decode().strip() == polytier_mojo.BUILD_DIGEST


def test_the_worker_refuses_what_is_no_frame() -> None:
    """--serve greets, and ends with exit code 2 at the first bytes that are no request."""
    done = subprocess.run(
        [PROGRAM, "--serve", "0", "0", "0"], input=b"hello", capture_output=True, check=False, timeout=60
    )
    assert (len(done.stdout), done.returncode) == (GREETING.size, 2)
    assert b"found what is no frame" in done.stderr


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (3, 9),
        (3, 0),
        (3, 1 | 1 << 61),
        (4, 0),
        (4, 1 << 63),
        (6, 1 << 41),
        (9, 0),
        (9, 4),
        (9, 1 << 60),
        (12, 0),
        (13, 1 << 50),
    ],
)
def test_the_worker_refuses_requests_that_make_no_sense(place: int, value: int) -> None:
    """A request whose numbers, places or sizes cannot be has the status 3, and the worker goes on."""
    good = [b"PTM1", REQUEST.size + 8, 5, 1, 1, 0, 0, 0.0, 0.0, *[(1 << 64) - 1] * 4, 0, 0, 0]
    bad = good.copy()
    bad[place] = value
    frames = b"".join(REQUEST.pack(*frame) + bytes(8) for frame in (bad, good))
    replies = answered(frames[: REQUEST.size + 8]) + answered(frames[REQUEST.size + 8 :])
    assert [REPLY.unpack(reply)[3] for reply in replies] == [0 if place == 12 else 3, 0]


def answered(frame: bytes) -> list[bytes]:
    """Return the replies to one frame."""
    done = subprocess.run([PROGRAM, "--serve", "0", "0", "0"], input=frame, capture_output=True, check=True, timeout=60)
    rest = done.stdout[GREETING.size :]
    return [rest[at : at + REPLY.size] for at in range(0, len(rest), REPLY.size)]


@pytest.mark.parametrize("n", [1, 100, 128, 129, 500, 5_000, 70_000, 300_000])
def test_bits_do_not_depend_on_the_way_across(n: int) -> None:
    """In the frame, through shared memory, or where the array lies already: the bits are the same."""
    theta = np.random.default_rng(n).uniform(-3, 3, n)
    lasting = polytier_mojo.empty(n)
    lasting[:] = theta
    assert polytier_mojo.order_parameter(lasting) == polytier_mojo.order_parameter(theta)
    cosines, sines, _ = kuramoto._sums(theta)
    by_hand = values_of("order_parameter", values=(theta,))[0]
    assert by_hand == pytest.approx(np.hypot(cosines, sines) / n, rel=1e-15)


def test_a_lasting_array_is_not_copied() -> None:
    """The worker reads an array of `empty`, and a part of it, where it lies: nothing goes to the segment of inputs."""
    kuramoto.worker.stop()
    lasting = polytier_mojo.empty((40, 50))
    lasting[:] = 0.25
    assert polytier_mojo.mean_phase(lasting.reshape(-1)) == pytest.approx(0.25, abs=1e-13)
    assert polytier_mojo.mean_phase(lasting[7]) == pytest.approx(0.25, abs=1e-13)
    assert polytier_mojo.mean_phase(lasting[3:30].reshape(-1)) == pytest.approx(0.25, abs=1e-13)
    assert kuramoto.worker.shared_bytes == 0
    assert polytier_mojo.mean_phase(np.full(2000, 0.25)) == pytest.approx(0.25, abs=1e-13)
    assert kuramoto.worker.shared_bytes == 1 << 20


def test_lasting_memory_is_used_again() -> None:
    """What an array of `empty` held is used again after it, and given back with the last one."""
    arena = kuramoto.worker.arena
    before = arena.size
    first, second = polytier_mojo.empty(1000), polytier_mojo.empty(1000)
    del first
    third = polytier_mojo.empty(900)
    assert arena.size == before + 2 * 8192
    third[:], second[:] = 1.0, 2.0
    assert polytier_mojo.mean_phase(third) == pytest.approx(1.0, abs=1e-14)
    assert polytier_mojo.mean_phase(second) == pytest.approx(2.0, abs=1e-14)
    del second, third
    assert arena.size == before


@pytest.mark.parametrize("kernel", NETWORKS)
def test_parts_give_the_bits_of_the_whole(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An integration that takes several exchanges gives the bits of one that takes a single one."""
    rng = np.random.default_rng(1)
    arguments = (rng.uniform(-3, 3, 11), rng.normal(size=11), rng.uniform(0, 0.2, (11, 11)), 0.01, 100)
    whole = getattr(polytier_mojo, kernel)(*arguments)
    monkeypatch.setattr(kuramoto, "WORK_MOST", 7 * (11 * 11 + 64 * 11 + 512))
    assert kuramoto._steps_most(11) == 7
    parts = getattr(polytier_mojo, kernel)(*arguments)
    np.testing.assert_array_equal(np.hstack(parts), np.hstack(whole))


@pytest.mark.parametrize("kernel", NETWORKS)
def test_a_long_run_of_a_small_network_takes_several_exchanges(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few oscillators and many steps are divided too: no exchange comes near the time-out."""
    asked: list[int] = []
    call = kuramoto.worker.call

    def counted(number: int, numbers: Any, inputs: Any, answer: Any) -> Any:
        asked.append(numbers[2])
        return call(number, numbers, inputs, answer)

    monkeypatch.setattr(kuramoto.worker, "call", counted)
    getattr(polytier_mojo, kernel)([0.0, 0.1], [0.0, 0.0], np.zeros((2, 2)), 1e-6, 2_000_000)
    assert len(asked) > 1
    assert sum(asked) == 2_000_000
    assert max(asked) <= kuramoto._steps_most(2) < 1_000_000


def test_parts_of_sums_and_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums over more phases than one exchange takes, and templates of more rows, are what they are in one."""
    theta = np.random.default_rng(1).uniform(-3, 3, 1001)
    order, template = polytier_mojo.order_parameter(theta), polytier_mojo.build_knm(50)
    monkeypatch.setattr(kuramoto, "PHASES_MOST", 100)
    monkeypatch.setattr(kuramoto, "ANSWER_MOST", 350)
    assert polytier_mojo.order_parameter(theta) == pytest.approx(order, abs=1e-14)
    np.testing.assert_array_equal(polytier_mojo.build_knm(50), template)


def test_importing_is_cheap() -> None:
    """Importing the tier starts no process and imports no module that only a worker needs at its start."""
    code = (
        "import sys, numpy, polytier.arrays; before = set(sys.modules); import polytier_mojo; "
        "print(polytier_mojo.kuramoto.worker.pid, *sorted(n for n in set(sys.modules) - before if '.' not in n))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "None"
    assert {"asyncio", "multiprocessing", "logging"}.isdisjoint(done.stdout.split())
