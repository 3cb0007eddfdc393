"""The family operators: every floor against a plain loop, every case, the stated exceptions and identities."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polytier
from polytier.kernels import operators
from polytier.kernels.operator_cases import X, Y, Z, dense, hermitian, ising_generators, network, on, xy_generators

if TYPE_CHECKING:
    from polytier.kernels.declaration import Case, Kernel

FAMILY = [kernel for kernel in polytier.dispatcher.catalogue if kernel.family == "operators"]
CASES = [pytest.param(kernel, case, id=f"{kernel.name}: {case.label}") for kernel in FAMILY for case in kernel.cases]
LARGEST_FOR_LOOPS = {
    "commutator_dense": 33,
    "pauli_decompose": 256,
    "pauli_reconstruct": 256,
    "xy_hamiltonian_dense": 4**5,
    "pauli_expectations": 2**6,
    "dla_dimension": 150,
}
LETTERS = (np.eye(2), X, Y, Z)


def loops(a: Any, b: Any) -> list[list[complex]]:
    """Return the commutator entry by entry."""
    n = range(len(a))
    return [[sum((a[i][k] * b[k][j] - b[i][k] * a[k][j] for k in n), 0j) for j in n] for i in n]


def string(index: int, n: int) -> Any:
    """Return the Pauli string whose base-4 digits are those of the index, qubit n-1 first."""
    return on(n, *((q, LETTERS[index // 4**q % 4]) for q in range(n)))


def traces(H: Any) -> list[complex]:
    """Return Tr(P H) / 2^n for one string after the other."""
    n, scaled = len(H).bit_length() - 1, np.asarray(H) / len(H)
    return [complex(sum(string(k, n)[i] @ scaled[:, i] for i in range(2**n))) for k in range(4**n)]


def weighted_strings(c: Any) -> Any:
    """Return the sum of weights times strings."""
    n = (len(c).bit_length() - 1) // 2
    return sum(weight * string(k, n) for k, weight in enumerate(c))


def kronecker(K: Any, omega: Any, delta: float = 0.0) -> Any:
    """Return the Hamiltonian as products of Pauli matrices."""
    n, S = len(omega), (np.asarray(K) / 2 + np.asarray(K).T / 2)
    total = -sum(omega[q] * on(n, (q, Z)) for q in range(n))
    for i in range(n):
        for j in range(i):
            for letter, factor in ((X, 1.0), (Y, 1.0), (Z, delta)):
                total = total - factor * S[i, j] * on(n, (i, letter), (j, letter))
    return total


def sandwiches(psi: Any) -> tuple[Any, ...]:
    """Return the expectation values as products with whole operators."""
    n, state = len(psi).bit_length() - 1, np.asarray(psi)
    x, y, z = ([np.vdot(state, on(n, (q, P)) @ state).real for q in range(n)] for P in (X, Y, Z))
    return x, y, z, abs(sum(complex(a, b) for a, b in zip(x, y, strict=True)) / n)


def rank_of_all_brackets(generators: Any, *_: Any, **__: Any) -> int:
    """Return the rank of all nested brackets, each of any two elements, by singular values."""
    d, elements = len(generators[0]), directions(np.asarray(generators, dtype=complex), 0.0)
    rank = -1
    while rank != len(elements):
        rank = len(elements)
        brackets = [1j * (a @ b - b @ a) for i, a in enumerate(elements) for b in elements[:i]]
        rows = np.concatenate([elements, directions(np.array(brackets).reshape(-1, d, d), 1e-6)])
        _, lengths, basis = np.linalg.svd(rows.reshape(-1, d * d).view(float), full_matrices=False)
        elements = basis[lengths > 1e-7].copy().view(complex).reshape(-1, d, d)
    return rank


def directions(matrices: Any, least: float) -> Any:
    """Return the matrices that are larger than `least`, each with a norm of 1."""
    kept = [m.view(float) / np.abs(m.view(float)).max() for m in matrices if np.abs(m).max() > least]
    return np.array([m / np.linalg.norm(m) for m in kept]).view(complex).reshape(-1, *matrices.shape[1:])


ORACLES: dict[str, Any] = {
    "commutator_dense": loops,
    "pauli_decompose": traces,
    "pauli_reconstruct": weighted_strings,
    "xy_hamiltonian_dense": kronecker,
    "pauli_expectations": sandwiches,
    "dla_dimension": rank_of_all_brackets,
}


def plain(value: Any) -> Any:
    """Return numbers in arrays as lists of complex numbers, everything else as it is."""
    array = np.asarray(value)
    return array.astype(complex).tolist() if array.ndim else value


@pytest.mark.parametrize(("kernel", "case"), CASES)
def test_the_floor_is_what_the_loops_say(kernel: Kernel, case: Case) -> None:
    """Every case agrees with a loop that nobody can doubt, or raises the stated exception."""
    arguments = case.arguments()
    if case.raises is not None:
        with pytest.raises(case.raises, match="\nhint: "):
            kernel.floor(*arguments, **case.keywords)
        return
    answer = kernel.floor(*arguments, **case.keywords)
    if kernel.case_size(case) > LARGEST_FOR_LOOPS[kernel.name] or "huge" in case.label:
        return  # the sizes that agree below and above differ in nothing but their length
    oracle = ORACLES[kernel.name](*(plain(a) for a in arguments))
    parts = zip(answer, oracle, strict=True) if isinstance(answer, tuple) else [(answer, oracle)]
    for found, wanted in parts:
        np.testing.assert_allclose(found, np.asarray(wanted), rtol=1e-13, atol=1e-11)


@pytest.mark.parametrize("kernel", FAMILY, ids=lambda kernel: kernel.name)
def test_the_docstring_examples_hold(kernel: Kernel) -> None:
    """Each kernel's doctest runs; doctest's own finder does not see generated functions."""
    example = doctest.DocTestParser().get_doctest(
        kernel.floor.__doc__ or "", vars(operators).copy(), kernel.name, None, 0
    )
    assert example.examples, f"{kernel.name} has no doctest"
    assert doctest.DocTestRunner(verbose=False).run(example).failed == 0


@pytest.mark.parametrize("kernel", FAMILY, ids=lambda kernel: kernel.name)
def test_timed_cases_have_ascending_sizes_and_labels_differ(kernel: Kernel) -> None:
    """Ranks need one case per size, and reports name a case by its label."""
    sizes = [kernel.case_size(case) for case in kernel.timed_cases]
    assert sizes == sorted(set(sizes))
    assert len({case.label for case in kernel.cases}) == len(kernel.cases)


def test_commutators_obey_the_laws_of_a_lie_algebra() -> None:
    """The commutator is antisymmetric, has no trace, and fulfils Jacobi's identity."""
    a, b, c = (dense(12, 12, seed=seed) for seed in (1, 2, 3))
    bracket = operators.commutator_dense
    np.testing.assert_array_equal(bracket(a, b), -bracket(b, a))
    assert abs(np.trace(bracket(a, b))) < 1e-12
    jacobi = bracket(a, bracket(b, c)) + bracket(b, bracket(c, a)) + bracket(c, bracket(a, b))
    np.testing.assert_allclose(jacobi, 0.0, atol=1e-11)


