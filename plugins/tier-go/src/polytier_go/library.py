"""The library in this process: found, examined before it is loaded, and called through cffi."""

# Language policy: exempt, it loads the Go library and hands it arrays.

from __future__ import annotations

import os
import resource
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np

from polytier.errors import told
from polytier_go._build import BUILD_DIGEST
from polytier_go.runtime import out_of_memory
from polytier_go.tasks import METHODS, Task, fresh

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LEVEL: Final = "POLYTIER_GO_SIMD"
THREADS: Final = "POLYTIER_GO_THREADS"
REINSTALL: Final = "reinstall it: pip install --force-reinstall --no-deps polytier-go"

DECLARATIONS: Final = """
void polytier_go_setup(uintptr_t header, uintptr_t type, uintptr_t *dtypes);
uintptr_t polytier_go_address(uintptr_t object, int64_t rows, int64_t columns);
int32_t polytier_go_start(char *level, int64_t threads);
int32_t polytier_go_text(int32_t which, char *to, int64_t room);
double polytier_go_order_parameter(uintptr_t theta);
double polytier_go_bare_seconds(uintptr_t theta, int64_t calls);
double polytier_go_mean_phase(uintptr_t theta);
int32_t polytier_go_mean_field(uintptr_t theta, uintptr_t to);
int32_t polytier_go_build_knm(int64_t n, double base, double decay, uintptr_t to);
int32_t polytier_go_networked_force(uintptr_t theta, uintptr_t K, uintptr_t to);
int32_t polytier_go_integrate(int32_t method, uintptr_t theta0, uintptr_t omega, uintptr_t K, double dt,
    int64_t first, int64_t steps, uintptr_t last, uintptr_t path, uintptr_t order, uintptr_t times);
int64_t polytier_go_part(int32_t method, int64_t n);
int32_t polytier_go_panic(int32_t helper);
int32_t polytier_go_wait(int64_t ticket);
void polytier_go_stop(int64_t ticket);
int32_t polytier_go_aer(int32_t decoder, uintptr_t address, uintptr_t t_ns, uintptr_t polarity, int64_t channels,
    uint64_t window, uint64_t start, uintptr_t to);
int32_t polytier_go_faraday_recovery(uintptr_t time, uintptr_t radius, uintptr_t velocity, uintptr_t field,
    uintptr_t rate, double turns, double load, double efficiency, uintptr_t flux, uintptr_t flux_rate,
    uintptr_t back_emf, uintptr_t power, uintptr_t totals);
double polytier_go_faraday_back_emf(double radius, double velocity, double field, double rate, double turns);
int32_t polytier_go_faraday_emf(double radius, double velocity, double field, double rate, double turns, uintptr_t to);
int32_t polytier_go_doppler(uintptr_t phases, uintptr_t positions, uintptr_t velocities, uintptr_t omega,
    uintptr_t coupling, uintptr_t rate, double lag, double push, double epsilon, double scale, double time,
    uintptr_t to);
int32_t polytier_go_doppler_trace(uintptr_t phases, uintptr_t positions, uintptr_t velocities, uintptr_t omega,
    uintptr_t coupling, uintptr_t rate, double dt, int64_t steps, double lag, double push, double epsilon,
    double scale, double time, uintptr_t times, uintptr_t path, uintptr_t places, uintptr_t order, uintptr_t locks,
    uintptr_t ticket);
int32_t polytier_go_commutator(uintptr_t a, uintptr_t b, uintptr_t to, uintptr_t ticket);
int32_t polytier_go_pauli(int32_t reconstruct, uintptr_t from, uintptr_t to);
int32_t polytier_go_hamiltonian(uintptr_t K, uintptr_t omega, double delta, uintptr_t to);
int32_t polytier_go_expectations(uintptr_t psi, uintptr_t ex, uintptr_t ey, uintptr_t ez, uintptr_t coherence);
int32_t polytier_go_algebra(uintptr_t generators, int64_t rounds, int64_t most, double small, uintptr_t to,
    uintptr_t ticket);
"""

OK, UNREADABLE, NOT_FINITE, MEMORY, FORKED, PANIC, REFUSED, BAD_VALUE, RUNNING, STOPPED = range(10)
DIGEST_TEXT, LEVEL_TEXT, MESSAGE_TEXT = range(3)
MACHINES: Final = {"x86_64": 62, "aarch64": 183}
RESERVED: Final = 2 << 30
"""Bytes of address space that Go's runtime may take at its start: 1.6 GB were measured."""

DTYPES: Final = (np.float64, np.complex128, np.int64, np.uint64, np.int8)
"""Those whose arrays the library reads where they lie, in the order of its own list."""

