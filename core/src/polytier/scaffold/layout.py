"""Writes definitions that were picked out of a module as a module of their own."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from polytier.scaffold.excerpt import Definition

Import = (ast.Import, ast.ImportFrom)


def laid_out(lines: Sequence[str], picked: Sequence[Definition], kernels: Collection[str]) -> str:
    """Return the text: imports in their sections, what only type checkers see, constants, and the functions."""
    seen = [found for found in picked if not found.typed]
    imports = _imports(seen)
    plain = [node for node in _nodes(seen) if not isinstance(node, Import)]
    constants = [_segment(lines, node) for node in plain if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    head = [
        "from __future__ import annotations",
        *("\n".join(text for home, text in imports if home is std) for std in (True, False)),
        _typed(lines, [found for found in picked if found.typed]),
        "\n".join(constants),
    ]
    blocks = [_function(lines, node, kernels) for node in plain if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return "\n\n\n".join(["\n\n".join(filter(None, head)), *blocks]) + "\n"


def _nodes(found: Iterable[Definition]) -> list[ast.stmt]:
    return list({id(each.node): each.node for each in found}.values())


def _imports(found: Sequence[Definition]) -> list[tuple[bool, str]]:
    """Return the import statements with the names that are needed, and whether each is of the standard library."""
    texts = []
    for node in _nodes(found):
        names = {each.name for each in found if each.node is node}
        if isinstance(node, ast.Import):
            kept = [alias for alias in node.names if (alias.asname or alias.name).partition(".")[0] in names]
            texts.append((_is_standard(kept[0].name), ast.unparse(ast.Import(kept))))
        elif isinstance(node, ast.ImportFrom):
            kept = [alias for alias in node.names if (alias.asname or alias.name) in names]
            texts.append((_is_standard(node.module or ""), ast.unparse(ast.ImportFrom(node.module, kept, 0))))
    return [text for text in texts if text[1] != "from __future__ import annotations"]


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


def _typed(lines: Sequence[str], found: Sequence[Definition]) -> str:
    if not found:
        return ""
    imports = _imports(found)
    sections = ["\n".join(f"    {text}" for home, text in imports if home is std) for std in (True, False)]
    sections.append("\n".join(_segment(lines, node) for node in _nodes(found) if not isinstance(node, Import)))
    return "if TYPE_CHECKING:\n" + "\n\n".join(filter(None, sections))


def _segment(lines: Sequence[str], node: ast.stmt) -> str:
    return "\n".join(lines[node.lineno - 1 : node.end_lineno])


def _function(lines: Sequence[str], node: ast.stmt, kernels: Collection[str]) -> str:
    decorators = getattr(node, "decorator_list", [])
    text = _segment(lines, node)
    if not isinstance(node, ast.FunctionDef) or node.name not in kernels:
        return "\n".join([*("\n".join(lines[each.lineno - 1 : each.end_lineno]) for each in decorators), text])
    told = ast.get_docstring(node)
    if told is None:
        return text
    sentence = " ".join(told.partition("\n\n")[0].split())
    prefix = "r" if "\\" in sentence else ""
    doc, indent = node.body[0], " " * node.body[0].col_offset
    rest = lines[doc.end_lineno or 0 : node.end_lineno]
    return "\n".join([*lines[node.lineno - 1 : doc.lineno - 1], f'{indent}{prefix}"""{sentence}"""', *rest])
