"""The state of dispatch: one object that holds everything a process decides, and that a test can build by itself."""

from __future__ import annotations

import builtins
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from polytier.dispatch import generate
from polytier.dispatch.context import Trace, Using
from polytier.dispatch.plan import Planner, TierSource
from polytier.dispatch.quarantine import Quarantine
from polytier.dispatch.service import Service
from polytier.dispatch.tables import Source, Sources, find_sources
from polytier.errors import UnknownNameError
from polytier.marks import FLOOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FunctionType

    from polytier.dispatch.reasons import Explanation
    from polytier.kernels.declaration import Catalogue, Kernel
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
        self.attention = 0
        self.private: dict[str, Any] = {"__builtins__": builtins, generate.CLOCK: clock}
        self._tiers = tiers
        self._given: Source | None = None
        self._sources: Sources | None = None
        self._planner: Planner | None = None
        self._planning = threading.local()
        if table is not None:
            self.rank_by(table)
        if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows cannot fork
            os.register_at_fork(after_in_child=self._renew_locks)

    def publish(self, kernel: Kernel) -> FunctionType:
        """Return the dispatching function of a kernel; its `.dispatch` is the handle."""
        service = Service(self, kernel)
        self.services[kernel.name] = service
        service.function.dispatch = service  # type: ignore[attr-defined]
        return service.function

    # What a caller asks --------------------------------------------------------------------------------------------

    def using(self, tier: str) -> Using:
        """Return a context manager (and decorator) that pins kernels to one tier in this task or thread."""
        if tier != FLOOR and tier not in self.tiers.installed():
            raise UnknownNameError.of("tier", tier, (FLOOR, *self.tiers.installed()))
        return Using(tier, self._attend)

    def trace(self) -> Trace:
        """Return a context manager that notes every call served in this task or thread."""
        return Trace(self._attend)

    def explain(self, kernel: str, size: int) -> Explanation:
        """Return how a call of this size would be served on this host, and why."""
        self.catalogue[kernel]
        return self.services[kernel].explain(size)

    def refresh(self) -> None:
        """Read the environment, the tables and the installed tiers anew, and end every quarantine."""
        with self.lock:
            self.generation += 1
            self._sources = self._planner = None
            self.quarantine.clear()
            if self._tiers is not None:
                self._tiers.refresh()
            for service in self.services.values():
                service.invalidate()

    def rank_by(self, table: Table | None, origin: str = "a table given to this process") -> None:
        """Use this table instead of all others from the next call on; None goes back to the tables on disk."""
        with self.lock:
            self.generation += 1
            self._given = None if table is None else Source(table, origin, table.host != self.host())
            self._sources = None
            for service in self.services.values():
                service.invalidate()

    def freeze(self) -> str:
        """Return the ranks in force as the text of a table; loading it makes every process choose alike."""
        from polytier.record.tables import Table, format_table

        rankings = {name: service.ranking() for name, service in self.services.items()}
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
            start = getattr(self.tiers.load(name), "warm", None)
            if start is not None:
                start()

    # What services ask ---------------------------------------------------------------------------------------------

    @property
    def tiers(self) -> TierSource:
        """The installed tiers; found at the first use."""
        if self._tiers is None:
            from polytier.tiers.registry import Tiers

            self._tiers = Tiers(self.catalogue.__getitem__, environ=self.environ)
        return self._tiers

    def host(self) -> str:
        """Return the id of this kind of host."""
        from polytier.record.host import host_id

        return host_id()

    def sources(self) -> Sources:
        """Return the tables that hold."""
        if self._given is not None:
            return Sources((self._given,))
        if self._sources is None:
            from polytier.record.paths import user_table

            self._sources = find_sources(self.environ, self.host(), user_table)
        return self._sources

    def planner(self) -> Planner:
        """Return the planner for the environment as it was at the first use."""
        if self._planner is None:
            allowed = self.environ.get("POLYTIER_UNMEASURED") == "allow"
            strict = self.environ.get("POLYTIER_STRICT", "0") not in {"", "0"}
            self._planner = Planner(self.tiers, self.quarantine, allow_unmeasured=allowed, strict=strict)
        return self._planner

    @property
    def planning(self) -> bool:
        """Whether this thread is making a plan, and so perhaps importing a tier."""
        return getattr(self._planning, "busy", False)

    @contextmanager
    def while_planning(self) -> Iterator[None]:
        """Mark this thread as making a plan."""
        self._planning.busy = True
        try:
            yield
        finally:
            self._planning.busy = False

    def _attend(self, change: int) -> None:
        # While a pin or a trace is open anywhere, every call takes the slow path, which looks whose it is.
        with self.lock:
            self.attention += change
            if change > 0:
                for service in self.services.values():
                    service.watch()

    def _renew_locks(self) -> None:
        # A fork copies a lock that another thread holds, and nobody in the child would release it.
        self.lock = threading.RLock()
        self.quarantine.lock = threading.Lock()
