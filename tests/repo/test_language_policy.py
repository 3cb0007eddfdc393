"""Numeric work stands in kernels, where every tier can serve it; a module that does some elsewhere says why it may."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLACES = ("core/src/", "plugins/", "examples/")
NUMERIC = {"cmath", "cupy", "jax", "math", "numba", "numpy", "scipy", "statistics", "torch"}
LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
PRODUCTS = (ast.Mult, ast.MatMult, ast.Pow)
MARK = "# Language policy: exempt, "
REASON = re.compile(r"[^.?!]+(?:\.\w[^.?!]*)*\.")
HINT = f"declare a kernel, or write {MARK}<one sentence>. between the docstring and the first import"


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands below a node and runs, so not what `if TYPE_CHECKING:` guards."""
    for child in ast.iter_child_nodes(node):
        guard = isinstance(child, ast.If) and getattr(child.test, "id", getattr(child.test, "attr", ""))
        parts = child.orelse if guard == "TYPE_CHECKING" and isinstance(child, ast.If) else [child]
        for part in parts:
            yield part
            yield from running(part)


def imported(node: ast.AST) -> Iterator[str]:
    """Yield the names of the packages that a node imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield node.module or ""
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name) and node.args:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        if called in {"__import__", "import_module"} and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


def multiplies(node: ast.AST) -> bool:
    """Say whether a node is a product of two operands of which neither is a literal."""
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, PRODUCTS) and not isinstance(node.value, ast.Constant)
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, PRODUCTS)):
        return False
    return not any(isinstance(operand, ast.Constant) for operand in (node.left, node.right))


def numeric(tree: ast.Module) -> str | None:
    """Return what numeric work a module does, or None: it imports such a package, or it multiplies in a loop."""
    nodes = list(running(tree))
    packages = {name.partition(".")[0] for node in nodes for name in imported(node)} & NUMERIC
    if packages:
        return f"imports {', '.join(sorted(packages))}"
    products = [part for node in nodes if isinstance(node, LOOPS) for part in ast.walk(node) if multiplies(part)]
    return f"multiplies in a loop, line {products[0].lineno}" if products else None  # type: ignore[attr-defined]


def declares(tree: ast.Module) -> bool:
    """Say whether a module declares a kernel."""
    decorators = [d for node in tree.body if isinstance(node, ast.FunctionDef) for d in node.decorator_list]
    return any(isinstance(d, ast.Call) and isinstance(d.func, ast.Name) and d.func.id == "kernel" for d in decorators)


def reasons(text: str, tree: ast.Module) -> list[str]:
    """Return the reasons that stand before the first statement after the docstring."""
    code = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    head = text.splitlines()[: code[0].lineno - 1 if code else None]
    return [line.removeprefix(MARK) for line in head if line.startswith(MARK)]


def finding(text: str) -> str | None:
    """Return what the policy has against a module, or None."""
    tree = ast.parse(text)
    work, given = numeric(tree), reasons(text, tree)
    if not work or declares(tree):
        return "has a mark and needs none: strike it" if given else None
    if not given:
        return f"{work}: {HINT}"
    return None if [bool(REASON.fullmatch(one)) for one in given] == [True] else f"its mark gives {given}: {HINT}"


def test_numeric_work_stands_in_kernels(root: Path, tracked: list[Path]) -> None:
    """Each module of core, the tiers and the examples with numeric work declares a kernel or is marked exempt."""
    modules = [path for path in tracked if path.suffix == ".py" and str(path).startswith(PLACES)]
    found = {str(path): finding((root / path).read_text(encoding="utf-8")) for path in modules}
    assert len(found) > 100, "the modules lie elsewhere now: mend PLACES"
    assert {name: told for name, told in found.items() if told} == {}


@pytest.mark.parametrize(
    ("source", "work"),
    [
        ("import numpy as np", "imports numpy"),
        ("from numpy.linalg import norm", "imports numpy"),
        ("import os, math", "imports math"),
        ("def f(x):\n    from scipy import signal\n    return signal.welch(x)", "imports scipy"),
        ("import importlib\nnp = importlib.import_module('numpy')", "imports numpy"),
        ("np = __import__('numpy')", "imports numpy"),
        ("if TYPE_CHECKING:\n    import os\nelse:\n    import numpy", "imports numpy"),
        ("def dot(x, y):\n    return sum(a * b for a, b in zip(x, y))", "multiplies in a loop, line 4"),
        ("def scale(x, k):\n    for i in range(len(x)):\n        x[i] *= k", "multiplies in a loop, line 5"),
        ("def norm(x):\n    s = 0\n    while x:\n        s += x.pop() ** p", "multiplies in a loop, line 6"),
    ],
)
def test_planted_work_is_found(source: str, work: str) -> None:
    """A module with numeric work and neither kernel nor mark is told what it does and what to do."""
    assert finding(f'"""A module."""\n\n{source}\n') == f"{work}: {HINT}"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "import json\nlines = [' ' * 2 + line for line in text]",
        "if TYPE_CHECKING:\n    from numpy.typing import NDArray",
        "if typing.TYPE_CHECKING:\n    import numpy",
        "from .math import inf",
        "from polytier import kernel\nimport numpy as np\n\n@kernel(size='1')\ndef f(x):\n    return np.sin(x)",
        f"{MARK}it reads np.inf alone.\n\nimport numpy as np",
    ],
)
def test_other_modules_are_left_alone(source: str) -> None:
    """A kernel, a marked module, and a module without numeric work keep to the policy."""
    assert finding(f'"""A module."""\n\n{source}\n') is None


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (f"{MARK}it computes nothing.\nimport json", "has a mark and needs none"),
        (f"{MARK}it computes\nimport math", "its mark gives ['it computes']"),
        (f"{MARK}.\nimport math", "its mark gives ['.']"),
        (f"{MARK}it adds. It is short.\nimport math", "its mark gives ['it adds. It is short.']"),
        (f"import math\n{MARK}it stands too late.", "imports math"),
    ],
)
def test_a_mark_is_one_sentence_where_it_is_needed(source: str, told: str) -> None:
    """A mark without need, without reason, of several sentences or below the first import is a finding."""
    assert str(finding(f'"""A module."""\n\n{source}\n')).startswith(told)
