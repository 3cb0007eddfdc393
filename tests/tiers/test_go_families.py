"""The Go tier's families beyond `kuramoto`: what the conformance kit does not ask."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import polytier_go

TIMEOUT = 60.0


def python(code: str, **environment: str) -> str:
    """Return what Python code prints in a process of its own, which must end well."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_threads_do_not_change_the_bits_of_the_families() -> None:
    """One thread and four give equal bits, for every kernel that may be shared."""
    code = """
        import hashlib, numpy as np, polytier_go as go
        rng, whole = np.random.default_rng(1), hashlib.sha256()
        n = 40_000
        parts = np.cumsum(rng.uniform(1, 2, n)), rng.uniform(0, 1, n), *rng.normal(size=(3, n))
        for part in go.faraday_recovery(*parts, 3.0, 2.0, 0.5):
            whole.update(np.asarray(part).tobytes())
        vectors, K = rng.normal(size=(4, 100)), rng.normal(size=(100, 100))
        whole.update(go.doppler_kuramoto(*vectors, K, doppler_strength=2.0).tobytes())
        a, b = rng.normal(size=(2, 256, 256)) + 1j * rng.normal(size=(2, 256, 256))
        for part in (go.commutator_dense(a, b), go.pauli_decompose(a), go.pauli_reconstruct(b.ravel())):
            whole.update(part.tobytes())
        whole.update(go.xy_hamiltonian_dense(K[:9, :9].copy(), vectors[0, :9].copy(), 0.5).tobytes())
        print(whole.hexdigest())
    """
    assert len({python(code, POLYTIER_GO_THREADS=count) for count in ("1", "4")}) == 1


@pytest.mark.parametrize("size", [1, 3, 4, 21, 64])
def test_every_level_multiplies_alike(size: int) -> None:
    """The baseline's commutator, derivative and path agree with the vector instructions' to rounding."""
    code = f"""
        import numpy as np, polytier_go as go
        rng, n = np.random.default_rng(3), {size}
        a, b = rng.normal(size=(2, n, n)) + 1j * rng.normal(size=(2, n, n))
        vectors, K = rng.normal(size=(4, n)), rng.normal(size=(n, n)) / n
        trace = go.doppler_kuramoto_trace(*vectors, K, 0.01, 20, phase_lag=0.3, omega_rate=vectors[0])
        print(*go.commutator_dense(a, b).view(float).ravel(), *trace.phases.ravel(), *trace.lock_error)
        print(*go.doppler_kuramoto(*vectors, K))
    """
    wide, plain = (np.array(python(code, POLYTIER_GO_SIMD=level).split(), float) for level in ("", "baseline"))
    assert np.allclose(wide, plain, rtol=1e-9, atol=1e-9)


LASTING = {
    "doppler_kuramoto_trace": "*np.ones((4, 64)), np.ones((64, 64)), 1e-9, 10**6",
    "commutator_dense": "np.ones((3000, 3000)), np.ones((3000, 3000))",
    "dla_dimension": "[h + h.conj().T for h in np.random.default_rng(1).normal(size=(3, 48, 48)) * (1 + 1j)]",
}


@pytest.mark.parametrize("kernel", LASTING)
def test_what_lasts_can_be_interrupted(kernel: str) -> None:
    """SIGINT during a long call is a KeyboardInterrupt soon after, and the next call answers."""
    code = f"""
        import time, numpy as np, polytier_go
        polytier_go.warm()
        print("ready", flush=True)
        try:
            polytier_go.{kernel}({LASTING[kernel]})
        except KeyboardInterrupt:
            print("interrupted", polytier_go.order_parameter([0.0]))
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        found, _ = process.communicate(timeout=TIMEOUT)
    assert found == "interrupted 1.0\n"


def test_a_long_call_gives_the_bits_of_a_short_one() -> None:
    """A path that is waited for bit by bit has the bits of one that is not."""
    rng = np.random.default_rng(4)
    vectors, K = rng.normal(size=(4, 40)), rng.normal(size=(40, 40))
    short = polytier_go.doppler_kuramoto_trace(*vectors, K, 1e-3, 100)
    lasting = polytier_go.doppler_kuramoto_trace(*vectors, K, 1e-3, 4000)
    assert np.array_equal(short.phases, lasting.phases[:101])
    assert np.array_equal(short.lock_error, lasting.lock_error[:101])


@pytest.mark.parametrize("strange", [None, "text", 3, object(), np.float64(2.0), np.zeros((2, 2, 2)), np.zeros(0)])
def test_whatever_is_passed_is_no_crash(strange: object) -> None:
    """Any object can be given where an array is expected: it is refused by the checks, not read as an array."""
    good, calls = np.ones(3), [lambda: polytier_go.commutator_dense(strange, strange)]  # type: ignore[arg-type]
    calls += [lambda: polytier_go.faraday_recovery(good, strange, good, good, good, 1.0, 1.0)]  # type: ignore[arg-type]
    calls += [lambda: polytier_go.doppler_kuramoto(good, good, good, good, strange)]  # type: ignore[arg-type]
    calls += [lambda: polytier_go.aer_decode_rate(np.zeros(2, int), strange, strange, 3, 4)]  # type: ignore[arg-type]
    for call in calls:
        with pytest.raises((TypeError, ValueError), match="argument '"):
            call()


def test_a_refusal_names_the_value_and_its_place() -> None:
    """What only the native code finds out is told as polytier's own checks tell it."""
    with pytest.raises(ValueError, match=r"argument 'address' must be between 0 and 1: found 7 at index 1\nhint: "):
        polytier_go.aer_decode_rate([0, 7], [0, 1], [1, 1], 2, 5)
    with pytest.raises(ValueError, match=r"argument 'radius' must be non-negative: found -2 at index 0\nhint: "):
        polytier_go.faraday_recovery([0.0, 1.0], [-2.0, 1.0], *[[1.0, 1.0]] * 3, 1.0, 1.0)
    with pytest.raises(ValueError, match=r"flux must be finite: found \+Inf at index 0\nhint: "):
        polytier_go.faraday_recovery([0.0, 1.0], [1e200, 1.0], *[[1.0, 1.0]] * 3, 1.0, 1.0)
    with pytest.raises(ValueError, match=r"the commutator must be finite: found a value beyond float64\nhint: "):
        polytier_go.commutator_dense([[1e200, 1.0], [2.0, 0.0]], [[0.0, 1e200], [1.0, 3.0]])
