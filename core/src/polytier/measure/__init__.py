"""The only package that looks at a clock for the sake of ranks: every tier timed in a process of its own.

Each sample is a batch of calls in one process; the processes take turns, so that drift hits all of them alike.
"""

from polytier.measure.progress import Progress
from polytier.measure.session import run
from polytier.measure.settings import FULL, QUICK, Settings

__all__ = ["FULL", "QUICK", "Progress", "Settings", "run"]
