"""Cuts functions out of a module's source, with the helpers, constants and imports that they use and nothing else."""

from __future__ import annotations

import ast
import builtins
from copy import copy
from symtable import SymbolTable, symtable
from typing import TYPE_CHECKING, Final, NamedTuple

from polytier.scaffold.layout import laid_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LEAVES: Final = ("polytier.arrays", "polytier.errors", "polytier.marks")
"""What a tier may import of polytier."""

_SWITCH = "TYPE_CHECKING"
_PLAIN = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
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
    _check_answers(known, kernels)
    needed = _closure(known, kernels)
    return laid_out(source.splitlines(), [found for found in known.values() if found.name in needed], kernels)


def _definitions(body: list[ast.stmt], *, typed: bool = False) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == _SWITCH:
            yield from _definitions(node.body, typed=True)
        elif isinstance(node, _PLAIN):
            symbols = symtable(ast.unparse(node), "", "exec").get_symbols()
            names = [symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()]
            yield from (Definition(name, node, typed) for name in names)


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
    for found in ast.walk(node):
        _check_import(found)
    if undecorated and isinstance(node, ast.FunctionDef):
        node = copy(node)
        node.decorator_list = []
    table = symtable(ast.unparse(node), "", "exec")
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    return own.union(*map(_globals, table.get_children()))


def _globals(table: SymbolTable) -> set[str]:
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return own.union(*map(_globals, table.get_children()))


def _check_answers(known: dict[str, Definition], kernels: Iterable[str]) -> None:
    # A copy of the class would be another class, and its answers would differ from the floor's in type.
    for floor in (known[kernel].node for kernel in kernels if kernel in known):
        answer = ast.unparse(floor.returns) if isinstance(floor, ast.FunctionDef) and floor.returns else ""
        if answer in known and isinstance(known[answer].node, ast.ClassDef):
            raise UncutError(f"it answers with the class {answer!r}, which a tier takes from the kernel's own module")


def _check_import(node: ast.AST) -> None:
    if isinstance(node, ast.ImportFrom):
        if node.level:
            raise UncutError(f"it uses `{ast.unparse(node)}`, which means something else in another package")
        places = [node.module or ""]
    else:
        places = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if any(place.partition(".")[0] == "polytier" and place not in LEAVES for place in places):
        raise UncutError(f"it uses `{ast.unparse(node)}`, and of polytier a tier imports only {', '.join(LEAVES)}")
