"""An excerpt of a module: what a function needs comes along, and nothing else."""

from __future__ import annotations

import pytest

from polytier.scaffold.excerpt import UncutError, excerpt

MODULE = '''
"""A module."""

from __future__ import annotations

import math, os.path
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from polytier import kernel
from polytier.arrays import float_vector, real

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

LOW, HIGH = 0.0, 1.0
UNUSED: int = 3
FACTOR: float = 2.0
FACTOR


class Pair:
    """Two numbers."""

    kind = "pair"


@cache
def helper(n: int) -> float:
    """Return a number.

    This stays.
    """
    try:
        import statistics

        return statistics.mean([FACTOR, HIGH])
    except ValueError as failure:
        raise TypeError from failure


@kernel(size="len(values)", tolerance=math.inf, cases=print)
def first(values: Any, scale: float = LOW) -> Vector:
    r"""Return
    \\alpha times the values.

    Longer.
    """

    def inner(x: Any) -> Any:
        return x * helper(len(values))

    return np.array([inner(value) for value in float_vector(values, "values")])


@kernel(size="1", tolerance=math.inf, cases=print)
def second():
    return [(lambda x: x)(Pair)]
'''


def test_an_excerpt_has_what_is_used_and_nothing_else() -> None:
    """Helpers, constants, imports and types come along; the kernel's decorator and long docstring stay behind."""
    found = excerpt(MODULE, ["first"])
    assert found == (
        "from __future__ import annotations\n\n"
        "from functools import cache\nfrom typing import TYPE_CHECKING, Any\n\n"
        "import numpy as np\nfrom polytier.arrays import float_vector\n\n"
        "if TYPE_CHECKING:\n    from numpy.typing import NDArray\n\n    Vector = NDArray[np.float64]\n\n"
        "LOW, HIGH = 0.0, 1.0\nFACTOR: float = 2.0\n\n\n"
        '@cache\ndef helper(n: int) -> float:\n    """Return a number.\n\n    This stays.\n    """\n'
        "    try:\n        import statistics\n\n        return statistics.mean([FACTOR, HIGH])\n"
        "    except ValueError as failure:\n        raise TypeError from failure\n\n\n"
        "def first(values: Any, scale: float = LOW) -> Vector:\n"
        '    r"""Return \\alpha times the values."""\n\n'
        "    def inner(x: Any) -> Any:\n        return x * helper(len(values))\n\n"
        '    return np.array([inner(value) for value in float_vector(values, "values")])\n'
    )


def test_an_excerpt_keeps_a_class_and_a_bare_function() -> None:
    """A class that is used comes whole, and a function without a docstring gets none."""
    assert excerpt(MODULE, ["second"]) == (
        "from __future__ import annotations\n\n\n"
        'class Pair:\n    """Two numbers."""\n\n    kind = "pair"\n\n\n'
        "def second():\n    return [(lambda x: x)(Pair)]\n"
    )


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("from .sibling import x\ndef f(): return x", "which means something else in another package"),
        ("from polytier import Case\ndef f(): return Case", "a tier imports only polytier.arrays"),
        ("import polytier.rank\ndef f(): return polytier.rank", "a tier imports only polytier.arrays"),
        ("def f():\n    from polytier.record import x\n    return x", "a tier imports only polytier.arrays"),
        ("for x in (1, 2): pass\ndef f(): return x", "it uses 'x', which no plain statement"),
        ("def g(): return 1", "it uses 'f', which no plain statement"),
    ],
)
def test_what_cannot_stand_alone_is_not_cut(source: str, why: str) -> None:
    """A floor that needs more than a tier may import, or what cannot be found, is told and not copied."""
    with pytest.raises(UncutError, match=why):
        excerpt(source, ["f"])
