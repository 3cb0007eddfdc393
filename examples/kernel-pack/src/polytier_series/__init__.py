"""The family `polytier_series`: what a sampled time series tells about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytier import Case, Tolerance, kernel
from polytier.arrays import float_vector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

__all__ = ["autocovariance"]


def _noise(n: int, seed: int) -> NDArray[np.float64]:
    """Return red noise: each sample remembers nine tenths of the one before."""
    kicks = np.random.default_rng(seed).normal(size=n)
    return np.convolve(kicks, 0.9 ** np.arange(min(n, 200)))[:n]


def _cases() -> Iterator[Case]:
    for n in (16, 64, 256, 1024, 4096, 16384):
        yield Case(f"n={n}", lambda n=n: (_noise(n, n),), timed=True, seed=n)  # type: ignore[misc]
    yield Case("odd length", lambda: (_noise(37, 1),))
    yield Case("one sample", lambda: ([2.5],))
    yield Case("two samples", lambda: ([1.0, -3.0],))
    yield Case("far from zero", lambda: (1e6 + _noise(100, 2),))
    yield Case("all equal", lambda: (np.full(50, 0.7),))
    yield Case("list", lambda: (_noise(12, 3).tolist(),))
    yield Case("integers", lambda: (np.arange(12) % 5,))
    yield Case("float32", lambda: (_noise(12, 3).astype(np.float32),))
    yield Case("every second sample", lambda: (_noise(24, 4)[::2],))
    yield Case("empty", lambda: ([],), raises=ValueError)
    yield Case("scalar", lambda: (0.5,), raises=ValueError)
    yield Case("matrix", lambda: (np.zeros((3, 2)),), raises=ValueError)
    yield Case("NaN", lambda: ([1.0, float("nan")],), raises=ValueError)
    yield Case("infinite", lambda: ([1.0, float("inf")],), raises=ValueError)
    yield Case("None", lambda: (None,), raises=TypeError)
    yield Case("text", lambda: ("wave",), raises=TypeError)
    yield Case("complex", lambda: (np.ones(3) + 1j,), raises=TypeError)


def mean_square(series: ArrayLike) -> float:
    """Return the scale of the tolerance: what a series far from zero loses when its mean is taken off."""
    return float(np.mean(np.square(np.asarray(series, dtype=np.float64))))


@kernel(size="len(series)", tolerance=Tolerance.scaled(1e-12, mean_square), cases=_cases)
def autocovariance(series: ArrayLike) -> NDArray[np.float64]:
    r"""Return how a time series covaries with itself, for every lag.

    .. math:: c_k = \frac{1}{n} \sum_{i=0}^{n-1-k} (x_i - \bar{x}) (x_{i+k} - \bar{x})

    The sum is divided by n at every lag (the biased estimate), so that the matrix of the c is never indefinite.
    Green-Kubo relations integrate it over the lag; its cosine transform is the power spectrum.

    Parameters
    ----------
    series : array_like of float, shape (n,)
        Samples at equal distances in time, n >= 1, finite.

    Returns
    -------
    ndarray of float64, shape (n,)
        The autocovariance at lags 0 to n - 1, in the square of the samples' unit; lag 0 is the variance.

    Raises
    ------
    ValueError
        If `series` is empty, not a vector, or not finite.
    TypeError
        If `series` cannot become float64.

    Notes
    -----
    The sums are taken directly, n (n + 1) / 2 products in all.

    References
    ----------
    G. E. P. Box, G. M. Jenkins, *Time Series Analysis: Forecasting and Control*, Holden-Day, 1976.

    Examples
    --------
    >>> autocovariance([1.0, -1.0, 1.0, -1.0])
    array([ 1.  , -0.75,  0.5 , -0.25])
    """
    samples = float_vector(series, "series")
    deviations = samples - samples.mean()
    return np.correlate(deviations, deviations, "full")[len(samples) - 1 :] / len(samples)
