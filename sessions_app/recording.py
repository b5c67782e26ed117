"""Calls that a session itself asked for: their results become facts of its log, and its machine never hears of them.

    @records("compact")
    def _(result: dict[str, Any]) -> list[Interaction]: ...

Asked for by the control ``RequestWork``, run in the background like any call, with exactly one ending. A result that
cannot become facts changes nothing; neither does a failure.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import msgspec

from tutor import events
from tutor.interactions import CompactionCompleted, Interaction

logger = logging.getLogger(__name__)

Recorder = Callable[[dict[str, Any]], list[Interaction]]
#: Name of a tool -> what its result becomes.
_recorders: dict[str, Recorder] = {}


def records(tool: str) -> Callable[[Recorder], Recorder]:
    """Register what the results of a tool become. Raises ``TypeError`` for a second function of one tool."""

    def register(function: Recorder) -> Recorder:
        if _recorders.setdefault(tool, function) is not function:
            raise TypeError(f"two functions record what {tool!r} returns")
        return function

    return register


def facts_of(ended: events.EventContent) -> list[Interaction]:
    """The facts of a call's ending: none where it failed, or where its result has not the form that is recorded."""
    if not isinstance(ended, events.ToolSucceeded) or ended.tool not in _recorders:
        return []
    try:
        return _recorders[ended.tool](ended.result)
    except Exception:
        logger.exception("action=recording.failed call=%s tool=%s", ended.ref, ended.tool)
        return []


@records("compact")
def _compaction(result: dict[str, Any]) -> list[Interaction]:
    return [msgspec.convert(result, CompactionCompleted)]
