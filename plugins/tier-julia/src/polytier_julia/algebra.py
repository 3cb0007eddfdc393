"""The search of `dla_dimension`: what Julia finds of the generators, and the memory that it asks for."""

# Language policy: exempt, it adapts: it checks arguments and makes room for answers, and Julia computes.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytier.arrays import new_array, square_matrices
from polytier.errors import bad_value
from polytier_julia.answers import fresh
from polytier_julia.dtypes import INT64
from polytier_julia.runtime import GOOD, NOT_FINITE, UNFINISHED, defect, kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

_ENDLESS = 1 << 62
"""Rounds and dimensions that no search reaches; larger limits are cut to it."""
_FOUND = 4
_COUNT, _EDGE_END, _ROUNDS, _LIMITED, _EDGE = 0, 2, 5, 6, 1
"""Where native/operators/generators.jl and span.jl put what they find; counted from 0."""
_ROOM = 64
"""Elements for which a basis begins with room."""


def closed(matrices: NDArray[Any], most: tuple[int, int | None], tol: float) -> tuple[int, bool]:
    """Return the dimension of the algebra, and whether neither the most rounds nor the most dimensions stopped it."""
    limits = (min(most[0], _ENDLESS), _ENDLESS if most[1] is None else min(most[1], _ENDLESS))
    g, d = matrices.shape[:2]
    units, found = fresh(2 * matrices.size), np.zeros(_FOUND + g, INT64)
    status = kernels.dla_generators(id(matrices), tol, id(units), id(found))
    if status == NOT_FINITE:
        raise bad_value("generators", "Hermitian", f"a matrix that is not, at index {found[3]}")
    if status != GOOD:
        square_matrices(matrices, "generators")  # says which entry is not finite
        raise defect("generators that polytier's checks took were refused")
    count, strings, traced = (int(number) for number in found[:3])
    if count == 0:
        return 0, True
    if strings:
        n = d.bit_length() - 1
        known, queue = new_array(4**n, dtype=np.uint8), new_array(4**n, dtype=np.uint32)
        kernels.dla_strings(id(found), n, *limits, id(known), id(queue))
        return int(found[0]), bool(found[1])
    return _spanned(units, (count, d), tol, limits, d * d - (not traced))


def _spanned(units: Vector, shape: tuple[int, int], tol: float, limits: tuple[int, int], ends: int) -> tuple[int, bool]:
    g, d = shape
    length = (d * d + 7) // 8 * 8
    state, work = np.array([0, 0, -1, 0, 0, limits[0], 0], INT64), fresh(length + 2 * d * d * (g + 1) + 8 * d)
    rows = min(_ROOM, ends)
    basis = new_array(rows, length, name="the basis of the Lie algebra")
    while True:
        numbers = (g, d, tol, min(limits[1], ends), ends, rows)
        status = kernels.dla_span(id(units), *numbers, id(basis), id(state), id(work))
        if status != UNFINISHED:
            break
        if state[_COUNT] == rows:
            rows = min(2 * rows + 8, ends)
            grown = new_array(rows, length, name="the basis of the Lie algebra")
            grown[: state[_COUNT]] = basis
            basis = grown
    dimension = int(state[_COUNT])
    done = dimension == ends or state[_EDGE] == state[_EDGE_END]
    return dimension, bool(done and not state[_LIMITED])
