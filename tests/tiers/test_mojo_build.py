"""The build of the Mojo tier: which executable runs, what it was made from, and what it needs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

import polytier_mojo
from polytier_mojo import native
from polytier_mojo.frames import FRAME_MOST, GREETING, REPLY, REQUEST

PLUGIN = Path(__file__).parents[2] / "plugins" / "tier-mojo"


def test_the_level_follows_the_cpu() -> None:
    """The widest level that the CPU has is taken, a narrower one on request, and none that it has not."""
    v3 = {"avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "sse2"}
    v4 = v3 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
    assert native.chosen_level(v3, None) == "avx2"
    assert native.chosen_level(v4, "") == "avx512"
    assert native.chosen_level(v4, "avx2") == "avx2"
    with pytest.raises(ImportError, match=r"'avx512' is no level that this CPU has\nhint: set it to one of avx2, or"):
        native.chosen_level(v3, "avx512")
    with pytest.raises(ImportError, match=r"this CPU has none of fma\nhint: use another tier"):
        native.chosen_level(v4 - {"fma"}, None)


def test_the_digest_is_that_of_the_sources() -> None:
    """The installed build states the digest of the sources in this checkout."""
    hasher = hashlib.sha256()
    for path in (PLUGIN / "hatch_build.py", *sorted((PLUGIN / "native").glob("*.mojo"))):
        hasher.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        hasher.update(path.read_bytes())
    assert hasher.hexdigest() == polytier_mojo.BUILD_DIGEST


def test_the_executables_need_libc_and_libm_alone() -> None:
    """No build names a shared library beside libc and libm, nor a path to search for one."""
    for path in native.FOLDER.iterdir():
        content = path.read_bytes()
        libraries = {word for word in content.split(b"\0") if b".so" in word and not word.startswith(b"/lib64/ld-")}
        assert libraries == {b"libc.so.6", b"libm.so.6"}
        assert b"KGEN" not in content
        assert os.access(path, os.X_OK)


def test_the_protocol_states_the_frames() -> None:
    """PROTOCOL.md states the sizes of the frames that the tier uses."""
    text = (PLUGIN / "PROTOCOL.md").read_text(encoding="utf-8")
    for size in (FRAME_MOST, REQUEST.size, REPLY.size, GREETING.size):
        assert f"{size} bytes" in text
