"""Dispatch: which implementation serves a call, and why."""

from polytier.dispatch.context import Event, Trace
from polytier.dispatch.reasons import Explanation, LinkReason, Reason
from polytier.dispatch.state import Dispatcher

__all__ = ["Dispatcher", "Event", "Explanation", "LinkReason", "Reason", "Trace"]