def test_the_scale_of_a_commutator_is_the_product_of_the_norms() -> None:
    """The scale adds 100 to the product of the Frobenius norms."""
    assert operators.commutator_scale([[3, 4], [0, 0]], np.eye(4)) == 110.0


def test_pauli_weights_have_the_stated_order() -> None:
    """The weight of Y is 1 for Y, and the most significant digit belongs to the last qubit."""
    assert operators.pauli_decompose(Y).tolist() == [0, 0, 1, 0]
    weights = operators.pauli_decompose(on(3, (2, X), (0, Z)))
    assert np.flatnonzero(weights).tolist() == [0b01_00_11]


def test_pauli_weights_keep_the_norm_and_come_back() -> None:
    """Parseval: sum |c|^2 = |H|^2 / 2^n; Hermitian matrices have real weights; the inverse returns the matrix."""
    H = hermitian(32, 7)
    c = operators.pauli_decompose(H)
    assert np.abs(c.imag).max() < 1e-14
    assert np.sum(np.abs(c) ** 2) == pytest.approx(np.linalg.norm(H) ** 2 / 32, rel=1e-13)
    np.testing.assert_allclose(operators.pauli_reconstruct(c), H, atol=1e-13)


def test_the_answer_for_no_qubit_is_a_copy() -> None:
    """A 1 x 1 matrix is its own weight, in memory of its own."""
    H = np.array([[2.0 + 1j]])
    for answer in (operators.pauli_decompose(H), operators.pauli_reconstruct(H[0])):
        assert answer.ravel().tolist() == [2 + 1j]
        assert not np.shares_memory(answer, H)


def test_the_xy_hamiltonian_conserves_the_excitations() -> None:
    """The Hamiltonian is real symmetric and commutes with the total Z."""
    H = operators.xy_hamiltonian_dense(*network(6, 1), 0.4)
    assert not H.imag.any()
    assert np.array_equal(H, H.T)
    total = sum(on(6, (q, Z)) for q in range(6))
    assert np.abs(operators.commutator_dense(H, total)).max() < 1e-12


