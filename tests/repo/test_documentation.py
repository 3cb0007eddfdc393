"""The documentation is current: examples run, generated pages match, every kernel has its place under its one name."""

from __future__ import annotations

import ast
import doctest
import re
from typing import TYPE_CHECKING, Any

import pytest

import polytier
from polytier.kernels.declaration import catalogue
from tools import command_line

if TYPE_CHECKING:
    from pathlib import Path

KERNELS = {kernel.name: kernel for kernel in catalogue}
SERVICES = {"bare_seconds"}  # what benchmarks/boundary.py asks of a tier
SECTIONS = ("Parameters", "Returns", "Raises", "Examples")


@pytest.mark.parametrize("name", [*KERNELS, "natural_frequencies"])
def test_the_examples_of_a_docstring_run(name: str) -> None:
    """Each public function of a family has at least one example in its docstring, and it prints what it says."""
    text = getattr(polytier, name).__doc__ or ""
    examples = doctest.DocTestParser().get_doctest(text, dict(vars(polytier)), name, None, 0)
    assert examples.examples
    said: list[str] = []
    outcome = doctest.DocTestRunner(verbose=False).run(examples, out=said.append)
    assert outcome.failed == 0, "".join(said)


@pytest.mark.parametrize("name", KERNELS)
def test_a_docstring_has_its_sections(name: str) -> None:
    """A kernel's docstring has the numpydoc sections, and the function shown to users carries it."""
    kernel = KERNELS[name]
    text = kernel.floor.__doc__ or ""
    assert [section for section in SECTIONS if f"{section}\n    {'-' * len(section)}\n" not in text] == []
    assert getattr(polytier, name).__doc__ == text


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_has_its_anchor(root: Path, name: str) -> None:
    """The reference documents each kernel of core under an anchor of its name."""
    page = (root / "docs/reference/functions.md").read_text(encoding="utf-8")
    assert f"({name})=\n### {name}\n" in page
    assert f".. autofunction:: polytier.{name}\n" in page


def test_the_native_names_are_the_kernels_names(root: Path) -> None:
    """Each function with parameters in a tier's stub carries a kernel's name, or that of a known service."""
    for stub in sorted(root.glob("plugins/*/src/*/*.pyi")):
        tree = ast.parse(stub.read_text(encoding="utf-8"))
        offered = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.args.args}
        assert offered <= {*KERNELS, *SERVICES}


def test_the_page_of_the_command_line_is_current() -> None:
    """docs/reference/command-line.md is what the grammar gives."""
    assert command_line.PAGE.read_text(encoding="utf-8") == command_line.page()


def test_every_variable_is_documented(root: Path) -> None:
    """Each environment variable that core or a first-party tier reads is on its page, and the page names no other."""
    places = ("core/src/polytier/**/*.py", "plugins/*/src/**/*.py", "plugins/*/native/src/**/*.rs")
    sources = "\n".join(path.read_text(encoding="utf-8") for place in places for path in root.glob(place))
    page = (root / "docs/reference/environment.md").read_text(encoding="utf-8")
    pattern = re.compile(r"\bPOLYTIER_[A-Z]+(?:_[A-Z]+)*\b")
    assert set(pattern.findall(page)) == set(pattern.findall(sources))


def test_the_glossary_defines_each_noun_once(root: Path) -> None:
    """Each anchor of the glossary stands before the term it names."""
    page = (root / "docs/reference/glossary.md").read_text(encoding="utf-8")
    terms: list[Any] = re.findall(r"^\(([\w-]+)\)=\n(.+)\n: ", page, re.MULTILINE)
    assert len(terms) == page.count(")=\n")
    assert [anchor for anchor, term in terms if anchor != term.replace(" ", "-")] == []
    assert len({anchor for anchor, _ in terms}) == len(terms)


def test_prose_has_one_sentence_per_line(root: Path) -> None:
    """No line of the documentation ends one sentence and begins another."""
    slips = []
    written = [path for path in sorted((root / "docs").rglob("*.md")) if path != command_line.PAGE]
    for path in [root / "README.md", *written]:
        text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        text = re.sub(r"`[^`]*`", "x", text)
        slips += [f"{path.name}: {line}" for line in text.splitlines() if re.search(r"[a-z)][.!?] [A-Z]", line)]
    assert slips == []
