"""The declaration: what makes a function a kernel, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

import polytier
from polytier.errors import DeclarationError, UnknownNameError
from polytier.kernels.declaration import Case, Catalogue, Kernel, check
from polytier.kernels.tolerance import Tolerance


def double(values: list[float], times: int = 2, *, shift: float = 0.0) -> float:
    """Return a scaled sum."""
    return times * sum(values) + shift


def cases() -> list[Case]:
    """Return one timed and one awkward case."""
    return [
        Case("one", lambda: ([1.0],), timed=True),
        Case("text", lambda: ("x",), raises=TypeError),
        Case("more", lambda: ([1.0, 2.0],), {"times": 3}, timed=True),
    ]


def declared(floor: Any = double, size: str = "len(values) * times") -> Kernel:
    """Return a declaration that has not been published."""
    return Kernel(floor.__name__, floor, size, Tolerance(), cases)


def test_a_declaration_knows_its_parts() -> None:
    """Name, module, family, signature, cases and sizes follow from the floor."""
    kernel = declared()
    assert (kernel.name, kernel.module, kernel.family) == ("double", __name__, __name__.rpartition(".")[2])
    assert repr(kernel) == f"Kernel('double' of {__name__})"
    assert list(kernel.signature.parameters) == ["values", "times", "shift"]
    assert [case.label for case in kernel.timed_cases] == ["one", "more"]
    assert [kernel.case_size(case) for case in kernel.timed_cases] == [2, 6]
    assert kernel.size_of([1.0] * 5, shift=2.0) == 10


def test_all_kernels_of_the_family_are_declared() -> None:
    """The catalogue knows the eight kernels by the names that polytier exports."""
    catalogue = polytier.dispatcher.catalogue
    names = [kernel.name for kernel in catalogue if kernel.family == "kuramoto"]
    assert sorted(names) == sorted(set(polytier.__all__) & set(names))
    assert len(names) == 8
    assert all(catalogue.function(name) is getattr(polytier, name) for name in names)
    assert "order_parameter" in catalogue
    assert "nothing" not in catalogue


def test_an_unknown_kernel_lists_the_known_ones() -> None:
    """The error names what was asked and what there is."""
    with pytest.raises(UnknownNameError, match="use kernel 'nothing': no kernel has this name\nhint: known: none"):
        Catalogue()["nothing"]


def test_two_modules_cannot_declare_one_name() -> None:
    """The second declaration is refused, while a module that is run again replaces its own."""
    catalogue = Catalogue(lambda kernel: kernel.floor)  # type: ignore[arg-type,return-value]
    catalogue.declare(declared())
    catalogue.declare(declared())

    def other() -> None:
        """Do nothing."""

    other.__name__, other.__module__ = "double", "elsewhere"
    with pytest.raises(DeclarationError, match="declares this name already\nhint: rename one of the two"):
        catalogue.declare(Kernel("double", other, "1", Tolerance(), cases))


def test_a_kernel_cannot_be_declared_before_the_wiring() -> None:
    """A catalogue that nobody publishes for says what to import."""
    with pytest.raises(DeclarationError, match="not wired yet\nhint: import polytier first"):
        Catalogue().declare(declared())


def generator() -> Any:
    """Yield once."""
    yield 1


async def coroutine() -> None:
    """Do nothing, later."""


async def asynchronous() -> Any:
    """Yield once, later."""
    yield 1


def variadic(*values: float) -> None:
    """Take anything."""


def keywords(**values: float) -> None:
    """Take anything by name."""


def hidden(_values: float) -> None:
    """Take a parameter that could clash with the generated names."""


class Callable:
    """A callable that is no function."""

    __name__ = "Callable"

    def __call__(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("floor", "size", "message"),
    [
        (generator, "1", "generator or coroutine\nhint: return the whole result"),
        (coroutine, "1", "generator or coroutine"),
        (asynchronous, "1", "generator or coroutine"),
        (variadic, "1", r"parameter \*values: .* is variadic\nhint: name every parameter"),
        (keywords, "1", "is variadic"),
        (hidden, "1", "'_values' starts with an underscore\nhint: rename it"),
        (Callable(), "1", "the floor is a Callable\nhint: decorate a plain function"),
        (double, "len(values", "is no expression"),
        (double, "len(valuse)", r"uses \['valuse'\]\nhint: use the parameters and builtins only"),
    ],
)
def test_what_cannot_be_dispatched_is_refused(floor: Any, size: str, message: str) -> None:
    """The error names the kernel, what was found, and the remedy."""
    with pytest.raises(DeclarationError, match=message):
        check(declared(floor, size))


def test_the_decorator_publishes_at_once() -> None:
    """A decorated function is the dispatching function, with the floor behind it."""

    @polytier.kernel(size="n", tolerance=Tolerance(), cases=list)
    def only_in_this_test(n: int) -> int:
        """Return the next number."""
        return n + 1

    assert only_in_this_test(4) == 5
    assert only_in_this_test.dispatch.last_tier == "floor"
    assert only_in_this_test.dispatch.kernel.size == "n"


def test_a_kernel_that_cannot_be_published_is_not_declared() -> None:
    """A failure while the dispatching function is made leaves no kernel behind, and no other in its place."""

    def failing(declared: Kernel) -> Any:
        raise MemoryError

    catalogue = Catalogue(failing)
    with pytest.raises(MemoryError):
        catalogue.declare(declared(double))
    assert "double" not in catalogue


def test_tolerances_say_what_they_allow() -> None:
    """Each class prints itself as documentation does."""
    assert str(Tolerance(atol=1e-10)) == "absolute 1e-10, relative 0"
    assert str(Tolerance.bit_exact()) == "bit-exact"
    assert str(Tolerance.within_ulps(4)) == "4 ulp"
    assert str(Tolerance.circular(1e-9)) == "absolute 1e-09 modulo 6.28319"
    assert str(Tolerance.scaled(1e-12, double)) == "1e-12 of the double"
