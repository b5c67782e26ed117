"""Calls that a session itself asked for: their endings become facts of its log.

    @records("compact")
    def _(result: dict[str, Any]) -> list[Interaction]: ...

Asked for by the control ``RequestWork``, run in the background like any call, with exactly one ending. A result that
cannot become facts changes nothing; neither does a failure, unless whoever records it wants to know of both:

    @concludes("extract_file")
    def _(ended: Ended, about: dict[str, str]) -> Recorded: ...
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from sessions_app.delivery import Write
from sessions_app.row import PendingCall
from tutor import events
from tutor.interactions import CompactionCompleted, Interaction

logger = logging.getLogger(__name__)

Ended = events.ToolSucceeded | events.ToolFailed


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an ending becomes."""

    facts: list[Interaction] = field(default_factory=list)
    #: Rows of the same commit.
    writes: list[Write] = field(default_factory=list)
    #: What the session's machine is told, if it ``hears`` such events.
    news: events.News | None = None


Recorder = Callable[[dict[str, Any]], list[Interaction]]
Concluder = Callable[[Ended, dict[str, str]], Recorded]
#: Name of a tool -> what its result becomes; what each of its endings becomes.
_recorders: dict[str, Recorder] = {}
_concluders: dict[str, Concluder] = {}


def records(tool: str) -> Callable[[Recorder], Recorder]:
    """Register what the results of a tool become. Raises ``TypeError`` for a second function of one tool."""

    def register(function: Recorder) -> Recorder:
        if _recorders.setdefault(tool, function) is not function:
            raise TypeError(f"two functions record what {tool!r} returns")
        return function

    return register


def concludes(tool: str) -> Callable[[Concluder], Concluder]:
    """Register what the endings of a tool's calls become, failures included. It must not raise for a failure."""

    def register(function: Concluder) -> Concluder:
        if _concluders.setdefault(tool, function) is not function:
            raise TypeError(f"two functions conclude what {tool!r} did")
        return function

    return register


def recorded(ended: events.EventContent, about: dict[str, str] | None) -> Recorded:
    """What a call's ending becomes: nothing where it failed, or where its result has not the form that is recorded."""
    if not isinstance(ended, Ended):
        return Recorded()
    try:
        if ended.tool in _concluders:
            return _concluders[ended.tool](ended, about or {})
        if isinstance(ended, events.ToolSucceeded) and ended.tool in _recorders:
            return Recorded(_recorders[ended.tool](ended.result))
    except Exception:
        logger.exception("action=recording.failed call=%s tool=%s", ended.ref, ended.tool)
    return Recorded()


def given_up(ref: str, call: PendingCall) -> Recorded:
    """What becomes of a call that its session does not wait for any more."""
    if not call.recorded:
        return Recorded()
    return recorded(events.ToolFailed(ref=ref, tool=call.tool, reason="cancelled"), call.about)


@records("compact")
def _compaction(result: dict[str, Any]) -> list[Interaction]:
    return [msgspec.convert(result, CompactionCompleted)]
