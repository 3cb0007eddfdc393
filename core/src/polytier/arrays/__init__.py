"""Checked conversions that a floor or a tier's adapter needs; each says which argument it refuses and why."""

from polytier.arrays.floats import (
    complex_vector,
    finite_answer,
    float_matrix,
    float_vector,
    square_matrices,
    square_matrix,
)
from polytier.arrays.integers import integer_vector, unsigned_vector
from polytier.arrays.memory import available_memory, new_array, require_memory
from polytier.arrays.scalars import integer, positive, qubit_count, real

__all__ = [
    "available_memory",
    "complex_vector",
    "finite_answer",
    "float_matrix",
    "float_vector",
    "integer",
    "integer_vector",
    "new_array",
    "positive",
    "qubit_count",
    "real",
    "require_memory",
    "square_matrices",
    "square_matrix",
    "unsigned_vector",
]
