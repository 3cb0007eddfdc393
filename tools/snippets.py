"""Run the code of documentation pages as a reader would: `python -m tools.snippets docs README.md`.

A fence with a caption is a file of that name; `console` runs the lines after `$ ` and compares what follows them;
`sh` is a script; `pycon` is a doctest that goes on where the page's last one ended; `python` without a caption is a
script; other languages are for reading.
A comment `<!-- not run: reason -->` on the line before a fence excepts it, and the reason is printed.
"""

from __future__ import annotations

import argparse
import doctest
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
RUN = {"console", "sh", "pycon", "python"}
LIMIT_S = 900
FENCE = re.compile(
    r"^(?P<fence>`{3,})(?:\{code-block\} *)?(?P<language>[\w-]*)[^\n]*\n(?P<body>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
OPTION = re.compile(r"\A:(\w+): *(.*)\n")
EXCEPTED = re.compile(r"<!-- not run: (.*) -->")
DOCTEST = "import doctest, sys; sys.exit(doctest.testfile(sys.argv[1], False, optionflags=int(sys.argv[2])).failed > 0)"


@dataclass(frozen=True)
class Snippet:
    """One fence of a page."""

    page: Path
    line: int
    language: str
    caption: str | None
    excepted: str | None
    text: str


class SnippetError(Exception):
    """A snippet does not do what its page says."""


def snippets(page: Path) -> Iterator[Snippet]:
    """Yield the fences of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        body, options = found["body"], {}
        while option := OPTION.match(body):
            options[option[1]] = option[2]
            body = body[option.end() :]
        excepted = EXCEPTED.fullmatch(text[: found.start()].rstrip("\n").rpartition("\n")[2].strip())
        line = text.count("\n", 0, found.start()) + 1
        reason = excepted[1] if excepted else None
        yield Snippet(page, line, found["language"], options.get("caption"), reason, body.lstrip("\n"))


def pages(places: Iterable[Path]) -> Iterator[Path]:
    """Yield the pages named, and every page under the folders named."""
    for place in places:
        yield from sorted(place.rglob("*.md")) if place.is_dir() else [place]


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield (command, expected output) of a console session."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        match = re.match(r"(?:[^\n]*\\\n)*[^\n]*\n?", part)
        command = match[0] if match else part
        yield command, part[len(command) :]


def run(argv: list[str], folder: Path, environ: Mapping[str, str]) -> str:
    """Run one command and return its standard output; raise SnippetError when it fails."""
    done = subprocess.run(
        argv, cwd=folder, env=dict(environ), capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    if done.returncode:
        raise SnippetError(f"exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def perform(snippet: Snippet, folder: Path, environ: Mapping[str, str]) -> None:
    """Do what one snippet says in `folder`; raise SnippetError when it turns out otherwise."""
    if snippet.caption:
        place = folder / snippet.caption
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(snippet.text, encoding="utf-8")
    elif snippet.language == "console":
        for command, expected in commands(snippet.text):
            found = run(["bash", "-euo", "pipefail", "-c", command], folder, environ)
            if expected.strip() and not doctest.OutputChecker().check_output(expected, found, FLAGS):
                raise SnippetError(f"$ {command}expected:\n{expected}found:\n{found}")
    elif snippet.language == "sh":
        run(["bash", "-euo", "pipefail", "-c", snippet.text], folder, environ)
    elif snippet.language == "pycon":
        with (folder / "session.txt").open("a", encoding="utf-8") as session:
            session.write(f"{snippet.text}\n")
        run(["python", "-c", DOCTEST, "session.txt", str(FLAGS)], folder, environ)
    else:
        run(["python", "-c", snippet.text], folder, environ)


def clone(folder: Path) -> None:
    """Copy the tracked files of the repository, as they stand now, to `folder`."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def environment(folder: Path, wheels: Path | None) -> dict[str, str]:
    """Return the environment variables of a page: user folders of its own and, given wheels, a fresh virtual one.

    The virtual environment sees this one's packages through a .pth file, so only what a page installs is fetched.
    """
    environ = dict(os.environ)
    environ.update({f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("DATA", "CACHE", "CONFIG")})
    if wheels is None:
        return environ
    home = folder / "venv"
    venv.create(home, with_pip=True)
    environ["PATH"] = f"{home / 'bin'}{os.pathsep}{environ['PATH']}"
    site = next(home.glob("lib/python*/site-packages"))
    (site / "outer.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    install = ["python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--ignore-installed"]
    run([*install, *map(str, sorted(wheels.glob("*.whl")))], folder, environ)
    return environ


def play(page: Path, wheels: Path | None) -> int:
    """Run every snippet of a page and return the number that failed; the first failure ends the page."""
    todo = [snippet for snippet in snippets(page) if snippet.caption or snippet.language in RUN]
    if not any(snippet.language in RUN and not snippet.excepted for snippet in todo):
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "work"
        folder.mkdir()
        installs = any("pip " in snippet.text for snippet in todo if not snippet.excepted)
        environ = environment(Path(scratch), wheels if installs else None)
        if page.name == "README.md":
            clone(folder)
            # What the README's first command makes serves the rest of the page.
            environ["PATH"] = f"{folder / '.venv/bin'}{os.pathsep}{environ['PATH']}"
        for snippet in todo:
            where = f"{page}:{snippet.line}: {snippet.language}"
            if snippet.excepted:
                print(f"{where}: not run: {snippet.excepted}")
                continue
            try:
                perform(snippet, folder, environ)
            except (SnippetError, subprocess.TimeoutExpired) as failure:
                print(f"{where}: FAILED\n{failure}")
                return 1
            print(f"{where}: ok", flush=True)
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the pages named on the command line, or print one block of a page."""
    parser = argparse.ArgumentParser(prog="python -m tools.snippets", description=__doc__)
    parser.add_argument("places", nargs="+", type=Path, help="pages, or folders of pages")
    parser.add_argument("--print", type=int, dest="shown", help="print that block of the page, run none")
    parser.add_argument("--wheels", type=Path, help="install these wheels into a virtual environment for each page")
    options = parser.parse_args(arguments)
    if options.shown:
        print(list(snippets(options.places[0]))[options.shown - 1].text, end="")
        return 0
    wheels = options.wheels.resolve() if options.wheels else None
    failed = sum(play(page, wheels) for page in pages(options.places))
    print(f"snippets: {failed} page(s) failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
