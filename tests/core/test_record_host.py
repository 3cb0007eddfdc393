"""Tests of `polytier.record.host` and `polytier.record.facts`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from polytier.record import facts, host
from polytier.record.checks import HOST
from polytier.record.facts import host_facts
from polytier.record.host import Cpu, darwin_cpu, host_id, identify, linux_cpu, this_cpu, usable_cores

if TYPE_CHECKING:
    import ctypes
    from pathlib import Path

EPYC = """\
processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 1
model name\t: AMD EPYC 7763 64-Core Processor
microcode\t: 0x1000065
cpu MHz\t\t: 2445.430
flags\t\t: fpu sse sse2 avx avx2 fma hypervisor

processor\t: 1
model name\t: another
"""
GRAVITON = """\
processor\t: 0
BogoMIPS\t: 2100.00
Features\t: fp asimd sve
CPU implementer\t: 0x41
CPU variant\t: 0x1
CPU part\t: 0xd40
"""
EPYC_FLAGS = frozenset({"fpu", "sse", "sse2", "avx", "avx2", "fma", "hypervisor"})
XEON = Cpu("intel", "Intel(R) Xeon(R) CPU @ 2.20GHz", "", frozenset({"avx512f"}))
RYZEN = Cpu("amd", "AMD Ryzen 7 4750U with Radeon Graphics", "", frozenset({"avx"}))
POWER = "processor\t: 0\ncpu\t\t: POWER9 (architected), altivec supported\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (EPYC, Cpu("amd", "AMD EPYC 7763 64-Core Processor", "25/1//", EPYC_FLAGS)),
        (GRAVITON, Cpu("arm", "0xd40", "//0x1/0xd40", frozenset({"fp", "asimd", "sve"}))),
        (POWER, Cpu("unknown", "POWER9 (architected), altivec supported", "///", frozenset())),
        ("isa\t: rv64\nuarch\t: sifive,u74\n", Cpu("unknown", "sifive,u74", "///", frozenset())),
        ("", Cpu("unknown", "cpu", "///", frozenset())),
        ("no colon\n", Cpu("unknown", "cpu", "///", frozenset())),
    ],
)
def test_the_first_processor_is_read(text: str, wanted: Cpu) -> None:
    """Vendor, model and features come from whatever keys an architecture uses."""
    assert linux_cpu(text) == wanted


@pytest.mark.parametrize(
    ("architecture", "cpu", "words"),
    [
        ("x86_64", linux_cpu(EPYC), "linux-x86_64-amd-epyc-7763-2c-avx2-"),
        ("aarch64", linux_cpu(GRAVITON), "linux-aarch64-arm-0xd40-2c-sve-"),
        ("ppc64le", linux_cpu(POWER), "linux-ppc64le-unknown-power9-architected-altivec-supported-2c-base-"),
        ("x86_64", XEON, "linux-x86_64-intel-xeon-2c-avx512-"),
        ("x86_64", RYZEN, "linux-x86_64-amd-ryzen-7-4750u-2c-avx-"),
        ("arm64", Cpu("apple", "Apple M1", "", frozenset({"asimd"})), "linux-arm64-apple-m1-2c-neon-"),
        ("x86_64", Cpu("intel", "CPU", "", frozenset()), "linux-x86_64-intel-2c-base-"),
    ],
)
def test_an_id_is_readable(architecture: str, cpu: Cpu, words: str) -> None:
    """An id says system, architecture, processor, cores and SIMD level, then a checksum."""
    found = identify("linux", architecture, cpu, 2)
    assert found[:-8] == words
    assert int(found[-8:], 16) >= 0


@given(
    st.tuples(
        st.text(), st.text(), st.builds(Cpu, st.text(), st.text(), st.text(), st.just(frozenset())), st.integers(1)
    )
)
@example(("_:0", "", Cpu("_a_", "CPU", "", frozenset()), 1))
def test_every_id_is_a_name_that_files_and_tables_take(parts: tuple[str, str, Cpu, int]) -> None:
    """Whatever a system says of itself, the id is a safe directory name."""
    assert HOST.fullmatch(identify(*parts))


def test_an_id_changes_with_every_part_and_with_nothing_else() -> None:
    """Another model, stepping, core count or level is another kind of host; a microcode or a clock is not."""
    cpu = linux_cpu(EPYC)
    others = [
        identify("linux", "x86_64", cpu, 4),
        identify("darwin", "x86_64", cpu, 2),
        identify("linux", "aarch64", cpu, 2),
        *(
            identify("linux", "x86_64", linux_cpu(EPYC.replace(old, new)), 2)
            for old, new in [
                ("family\t: 25", "family\t: 26"),
                ("7763", "7764"),
                ("avx2 ", ""),
                ("AuthenticAMD", "HygonGenuine"),
            ]
        ),
    ]
    assert len({identify("linux", "x86_64", cpu, 2), *others}) == 8
    updated = EPYC.replace("0x1000065", "0x1000066").replace("2445.430", "3000.000").replace("fma", "fma new_flag")
    assert identify("linux", "x86_64", linux_cpu(updated), 2) == identify("linux", "x86_64", cpu, 2)


def test_this_host_has_one_id_in_every_process() -> None:
    """A fresh process with other hash seeds and settings finds the same id, and takes no second look."""
    code = "from polytier.record.host import host_id; print(host_id())"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "LC_ALL": "C", "NPY_DISABLE_CPU_FEATURES": ""}
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert fresh.stdout.strip() == host_id()
    assert host_id() is host_id()
    assert HOST.fullmatch(host_id())


def test_an_id_starts_no_process_and_loads_no_slow_module() -> None:
    """A first call pays for the id: neither a process nor hashlib, json, ctypes or platformdirs."""
    code = """
