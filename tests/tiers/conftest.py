"""What the tests of the tiers share: ranks that no measurement moves, and a Mojo worker of the test's own."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytier_mojo.runtime import Worker


@pytest.fixture(autouse=True, scope="session")
def no_ranks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Put a table without kernels in the place of the shipped one: a test itself says which tier stands first."""
    path = tmp_path_factory.mktemp("table") / "empty.toml"
    path.write_text('format = 1\nhost = "nowhere"\n', encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "POLYTIER_TABLE", str(path))
        yield


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """Put a fresh worker of the Mojo tier's own executable in the place of the tier's worker."""
    mojo = importlib.import_module("polytier_mojo")
    fresh = importlib.import_module("polytier_mojo.runtime").Worker(mojo.kuramoto.executable, mojo.BUILD_DIGEST)
    monkeypatch.setattr(mojo.kuramoto, "worker", fresh)
    yield fresh
    fresh.stop()
