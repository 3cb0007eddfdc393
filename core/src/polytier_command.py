"""The command `polytier`: runs `polytier.cli`, and ends quietly when Ctrl-C comes while that is being imported.

It stands outside the package: `import polytier` imports NumPy, which takes most of the time before the first verb.
"""

from __future__ import annotations

INTERRUPTED = 130


def main() -> int:
    """Run the command line of this process and return its exit code."""
    try:
        from polytier.cli import main as run

        return run()
    except KeyboardInterrupt:
        return INTERRUPTED
