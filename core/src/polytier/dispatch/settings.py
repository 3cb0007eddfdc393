"""How dispatch is set by the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from polytier.errors import PolytierWarning, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

UNMEASURED: Final = "POLYTIER_UNMEASURED"
STRICT: Final = "POLYTIER_STRICT"

_UNMEASURED_VALUES: Final = {"allow": True}
_STRICT_VALUES: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class Settings(NamedTuple):
    """Whether unmeasured tiers stand in chains, and whether a tier's failure is the caller's."""

    allow_unmeasured: bool = False
    strict: bool = False


def read_settings(environ: Mapping[str, str]) -> tuple[Settings, tuple[PolytierWarning, ...]]:
    """Return the settings, and a warning for each value that is unknown and so has no effect."""
    warnings: list[PolytierWarning] = []
    allow_unmeasured = _read(environ, UNMEASURED, _UNMEASURED_VALUES, warnings)
    strict = _read(environ, STRICT, _STRICT_VALUES, warnings)
    return Settings(allow_unmeasured, strict), tuple(warnings)


def _read(
    environ: Mapping[str, str], variable: str, known: Mapping[str, bool], warnings: list[PolytierWarning]
) -> bool:
    value = environ.get(variable, "")
    setting = value.strip().lower()
    if setting and setting not in known:
        found = f"its value {value!r} is unknown and has no effect"
        warnings.append(PolytierWarning.of(f"follow {variable}", found, f"known values: {listed(known)}"))
    return known.get(setting, False)
