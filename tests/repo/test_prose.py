"""The prose uses the glossary's nouns, sells nothing, and every test says what it states."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What the word would be replaced with; `build backend` is packaging's own term.
WORDS = {
    r"(?<!build )(?<!build-)backends?": "tier",
    r"engines?": "tier",
    r"fallback implementations?": "floor",
    r"reference implementations?": "floor",
    r"fallbacks?": "floor, or fall through",
    r"parity (checks?|tests?)": "agreement",
    r"leaderboards?": "rank",
    r"campaigns?": "record",
    r"blazing(ly)?|seamless(ly)?|effortless(ly)?|cutting-edge|state-of-the-art|world-class|powerful": "a figure",
    r"supercharge[ds]?|game-chang\w+|lightning-fast|revolutionary": "a figure",
}
FORBIDDEN = {re.compile(rf"(?i)\b(?:{word})\b"): instead for word, instead in WORDS.items()}
EXEMPT = {
    "benchmarks/rivals.py": "registers a networkx backend, the term of networkx",
    "core/src/polytier/demo/plot.py": "names a matplotlib backend, matplotlib's own term",
    "docs/reference/glossary.md": "names the words that are not used",
    "tests/repo/test_prose.py": "lists the words",
}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def python_prose(text: str) -> Iterator[str]:
    """Yield the docstrings and comments of a Python file."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED):
            yield ast.get_docstring(node) or ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def prose(path: Path) -> Iterator[str]:
    """Yield what a file says to people."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from python_prose(text)
    elif path.suffix == ".rs":
        yield from re.findall(r"//.*", text)
    else:
        yield text


def slips(text: str) -> list[str]:
    """Return the forbidden words of a text, each with what to write."""
    return [f"{match[0]!r}: write {instead}" for word, instead in FORBIDDEN.items() for match in word.finditer(text)]


def test_prose_uses_the_nouns(root: Path, tracked: list[Path]) -> None:
    """No page, docstring or comment uses a synonym of a noun, or a selling word."""
    found = {
        str(path): sorted({slip for part in prose(root / path) for slip in slips(part)})
        for path in tracked
        if path.suffix in {".md", ".py", ".rs"} and str(path) not in EXEMPT
    }
    assert {name: words for name, words in found.items() if words} == {}


@pytest.mark.parametrize("text", ["The Backend runs.", "a fallback", "blazingly quick"])
def test_a_synonym_is_found(text: str) -> None:
    """The search finds a synonym in any case and form."""
    assert len(slips(text)) == 1


@pytest.mark.parametrize("text", ["the build backend", "build-backend = 1", "it falls back on nothing"])
def test_a_neighbour_is_not_found(text: str) -> None:
    """The search leaves other terms alone."""
    assert slips(text) == []


def test_every_test_states_a_behaviour(root: Path, tracked: list[Path]) -> None:
    """Each test function carries a docstring of one sentence."""
    found = [
        f"{path}:{node.lineno}: {node.name}"
        for path in tracked
        if path.suffix == ".py" and path.name.startswith("test_")
        for node in ast.walk(ast.parse((root / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not re.fullmatch(r"[^\n]+\.", ast.get_docstring(node) or "")
    ]
    assert found == []
