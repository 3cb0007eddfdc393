"""What the parts of dispatch need of each other and of the installed tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from threading import RLock
    from types import ModuleType

    from polytier.dispatch.context import Block
    from polytier.dispatch.plan import Planner
    from polytier.dispatch.quarantine import Quarantine
    from polytier.dispatch.tables import Sources


class ReceiptLike(Protocol):
    """The part of a receipt that dispatch looks at."""

    @property
    def digest(self) -> str:
        """The digest of the tier's build."""


class TierSource(Protocol):
    """What dispatch needs of the installed tiers."""

    def installed(self) -> tuple[str, ...]:
        """Return the names of the installed tiers."""

    def denied(self, name: str) -> str | None:
        """Return why the allow and deny lists keep the tier out, or None."""

    def implementation(self, name: str, kernel: str) -> Callable[..., Any]:
        """Return the tier's function for the kernel; ImportError or NotImplementedError where there is none."""

    def receipt(self, name: str) -> ReceiptLike:
        """Return the tier's receipt; ImportError where it cannot be had."""

    def refresh(self) -> None:
        """Forget what was found and what failed."""

    def load(self, name: str) -> ModuleType:
        """Return the tier's module; ImportError where it cannot be had."""


class Shared(Protocol):
    """What the services of one dispatcher share; they change nothing of it but the private names."""

    private: dict[str, Any]
    lock: RLock
    blocks: set[Block[Any]]
    quarantine: Quarantine

    @property
    def planning(self) -> bool:
        """Whether this thread is loading a tier."""

    def clock(self) -> float:
        """Return the seconds on a clock that never runs backwards."""

    def planner(self) -> Planner:
        """Return the planner in force."""

    def sources(self) -> Sources:
        """Return the tables that hold."""

    def host(self) -> str:
        """Return the id of this kind of host."""

    def while_planning(self) -> AbstractContextManager[None]:
        """Mark this thread as loading a tier: its kernel calls go to the floor."""
