"""The dispatching function: its source from a plan, compiled and shown in tracebacks.

One plain function per kernel carries the floor's own parameters.
Its `__code__` is swapped when the plan changes, so every reference to the function follows.
The names it uses begin with an underscore, which no parameter may, and live in one private globals dict:
`_<kernel>` (the slow path), `_<kernel>_<tier>_<k>` (callables), `_clock` and `_<kernel>_retry_at`.
A callable keeps its name for good: an old frame can never pick up a callable of a newer plan.
"""

from __future__ import annotations

import inspect
import linecache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polytier.kernels.declaration import Kernel

CLOCK = "_clock"


def slow_path_slot(kernel: Kernel) -> str:
    """Return the name under which the body finds the kernel's slow path."""
    return f"_{kernel.name}"


def retry_slot(kernel: Kernel) -> str:
    """Return the name under which the body finds the time that ends a quarantine."""
    return f"_{kernel.name}_retry_at"


class Head(NamedTuple):
    """The first link of a bucket: the sizes below `end` are served by the callable at `slot`."""

    end: int | None
    tier: str
    slot: str


class Compiled(NamedTuple):
    """A body of the dispatching function; `heads` maps its calling lines to heads, `size_lines` are where it sizes."""

    code: CodeType
    heads: Mapping[int, int]
    size_lines: frozenset[int]


def compile_attended(kernel: Kernel) -> Compiled:
    """Return the body that hands every call to the slow path: first calls, and while pins, traces or failures ask.

    A flag tested in every call would do without the swap of bodies, but costs 6 ns a call.
    """
    return _compile(kernel, "attended", _Body(kernel).line(0, _attend(kernel)))


def compile_plan(kernel: Kernel, heads: tuple[Head, ...], *, retries: bool, label: str) -> Compiled:
    """Return the body that calls the heads by size; one that `retries` watches the clock to end a quarantine."""
    body = _Body(kernel)
    if retries:
        body.line(0, f"if {CLOCK}() >= {retry_slot(kernel)}:").line(1, _attend(kernel))
    body.line(0, "try:")
    _branches(body, heads, 0, len(heads), 1)
    body.line(0, "except (ImportError, RuntimeError) as _failure:")
    body.line(1, f"return _{kernel.name}.fall({label!r}, _failure, {_arguments(kernel)})")
    if len(heads) > 1:
        body.line(0, "except Exception as _failure:")
        body.line(1, f"if not _{kernel.name}.unsized({label!r}, _failure):").line(2, "raise")
        # Outside the handler, so that what the floor raises does not drag the size's failure along.
        body.line(0, "last = 'floor'").line(0, f"return _{kernel.name}.floor({_call_arguments(kernel)})")
    return _compile(kernel, label, body)


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
    sizing: Callable[..., Any] = eval(f"lambda {_parameters(kernel)}: {kernel.size}", {})  # noqa: S307  as declared
    return sizing


def _cell() -> Any:
    value = None
    return (lambda: value).__closure__[0]  # type: ignore[index]


class _Body:
    """Lines of a function under construction; all close over `last`, for codes swap only between equal closures."""

    def __init__(self, kernel: Kernel) -> None:
        self.heads: dict[int, int] = {}
        self.size_lines: set[int] = set()
        self.lines = ["def _make():", "    last = None", f"    def {kernel.name}({_parameters(kernel)}):"]
        self.lines += ["        nonlocal last"]
        self.kernel = kernel

    def line(self, depth: int, text: str) -> _Body:
        self.lines.append("    " * (depth + 2) + text)
        return self

    def source(self) -> str:
        return "\n".join([*self.lines, f"    return {self.kernel.name}", ""])


def _branches(body: _Body, heads: tuple[Head, ...], low: int, high: int, depth: int) -> None:
    if high - low == 1:
        _call(body, heads, low, depth)
        return
    middle = (low + high) // 2
    size = body.kernel.size if len(heads) == 2 else "_size"  # noqa: PLR2004
    if high - low == len(heads) and len(heads) > 2:  # noqa: PLR2004
        body.line(depth, f"_size = {body.kernel.size}")
        body.size_lines.add(len(body.lines))
    body.line(depth, f"if {size} < {heads[middle - 1].end}:")
    body.size_lines.add(len(body.lines))
    _branches(body, heads, low, middle, depth + 1)
    _branches(body, heads, middle, high, depth)


def _call(body: _Body, heads: tuple[Head, ...], place: int, depth: int) -> None:
    head = heads[place]
    if len(heads) > 1:  # with one head the slow path of the first call has said who serves
        body.line(depth, f"last = {head.tier!r}")
    body.line(depth, f"return {head.slot}({_call_arguments(body.kernel)})")
    body.heads[len(body.lines)] = place


def _compile(kernel: Kernel, label: str, body: _Body) -> Compiled:
    filename = f"<polytier {kernel.module}.{kernel.name}, {label}>"
    source = body.source()
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    outer = next(c for c in compile(source, filename, "exec").co_consts if isinstance(c, CodeType))
    inner = next(c for c in outer.co_consts if isinstance(c, CodeType))
    code = inner.replace(co_qualname=kernel.floor.__qualname__)
    return Compiled(code, body.heads, frozenset(body.size_lines))


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


def _attend(kernel: Kernel) -> str:
    return f"return _{kernel.name}.attend({_arguments(kernel)})"
