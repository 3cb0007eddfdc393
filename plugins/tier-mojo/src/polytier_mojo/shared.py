"""Memory that this process and its worker share: files without a name, which vanish with their last descriptor."""

# Language policy: exempt, it maps shared memory as arrays.

from __future__ import annotations

import math
import mmap
import os
import threading
import weakref
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LEAST: Final = 1 << 20
"""Bytes of a segment's first growth."""

KEPT: Final = 1 << 26
"""Bytes that a segment may keep between calls; what a larger call took is given back after it."""


class Segment:
    """Shared memory that grows; nothing is taken before something is asked for."""

    def __init__(self, name: str) -> None:
        self.fd = os.memfd_create(name, os.MFD_CLOEXEC)
        self.size = 0
        self.values: Array = np.empty(0)

    def reserve(self, nbytes: int) -> None:
        """Have room for so many bytes: the pages are there when this returns, or it raises."""
        if nbytes <= self.size:
            return
        self.drop()
        size = -(-max(nbytes, LEAST) // mmap.PAGESIZE) * mmap.PAGESIZE
        # A page that could not be had later, at the first write, would end this process with SIGBUS.
        os.posix_fallocate(self.fd, 0, size)
        self.values = np.frombuffer(mmap.mmap(self.fd, size), dtype=np.float64)
        self.size = size

    def drop(self) -> None:
        """Give all memory back; a mapping ends with the last array over it, and nobody but this object has one."""
        self.values, self.size = np.empty(0), 0
        os.ftruncate(self.fd, 0)

    def trim(self) -> None:
        """Give back what only a large call needs."""
        if self.size > KEPT:
            self.drop()

    def close(self) -> None:
        """Forget the memory without a word to whoever shares it."""
        self.values, self.size = np.empty(0), 0
        os.close(self.fd)


class Arena:
    """Arrays that last from call to call and that the worker reads where they lie."""

    def __init__(self) -> None:
        self._fd = -1
        self._lock = threading.RLock()  # an array may end, and call `_free`, wherever this thread allocates
        self._blocks: dict[int, tuple[int, int]] = {}
        self._spare: list[tuple[int, int]] = []
        self.size = 0

    @property
    def fd(self) -> int:
        """The descriptor of the file, which is made when it is first asked for."""
        with self._lock:
            if self._fd < 0:
                self._fd = os.memfd_create("polytier-mojo-lasting", os.MFD_CLOEXEC)
            return self._fd

    def empty(self, shape: int | tuple[int, ...]) -> Array:
        """Return an array of zeros or of old values, as numpy.empty does."""
        count = math.prod(shape) if isinstance(shape, tuple) else shape
        room = -(-max(count * 8, 1) // mmap.PAGESIZE) * mmap.PAGESIZE
        with self._lock:
            offset = self._take(room)
            mapping = mmap.mmap(self.fd, room, offset=offset)
            values = np.frombuffer(mapping, dtype=np.float64)
            address = values.__array_interface__["data"][0]
            self._blocks[address] = (offset, room)
        weakref.finalize(mapping, self._free, address, offset, room).atexit = False
        return values[:count].reshape(shape)

    def place(self, array: Array) -> int | None:
        """Return the offset at which the worker finds an array, or None if it lies elsewhere."""
        if not self._blocks:
            return None
        start: int = array.__array_interface__["data"][0]
        with self._lock:
            for address, (offset, room) in self._blocks.items():
                if address <= start and start + array.nbytes <= address + room:
                    return offset + (start - address)
        return None

    def leave(self) -> None:
        """Leave the memory to the process that made it: a fork shares it, and what is allocated there."""
        self._lock = threading.RLock()
        self._blocks, self._spare, self.size = {}, [], 0
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _take(self, room: int) -> int:
        for at, (offset, size) in enumerate(self._spare):
            if size == room:
                del self._spare[at]
                return offset
        offset = self.size
        os.posix_fallocate(self.fd, offset, room)
        self.size += room
        return offset

    def _free(self, address: int, offset: int, room: int) -> None:
        with self._lock:
            if self._blocks.get(address) != (offset, room):
                return  # it belongs to the process that this one was forked from
            del self._blocks[address]
            self._spare.append((offset, room))
            if not self._blocks:
                self._spare.clear()
                self.size = 0
                os.ftruncate(self._fd, 0)
