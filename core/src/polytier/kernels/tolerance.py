"""What agreement with the floor means for a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

ToleranceClass = Literal["absolute+relative", "bit-exact", "ulp", "scaled", "circular"]


class Tolerance(NamedTuple):
    """How far an answer may lie from the floor's, element by element.

    `Tolerance(atol=a, rtol=r)` allows `|answer - floor| <= a + r |floor|`; the class methods build the others.
    """

    atol: float = 0.0
    rtol: float = 0.0
    kind: ToleranceClass = "absolute+relative"
    ulps: int = 0
    period: float = 0.0
    scale: Callable[..., Any] | None = None

    @classmethod
    def bit_exact(cls) -> Tolerance:
        """Return the class in which every bit must be equal; one NaN equals another."""
        return cls(kind="bit-exact")

    @classmethod
    def within_ulps(cls, ulps: int) -> Tolerance:
        """Return the class that counts representable numbers between answer and floor."""
        return cls(kind="ulp", ulps=ulps)

    @classmethod
    def scaled(cls, rtol: float, scale: Callable[..., Any]) -> Tolerance:
        """Return the class `|answer - floor| <= rtol * scale(*arguments)`, for sums that cancel."""
        return cls(rtol=rtol, kind="scaled", scale=scale)

    @classmethod
    def circular(cls, atol: float, period: float = 6.283185307179586) -> Tolerance:
        """Return the class that compares modulo `period`, for angles."""
        return cls(atol=atol, kind="circular", period=period)

    def __str__(self) -> str:
        """Return the class and its figures, as documentation prints them."""
        return {
            "absolute+relative": f"absolute {self.atol:g}, relative {self.rtol:g}",
            "bit-exact": "bit-exact",
            "ulp": f"{self.ulps} ulp",
            "scaled": f"{self.rtol:g} of the {_words(self.scale)}",
            "circular": f"absolute {self.atol:g} modulo {self.period:g}",
        }[self.kind]


def _words(scale: object) -> str:
    return str(getattr(scale, "__name__", "scale")).strip("_<>").replace("_", " ")
