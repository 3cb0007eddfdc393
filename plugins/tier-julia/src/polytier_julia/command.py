"""The program `polytier-julia`: says which Julia would start, and installs one for juliacall if told to."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from importlib.util import find_spec

from polytier_julia import by_juliacall, locate, runtime

DONE, FINDING, IN_THE_WAY = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; 0 done, 1 Julia cannot start as things are, 2 something stood in the way."""
    parser = argparse.ArgumentParser(prog="polytier-julia", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("status", help="say what is found and which way Julia would start; starts and downloads nothing")
    verbs.add_parser("setup", help="install what juliacall needs, Julia included: downloads, and shows its progress")
    chosen = parser.parse_args(arguments)
    return status() if chosen.verb == "status" else setup()


def status() -> int:
    """Print what is found and which way Julia would start."""
    obstacle = by_juliacall.obstacle()
    _say(f"{runtime.VARIABLE}: {os.environ.get(runtime.VARIABLE) or 'not set'}")
    _say(f"juliacall: {obstacle or 'can start without a download'}")
    try:
        julia = locate.find()
        _say(f"Julia: {'.'.join(map(str, julia.version))} at {julia.executable} (from {julia.origin})")
        _say(f"libjulia: {julia.library}")
        _say(f"system image: {julia.image}")
        found = None
    except ImportError as failure:
        found = failure
        _say(f"Julia: {failure}")
    try:
        way = runtime.chosen_way() or ("libjulia" if obstacle else "juliacall")
    except ImportError as failure:
        _say(f"starts: no; {failure}")
        return FINDING
    good = obstacle is None if way == "juliacall" else found is None
    _say(f"starts: {'by ' + way if good else f'no; {way} cannot start it'}")
    return DONE if good else FINDING


def setup() -> int:
    """Let juliapkg install Julia and the packages that juliacall needs, then start it once."""
    if find_spec("juliacall") is None:
        _say("set Julia up: juliacall is not installed\nhint: pip install 'polytier-julia[juliacall]'")
        return IN_THE_WAY
    try:
        import_module("juliapkg").resolve()
        os.environ[runtime.VARIABLE] = "juliacall"
        runtime.warm()
    except Exception as failure:  # noqa: BLE001 - juliapkg raises what it likes
        _say(f"set Julia up: {failure!r}\nhint: see the lines above; `polytier-julia status` says what is there")
        return IN_THE_WAY
    _say("Julia is set up; the kernels are loaded and answer")
    return DONE


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
