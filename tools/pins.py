"""Compile requirements/*.in to requirements/*.txt: every version pinned, every file hashed, for all platforms."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What an environment installs besides its own list: core's dependencies, and extras that its tests use.
WITH_CORE = {
    "crossval": [],
    "test": ["--extra", "testing", "--extra", "plot"],
    "examples": ["--extra", "testing"],
    "lint": ["--extra", "testing"],
    "docs": ["--extra", "testing"],
}


def command(source: Path, options: list[str]) -> list[str]:
    """Return the uv command that compiles one list."""
    name = source.stem
    core = [*WITH_CORE[name], "core/pyproject.toml"] if name in WITH_CORE else []
    fixed = ["--universal", "--python-version", "3.11", "--generate-hashes", "--quiet", "--no-annotate"]
    told = ["--custom-compile-command", "tox -e pins"]
    output = ["--output-file", f"requirements/{name}.txt"]
    return ["uv", "pip", "compile", *fixed, *told, *options, *core, f"requirements/{name}.in", *output]


def main(options: list[str]) -> int:
    """Compile every list; `options` go to uv, `--upgrade` for instance."""
    for source in sorted((ROOT / "requirements").glob("*.in")):
        print(f"requirements/{source.stem}.txt", file=sys.stderr)
        subprocess.run(command(source, options), cwd=ROOT, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
