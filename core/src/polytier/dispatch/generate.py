"""The dispatching function: its source from the shape of a plan, compiled and shown in tracebacks.

One plain function per kernel carries the floor's own parameters.
Its `__code__` is swapped when the plan changes, so every reference to the function follows.
The names it uses begin with an underscore, which no parameter may, and live in one private globals dict:
`_service_<n>` (the slow path), `_call_<n>_<tier>` (callables), `_retry_<n>` and `_clock`.
A name is given once in a process: an old frame can never pick up a callable of a newer plan,
and neither another kernel nor another declaration of the same one can take a name over.
"""

from __future__ import annotations

import ast
import inspect
import linecache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polytier.kernels.declaration import Kernel

CLOCK = "_clock"


def service_name(number: int) -> str:
    """Return the name under which the bodies of one declaration find its service."""
    return f"_service_{number}"


def retry_name(number: int) -> str:
    """Return the name under which the bodies of one declaration find the time that ends a quarantine."""
    return f"_retry_{number}"


class Head(NamedTuple):
    """The first link of a bucket: the sizes below `end` are served by the callable at `slot`.

    A `watched` one is called on the slow path, which sees whether it succeeds.
    """

    end: int | None
    tier: str
    slot: str
    watched: bool


class Shape(NamedTuple):
    """What tells one body from another: the heads, whether it watches the clock, and whether it notes who serves."""

    heads: tuple[Head, ...]
    retries: bool
    notes: bool


class Compiled(NamedTuple):
    """A body of the dispatching function, and what its lines do.

    `heads` maps the lines that call to heads, `size_lines` are where it sizes, `watched_lines` enter the slow path.
    """

    code: CodeType
    heads: Mapping[int, int]
    size_lines: frozenset[int]
    watched_lines: frozenset[int]


def compile_attended(kernel: Kernel, number: int, opening: Sequence[str] = ()) -> Compiled:
    """Return the body that hands every call to the slow path: first calls, and while pins, traces or failures ask.

    A flag tested in every call would do without the swap of bodies, but costs 6 ns a call.
    """
    body = _Body(kernel, number, opening)
    return _compile(body.line(0, body.attend), "guarded" if opening else "attended")


def compile_plan(kernel: Kernel, number: int, shape: Shape, label: str, opening: Sequence[str] = ()) -> Compiled:
    """Return the body that calls the heads by size; one that retries watches the clock to end a quarantine."""
    body = _Body(kernel, number, opening)
    if shape.retries:
        body.line(0, f"if {CLOCK}() >= {retry_name(number)}:").line(1, body.attend)
    body.line(0, "try:")
    _branches(body, shape, 0, len(shape.heads), 1)
    body.line(0, "except (ImportError, RuntimeError) as _failure:")
    body.line(1, f"return {body.service}.fall({label!r}, _failure, {_arguments(kernel)})")
    if len(shape.heads) > 1:
        body.line(0, "except Exception as _failure:")
        body.line(1, f"if not {body.service}.unsized({label!r}, _failure):").line(2, "raise")
        # Outside the handler, so that what the floor raises does not drag the size's failure along.
        body.line(0, "_last = 'floor'").line(0, f"return {body.service}.floor({_call_arguments(kernel)})")
    return _compile(body, label)


def make_function(kernel: Kernel, private: dict[str, Any], compiled: Compiled) -> FunctionType:
    """Return the public function of a kernel, with the floor's name, defaults, annotations and docstring."""
    floor = kernel.floor
    function = FunctionType(compiled.code, private, floor.__name__, floor.__defaults__, (_cell(),))
    function.__kwdefaults__ = floor.__kwdefaults__
    for name in ("__module__", "__qualname__", "__doc__", "__annotations__"):
        setattr(function, name, getattr(floor, name))
    function.__wrapped__ = floor  # type: ignore[attr-defined]
    return function


def compile_size(kernel: Kernel) -> Callable[..., Any]:
    """Return the size expression as a function of the kernel's parameters."""
    sizing: Callable[..., Any] = eval(f"lambda {_parameters(kernel)}: {_sized(kernel)}", {})  # noqa: S307  as declared
    return sizing


