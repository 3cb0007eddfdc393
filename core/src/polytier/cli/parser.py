"""The command line's grammar: one subcommand per verb, with help that teaches by example."""

from __future__ import annotations

import argparse
import difflib
from typing import Any, NoReturn, Protocol

import polytier
from polytier.cli import archive, check, demo, freeze, kernels, measure, new_kernel, new_tier, rank, tiers, why

CODES = """exit codes:
  0    done, nothing to report
  1    a finding: an answer or a rank differs, a tier asked for cannot be used
  2    the command line, a file or the machine stood in the way
  130  interrupted
"""


class Verb(Protocol):
    """What the module of a verb offers."""

    SUMMARY: str
    DESCRIPTION: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do the work and return the exit code."""


VERBS: dict[str, Verb] = {
    "tiers": tiers,
    "kernels": kernels,
    "check": check,
    "measure": measure,
    "rank": rank,
    "archive": archive,
    "why": why,
    "freeze": freeze,
    "new-tier": new_tier,
    "new-kernel": new_kernel,
    "demo": demo,
}


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that names the nearest choice when one is mistyped, and leaves usage errors to the verb."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return what the arguments say; what a verb does not know is refused with the verb's own usage."""
        known, unknown = self.parse_known_args(args, namespace)
        if unknown:
            getattr(known, "parser", self).refuse(unknown)
        return known

    def refuse(self, unknown: list[str]) -> NoReturn:
        """End with a usage error that names the nearest option."""
        near = difflib.get_close_matches(unknown[0], self._option_string_actions, n=1)
        self.error(f"unrecognized arguments: {' '.join(unknown)}{f'; did you mean {near[0]!r}?' if near else ''}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as failure:
            near = difflib.get_close_matches(str(value), list(action.choices or ()), n=1)
            failure.message += f"; did you mean {near[0]!r}?" if near else ""
            raise


def build() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = Parser(
        prog="polytier",
        description="See, check, measure, explain and begin the tiers that serve polytier's kernels.",
        epilog=f"`polytier VERB --help` shows an example of each verb.\n\n{CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"polytier {polytier.__version__}")
    verbs = parser.add_subparsers(metavar="VERB", dest="verb")
    for name, verb in VERBS.items():
        _add(verbs, name, verb)
    return parser


def _add(verbs: Any, name: str, verb: Verb) -> None:
    parser = verbs.add_parser(
        name, help=verb.SUMMARY, description=verb.DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verb.configure(parser)
    parser.add_argument("--json", action="store_true", help="print the answer as one JSON document")
    parser.set_defaults(run=verb.run, parser=parser)