FUNCTIONS: Final[dict[str, tuple[Any, ...]]] = {
    "aer_decode_rate": ("aer", 0),
    "aer_decode_temporal": ("aer", 1),
    "aer_decode_isi": ("aer", 2),
    "doppler_kuramoto": ("doppler",),
    "doppler_kuramoto_trace": ("doppler_trace",),
    "faraday_recovery": ("faraday_recovery",),
    "faraday_back_emf": ("faraday_emf",),
    "commutator_dense": ("commutator",),
    "pauli_decompose": ("pauli", 0),
    "pauli_reconstruct": ("pauli", 1),
    "xy_hamiltonian_dense": ("hamiltonian",),
    "pauli_expectations": ("expectations",),
    "dla_dimension": ("algebra",),
}
"""The functions of the families that fill answers: name, and the arguments before those of the kernel."""

LASTING: Final = {"doppler_kuramoto_trace", "commutator_dense", "dla_dimension"}
"""Kernels whose functions take a place for a ticket: the wait for them is cut, so that Ctrl-C is heard."""

_ROOM = 1024
_MOST_THREADS = 1024
_HEADER = 64
_KEPT = ("path", "order", "times")


def path() -> Path:
    """Return where the wheel puts the library."""
    return Path(__file__).with_name("libpolytier_go.so")


def refused(found: str, hint: str = REINSTALL) -> ImportError:
    """Return the ImportError for a library that cannot be used."""
    return ImportError(told(f"load the go tier's library {str(path())!r}", found, hint))


class Library:
    """The loaded library, proved to be the one that this package was built with."""

    def __init__(self) -> None:
        if _implementation() != "cpython":
            raise refused(f"this is {_implementation()}, and the library reads CPython's objects", "use CPython")
        examine(path())
        _has_room()
        self._ffi, self._lib = _open(path())
        head = object.__basicsize__
        kinds = self._ffi.new("uintptr_t[]", [id(np.dtype(dtype)) for dtype in DTYPES])
        self._lib.polytier_go_setup(head, id(np.ndarray), kinds)
        self._prove_layout()
        digest = self.text(DIGEST_TEXT)
        if digest != BUILD_DIGEST:
            raise refused(f"it was built from sources with digest {digest}, the package from {BUILD_DIGEST}")
        self._start()

    def _prove_layout(self) -> None:
        probe = np.zeros((3, 5))
        if self._lib.polytier_go_address(id(probe), 3, 5) != probe.ctypes.data:
            raise refused("it cannot read this NumPy's arrays", "report it, with the versions of Python and NumPy")

    def _start(self) -> None:
        level, threads = os.environ.get(LEVEL, ""), os.environ.get(THREADS, "")
        count = int(threads) if threads.isascii() and threads.isdigit() else 0 if not threads else -1
        if threads and not 1 <= count <= _MOST_THREADS:
            raise refused(f"{THREADS} is {threads!r}", f"unset {THREADS}, or set it to an integer from 1 to 1024")
        if self._lib.polytier_go_start(level.encode(), count) == REFUSED:
            hint = f"unset {LEVEL}, or set it to 'avx2' or 'baseline'"
            raise refused(f"{LEVEL} is {level!r}, and this CPU has no such level", hint)

    def text(self, which: int) -> str:
        """Return one of the library's texts."""
        room = self._ffi.new("char[]", _ROOM)
        self._check("load", self._lib.polytier_go_text(which, room, _ROOM))
        return self._ffi.string(room).decode("utf-8", "replace")  # type: ignore[no-any-return]

    def level(self) -> str:
        """Return the name of the vector instructions in use."""
        return self.text(LEVEL_TEXT)

    def shortcuts(self) -> dict[str, Callable[..., Any]]:
        """Return the library's functions for plain arrays, which are given by their address as objects."""
        names = ["order_parameter", "bare_seconds", "mean_phase", "build_knm", "networked_force", "integrate"]
        names += ["faraday_back_emf", *{name for name, *_ in FUNCTIONS.values()}]
        return {name: getattr(self._lib, f"polytier_go_{name}") for name in names}

    def solve(self, task: Task) -> Any:
        """Solve a task in this thread, without the interpreter's lock."""
        if task.kernel in FUNCTIONS:
            return self._fill(task)
        if task.kernel in METHODS:
            return self._integrate(task)
        answers = [fresh(shape) for shape in task.shapes().values()]
        if task.kernel == "build_knm":
            n, base, decay = task.numbers.values()
            status = self._lib.polytier_go_build_knm(n, base, decay, id(answers[0]))
        elif task.kernel == "networked_force":
            status = self._lib.polytier_go_networked_force(*map(id, task.arrays.values()), id(answers[0]))
        else:
            return self._mean_field(task)
        self._check(task.kernel, status)
        return answers[0]

    def _mean_field(self, task: Task) -> float:
        both = np.empty(2)
        self._check(task.kernel, self._lib.polytier_go_mean_field(id(task.arrays["theta"]), id(both)))
        return float(both[int(task.kernel == "mean_phase")])

    def _integrate(self, task: Task) -> Any:
        """Run in parts, between which the interpreter looks at signals: Ctrl-C ends a run within some 50 ms."""
        theta, omega, coupling = task.arrays.values()
        answers = {name: fresh(shape) for name, shape in task.shapes().items()}
        last = answers.get("last")
        last = np.empty(len(theta)) if last is None else last
        method, steps, first = METHODS[task.kernel], task.steps, 0
        part = self._lib.polytier_go_part(method, len(theta))
        while True:
            now = min(part, steps - first)
            kept = [answers[name][first : first + now + 1] if name in answers else None for name in _KEPT]
            addresses = [0 if one is None else id(one) for one in kept]
            status = self._lib.polytier_go_integrate(
                method, id(theta), id(omega), id(coupling), task.numbers["dt"], first, now, id(last), *addresses
            )
            self._check(task.kernel, status)
            first, theta = first + now, last
            if first >= steps:
                found = tuple(answers.values())
                return found if len(found) > 1 else found[0]

    def _fill(self, task: Task) -> None:
        """Have a task's answers filled; what lasts is waited for bit by bit."""
        name, *first = FUNCTIONS[task.kernel]
        arguments = [*first, *map(id, task.arrays.values()), *task.numbers.values(), *map(id, task.answers.values())]
        function = getattr(self._lib, f"polytier_go_{name}")
        if task.kernel not in LASTING:
            self._check(task.kernel, function(*arguments))
            return
        # A place that is there before the call: Ctrl-C may be heard right at its return.
        ticket = self._ffi.new("int64_t *")
        try:
            status = function(*arguments, int(self._ffi.cast("uintptr_t", ticket)))
            while status == RUNNING:
                status = self._lib.polytier_go_wait(ticket[0])
        except BaseException:
            self._lib.polytier_go_stop(ticket[0])
            raise
        self._check(task.kernel, status)

    def panic(self, *, helper: bool) -> None:
        """Have the library panic, to show what becomes of it."""
        self._check("panic", self._lib.polytier_go_panic(helper))

    def _check(self, kernel: str, status: int) -> None:
        if status != OK:
            self._fail(kernel, status)

    def _fail(self, kernel: str, status: int) -> NoReturn:
        asked = f"run {kernel!r} on the go tier"
        if status == BAD_VALUE:
            raise ValueError(self.text(MESSAGE_TEXT))
        if status == MEMORY:
            out_of_memory()
        if status == FORKED:
            found = "this process was forked after the library was loaded, and Go's runtime does not survive that"
            raise RuntimeError(told(asked, found, "start processes with 'spawn' or 'forkserver', or fork earlier"))
        if status == PANIC:
            hint = "report it with the arguments of the call"
            raise RuntimeError(told(asked, f"the tier met a defect of its own: {self.text(MESSAGE_TEXT)}", hint))
        found = f"the library refuses arguments that were checked, with status {status}"
        raise RuntimeError(told(asked, found, "report it with the arguments, and change none during a call"))


