"""The Julia sources that this build consists of: where they lie, and the digest that identifies them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from polytier.errors import told

MODULE: Final = "PolytierKernels"
FILES: Final = (
    "PolytierKernels.jl",
    "aer.jl",
    "aer/decode.jl",
    "aer/events.jl",
    "arrays.jl",
    "doppler.jl",
    "doppler/model.jl",
    "doppler/network.jl",
    "doppler/trace.jl",
    "exports.jl",
    "faraday.jl",
    "faraday/waveform.jl",
    "kuramoto.jl",
    "kuramoto/force.jl",
    "kuramoto/integrate.jl",
    "kuramoto/meanfield.jl",
    "kuramoto/network.jl",
    "kuramoto/step.jl",
    "kuramoto/template.jl",
    "lanes.jl",
    "operators.jl",
    "operators/commutator.jl",
    "operators/expectations.jl",
    "operators/generators.jl",
    "operators/hamiltonian.jl",
    "operators/product.jl",
    "operators/span.jl",
    "operators/strings.jl",
    "operators/weights.jl",
    "sincos.jl",
)
"""Every file that `MODULE` includes; a file that is missing is found before Julia is started for nothing."""

_PACKAGE = Path(__file__).resolve().parent


def folder() -> Path:
    """Return the folder of the sources: in the package, or in the checkout of an editable installation."""
    inside = _PACKAGE / "native"
    return inside if inside.is_dir() else _PACKAGE.parents[1] / "native"


def build_digest() -> str:
    """Return the digest of names and contents of all sources."""
    digest = hashlib.sha256()
    for name in FILES:
        content = _content(folder() / name)
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        hint = "reinstall polytier-julia: the installation is incomplete"
        raise ImportError(told("read the Julia sources of the tier 'julia'", str(failure), hint)) from failure
