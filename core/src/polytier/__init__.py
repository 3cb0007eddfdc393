"""Numerical kernels served by the implementation measured fastest on this kind of host.

Every kernel is a plain function with a readable NumPy floor that defines the right answer.
Separately installed tiers serve it where they were measured faster; `kernel.dispatch.why(...)` says which and why.
"""

from polytier.dispatch import Dispatcher
from polytier.kernels import declaration as _declaration
from polytier.marks import Deprecation

dispatcher = Dispatcher(_declaration.catalogue)
_declaration.catalogue.publish = dispatcher.publish

# The wiring above comes first: declaring a kernel publishes its dispatching function.
from polytier.kernels import public as _public  # noqa: E402
from polytier.kernels.declaration import Case, kernel  # noqa: E402
from polytier.kernels.public import *  # noqa: E402, F403
from polytier.kernels.tolerance import Tolerance  # noqa: E402

__version__ = "0.1.0"

using = dispatcher.using
trace = dispatcher.trace
explain = dispatcher.explain
refresh = dispatcher.refresh
freeze = dispatcher.freeze
warm = dispatcher.warm

__all__ = [
    "Case",
    "Deprecation",
    "Tolerance",
    "__version__",
    "dispatcher",
    "explain",
    "freeze",
    "kernel",
    "refresh",
    "trace",
    "using",
    "warm",
]
__all__ += _public.__all__
