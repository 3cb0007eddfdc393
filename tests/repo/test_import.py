"""`import polytier` is cheap: it loads no tier, no helper of the verbs, and looks at no distribution."""

from __future__ import annotations

import json
import subprocess
import sys

WATCH = """
import json, sys
import numpy
looked = []

def watch(event, arguments):
    place = str(arguments[0]) if arguments else ""
    listed = event in {"os.scandir", "os.listdir"} and (place in sys.path or "-info" in place)
    if listed or (event == "open" and "entry_points" in place):
        looked.append(place)

before = set(sys.modules)
import importlib.util
importlib.util.find_spec("polytier_nowhere")  # what the import system itself lists is listed now
sys.addaudithook(watch)
import polytier
json.dump({"new": sorted(set(sys.modules) - before), "looked": looked}, sys.stdout)
"""

FOREIGN = {"pluggy", "rich", "importlib_metadata", "platformdirs", "pytest", "hypothesis", "subprocess"}
OURS = {"errors", "marks", "arrays", "kernels", "dispatch"}


def fresh_import() -> dict[str, list[str]]:
    """Import polytier in a fresh process and return the new modules and the places it looked at."""
    done = subprocess.run([sys.executable, "-c", WATCH], capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_import_loads_no_helper() -> None:
    """A fresh `import polytier` leaves pluggy, rich and the other helpers of discovery and verbs unloaded."""
    assert {name.partition(".")[0] for name in fresh_import()["new"]} & FOREIGN == set()


def test_import_loads_only_the_parts_of_a_call() -> None:
    """A fresh `import polytier` loads the leaves, the kernels and dispatch, and no tier."""
    new = [name.split(".") for name in fresh_import()["new"] if name.startswith("polytier")]
    assert {parts[0] for parts in new} == {"polytier"}
    assert {parts[1] for parts in new if len(parts) > 1} <= OURS


def test_import_looks_at_no_distribution() -> None:
    """A fresh `import polytier` lists no folder of sys.path and reads no entry points."""
    assert fresh_import()["looked"] == []