import sys
def audit(event, arguments):
    if event in ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"):
        raise SystemExit(event)
sys.addaudithook(audit)
import polytier
before = set(sys.modules)
from polytier.record.host import host_id
host_id()
print(sorted(name for name in set(sys.modules) - before if not name.startswith("polytier.")))
"""
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(json.loads(fresh.stdout.replace("'", '"'))) <= {"binascii"}


@pytest.mark.skipif(sys.platform != "linux", reason="the files under test are Linux's")
def test_a_share_of_the_processors_counts(tmp_path: Path) -> None:
    """A container's quota limits the cores, rounded up; no quota and no such file leave the affinity."""
    every = len(os.sched_getaffinity(0))
    quota = tmp_path / "cpu.max"
    assert usable_cores(str(quota)) == every
    shares = {
        "max 100000": every,
        "1 100000": 1,
        "100001 100000": min(2, every),
        "9999999 1": every,
        "1 0": every,
        "": every,
    }
    for text, cores in shares.items():
        quota.write_text(text, "utf-8")
        assert usable_cores(str(quota)) == cores


def test_cores_are_counted_where_affinity_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """On systems without affinity all processors count, and one where not even that is known."""
    monkeypatch.delattr(host.os, "sched_getaffinity", raising=False)
    assert usable_cores("absent") == (os.cpu_count() or 1)
    monkeypatch.setattr(host.os, "cpu_count", lambda: None)
    assert usable_cores("absent") == 1


def test_windows_is_named_by_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is neither uname nor /proc, the environment describes the processor."""
    monkeypatch.delattr(host.os, "uname", raising=False)
    monkeypatch.setenv("PROCESSOR_ARCHITECTURE", "AMD64")
    monkeypatch.setenv("PROCESSOR_IDENTIFIER", "Intel64 Family 6 Model 85, GenuineIntel")
    assert host.machine() == "amd64"
    assert this_cpu("win32", "absent") == Cpu("intel", "Intel64 Family 6 Model 85, GenuineIntel", "", frozenset())
    monkeypatch.delenv("PROCESSOR_IDENTIFIER")
    assert this_cpu("win32", "absent") == Cpu("unknown", "cpu", "", frozenset())


def test_macos_is_named_by_its_brand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system call's brand gives vendor and model; where the call fails the processor is unknown."""

    def apple(name: bytes, brand: ctypes.Array[ctypes.c_char], *_: object) -> int:
        assert name == b"machdep.cpu.brand_string"
        brand.value = b"Apple M1 Pro"
        return 0

    monkeypatch.setattr(host, "machine", lambda: "arm64")
    assert darwin_cpu(apple) == Cpu("apple", "Apple M1 Pro", "", frozenset({"asimd"}))
    monkeypatch.setattr(host, "machine", lambda: "x86_64")
    assert darwin_cpu(lambda *_: -1) == darwin_cpu(None) == Cpu("unknown", "cpu", "", frozenset())
    assert isinstance(this_cpu("darwin"), Cpu)


def test_the_facts_explain_a_measurement() -> None:
    """The facts name hardware, system, Python and NumPy with its BLAS, and are plain JSON."""
    found = host_facts()
    assert found.id == host_id()
    assert json.loads(json.dumps(found.facts)) == found.facts
    wanted = "cpu cores isa governor load os kernel libc machine python python_build numpy blas compilers environment"
    assert set(wanted.split()) <= set(found.facts)
    assert found.facts["cores"] == usable_cores()
    assert found.facts["isa"] == sorted(found.facts["isa"])


def test_settings_of_thread_pools_are_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that change how many threads a tier uses are kept, others are not."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setenv("SECRET_TOKEN", "x")
    environment = facts.collect()["environment"]
    assert environment["OPENBLAS_NUM_THREADS"] == "1"
    assert "SECRET_TOKEN" not in environment


def test_the_governor_is_what_the_file_says(tmp_path: Path) -> None:
    """A governor is read where there is one, and None elsewhere."""
    (tmp_path / "scaling_governor").write_text("performance\n", "utf-8")
    assert facts.governor(tmp_path / "scaling_governor") == "performance"
    assert facts.governor(tmp_path / "absent") is None


def test_what_a_system_does_not_tell_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no load, release file or C library version, the facts say so."""

    def absent() -> dict[str, str]:
        raise OSError("no release file")

    monkeypatch.setattr(facts.platform, "freedesktop_os_release", absent)
    monkeypatch.setattr(facts.platform, "libc_ver", lambda: ("", ""))
    monkeypatch.delattr(facts.os, "getloadavg", raising=False)
    found = facts.collect()
    assert (found["os"], found["libc"], found["load"]) == (sys.platform, None, None)
