"""The state of dispatch: one object that holds everything a process decides, and that a test can build by itself."""

from __future__ import annotations

import builtins
import os
import threading
import time
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from polytier.dispatch import generate
from polytier.dispatch.context import Trace, Using
from polytier.dispatch.handle import KernelHandle, explain
from polytier.dispatch.quarantine import Quarantine
from polytier.dispatch.service import Service
from polytier.dispatch.tables import Source, Sources, find_sources
from polytier.errors import PolytierWarning, UnknownNameError
from polytier.marks import FLOOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import FunctionType

    from polytier.dispatch.context import Block
    from polytier.dispatch.plan import TierSource
    from polytier.dispatch.planner import Planner
    from polytier.dispatch.reasons import Explanation
    from polytier.kernels.declaration import Catalogue, Kernel
    from polytier.marks import Deprecation
    from polytier.record.tables import Table


class Dispatcher:
    """The installed tiers, the tables that hold, the quarantine, and one service per kernel.

    Nothing is looked up before the first call: not the environment, not the disk, not the installed tiers.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        tiers: TierSource | None = None,
        environ: Mapping[str, str] | None = None,
        table: Table | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.catalogue = catalogue
        self.environ = os.environ if environ is None else environ
        self.clock = clock
        self.quarantine = Quarantine(clock)
        self.services: dict[str, Service] = {}
        self.lock = threading.RLock()
        self.generation = 0
        self.blocks: set[Block[Any]] = set()
        self.told: dict[str, object] = {}  # the deprecated things that callers were warned of
        self.private: dict[str, Any] = {"__builtins__": builtins, generate.CLOCK: clock}
        # Those of replaced declarations too: an old reference goes on to be called, and must follow pins and tables.
        # Strongly: the private names hold them anyway, and a reload in an interactive session costs some kilobytes.
        self._published: list[Service] = []
        self._tiers = tiers
        self._given: Source | None = None
        self._sources: Sources | None = None
        self._planner: Planner | None = None
        self._planning = threading.local()
        self._warned: set[str] = set()
        if table is not None:
            self.rank_by(table)
        if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows cannot fork
            os.register_at_fork(after_in_child=self._after_fork)

    def publish(self, kernel: Kernel) -> FunctionType:
        """Return the dispatching function of a kernel; its `.dispatch` is the handle."""
        service = Service(self, kernel)
        service.function.dispatch = KernelHandle(service)  # type: ignore[attr-defined]
        with self.lock:
            self.services[kernel.name] = service
            self._published.append(service)
        return service.function

    # What a caller asks --------------------------------------------------------------------------------------------

    def using(self, tier: str) -> Using:
        """Return a context manager (and decorator) that pins kernels to one tier in this task or thread."""
        if tier != FLOOR and tier not in self.tiers.installed():
            raise UnknownNameError.of("tier", tier, (FLOOR, *self.tiers.installed()))
        return Using(tier, self)

    def trace(self) -> Trace:
        """Return a context manager that notes every call served in this task or thread."""
        return Trace(self)

    def explain(self, kernel: str, size: int) -> Explanation:
        """Return how a call of this size would be served on this host, and why."""
        self.catalogue[kernel]
        return explain(self.services[kernel], size)

    def refresh(self) -> None:
        """Read the environment, the tables and the installed tiers anew, and end every quarantine."""
        with self.lock:
            self._sources = self._planner = None
            self.quarantine.clear()
            if self._tiers is not None:
                self._tiers.refresh()
            self._renew()

    def rank_by(self, table: Table | None, origin: str = "a table given to this process") -> None:
        """Use this table instead of all others from the next call on; None goes back to the tables on disk."""
        with self.lock:
            self._given = None if table is None else Source(table, origin, table.host != self.host())
            self._sources = None
            self._renew()

    def freeze(self) -> str:
        """Return the ranks in force as the text of a table; loading it makes every process choose alike."""
        from polytier.record.tables import Table, format_table

        rankings = {name: service.ranking() for name, service in tuple(self.services.items())}
        hosts = {source.table.host for source in self.sources().known if source.estimated}
        ranks = {name: ranking.ranks for name, ranking in rankings.items() if ranking.ranks is not None}
        estimated = any(ranking.estimated for ranking in rankings.values())
        return format_table(Table(host=min(hosts) if estimated else self.host(), kernels=ranks))

    def warm(self, *tiers: str) -> None:
        """Load these tiers (by default all allowed ones) ahead of the first call, and run the `warm()` they offer."""
        known = self.tiers.installed()
        for name in tiers or [tier for tier in known if self.tiers.denied(tier) is None]:
            if name not in known:
                raise UnknownNameError.of("tier", name, known)
            with self.while_planning():
                module = self.tiers.load(name)
            start = getattr(module, "warm", None)
            if start is not None:
                start()

    # What services and blocks ask ----------------------------------------------------------------------------------

    @property
    def tiers(self) -> TierSource:
        """The installed tiers; found at the first use."""
        if self._tiers is None:
            from polytier.tiers.registry import Tiers

            with self.lock:  # what is imported above may not be imported in here: imports have locks of their own
                self._tiers = self._tiers or Tiers(self.catalogue.__getitem__, environ=self.environ, notice=self._tell)
        return self._tiers

    def host(self) -> str:
        """Return the id of this kind of host."""
        from polytier.record.host import host_id

        return host_id()

    def sources(self) -> Sources:
        """Return the tables that hold."""
        generation, given, sources = self.generation, self._given, self._sources
        if given is not None:
            return Sources((given,))
        if sources is None:
            from polytier.record.paths import user_table

            sources = find_sources(self.environ, self.host(), user_table)
            with self.lock:
                if generation == self.generation:
                    self._sources = sources
        return sources

    def planner(self) -> Planner:
        """Return the planner for the environment as it was at the first use."""
        generation, planner = self.generation, self._planner
        if planner is None:
            from polytier.dispatch.planner import Planner
            from polytier.dispatch.settings import read_settings

            settings, told = read_settings(self.environ)
            planner = Planner(self.tiers, self.quarantine, settings, self.while_planning)
            with self.lock:
                if generation == self.generation:
                    self._planner = planner
            self._warn(told)
        return planner

    @property
    def planning(self) -> bool:
        """Whether this thread is loading a tier."""
        return getattr(self._planning, "busy", False)

    @contextmanager
    def while_planning(self) -> Iterator[None]:
        """Mark this thread as loading a tier: its kernel calls go to the floor."""
        before = self.planning
        self._planning.busy = True
        try:
            yield
        finally:
            self._planning.busy = before

    def begin(self, block: Block[Any]) -> None:
        """Send every call through the slow path, which looks whose it is, while the block is open."""
        with self.lock:
            for service in self._published:
                service.watch()
            self.blocks.add(block)

    def end(self, block: Block[Any]) -> None:
        """Close the block; the next call that finds none open returns to the fast path."""
        with self.lock:
            block.open = False
            self.blocks.discard(block)

    def _renew(self) -> None:
        self.generation += 1
        for service in self._published:
            service.invalidate()

    def _warn(self, told: Iterable[PolytierWarning]) -> None:
        for warning in told:
            if str(warning) not in self._warned:
                self._warned.add(str(warning))
                warnings.warn(warning, stacklevel=2)

    def _tell(self, tier: str, deprecation: Deprecation) -> None:
        from polytier.dispatch.notices import tell

        tell(self.told, f"tier {tier!r}", deprecation)

    def _after_fork(self) -> None:
        # A fork copies a lock that another thread holds, and nobody in the child would release it.
        self.lock = threading.RLock()
        self.quarantine.lock = threading.RLock()
        # Nor will the other threads' blocks ever be left.
        self.blocks = {block for block in self.blocks if block.thread == threading.get_ident()}
