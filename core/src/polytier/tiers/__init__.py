"""Find, load, validate and probe the installed tiers; the only package that knows pluggy and entry points."""
