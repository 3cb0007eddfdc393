"""Fixtures that core's tests share: a clean environment, and real tiers and kernel packs built on the spot."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

import polytier
from polytier.marks import TIER_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


# A shell starts background jobs with SIGINT ignored, and children inherit that: the tests of Ctrl-C need it back.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No test is timed: on a busy host any of them may take long.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@dataclass(frozen=True)
class Installed:
    """One distribution that a test installed: where it lies and what it is called."""

    name: str
    distribution: str
    module: str
    root: Path
    package: Path
    dist_info: Path


class Installer:
    """Writes distributions with a real .dist-info into directories that it puts first on sys.path."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._monkeypatch = monkeypatch
        self._roots: list[Path] = []

    def __call__(  # noqa: PLR0913 - the options of a fixture, all but three by keyword
        self,
        name: str,
        source: str | None = "",
        version: str = "1.0",
        *,
        group: str = TIER_GROUP,
        module: str | None = None,
        distribution: str | None = None,
        info: Mapping[str, str | bytes | None] | None = None,
        files: Mapping[str, str | bytes] | None = None,
        root: Path | None = None,
    ) -> Installed:
        """Install a package whose `__init__.py` is `source`, offered as tier (or, by `group`, kernel pack) `name`.

        `info` replaces files of the .dist-info, None leaves one out; `files` adds to the package;
        a `source` of None installs the .dist-info without its package.
        """
        module = module or f"tier_{name.replace('-', '_')}"
        distribution = distribution or f"polytier-{name}"
        root = self.add_root(root or self.root)
        package = root / module
        dist_info = root / f"{distribution.replace('-', '_')}-{version}.dist-info"
        written: dict[Path, str | bytes | None] = {}
        if source is not None:
            written[package / "__init__.py"] = textwrap.dedent(source)
        written |= {package / path: content for path, content in (files or {}).items()}
        written[dist_info / "METADATA"] = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        written[dist_info / "entry_points.txt"] = f"[{group}]\n{name} = {module}\n"
        written[dist_info / "RECORD"] = "".join(sorted(f"{path.relative_to(root).as_posix()},,\n" for path in written))
        written |= {dist_info / path: content for path, content in (info or {}).items()}
        _write(written)
        importlib.invalidate_caches()
        return Installed(name, distribution, module, root, package, dist_info)

    def add_root(self, root: Path) -> Path:
        """Put a directory first on sys.path and on PYTHONPATH, so that fresh processes see it too."""
        if root not in self._roots:
            root.mkdir(parents=True, exist_ok=True)
            self._roots.append(root)
            self._monkeypatch.syspath_prepend(str(root))
            self._monkeypatch.setenv("PYTHONPATH", str(root), prepend=os.pathsep)
        return root

    def uninstall(self, installed: Installed) -> None:
        """Remove a distribution's files; what is imported already stays imported."""
        for folder in (installed.dist_info, installed.package):
            for path in sorted(folder.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            if folder.exists():
                folder.rmdir()
        importlib.invalidate_caches()

    def forget_modules(self) -> None:
        """Take every module that came from the installed distributions out of sys.modules."""
        places = tuple(f"{root}{os.sep}" for root in self._roots)
        for name, module in tuple(sys.modules.items()):
            file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")
            if places and str(file).startswith(places):
                del sys.modules[name]


def _write(files: Mapping[Path, str | bytes | None]) -> None:
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own settings, caches and tables away from every test."""
    for variable in [name for name in os.environ if name.startswith("POLYTIER_")]:
        monkeypatch.delenv(variable)
    for variable in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))


@pytest.fixture(autouse=True)
def same_kernels() -> Iterator[None]:
    """Forget after every test the kernels that it declared and what it made dispatch look up."""
    dispatcher = polytier.dispatcher
    registries = (dispatcher.catalogue._kernels, dispatcher.catalogue._functions, dispatcher.services)
    before = [dict(registry) for registry in registries]
    yield
    for registry, kept in zip(registries, before, strict=True):
        registry.clear()
        registry.update(kept)
    dispatcher.refresh()


@pytest.fixture
def install_tier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installer]:
    """Install third-party tiers for one test: `install_tier("fast", source="def order_parameter(theta): ...")`."""
    installer = Installer(tmp_path / "site", monkeypatch)
    yield installer
    installer.forget_modules()
    importlib.invalidate_caches()
