"""The demonstration: how a power network falls into step as its lines are strengthened."""
