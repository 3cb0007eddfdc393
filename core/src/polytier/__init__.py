"""Numerical kernels served by the implementation measured fastest on this kind of host."""

__version__ = "0.1.0"
