"""Write docs/reference/command-line.md from the command line's own grammar; `--check` compares only."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parent.parent / "docs/reference/command-line.md"
HEAD = """\
<!-- Generated from the grammar by `python -m tools.command_line`; edit the help texts instead. -->

# Command line

Data goes to standard output, talk and progress to standard error.
`python -m polytier.cli` is the same program.
"""


def page() -> str:
    """Return the text of the page."""
    from polytier.cli.parser import CODES, build

    parser = build()
    (verbs,) = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001 argparse tells its grammar in no other way
    parts = [HEAD, _codes(CODES)]
    parts += [_verb(name, verb) for name, verb in verbs.choices.items()]
    return "\n".join(parts)


def _codes(text: str) -> str:
    lines = [line.strip().split(maxsplit=1) for line in text.strip().splitlines()[1:]]
    return "\n".join(["| exit code | meaning |", "|---|---|", *(f"| {code} | {told} |" for code, told in lines), ""])


def _verb(name: str, parser: argparse.ArgumentParser) -> str:
    text, _, example = (parser.description or "").partition("\nexample:\n")
    parts = [f"## polytier {name}", "", *text.strip().splitlines(), ""]
    parts += [line for action in _shown(parser) for line in (_called(action), f": {_told(action)}", "")]
    if example:
        parts += ["```text", *(line.removeprefix("  ") for line in example.rstrip().splitlines()), "```", ""]
    return "\n".join(parts)


def _shown(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    actions = parser._actions  # noqa: SLF001 as above
    return (action for action in actions if action.help != argparse.SUPPRESS and "-h" not in action.option_strings)


def _called(action: argparse.Action) -> str:
    value: Any = action.metavar or action.dest.upper()
    if not action.option_strings:
        return f"`{value}`" + (", any number of times" if action.nargs == "*" else "")
    taken = "" if action.nargs == 0 else f" {value}"
    return ", ".join(f"`{option}{taken}`" for option in action.option_strings) + (
        " (needed)" if action.required else ""
    )


def _told(action: argparse.Action) -> str:
    text = (action.help or "") % {"default": action.default, "prog": "polytier"}
    return f"{text[:1].upper()}{text[1:]}."


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or show how it differs."""
    parser = argparse.ArgumentParser(prog="python -m tools.command_line", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; 1 if the page is not current")
    if not parser.parse_args(arguments).check:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    stands = PAGE.read_text(encoding="utf-8").splitlines()
    difference = list(difflib.unified_diff(stands, page().splitlines(), "stands", "wanted", lineterm=""))
    print("\n".join(difference) or f"{PAGE.name} is current")
    return int(bool(difference))


if __name__ == "__main__":
    sys.exit(main())
