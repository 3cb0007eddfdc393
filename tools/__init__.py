"""The repository's own tools; each runs as `python -m tools.<name>` from the root."""
