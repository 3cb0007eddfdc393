"""Find, load, validate and probe the installed tiers; the only package that knows pluggy and entry points."""

from polytier.tiers.index import EntryPoint, entry_points
from polytier.tiers.packs import load_kernel_packs
from polytier.tiers.registry import Tiers

__all__ = ["EntryPoint", "Tiers", "entry_points", "load_kernel_packs"]
