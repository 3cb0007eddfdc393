"""cffi, taken by name: it carries no types, and the cheap entry-point module never needs it."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def foreign_interface() -> Any:
    """Return a new interface of cffi; its calls release the interpreter lock."""
    return import_module("cffi").FFI()