def _has_room() -> None:
    """Raise ImportError where Go's runtime would find no room for its reservations: it would end the process."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    left = limit - pages * resource.getpagesize()
    if left < RESERVED:
        hint = "raise `ulimit -v`, or set POLYTIER_GO=sidecar"
        raise refused(f"Go reserves {RESERVED >> 20} MiB of address space, and {left >> 20} MiB are left", hint)


def _implementation() -> str:
    return sys.implementation.name


def examine(file: Path) -> None:
    """Raise ImportError unless a file looks like a whole library for this machine: a cut one would end the process."""
    try:
        with file.open("rb") as stream:
            header, size = stream.read(_HEADER), os.fstat(stream.fileno()).st_size
    except OSError as failure:
        raise refused(f"it cannot be read: {failure}") from failure
    if len(header) < _HEADER or header[:6] != b"\x7fELF\x02\x01":
        raise refused(f"it is no 64-bit little-endian ELF file; it has {size} bytes")
    machine, wanted = struct.unpack_from("<H", header, 18)[0], MACHINES.get(os.uname().machine)
    if machine != wanted:
        raise refused(f"it is for ELF machine {machine}, this one is {wanted} ({os.uname().machine})")
    (sections,) = struct.unpack_from("<Q", header, 40)
    width, count = struct.unpack_from("<HH", header, 58)
    if size < sections + width * count:
        raise refused(f"it is cut off: {size} of {sections + width * count} bytes are there")


def _open(file: Path) -> tuple[Any, Any]:
    import cffi  # type: ignore[import-untyped] # its stubs are another distribution

    ffi = cffi.FFI()
    ffi.cdef(DECLARATIONS)
    try:
        lib = ffi.dlopen(str(file), ffi.RTLD_NOW | ffi.RTLD_LOCAL)
        for name in ("polytier_go_text", "polytier_go_integrate", "polytier_go_panic"):
            getattr(lib, name)
    except (OSError, AttributeError) as failure:
        raise refused(f"it cannot be loaded: {failure}") from failure
    return ffi, lib
