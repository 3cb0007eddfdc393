"""The decorator that turns a floor into a kernel, and the catalogue of all declared kernels."""

from __future__ import annotations

import ast
import builtins
import inspect
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, Protocol, TypeVar, cast

from polytier.errors import DeclarationError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import CodeType, FunctionType

    from polytier.kernels.tolerance import Tolerance
    from polytier.marks import Deprecation

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


class Case(NamedTuple):
    """A kernel's arguments for one size and seed, or one awkward input.

    `arguments` builds them afresh at each call; `raises` is the exception class that bad input must give;
    only `timed` cases are measured, and they must have ascending sizes and no `raises`.
    """

    label: str
    arguments: Callable[[], tuple[Any, ...]]
    keywords: Mapping[str, Any] = MappingProxyType({})
    raises: type[Exception] | None = None
    timed: bool = False
    seed: int = 0


class Kernel:
    """What a declaration states: the floor and everything that serving and judging it needs."""

    # Neither this nor the classes above are dataclasses: those cost `import polytier` 0.7 ms each.
    def __init__(  # noqa: PLR0913  what a declaration states, each once
        self,
        name: str,
        floor: Callable[..., Any],
        size: str,
        tolerance: Tolerance | Mapping[str, Tolerance],
        make_cases: Callable[[], Iterable[Case]],
        *,
        deprecated: Deprecation | None = None,
        deprecated_arguments: Mapping[str, Deprecation] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self.floor = floor
        self.size = size
        self.tolerance = tolerance
        self.make_cases = make_cases
        self.deprecated = deprecated
        self.deprecated_arguments = deprecated_arguments

    def __repr__(self) -> str:
        """Return the name and the module."""
        return f"Kernel({self.name!r} of {self.module})"

    @property
    def module(self) -> str:
        """The module that declares the kernel."""
        return self.floor.__module__

    @property
    def family(self) -> str:
        """The family: the last part of the module's name."""
        return self.module.rpartition(".")[2]

    @cached_property
    def signature(self) -> inspect.Signature:
        """The floor's signature, which every implementation carries too."""
        return inspect.signature(self.floor)

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """All cases, timed and awkward."""
        return tuple(self.make_cases())

    @property
    def timed_cases(self) -> tuple[Case, ...]:
        """The cases that are measured, by ascending size."""
        return tuple(case for case in self.cases if case.timed)

    @cached_property
    def _size_code(self) -> CodeType:
        return compile(self.size, f"<size of {self.name}>", "eval")

    def size_of(self, *args: Any, **kwargs: Any) -> int:
        """Return the size of a call; raises what the size expression raises on bad input."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return int(eval(self._size_code, {}, bound.arguments))  # noqa: S307  the kernel author's own code

    def case_size(self, case: Case) -> int:
        """Return the size of a case."""
        return self.size_of(*case.arguments(), **case.keywords)


class Handle(Protocol):
    """What `kernel_function.dispatch` offers: how calls are served."""

    floor: Callable[..., Any]
    kernel: Kernel

    @property
    def last_tier(self) -> str | None:
        """The tier (or 'floor') that served the last call in this process; one slot, last writer wins."""

    def chain(self, size: int) -> tuple[str, ...]:
        """Return the names that a call of this size tries, in order."""

    def why(self, *args: Any, **kwargs: Any) -> Any:
        """Return the explanation of how a call with these arguments would be served."""

    def tier(self, name: str) -> Callable[..., Any]:
        """Return one tier's implementation itself, without dispatch."""


class KernelFunction(Protocol[P, R_co]):
    """A public kernel: the floor's own signature and type, plus the handle."""

    __name__: str
    dispatch: Handle

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Serve the call."""


class Catalogue:
    """All kernels declared in this process, by name."""

    def __init__(self, publish: Callable[[Kernel], FunctionType] | None = None) -> None:
        self.publish = publish
        self._kernels: dict[str, Kernel] = {}
        self._functions: dict[str, FunctionType] = {}

    def declare(self, declared: Kernel) -> FunctionType:
        """Check the declaration, publish its dispatching function and keep both."""
        check(declared)
        present = self._kernels.get(declared.name)
        if present is not None and present.module != declared.module:
            raise DeclarationError.of(
                declared.name, f"{present.module} declares this name already", "rename one of the two"
            )
        if self.publish is None:
            raise DeclarationError.of(declared.name, "polytier is not wired yet", "import polytier first")
        function = self.publish(declared)  # first: a declaration that cannot be published leaves nothing behind
        self._kernels[declared.name] = declared
        self._functions[declared.name] = function
        return function

    def __getitem__(self, name: str) -> Kernel:
        """Return the kernel of this name."""
        try:
            return self._kernels[name]
        except KeyError:
            raise UnknownNameError.of("kernel", name, self._kernels) from None

    def __iter__(self) -> Iterator[Kernel]:
        """Iterate over the kernels in the order of declaration."""
        return iter(tuple(self._kernels.values()))

    def __contains__(self, name: object) -> bool:
        """Say whether a kernel of this name is declared."""
        return name in self._kernels

    def function(self, name: str) -> Any:
        """Return the public dispatching function of a kernel."""
        return self._functions[self[name].name]


catalogue = Catalogue()


def kernel(
    *,
    size: str,
    tolerance: Tolerance | Mapping[str, Tolerance],
    cases: Callable[[], Iterable[Case]],
    deprecated: Deprecation | None = None,
    deprecated_arguments: Mapping[str, Deprecation] = MappingProxyType({}),
) -> Callable[[Callable[P, R_co]], KernelFunction[P, R_co]]:
    """Declare the decorated function as the floor of a kernel and return its public dispatching function.

    Parameters
    ----------
    size : str
        A Python expression over the parameters that measures the work of a call, for instance ``"len(theta)"``.
    tolerance : Tolerance or mapping of str to Tolerance
        What agreement with the floor means; a mapping gives one per field of a named result.
    cases : callable
        Returns the kernel's cases.
    deprecated : Deprecation, optional
        States that the kernel is deprecated: the first call in a process gives a DeprecationWarning.
    deprecated_arguments : mapping of str to Deprecation, optional
        The deprecated parameters: the first call in a process that passes one gives a DeprecationWarning.

    Raises
    ------
    DeclarationError
        If the function or the size expression cannot be dispatched, or a deprecation does not say what it must.
    """

    def declare(floor: Callable[P, R_co]) -> KernelFunction[P, R_co]:
        marked: dict[str, Any] = {"deprecated": deprecated, "deprecated_arguments": deprecated_arguments}
        declared = Kernel(floor.__name__, floor, size, tolerance, cases, **marked)
        return cast("KernelFunction[P, R_co]", catalogue.declare(declared))

    return declare


def check(declared: Kernel) -> None:
    """Raise DeclarationError unless the kernel can be dispatched."""
    _check_floor(declared)
    _check_parameters(declared)
    _check_size(declared)
    if declared.deprecated is not None or declared.deprecated_arguments:
        from polytier.kernels.deprecation import check_deprecations  # most processes declare nothing deprecated

        check_deprecations(declared)


def _check_floor(declared: Kernel) -> None:
    floor = declared.floor
    if not inspect.isfunction(floor):
        raise DeclarationError.of(declared.name, f"the floor is a {type(floor).__name__}", "decorate a plain function")
    if inspect.isgeneratorfunction(floor) or inspect.iscoroutinefunction(floor) or inspect.isasyncgenfunction(floor):
        raise DeclarationError.of(declared.name, "the floor is a generator or coroutine", "return the whole result")


def _check_parameters(declared: Kernel) -> None:
    for name, parameter in declared.signature.parameters.items():
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            raise DeclarationError.of(declared.name, f"parameter {parameter} is variadic", "name every parameter")
        if name.startswith("_"):
            raise DeclarationError.of(declared.name, f"parameter {name!r} starts with an underscore", "rename it")


def _check_size(declared: Kernel) -> None:
    try:
        names = {node.id for node in ast.walk(ast.parse(declared.size, mode="eval")) if isinstance(node, ast.Name)}
    except SyntaxError as failure:
        raise DeclarationError.of(
            declared.name, f"size {declared.size!r} is no expression ({failure})", "write one"
        ) from None
    strange = names - set(declared.signature.parameters) - set(dir(builtins))
    if strange:
        hint = "use the parameters and builtins only"
        raise DeclarationError.of(declared.name, f"size {declared.size!r} uses {sorted(strange)}", hint)
