"""What the adapters of the Julia tier take and give, beyond what the conformance kit asks."""

from __future__ import annotations

import ctypes
import shutil
import warnings
from typing import Any

import numpy as np
import pytest

import polytier
from polytier.kernels.operator_cases import ising_generators, turned, xy_generators
from polytier.tiers import entry_points

if "julia" not in {point.name for point in entry_points("polytier.tiers")}:
    pytest.skip("polytier-julia is not installed", allow_module_level=True)

import polytier_julia
from polytier_julia import functions

pytestmark = pytest.mark.skipif(
    shutil.which("julia") is None,
    reason="NO JULIA is installed here, so its tests did not run; .ci/julia installs one on Debian",
)


def test_an_unfamiliar_array_header_is_refused() -> None:
    """A Julia that reads arrays wrongly is noticed before it computes anything."""
    with pytest.raises(ImportError, match="unfamiliar"):
        functions._check_layout(lambda _: 8.25)


def test_dtypes_that_equal_float64() -> None:
    """An array whose dtype equals float64 without being the same object is answered."""
    theta = np.zeros(5, dtype=np.dtype(np.float64, metadata={"unit": "rad"}))
    assert polytier_julia.order_parameter(theta) == 1.0
    assert polytier_julia.networked_force(theta, np.ones((5, 5))).tolist() == [0.0] * 5
    assert polytier_julia.kuramoto_euler(theta, theta, np.ones((5, 5)), 0.1, 3).tolist() == [0.0] * 5


def test_arrays_that_are_not_aligned() -> None:
    """An array that begins between two float64 is answered."""
    raw = bytearray(8 * 100 + 1)
    theta = np.frombuffer(raw, dtype=np.float64, offset=1)
    theta[:] = np.linspace(-1.0, 1.0, 100)
    assert ctypes.addressof(ctypes.c_char.from_buffer(raw)) % 8 != 7
    assert polytier_julia.order_parameter(theta) == polytier_julia.order_parameter(theta.copy())


@pytest.mark.parametrize("steps", [10**12, 10**15, 10**18, 10**30])
def test_memory_that_cannot_be_had(steps: int) -> None:
    """An answer that no memory holds is a MemoryError, before anything is computed."""
    with pytest.raises(MemoryError):
        polytier_julia.kuramoto_phases(np.zeros(64), np.zeros(64), np.zeros((64, 64)), 0.1, steps)
    with pytest.raises(MemoryError):
        polytier_julia.build_knm(steps)


def test_a_matrix_of_the_wrong_shape_costs_no_memory() -> None:
    """A million phases with a matrix for two are a ValueError, not a request for a million squared."""
    many = np.zeros(1_000_000)
    with pytest.raises(ValueError, match="'K' must be a matrix of shape"):
        polytier_julia.kuramoto_euler(many, many, np.zeros((2, 2)), 0.1, 1)


def test_couplings_that_overflow() -> None:
    """Finite couplings whose pulls overflow give what the floor gives."""
    theta, coupling = np.array([0.0, 1.5, 3.0]), np.full((3, 3), 1.7e308)
    with np.errstate(over="ignore", invalid="ignore"):
        wanted = polytier.networked_force.dispatch.floor(theta, coupling)
    assert np.array_equal(np.isfinite(polytier_julia.networked_force(theta, coupling)), np.isfinite(wanted))


