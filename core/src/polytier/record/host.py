"""What is known of the host: a short id that is cheap to take, and the facts that explain a measurement."""

from __future__ import annotations

import functools
import os
import sys
from binascii import crc32
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_VENDORS: Final = {
    "AuthenticAMD": "amd",
    "GenuineIntel": "intel",
    "0x41": "arm",
    "0x46": "fujitsu",
    "0x48": "hisilicon",
    "0x4e": "nvidia",
    "0x51": "qualcomm",
    "0x61": "apple",
    "0xc0": "ampere",
}
_NOISE: Final = frozenset({"cpu", "processor", "r", "tm", "core", "with", "radeon", "graphics"})
_LEVELS: Final = {"avx512f": "avx512", "avx2": "avx2", "avx": "avx", "sve2": "sve2", "sve": "sve", "asimd": "neon"}


class HostFacts(NamedTuple):
    """A host: its id and, for the reader of a record, what it is made of."""

    id: str
    facts: Mapping[str, Any]


class Cpu(NamedTuple):
    """What the operating system says of the first processor."""

    vendor: str
    model: str
    stepping: str
    flags: frozenset[str]

    @property
    def level(self) -> str:
        """The widest SIMD level that has a name of its own; 'base' where the system names none."""
        return next((level for flag, level in _LEVELS.items() if flag in self.flags), "base")


@functools.cache
def host_id() -> str:
    """Return the short name of this kind of host; reboots and updates leave it as it is."""
    return identify(sys.platform, machine(), this_cpu(), usable_cores())


def identify(system: str, architecture: str, cpu: Cpu, cores: int) -> str:
    """Return the id of the kind of host that has these parts: readable words, then a checksum over all of them."""
    vendor, words = _slug(cpu.vendor), _words(cpu.model)[:5]
    named = words if vendor in words else [vendor, *words]
    parts = (system, architecture, cpu.vendor, cpu.model, cpu.stepping, str(cores), cpu.level)
    # hashlib takes 2 to 8 ms to import, and a first call waits for this; nobody forges a host id.
    checksum = f"{crc32(chr(0).join(parts).encode('utf-8', 'replace')):08x}"
    return "-".join([_slug(system), _slug(architecture), *named, f"{cores}c", cpu.level, checksum])


def machine() -> str:
    """Return the architecture as the system spells it, in lower case."""
    # platform.machine() asks WMI on Windows, which can take 100 ms.
    name = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "unknown")
    return name.lower()


def usable_cores(quota: str = "/sys/fs/cgroup/cpu.max") -> int:
    """Return the number of processors that this process may use: its affinity, or its container's share if less."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        share, period = _first_block(quota).split()
        return min(cores, max(1, -(-int(share) // int(period))))
    except (OSError, ValueError, ZeroDivisionError):  # no such file here, or the share is "max"
        return cores


def this_cpu(system: str = sys.platform, cpuinfo: str = "/proc/cpuinfo") -> Cpu:
    """Return what the system tells of the first processor, asked without starting a process."""
    if system == "darwin":
        import ctypes

        return darwin_cpu(getattr(ctypes.CDLL(None), "sysctlbyname", None))
    try:
        return linux_cpu(_first_block(cpuinfo))
    except OSError:
        described = os.environ.get("PROCESSOR_IDENTIFIER", "cpu")  # Windows
        return Cpu(_VENDORS.get(described.rpartition(", ")[2], "unknown"), described, "", frozenset())


def _first_block(path: str) -> str:
    # With 256 processors the whole file takes the kernel milliseconds to write.
    handle = os.open(path, os.O_RDONLY)
    try:
        return os.read(handle, 8192).decode("utf-8", "replace")
    finally:
        os.close(handle)


def linux_cpu(text: str) -> Cpu:
    """Return the first processor of a /proc/cpuinfo."""
    fields = dict(_split(line) for line in text.split("\n\n", 1)[0].splitlines())
    vendor = fields.get("vendor_id") or fields.get("CPU implementer") or "unknown"
    part = fields.get("CPU part", "")
    model = fields.get("model name") or fields.get("cpu") or fields.get("uarch") or part or "cpu"
    stepping = "/".join(fields.get(key, "") for key in ("cpu family", "model", "CPU variant", "CPU part"))
    flags = frozenset((fields.get("flags") or fields.get("Features") or "").split())
    return Cpu(_VENDORS.get(vendor, vendor), model, stepping, flags)


def darwin_cpu(sysctlbyname: Callable[..., int] | None) -> Cpu:
    """Return the processor by the brand that the system call gives."""
    import ctypes

    size = ctypes.c_size_t(256)
    brand = ctypes.create_string_buffer(size.value)
    known = sysctlbyname and sysctlbyname(b"machdep.cpu.brand_string", brand, ctypes.byref(size), None, 0) == 0
    model = brand.value.decode("utf-8", "replace") if known else "cpu"
    flags = frozenset({"asimd"} if machine() == "arm64" else ())
    return Cpu(next(iter(_words(model)), "unknown"), model, "", flags)


def _split(line: str) -> tuple[str, str]:
    key, _, value = line.partition(":")
    return key.strip(), value.strip()


def _words(model: str) -> list[str]:
    # "AMD EPYC 7763 64-Core Processor" and "Intel(R) Xeon(R) CPU @ 2.20GHz": counts and clocks are no name.
    tokens = [token for token in model.lower().partition("@")[0].split() if not token.endswith("-core")]
    words = _slug(" ".join(tokens)).split("-")
    return [word for word in words if word not in _NOISE]


def _slug(text: str) -> str:
    kept = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter == "_") else " " for letter in text.lower()
    )
    return "-".join(kept.split()).strip("-_") or "unknown"
