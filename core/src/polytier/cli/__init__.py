"""The command `polytier`: verbs over the other parts, and nothing else."""

from polytier.cli.command import main

__all__ = ["main"]
