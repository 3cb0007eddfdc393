"""What the tests of the tiers share: ranks that no measurement moves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="session")
def no_ranks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Put a table without kernels in the place of the shipped one: a test itself says which tier stands first."""
    path = tmp_path_factory.mktemp("table") / "empty.toml"
    path.write_text('format = 1\nhost = "nowhere"\n', encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "POLYTIER_TABLE", str(path))
        yield
