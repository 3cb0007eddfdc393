"""Compiles the Mojo worker for each level of SIMD, links it against libc and libm alone, and puts it into the wheel."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LEVELS = {"avx2": "x86-64-v3", "avx512": "x86-64-v4"}
FLAGS = ("build", "--emit", "object", "--fp-mode", "contract=off", "-D", "ASSERT=none", "--Werror")
# A `main` of Mojo's own would bring its runtime libraries; the entry point has a C signature and another name.
LINK = ("-Wl,--defsym=main=worker_main", "-Wl,--gc-sections", "-Wl,-z,relro,-z,now,-z,noexecstack", "-s", "-lm")
NAME = "polytier-mojo-worker"


class WorkerHook(BuildHookInterface[Any]):
    """Adds the executables, and a module that states the digest of their sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build for a wheel; an sdist carries the sources."""
        if self.target_name != "wheel":
            return
        if sys.platform != "linux" or platform.machine() != "x86_64":
            fail(f"this is {platform.machine()} {sys.platform}", "the Mojo tier is for x86-64 Linux")
        sources = Path(self.root, "native")
        digest = digest_of(sources)
        self.place = Path(tempfile.mkdtemp(prefix="polytier-mojo-"))
        included = build_data["force_include"]
        for level, cpu in LEVELS.items():
            path = self.place / f"{NAME}-{level}"
            build(sources, digest, cpu, path)
            included[str(path)] = f"polytier_mojo/_bin/{path.name}"
        module = self.place / "_build.py"
        text = f'"""What this wheel was built from."""\n\nBUILD_DIGEST = "{digest}"\n'
        module.write_text(text, encoding="utf-8")
        included[str(module)] = "polytier_mojo/_build.py"
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-linux_x86_64"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - as above
        """Remove what was built beside the tree."""
        if self.target_name == "wheel":
            shutil.rmtree(self.place, ignore_errors=True)


def digest_of(sources: Path) -> str:
    """Return the SHA-256 over name, length and content of this file and every source."""
    hasher = hashlib.sha256()
    for path in (Path(__file__), *sorted(sources.glob("*.mojo"))):
        content = path.read_bytes()
        hasher.update(f"{path.name}\0{len(content)}\0".encode())
        hasher.update(content)
    return hasher.hexdigest()


def build(sources: Path, digest: str, cpu: str, executable: Path) -> None:
    """Compile and link one executable."""
    # Every user's CPU, not the one of the building host, which is the compiler's default.
    target = ("--target-cpu", cpu, "-D", f"BUILD_DIGEST={digest}")
    compiled = executable.with_suffix(".o")
    compile_object((*FLAGS, *target, str(sources / "worker.mojo"), "-o", str(compiled)))
    done = subprocess.run([linker(), str(compiled), "-o", str(executable), *LINK], check=False)  # noqa: S603
    compiled.unlink()
    if done.returncode:
        fail(f"the linker ended with exit code {done.returncode}", "its messages are above")
    executable.chmod(0o755)


def compile_object(arguments: tuple[str, ...]) -> None:
    """Run the compiler of the build requirements."""
    # Without this the compiler talks to its maker's hosts.
    os.environ["MODULAR_TELEMETRY_ENABLED"] = "0"
    from mojo.run import subprocess_run_mojo

    done = subprocess_run_mojo(list(arguments), check=False)
    if done.returncode:
        fail(f"the compiler ended with exit code {done.returncode}", "its messages are above")


def linker() -> str:
    """Return the C compiler that links; it needs the headers and start files of libc."""
    # The compiler looks for a `cc` too, though it does not run it for an object.
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang"):
        if name and (found := shutil.which(name)):
            return found
    return fail("there is no C compiler on the PATH", "install gcc or clang with the development files of libc")


def fail(found: str, hint: str) -> Any:
    """End the build."""
    message = f"build polytier-mojo: {found}\nhint: {hint}"
    raise RuntimeError(message)