@pytest.mark.parametrize("n", [1, 7, 8, 9, 16, 17, 24, 63, 64, 65, 100])
@pytest.mark.parametrize("name", ["kuramoto_euler", "kuramoto_rk4", "kuramoto_phases", "kuramoto_trajectory"])
def test_every_way_to_fill_vectors(name: str, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any number of oscillators agrees with the floor, in one stretch and in many, with the same bits."""
    draw = np.random.default_rng(n)
    given = (draw.uniform(-3, 3, n), draw.normal(0, 0.5, n), draw.uniform(0, 2 / n, (n, n)), 0.01, 75)
    answer = getattr(polytier_julia, name)(*given)
    wanted = getattr(polytier, name).dispatch.floor(*given)
    np.testing.assert_allclose(np.vstack(answer), np.vstack(wanted), rtol=0, atol=1e-11)
    monkeypatch.setattr("polytier_julia.kuramoto.PATIENCE", 1)
    again = getattr(polytier_julia, name)(*given)
    assert np.vstack(again).tobytes() == np.vstack(answer).tobytes()


def test_dtypes_that_equal_integers_and_complex_numbers() -> None:
    """Arrays whose dtypes equal the expected ones without being the same objects are answered."""
    marked = {kind: np.dtype(kind, metadata={"unit": "1"}) for kind in (np.int64, np.uint64, np.int8, np.complex128)}
    address, times = np.array([0, 1, 0], marked[np.int64]), np.array([0, 5, 9], marked[np.uint64])
    rates = polytier_julia.aer_decode_rate(address, times, np.ones(3, marked[np.int8]), 2, 10)
    assert rates.tolist() == [0.2, 0.1]
    assert polytier_julia.pauli_decompose(np.eye(2, dtype=marked[np.complex128])).tolist() == [1, 0, 0, 0]


def test_a_path_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that is computed in many stretches has the bits of one that is computed in one."""
    draw = np.random.default_rng(5)
    given = (*draw.normal(size=(4, 11)), draw.uniform(size=(11, 11)), 1e-3, 40)
    whole = polytier_julia.doppler_kuramoto_trace(*given, doppler_strength=0.5)
    monkeypatch.setattr("polytier_julia.doppler._PATIENCE", 1)
    again = polytier_julia.doppler_kuramoto_trace(*given, doppler_strength=0.5)
    assert [part.tobytes() for part in again] == [part.tobytes() for part in whole]


def test_no_products_are_fused_in_waveforms() -> None:
    """The rates and forces of a recovery, whose tolerance would allow fused products, have the floor's bits."""
    draw = np.random.default_rng(3)
    samples = (np.arange(1001.0), *np.abs(draw.normal(size=(1, 1001))), *draw.normal(size=(3, 1001)), 17.5, 0.3, 0.7)
    found, wanted = polytier_julia.faraday_recovery(*samples), polytier.faraday_recovery.dispatch.floor(*samples)
    assert found.flux_rate.tobytes() == wanted.flux_rate.tobytes()
    assert found.back_emf.tobytes() == wanted.back_emf.tobytes()
    moments = zip(*(column.tolist() for column in samples[1:5]), strict=True)
    assert [polytier_julia.faraday_back_emf(*moment, 17.5) for moment in moments] == wanted.back_emf.tolist()


@pytest.mark.parametrize("kernel", ["commutator_dense", "pauli_reconstruct", "xy_hamiltonian_dense"])
def test_operators_beyond_float64_are_named(kernel: str) -> None:
    """Finite matrices whose answer is not finite are a ValueError that names the answer."""
    huge = np.full((2, 2), 1.7e308)
    arguments = {
        "commutator_dense": (huge + 0j, huge * (1j, 0.1)),
        "pauli_reconstruct": (huge.ravel() + 0j,),
        "xy_hamiltonian_dense": (huge, huge[0]),
    }[kernel]
    with pytest.raises(ValueError, match=r"the (commutator|matrix|Hamiltonian)"):
        getattr(polytier_julia, kernel)(*arguments)


def _stopped(function: Any, generators: Any, limits: dict[str, int]) -> tuple[int, int]:
    """Return the dimension, and how many warnings came with it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return function(generators, **limits), len(caught)


@pytest.mark.parametrize("limit", ["max_iterations", "max_dimension"])
def test_limits_of_an_algebra(limit: str) -> None:
    """A search that a limit stops says what the floor says, on strings and on matrices."""
    floor = polytier.dla_dimension.dispatch.floor
    for generators in (xy_generators(3), turned(xy_generators(3), 1), ising_generators(3)):
        for most in (1, 2, 3, 4, 8, 9, 29, 30, 31, 2**70):
            wanted = _stopped(floor, generators, {limit: most})
            assert _stopped(polytier_julia.dla_dimension, generators, {limit: most}) == wanted
