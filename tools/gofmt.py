"""Fail when gofmt would change a file: `python -m tools.gofmt FOLDER`; gofmt itself only lists such files."""

from __future__ import annotations

import subprocess
import sys


def main(folders: list[str]) -> int:
    """Print the files that are not formatted; 1 if there are any."""
    listed = subprocess.run(["gofmt", "-l", *folders], capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        print(f"{name}: not formatted\nhint: gofmt -w {name}")
    return int(bool(listed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
