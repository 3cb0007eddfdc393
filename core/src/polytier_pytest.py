"""The pytest entry point of polytier: loads the conformance kit where a run names it, and does nothing else.

It stands outside the package: every pytest run of the environment imports it, and `import polytier` imports NumPy.
A conftest.py inside `polytier.testing` cannot add options: with --pyargs pytest reads it after the command line.
"""

from __future__ import annotations

from typing import Any

_KIT = ("polytier.testing", "polytier/testing", "polytier\\testing")


def pytest_load_initial_conftests(early_config: Any, args: list[str]) -> None:
    """Load the kit, and with it the options it takes, if an argument names `polytier.testing`."""
    if any(name in argument for argument in args for name in _KIT):
        early_config.pluginmanager.import_plugin("polytier.testing.plugin")
