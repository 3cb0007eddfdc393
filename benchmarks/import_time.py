"""Measure what `import polytier` adds to `import numpy`, in fresh interpreters."""

from __future__ import annotations

import subprocess
import sys

from harness import Quiet, paired_difference, summarise
from processes import Child, measure
from report import Row, as_json, finish, parser, plan_of, progress, say, timing_table

EPILOG = """\
Each sample is a fresh interpreter; the clock runs during the import statements alone, files being in the page cache
and byte code compiled. The last row is the difference within each round, so that drift cancels.
Below it stand the modules that polytier loads beyond its own and numpy's.

examples:
  import_time.py               about half a minute
  import_time.py --rounds 50   steadier
"""

NUMPY, BOTH, ADDED = "import numpy", "import numpy, polytier", "polytier adds"
CHILDREN = [Child(NUMPY, "numpy", NUMPY), Child(BOTH, "polytier", BOTH, check="assert polytier.__version__")]
LISTING = "import sys, numpy; before = set(sys.modules); import polytier; print(*sorted(set(sys.modules) - before))"


def modules() -> list[str]:
    """Return the modules that polytier loads and numpy does not."""
    done = subprocess.run([sys.executable, "-c", LISTING], capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.split()


def main(argv: list[str] | None = None) -> int:
    """Run the program."""
    options = parser(__doc__ or "", EPILOG).parse_args(argv)
    series = measure(CHILDREN, plan_of(options), Quiet(), progress)
    rows = [Row(name, one.contender.group, summarise(one)) for name, one in series.items()]
    loaded = modules()
    other = [name for name in loaded if name.split(".")[0] != "polytier"]
    rows.append(Row(ADDED, "added", paired_difference(series[BOTH], series[NUMPY]), f"{len(loaded)} modules"))
    say(timing_table(rows, {"x numpy": rows[0]}, "per import"))
    say(f"\nof others than polytier: {', '.join(other) or 'none'}")
    finish(options, "import-time", {"rows": [as_json(row) for row in rows], "modules": loaded})
    return 0


if __name__ == "__main__":
    sys.exit(main())
