"""Contenders of the family operators: matrices on qubits, as users of NumPy, SciPy, numba, torch and Qiskit do it."""

# ruff: noqa: INP001  peers.py loads families by path

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

import operators_forms as forms
from contest import LIMIT, Cell, Choice, Target, ours, peer
from harness import Contender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from report import Row

KERNELS = {
    "commutator_dense": (4, 16, 64, 256, 1024),
    "commutator_dense.hermitian": (16, 64, 256, 1024),
    "pauli_decompose": (3, 5, 8, 10),
    "pauli_reconstruct": (3, 5, 8, 10),
    "xy_hamiltonian_dense": (4, 8, 10, 12),
    "pauli_expectations": (4, 10, 16, 20),
    "dla_dimension": (4, 6, 8),
}
POOL = 8
LOOPS_MOST = 256
THREADED = {"commutator_dense": 96, "pauli_decompose": 8, "xy_hamiltonian_dense": 9, "pauli_reconstruct": 8}
NAIVE_DIMENSION_MOST = 4

numba, numba_absent = forms.numba, forms.numba_absent


def cell(kernel: str, size: int, choice: Choice) -> Cell:
    """Return the cell of one kernel and size."""
    name, _, kind = kernel.partition(".")
    return _Maker(name, kind, size, choice).cell()


