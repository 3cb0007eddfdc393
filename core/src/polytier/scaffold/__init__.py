"""Writes the skeleton of a new distribution: a tier, or a kernel pack."""
