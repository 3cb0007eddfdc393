"""A tier for the kernel `autocovariance`: the power spectrum's transform, n log n operations instead of n squared."""

# Language policy: exempt, it is a tier, and its native code is the transform that NumPy has compiled.

from __future__ import annotations

from typing import Any

import numpy as np

from polytier.arrays import float_vector


def autocovariance(series: Any) -> Any:
    """Return how the series covaries with itself."""
    samples = float_vector(series, "series")
    n = len(samples)
    # As many zeros as samples: a transform takes its input for one period, and the series must not meet its own copy.
    length = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(samples - samples.mean(), length)
    power = spectrum.real**2 + spectrum.imag**2
    return np.fft.irfft(power, length)[:n] / n