def _cell() -> Any:
    value = None
    return (lambda: value).__closure__[0]  # type: ignore[index]


class _Body:
    """Lines of a function under construction; all close over `_last`, for codes swap only between equal closures."""

    def __init__(self, kernel: Kernel, number: int, opening: Sequence[str]) -> None:
        self.kernel = kernel
        self.service = service_name(number)
        self.attend = f"return {self.service}.attend({_arguments(kernel)})"
        self.heads: dict[int, int] = {}
        self.size_lines: set[int] = set()
        self.watched_lines: set[int] = set()
        self.lines = ["def _make():", "    _last = None", f"    def {kernel.name}({_parameters(kernel)}):"]
        self.lines += ["        nonlocal _last", *(f"        {line}" for line in opening)]

    def line(self, depth: int, text: str) -> _Body:
        self.lines.append("    " * (depth + 2) + text)
        return self

    def source(self) -> str:
        return "\n".join([*self.lines, f"    return {self.kernel.name}", ""])


def _branches(body: _Body, shape: Shape, low: int, high: int, depth: int) -> None:
    if high - low == 1:
        _call(body, shape, low, depth)
        return
    heads = shape.heads
    middle = (low + high) // 2
    size = _sized(body.kernel) if len(heads) == 2 else "_size"  # noqa: PLR2004
    if high - low == len(heads) and len(heads) > 2:  # noqa: PLR2004
        body.line(depth, f"_size = {_sized(body.kernel)}")
        body.size_lines.add(len(body.lines))
    body.line(depth, f"if {size} < {heads[middle - 1].end}:")
    body.size_lines.add(len(body.lines))
    _branches(body, shape, low, middle, depth + 1)
    _branches(body, shape, middle, high, depth)


def _call(body: _Body, shape: Shape, place: int, depth: int) -> None:
    head = shape.heads[place]
    if head.watched:
        body.line(depth, body.attend)
        body.watched_lines.add(len(body.lines))
        return
    if shape.notes:
        body.line(depth, f"_last = {head.tier!r}")
    body.line(depth, f"return {head.slot}({_call_arguments(body.kernel)})")
    body.heads[len(body.lines)] = place


def _compile(body: _Body, label: str) -> Compiled:
    kernel, source = body.kernel, body.source()
    filename = f"<polytier {kernel.module}.{kernel.name}, {label}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    outer = next(c for c in compile(source, filename, "exec").co_consts if isinstance(c, CodeType))
    inner = next(c for c in outer.co_consts if isinstance(c, CodeType))
    code = inner.replace(co_qualname=kernel.floor.__qualname__)
    return Compiled(code, body.heads, frozenset(body.size_lines), frozenset(body.watched_lines))


def _sized(kernel: Kernel) -> str:
    # In parentheses and on one line: `a if b else 0` binds weaker than the comparison, and a newline shifts the lines.
    return f"({ast.unparse(ast.parse(kernel.size, mode='eval'))})"


def _parameters(kernel: Kernel) -> str:
    bare = inspect.Parameter.empty
    parameters = [p.replace(default=bare, annotation=bare) for p in kernel.signature.parameters.values()]
    return str(kernel.signature.replace(parameters=parameters, return_annotation=bare))[1:-1]


def _call_arguments(kernel: Kernel) -> str:
    return ", ".join(
        f"{name}={name}" if parameter.kind is parameter.KEYWORD_ONLY else name
        for name, parameter in kernel.signature.parameters.items()
    )


def _arguments(kernel: Kernel) -> str:
    kinds = kernel.signature.parameters.values()
    positional = "".join(f"{p.name}, " for p in kinds if p.kind is not p.KEYWORD_ONLY)
    keywords = ", ".join(f"{p.name!r}: {p.name}" for p in kinds if p.kind is p.KEYWORD_ONLY)
    return f"({positional}), {{{keywords}}}"