class _Maker:
    """Gathers the contenders of one cell."""

    def __init__(self, name: str, kind: str, size: int, choice: Choice) -> None:
        self.name, self.kind, self.size, self.choice = name, kind, size, choice
        self.kernel = getattr(importlib.import_module("polytier"), name)
        draw = np.random.default_rng(choice.seed)
        pool = [self.arguments(draw) for _ in range(POOL if size <= LOOPS_MOST else 2)]
        threaded = size >= THREADED.get(name, 1 << 30)
        wanted = self.kernel.dispatch.floor(*pool[0])
        self.base = Contender("", "", self.kernel, pool, threaded=threaded, wanted=wanted)
        self.absent: list[Row] = [numba_absent] if numba_absent else []

    def cell(self) -> Cell:
        """Return the whole cell."""
        mine, absent = ours(self.kernel, self.base.arguments, self.choice, self.base)
        contenders = [*mine, *getattr(self, self.name)()]
        rates, parts = self.limits()
        title = f"{self.name} {self.kind}".strip()
        tolerance = self.kernel.dispatch.kernel.tolerance
        arguments = self.base.arguments[0]
        if tolerance.scale is not None:  # a cell compares without the arguments that a scale is taken from
            limit = tolerance.rtol * tolerance.scale(*arguments)
            tolerance = importlib.import_module("polytier").Tolerance(atol=limit)
        return Cell(
            title, self.size, "per call", tolerance, contenders, [*absent, *self.absent], rates, parts, self.targets()
        )

    def arguments(self, draw: np.random.Generator) -> tuple[Any, ...]:
        """Return the arguments of one call."""

        def normal(*shape: int) -> Any:
            return draw.normal(size=shape) + 1j * draw.normal(size=shape)

        n = self.size
        if self.name == "commutator_dense":
            pair = normal(n, n), normal(n, n)
            return tuple(m + m.conj().T for m in pair) if self.kind else pair
        if self.name == "xy_hamiltonian_dense":
            return draw.normal(size=(n, n)), draw.normal(size=n), 0.3
        if self.name == "dla_dimension":
            return (importlib.import_module("polytier.kernels.operator_cases").xy_generators(n),)
        shape = {"pauli_decompose": (2**n, 2**n), "pauli_reconstruct": (4**n,), "pauli_expectations": (2**n,)}
        numbers = normal(*shape[self.name])
        return (numbers / np.linalg.norm(numbers),) if self.name == "pauli_expectations" else (numbers,)

    def made(self, group: str, variants: dict[str, Callable[..., Any]], **changes: Any) -> Iterator[Contender]:
        """Yield a contender per variant."""
        for name, function in variants.items():
            yield replace(self.base, name=f"{group} {name}", group=group, function=function, **changes)

    def compiled(self, variants: dict[str, Callable[..., Any]], parallel: Iterable[str] = ()) -> Iterator[Contender]:
        """Yield numba's versions of loops, of some also a parallel one."""
        if numba is None:
            return
        for name, function in variants.items():
            yield from self.made("numba", {f"{name} njit": numba.njit(function)})
            if name in parallel:
                both = numba.njit(parallel=True, fastmath=True)(function)
                yield from self.made("numba", {f"{name} njit parallel": both}, threaded=True)

    def commutator_dense(self) -> Iterator[Contender]:
        """Yield everyone who multiplies."""
        products = {"a @ b - b @ a": forms.commutator_products}
        yield from self.made("numpy", products)
        if self.kind:
            yield from self.made("numpy one product", {"p - p.conj().T": forms.commutator_adjoint})
        loops = {"np.dot": forms.commutator_dot}
        loops |= {"loops": forms.commutator_loops} if self.size < LOOPS_MOST else {}
        yield from self.compiled(loops)
        blas, missing = peer("scipy.linalg.blas")
        self.absent += [missing] if missing else []
        if blas:
            yield from self.made("scipy", {"zgemm, beta=-1": _zgemm_twice(blas.zgemm)})
        torch, missing = peer("torch")
        self.absent += [missing] if missing else []
        if torch:
            tensors = [tuple(torch.from_numpy(m) for m in pair) for pair in self.base.arguments]
            yield from self.made("torch", products, arguments=tensors, convert=np.asarray)

    def pauli_decompose(self) -> Iterator[Contender]:
        """Yield everyone who finds weights."""
        if self.size <= 8:  # noqa: PLR2004  beyond, 8^n is out of the question
            yield from self.made("numpy", {"diagonals, one product": forms.pauli_hadamard})
        yield from self.made("numpy", {"diagonals, two products": forms.pauli_hadamard_split})
        yield from self.made("numpy", {"4 x 4 per qubit": forms.pauli_tensors})
        yield from self.compiled({"diagonals, Walsh-Hadamard": forms.pauli_walsh}, ["diagonals, Walsh-Hadamard"])
        yield from self._qiskit()

    def _qiskit(self) -> Iterator[Contender]:
        accelerate, missing = peer("qiskit._accelerate.sparse_pauli_op")
        if missing:
            self.absent.append(replace(missing, name="qiskit", group="qiskit"))
            return
        order = forms.order(self.size)[:2]  # which string has which place among the weights

        def weights(found: Any) -> Any:
            full = np.zeros(4**self.size, dtype=np.complex128)
            place = {pair: index for index, pair in enumerate(zip(*(part.tolist() for part in order), strict=True))}
            bits = 1 << np.arange(self.size)
            pairs = zip((found.z @ bits).tolist(), (found.x @ bits).tolist(), strict=True)
            full[[place[pair] for pair in pairs]] = found.coeffs
            return full

        decompose = accelerate.decompose_dense
        yield from self.made("qiskit", {"decompose_dense": lambda H: decompose(H, 0.0)}, convert=weights)

    def pauli_reconstruct(self) -> Iterator[Contender]:
        """Yield everyone who goes back."""

        def tensors(c: Any) -> Any:
            n, digits = self.size, c
            for _ in range(n):
                digits = digits.reshape(4, -1).T @ (2 * forms.PAULI.conj())
            axes = (*range(0, 2 * n, 2), *range(1, 2 * n, 2))
            return np.ascontiguousarray(digits.reshape((2,) * (2 * n)).transpose(axes).reshape(2**n, 2**n))

        yield from self.made("numpy", {"4 x 4 per qubit": tensors})

    def xy_hamiltonian_dense(self) -> Iterator[Contender]:
        """Yield everyone who fills the matrix."""
        yield from self.compiled({"loops": forms.hamiltonian_loops})

    def pauli_expectations(self) -> Iterator[Contender]:
        """Yield everyone who measures qubits."""
        yield from self.made("numpy", {"two views per qubit": forms.expectations_reshaped})
        yield from self.compiled({"loops": forms.expectations_loops})

    def dla_dimension(self) -> Iterator[Contender]:
        """Yield everyone who closes algebras."""
        if self.size <= NAIVE_DIMENSION_MOST:
            yield from self.made("numpy", {"basis of matrices": forms.dimension_dense})

    def limits(self) -> tuple[list[Contender], dict[str, dict[str, float]]]:
        """Return the rates and bounds: 12 d^3 operations of a commutator; reading and writing of the transforms."""
        if numba is None or self.name in {"xy_hamiltonian_dense", "dla_dimension"}:
            return [], {}
        limits = importlib.import_module("limits")
        threads = limits.cores() if self.base.threaded else 1
        n, call = self.size, Contender("call", "rate", len, [(self.base.arguments[0][0],)])
        if self.name == "commutator_dense":
            flop = (6.0 if self.kind else 12.0) * n**3
            return [call, limits.flop_rate(threads, "flop")], {"the call": {"call": 1.0}, "arithmetic": {"flop": flop}}
        size = 16 * (2**n if self.name == "pauli_expectations" else 2 * 4**n)
        return [call, limits.byte_rate(size, threads, "byte")], {
            "the call": {"call": 1.0},
            "memory": {"byte": float(size)},
        }

    def targets(self) -> list[Target]:
        """Return what the study of peers found to be within reach."""
        every, n = ("numba", "numpy", "scipy", "torch"), self.size
        if self.name == "commutator_dense" and not self.kind:
            least = {16: 2.8, 64: 0.95, 256: 1.1, 1024: 1.1}
            return [Target(every, least=least[n])] if n in least else []
        if self.name == "commutator_dense":
            return [Target(("numpy",), least=1.8 if n >= LOOPS_MOST else 1.4)] if n > 16 else []  # noqa: PLR2004
        if self.name == "pauli_decompose" and n in {5, 8, 10}:
            found = [Target(("numba",), least={5: 6.0, 8: 3.8, 10: 4.5}[n])]
            return [*found, Target(("qiskit",), least=11.0), Target((LIMIT,), most={5: 2.5, 8: 7.5, 10: 3.2}[n])]
        return []


def _zgemm_twice(zgemm: Callable[..., Any]) -> Callable[..., Any]:
    def commutator(a: Any, b: Any) -> Any:
        # The transposes are in Fortran order: (a b - b a)^T = b^T a^T - a^T b^T.
        product = zgemm(1.0, a.T, b.T)
        return zgemm(1.0, b.T, a.T, beta=-1.0, c=product, overwrite_c=True).T

    return commutator
