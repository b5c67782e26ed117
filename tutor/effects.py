"""What a decision may ask for. Descriptions only: who performs them is the host's business.

The kernel performs ``Record``, ``Disposition`` and ``Refuse``; the tools app plugs in ``CallTool`` and ``CancelCall``
by open dispatch on the type.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from tutor.interactions import Interaction, OutputCommitted
from tutor.statem import Effect


@dataclass(frozen=True, slots=True)
class Record(Effect):
    """Append a fact to the log. What the learner may see of it is a property of its kind."""

    interaction: Interaction


def say(text: str, *, attempt: int | None = None) -> Record:
    """Say something to the learner (Markdown).

    ``attempt``: the text begins with what was streamed as that attempt of the turn (``ToolSucceeded.output_attempt``).
    """
    return Record(OutputCommitted(text=text, len=len(text), attempt=attempt))


@dataclass(frozen=True, slots=True)
class CallTool(Effect):
    """Have a tool run by a worker. Its one ending comes back as ``ToolSucceeded`` or ``ToolFailed`` with this ref."""

    #: Chosen by the machine, unique in its session: ``c1``, ``c2``, …
    ref: str
    tool: str
    args: dict[str, Any] = field(default_factory=dict)
    #: For all attempts and the fallback together.
    deadline_ms: int = 45_000
    #: A background call does not lock the conversation.
    background: bool = False


@dataclass(frozen=True, slots=True)
class CancelCall(Effect):
    """A call's result is not wanted any more."""

    ref: str


@dataclass(frozen=True, slots=True)
class Disposition(Effect):
    """What became of the learner's command, where it is not ``started``."""

    value: Literal["busy", "noop", "queued"]


@dataclass(frozen=True, slots=True)
class Refuse(Effect):
    """The event has no row here: nothing changes, nothing is logged, the sender gets ``invalid_transition``."""

    message: str
    allowed: tuple[str, ...] = ()
