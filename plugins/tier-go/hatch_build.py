"""Builds the native parts with the Go toolchain and puts them into the wheel."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NATIVE = "native"
SOURCES = {".go", ".c", ".h", ".mod", ".sum"}
PACKAGE = "polytier_go"
LIBRARY = "libpolytier_go.so"
SIDECAR = "polytier-go-sidecar"
DIGEST = "polytier.org/tier-go.Digest"
# Nothing is downloaded: no other toolchain, no module; the vector types are an experiment of this Go release.
ENVIRONMENT = {
    "GOTOOLCHAIN": "local",
    "GOPROXY": "off",
    "GOFLAGS": "-mod=readonly",
    "GOEXPERIMENT": "simd",
    "GOWORK": "off",
    "CGO_CFLAGS": "-O2",
}


def digest(root: Path) -> str:
    """Return the SHA-256 over name, length and content of every native source but the tests."""
    whole = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.suffix in SOURCES):
        if not path.name.endswith("_test.go"):
            content = path.read_bytes()
            whole.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
            whole.update(content)
    return whole.hexdigest()


def build(root: Path, into: Path) -> str:
    """Build library and sidecar from the sources in `root` and return their digest."""
    found = digest(root)
    flags = ["-trimpath", "-buildvcs=false", f"-ldflags=-s -w -buildid= -X {DIGEST}={found}"]
    _go(root, ["-buildmode=c-shared", *flags, "-o", str(into / LIBRARY), "./library"], cgo="1")
    _go(root, [*flags, "-o", str(into / SIDECAR), "./sidecar"], cgo="0")
    (into / LIBRARY).chmod(0o755)
    return found


def _go(root: Path, arguments: list[str], *, cgo: str) -> None:
    go = shutil.which("go")
    if go is None:
        message = "build polytier-go: no 'go' on PATH\nhint: install Go 1.26 from https://go.dev/dl, or use a wheel"
        raise RuntimeError(message)
    environment = {**os.environ, **ENVIRONMENT, "CGO_ENABLED": cgo}
    done = subprocess.run(  # noqa: S603 - a list formed here, and no shell
        [go, "build", *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        hint = "Go 1.26 for linux is needed, and for the library a C compiler"
        message = f"build polytier-go: 'go build' ended with status {done.returncode}\n{done.stderr}\nhint: {hint}"
        raise RuntimeError(message)


class NativeHook(BuildHookInterface[Any]):
    """Adds library, sidecar and digest to the wheel, which thereby holds for one platform."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before the wheel is put together; an sdist carries the sources alone."""
        del version
        if self.target_name != "wheel":
            return
        self.built = Path(tempfile.mkdtemp(prefix="polytier-go-"))
        found = build(Path(self.root) / NATIVE, self.built)
        (self.built / "_build.py").write_text(
            f'"""Written by the build."""\n\nBUILD_DIGEST = "{found}"\n', encoding="utf-8"
        )
        for name in (LIBRARY, SIDECAR, "_build.py"):
            build_data["force_include"][str(self.built / name)] = f"{PACKAGE}/{name}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{self.platform()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was built, which the wheel holds now."""
        del version, build_data, artifact_path
        if self.target_name == "wheel":
            shutil.rmtree(self.built)

    def platform(self) -> str:
        """Return the wheel's platform tag; no manylinux is claimed, for nobody has checked one."""
        machine = os.uname()
        return f"{machine.sysname.lower()}_{machine.machine}"