def test_the_pauli_weights_of_the_hamiltonian_are_its_parameters() -> None:
    """Only Z, XX, YY and ZZ occur, with the fields and the symmetric couplings."""
    K, omega = network(3, 2)
    c = operators.pauli_decompose(operators.xy_hamiltonian_dense(K, omega, 0.5))
    assert c[0b11].real == pytest.approx(-omega[0])
    for digit, factor in ((1, 1.0), (2, 1.0), (3, 0.5)):
        assert c[digit * (4**2 + 1)].real == pytest.approx(-factor * (K[0, 2] + K[2, 0]) / 2)
    assert np.count_nonzero(np.abs(c) > 1e-12) == 3 + 9


def test_memory_is_refused_before_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how much is needed and how much there is; nothing is allocated."""
    monkeypatch.setattr(np, "zeros", None)
    monkeypatch.setattr("polytier.arrays.memory.available_memory", lambda _: 1 << 30)
    with pytest.raises(MemoryError, match="make room for the answer: 4 GiB are needed, 1 GiB are available\nhint: "):
        operators.xy_hamiltonian_dense.dispatch.floor([[0.0] * 14] * 14, [0.0] * 14)


def test_qubits_on_the_equator_are_coherent() -> None:
    """(1, i) / sqrt 2 on every qubit gives R = 1, and the vectors are one long."""
    state = np.array([1.0])
    for _ in range(4):
        state = np.kron(state, [0.5**0.5, 0.5**0.5 * 1j])
    ex, ey, ez, R = operators.pauli_expectations(state)
    assert pytest.approx(1.0) == R
    np.testing.assert_allclose([ex, ey, ez], [[0] * 4, [1] * 4, [0] * 4], atol=1e-15)


@pytest.mark.parametrize(("n", "dimension"), [(1, 1), (2, 6), (3, 30), (4, 126), (5, 510), (6, 2046), (7, 8190)])
def test_xy_algebras_have_the_known_dimensions(n: int, dimension: int) -> None:
    """Separate generators Z_i, XX_ij and YY_ij span 2^(2n-1) - 2 dimensions from two qubits on."""
    assert operators.dla_dimension(xy_generators(n)) == dimension


def test_scales_of_generators_change_nothing() -> None:
    """One generator 1e-6 or 1e4 times as large gives the same algebra."""
    generators = ising_generators(3)
    for scale in (1e-6, 1.0, 1e4):
        assert operators.dla_dimension(generators * np.array([1.0, scale])[:, None, None]) == 9


@pytest.mark.parametrize("generators", [xy_generators(3), ising_generators(3)], ids=["strings", "matrices"])
@pytest.mark.parametrize(("limit", "found"), [({"max_dimension": 4}, 4), ({"max_iterations": 1}, None)])
def test_a_limit_that_stops_the_search_warns(generators: Any, limit: dict[str, int], found: int | None) -> None:
    """The answer is a lower bound, and the warning names what stopped the search."""
    with pytest.warns(RuntimeWarning, match=r"close the Lie algebra: stopped at dimension \d+ by .*\nhint: raise"):
        dimension = operators.dla_dimension(generators, **limit)
    assert dimension < operators.dla_dimension(generators)
    assert found is None or dimension == found


def test_generators_that_depend_on_each_other_count_once() -> None:
    """What the generators before it span adds nothing, though none of them alone is its multiple."""
    assert operators.dla_dimension([X, Y, X + Y]) == 3
    assert operators.dla_dimension([np.diag([1.0, -1.0]), np.eye(2), np.diag([1.0, 0.5])]) == 2


def test_an_algebra_that_is_known_to_be_complete_needs_no_last_round() -> None:
    """All of su(d) cannot grow: nothing warns, though the round that finds the last element is the last allowed."""
    assert operators.dla_dimension([X + 0.5 * Z, Y], max_iterations=1) == 3


def test_bad_generators_are_named() -> None:
    """The error says which generator is not Hermitian, zeros counted."""
    with pytest.raises(ValueError, match="'generators' must be Hermitian: found a matrix that is not, at index 2"):
        operators.dla_dimension([np.zeros((2, 2)), X, X + 1j * Z])


def test_no_memory_for_a_basis_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The basis of a large algebra is refused before it is allocated."""
    monkeypatch.setattr("polytier.arrays.memory._UNASKED", 100)
    monkeypatch.setattr("polytier.arrays.memory.available_memory", lambda _: 200)
    with pytest.raises(MemoryError, match="make room for the basis of the Lie algebra"):
        operators.dla_dimension(ising_generators(3))
