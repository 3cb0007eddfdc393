"""The tool that runs the documentation's code runs it, and fails where a page is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.snippets import commands, main, snippets

if TYPE_CHECKING:
    from pathlib import Path


def page(folder: Path, text: str) -> Path:
    """Write a page, with ~~~ for the fences, and return its path."""
    path = folder / "page.md"
    path.write_text(text.replace("~~~", "```"), encoding="utf-8")
    return path


def test_fences_are_found_with_their_captions(tmp_path: Path) -> None:
    """A fence gives its language, its caption, its line and its text."""
    first, second = snippets(
        page(tmp_path, "A.\n~~~console\n$ ls\n~~~\n~~~{code-block} toml\n:caption: a/b\n\nx = 1\n~~~\n")
    )
    assert (first.language, first.caption, first.line, first.text) == ("console", None, 2, "$ ls\n")
    assert (second.language, second.caption, second.text) == ("toml", "a/b", "x = 1\n")


def test_a_console_session_is_split() -> None:
    """Each command has the lines that follow it, and a continued line stays one command."""
    assert list(commands("$ a \\\n  b\nout\n$ c\n")) == [("a \\\n  b\n", "out\n"), ("c\n", "")]


def test_a_page_that_is_right_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files are written, then commands, scripts and doctests run beside them."""
    text = "~~~{code-block} python\n:caption: one.py\n\nx = 1\n~~~\n\n~~~pycon\n>>> import one\n>>> one.x\n1\n~~~\n"
    text += "~~~console\n$ cat one.py\nx = ...\n$ true\n~~~\n~~~sh\ntest -f one.py\n~~~\n~~~python\nimport one\n~~~\n"
    assert main([str(page(tmp_path, text))]) == 0
    assert capsys.readouterr().out.count(": ok\n") == 5


@pytest.mark.parametrize(
    "text",
    [
        "~~~console\n$ echo a\nb\n~~~\n",
        "~~~console\n$ false\n~~~\n",
        "~~~sh\nfalse\ntrue\n~~~\n",
        "~~~pycon\n>>> 1\n2\n~~~\n",
        "~~~python\nraise SystemExit(3)\n~~~\n",
    ],
)
def test_a_page_that_is_wrong_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """A snippet that fails, or prints something else, fails the page and is named."""
    assert main([str(page(tmp_path, text))]) == 1
    assert "page.md:1:" in capsys.readouterr().out


def test_an_exception_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A snippet that is excepted is not run, and its reason is printed."""
    text = "<!-- not run: needs a cluster -->\n~~~sh\nfalse\n~~~\n~~~sh\ntrue\n~~~\n"
    assert main([str(page(tmp_path, text))]) == 0
    assert "not run: needs a cluster" in capsys.readouterr().out


def test_a_block_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The nth block of a page is printed and nothing runs."""
    assert main(["--print", "2", str(page(tmp_path, "~~~sh\nfalse\n~~~\n~~~sh\nb\n~~~\n"))]) == 0
    assert capsys.readouterr().out == "b\n"
