"""Two answers compared: structure, type, dtype and shape first, then the values."""

# Language policy: exempt, it judges answers and must stay readable and apart from every tier that it judges.

from __future__ import annotations

import dataclasses
import numbers
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polytier.agreement.distance import judge
from polytier.kernels.tolerance import Tolerance

Array = NDArray[Any]
Tolerances = Tolerance | Mapping[str, Tolerance]
Scale = Callable[[Tolerance], Any]

BIT_EXACT = Tolerance.bit_exact()


@dataclass(frozen=True)
class Difference:
    """The first place where an answer is not the floor's: what was wanted there, what was found."""

    where: str
    wanted: Any
    found: Any
    sentence: str

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence


def compare(
    answer: Any,
    floor_answer: Any,
    tolerance: Tolerances,
    arguments: Sequence[Any] = (),
    keywords: Mapping[str, Any] | None = None,
) -> Difference | None:
    """Return where an answer differs first from the floor's, None where it agrees.

    NaN equals NaN. A mapping gives the tolerance of each named field; a field it does not name must be bit-exact.
    The arguments are those of the call, from which a scaled tolerance takes its scale.
    """
    scale = partial(_scale, tuple(arguments), keywords or {})
    return _compare(answer, floor_answer, tolerance, scale, "")


def parts_of(value: Any) -> list[tuple[str, Any]] | None:
    """Return the labelled parts of a structured value, None of anything else."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [(f"field {name}", part) for name, part in zip(value._fields, value, strict=True)]
    if isinstance(value, tuple | list):
        return [(f"element {i}", part) for i, part in enumerate(value)]
    if isinstance(value, dict):
        return [(f"field {name}", part) for name, part in value.items()]
    if isinstance(value, np.ndarray | np.void) and value.dtype.names:
        return [(f"field {name}", value[name]) for name in value.dtype.names]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(f"field {field.name}", getattr(value, field.name)) for field in dataclasses.fields(value)]
    return None


def within(path: str, label: str) -> str:
    """Return the path to a part of the value at `path`."""
    return f"{path} {label}" if path else label


def placed(aspect: str, path: str) -> str:
    """Return how a difference names an aspect ('type', 'shape', ...) of the value at `path`."""
    return f"{aspect} of {path}" if path else aspect


def shown(value: Any) -> str:
    """Return a value as sentences show it: short, NumPy's numbers without their type."""
    return str(value) if isinstance(value, np.number) else reprlib.repr(value)


def _scale(arguments: tuple[Any, ...], keywords: Mapping[str, Any], tolerance: Tolerance) -> Any:
    return tolerance.scale(*arguments, **keywords) if tolerance.scale else 0.0


def _compare(answer: Any, floor: Any, tolerance: Tolerances, scale: Scale, path: str) -> Difference | None:
    if type(answer) is not type(floor):
        return _unlike("type", type(floor), type(answer), path)
    parts, floor_parts = parts_of(answer), parts_of(floor)
    if parts is None or floor_parts is None:
        return _compare_leaves(_array(answer), _array(floor), _tolerance_of(tolerance, ""), scale, path)
    labels, floor_labels = [label for label, _ in parts], [label for label, _ in floor_parts]
    if labels != floor_labels:
        return _unlike("structure", floor_labels, labels, path)
    return _compare_parts(parts, floor_parts, tolerance, scale, path)


def _compare_parts(
    parts: list[tuple[str, Any]], floor: list[tuple[str, Any]], tolerance: Tolerances, scale: Scale, path: str
) -> Difference | None:
    for (label, part), (_, floor_part) in zip(parts, floor, strict=True):
        field = label.removeprefix("field ")
        inner = tolerance if field == label else _tolerance_of(tolerance, field)
        difference = _compare(part, floor_part, inner, scale, within(path, label))
        if difference:
            return difference
    return None


def _tolerance_of(tolerance: Tolerances, field: str) -> Tolerance:
    return tolerance if isinstance(tolerance, Tolerance) else tolerance.get(field, BIT_EXACT)


def _array(value: Any) -> Array:
    if isinstance(value, np.ndarray | np.generic | numbers.Number):
        return np.asarray(value)
    boxed = np.empty((), dtype=object)  # text and the like: one object, whatever NumPy would make of it
    boxed[()] = value
    return boxed


def _compare_leaves(found: Array, wanted: Array, tolerance: Tolerance, scale: Scale, path: str) -> Difference | None:
    for aspect in ("dtype", "shape"):
        if getattr(found, aspect) != getattr(wanted, aspect):
            return _unlike(aspect, getattr(wanted, aspect), getattr(found, aspect), path)
    wrong, distance = judge(np.atleast_1d(found), np.atleast_1d(wanted), tolerance, scale)
    if not wrong.any():
        return None
    first = int(np.argmax(wrong))
    index = tuple(int(i) for i in np.unravel_index(first, found.shape)) if found.ndim else ()
    where = _indexed(path, index)
    excess = _excess(None if distance is None else float(distance.flat[first]), tolerance)
    sentence = f"{where} is {shown(found[index])}, the floor says {shown(wanted[index])}; {excess}"
    return Difference(where, wanted[index], found[index], sentence)


def _excess(distance: float | None, tolerance: Tolerance) -> str:
    if distance is None or not np.isfinite(distance):
        return f"the tolerance is {tolerance if distance is not None else 'bit-exact'}"
    return f"the difference {distance:.6g} exceeds {tolerance}"


def _indexed(path: str, index: tuple[int, ...]) -> str:
    if path:
        return path + (f"[{', '.join(map(str, index))}]" if index else "")
    return f"index {index[0] if len(index) == 1 else index}" if index else "value"


def _unlike(aspect: str, wanted: Any, found: Any, path: str) -> Difference:
    subject = f"the {aspect} of {path or 'the answer'}"
    sentence = f"{subject} is {_named(found)}, the floor's is {_named(wanted)}"
    return Difference(placed(aspect, path), wanted, found, sentence)


def _named(value: Any) -> str:
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}".removeprefix("builtins.")
    return str(value)
