"""The other ways to dispatch a call, each over the same compiled function of one argument."""

from __future__ import annotations

import functools
import importlib
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def python_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a Python function that only calls the compiled one."""

    def call(theta: Any) -> Any:
        return function(theta)

    return call


def single_dispatch(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a functools.singledispatch function that serves arrays by the compiled one."""

    @functools.singledispatch
    def touch(theta: Any) -> Any:
        raise TypeError(type(theta))

    touch.register(np.ndarray, function)
    return touch


def pluggy_hook(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that calls a firstresult hook with one implementation."""
    pluggy = importlib.import_module("pluggy")
    spec, implementation = pluggy.HookspecMarker("overhead"), pluggy.HookimplMarker("overhead")

    class Spec:
        @spec(firstresult=True)  # type: ignore[untyped-decorator]
        def touch(self, theta: Any) -> Any:
            """Specify the hook."""

    class Plugin:
        @implementation  # type: ignore[untyped-decorator]
        def touch(self, theta: Any) -> Any:
            return function(theta)

    manager = pluggy.PluginManager("overhead")
    manager.add_hookspecs(Spec)
    manager.register(Plugin())
    hook = manager.hook.touch
    return lambda theta: hook(theta=theta)


@dataclass
class Graph:
    """What the networkx backend takes."""

    theta: Any
    __networkx_backend__ = "overhead"


@functools.cache
def networkx_backend() -> Any:
    """Return networkx and the object of a backend that is installed for this process."""
    folder = Path(tempfile.mkdtemp(prefix="overhead-"))
    info = folder / "overhead_backend-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: overhead-backend\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[networkx.backends]\noverhead = overhead_backend:backend\n", encoding="utf-8"
    )
    source = "class Backend:\n    pass\n\n\nbackend = Backend()\n"
    (folder / "overhead_backend.py").write_text(source, encoding="utf-8")
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    networkx = importlib.import_module("networkx")
    backend = importlib.import_module("overhead_backend").backend
    if "overhead" not in networkx.utils.backends.backends:
        raise ImportError("networkx was imported before the backend was installed")
    return networkx, backend


def networkx_dispatchable(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return a networkx dispatchable that the backend serves by the compiled function."""
    networkx, backend = networkx_backend()
    setattr(backend, name, lambda graph: function(graph.theta))

    def touch(G: Any) -> Any:
        raise TypeError(type(G))

    return networkx.utils.backends._dispatchable(touch, name=name)  # type: ignore[no-any-return]  # noqa: SLF001  no public name
