"""The audit reports foreign sources, foreign licences and known advisories, and says what it could not check."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tools import audit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = {"name": "good", "version": "1.0.0", "source": audit.REGISTRY, "license": "MIT OR Apache-2.0"}


class Advisories(BaseHTTPRequestHandler):
    """Knows one advisory, for the distribution `bad`."""

    def do_POST(self) -> None:
        """Answer a batch of queries."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        known = [{"vulns": [{"id": "X-1"}]} if one["package"]["name"] == "bad" else {} for one in asked]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"results": known}).encode())

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    """Serve advisories on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("MIT/Apache-2.0", True),
        ("GPL-3.0 OR MIT", True),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", True),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", True),
        ("GPL-3.0", False),
        ("MIT AND GPL-3.0", False),
        (None, False),
    ],
)
def test_licences_are_judged(expression: str | None, *, allowed: bool) -> None:
    """An expression is allowed when every AND part has an allowed alternative."""
    assert audit.licensed(expression) is allowed


def test_a_foreign_crate_is_reported() -> None:
    """A crate from git, or under another licence, is a finding; one of our own has no source."""
    crates = [GOOD, GOOD | {"source": None}, GOOD | {"source": "git+x"}, GOOD | {"license": "GPL-3.0"}]
    assert audit.crate_findings(crates) == ["good: source 'git+x'", "good: licence 'GPL-3.0'"]


def test_a_known_advisory_is_reported(service: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pin with an advisory fails the audit and is named with the advisory."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/test.txt").write_text("good==1\nbad==2 ; os_name == 'nt'\n", encoding="utf-8")
    assert audit.main(tmp_path, service) == 1
    assert "bad 2: X-1" in capsys.readouterr().out


def test_an_unreachable_service_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where advisories cannot be had the audit passes and says that they are not checked."""
    assert audit.main(tmp_path, "http://127.0.0.1:9/") == 0
    assert "advisories NOT CHECKED" in capsys.readouterr().out


def test_this_repository_has_no_foreign_crate(root: Path) -> None:
    """The crates of this repository's tiers come from the registry under allowed licences."""
    crates = audit.crates(root)
    assert crates
    assert audit.crate_findings(crates) == []
