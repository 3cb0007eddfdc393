"""What the tests of measuring share: a small kernel pack, tiers with one fault each, and very short settings."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from polytier.kernels.declaration import Kernel, catalogue
from polytier.marks import KERNEL_GROUP
from polytier.measure.settings import Settings

if TYPE_CHECKING:
    from conftest import Installer

SHORT = Settings(rounds=3, fewest=2, batch=1e-5, warm_up=0.0, budget=0.1, limit=20.0)
HASTY = Settings(rounds=3, fewest=2, batch=1e-5, warm_up=0.0, budget=0.1, limit=3.0)

PACK = '''
"""Two kernels with two timed cases, one without any, and one whose floor refuses its second case."""
import numpy as np
from polytier import Case, Tolerance, kernel

def _cases():
    for n in (2, 8):
        yield Case(f"n={n}", lambda n=n: (np.arange(float(n)),), timed=True, seed=n)
    yield Case("empty", lambda: ([],), raises=ValueError)

def _none():
    return ()

def _doubled(values):
    if len(values) == 0:
        raise ValueError("values are empty")
    return np.asarray(values) * 2.0

@kernel(size="len(values)", tolerance=Tolerance(atol=1e-9), cases=_cases)
def pack_double(values):
    """Return the values doubled."""
    return _doubled(values)

@kernel(size="len(values)", tolerance=Tolerance(atol=1e-9), cases=_cases)
def pack_again(values):
    """Return the values doubled, by another name."""
    return _doubled(values)

@kernel(size="len(values)", tolerance=Tolerance(atol=1e-9), cases=_none)
def pack_untimed(values):
    """Return the values doubled, never timed."""
    return _doubled(values)

@kernel(size="len(values)", tolerance=Tolerance(atol=1e-9), cases=_cases)
def pack_broken(values):
    """Return the values doubled unless there are eight."""
    if len(values) == 8:
        raise ValueError("not eight")
    return _doubled(values)
'''

GOOD = """
import numpy as np

def pack_double(values):
    return np.asarray(values) * 2.0

pack_again = pack_broken = pack_double
"""

MODULE = "kernel_pack_for_measuring"
NAMES = ("pack_double", "pack_again", "pack_untimed", "pack_broken")


def install_pack(install_tier: Installer) -> dict[str, Kernel]:
    """Install the pack and return its kernels by name; the catalogue keeps them, as it keeps every kernel."""
    install_tier("measuring", PACK, group=KERNEL_GROUP, module=MODULE)
    sys.modules.pop(MODULE, None)
    importlib.import_module(MODULE)
    return {name: catalogue[name] for name in NAMES}
