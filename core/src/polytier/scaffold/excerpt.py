"""Cuts functions out of a module's source, with the helpers, constants and imports that they use and nothing else."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING, Final, NamedTuple

from polytier.scaffold.layout import laid_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LEAVES: Final = ("polytier.arrays", "polytier.errors", "polytier.marks")
"""What a tier may import of polytier."""

_SWITCH = "TYPE_CHECKING"
_GIVEN = frozenset({*dir(builtins), "__name__"})


class UncutError(Exception):
    """The functions cannot stand without the module that they are in; the text says why."""


class Definition(NamedTuple):
    """One name and the statement of the module that binds it; `typed` says that only type checkers see it."""

    name: str
    node: ast.stmt
    typed: bool


def excerpt(source: str, kernels: Iterable[str]) -> str:
    """Return a module with the floors of these kernels: undecorated, each docstring shortened to its first sentence."""
    kernels = frozenset(kernels)
    known = {found.name: found for found in _definitions(ast.parse(source).body)}
    needed = _closure(known, kernels)
    return laid_out(source.splitlines(), [found for found in known.values() if found.name in needed], kernels)


def _definitions(body: list[ast.stmt], *, typed: bool = False) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == _SWITCH:
            yield from _definitions(node.body, typed=True)
        else:
            yield from (Definition(name, node, typed) for name in sorted(_bound([node])))


def _closure(known: dict[str, Definition], kernels: Iterable[str]) -> set[str]:
    needed: set[str] = set()
    wanted = sorted(kernels)
    while wanted:
        name = wanted.pop()
        if name in needed or (name in _GIVEN and name not in known):
            continue
        if name not in known:
            raise UncutError(f"it uses {name!r}, which no plain statement of its module binds")
        needed.add(name)
        wanted += _used(known[name].node, undecorated=name in kernels)
        wanted += [_SWITCH] if known[name].typed else []
    return needed


def _used(node: ast.stmt, *, undecorated: bool) -> set[str]:
    parts: list[ast.AST] = [node]
    if isinstance(node, ast.FunctionDef):
        parts = [node.args, *node.body, *filter(None, [node.returns]), *([] if undecorated else node.decorator_list)]
    inside = [found for part in parts for found in ast.walk(part)]
    for found in inside:
        _check_import(found)
    loaded = {found.id for found in inside if isinstance(found, ast.Name) and isinstance(found.ctx, ast.Load)}
    return loaded - _bound(parts)


def _bound(parts: Iterable[ast.AST]) -> set[str]:
    """Return the names that statements bind; inside a function, those that are its own."""
    bound: set[str] = set()
    for node in parts:
        bound |= set(_names(node))
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda):
            bound |= _bound(ast.iter_child_nodes(node))
    return bound


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).partition(".")[0]
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id


def _check_import(node: ast.AST) -> None:
    if isinstance(node, ast.ImportFrom):
        if node.level:
            raise UncutError(f"it uses `{ast.unparse(node)}`, which means something else in another package")
        places = [node.module or ""]
    else:
        places = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if any(place.partition(".")[0] == "polytier" and place not in LEAVES for place in places):
        raise UncutError(f"it uses `{ast.unparse(node)}`, and of polytier a tier imports only {', '.join(LEAVES)}")
