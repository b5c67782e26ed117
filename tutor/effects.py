"""What a decision may ask for. Descriptions only: who performs them is the host's business.

The kernel performs ``Record``, ``Disposition`` and ``Refuse``; the tools app plugs in ``CallTool`` and ``CancelCall``
by open dispatch on the type.
"""

from __future__ import annotations

from collections.abc import Iterable
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


#: What the failure of one member of a group means for the others; its own attempts are behind it, so nothing is begun
#: again. ``one_for_one``: nothing; ``one_for_all``: the others are cancelled; ``rest_for_one``: those after it are.
GroupStrategy = Literal["one_for_one", "one_for_all", "rest_for_one"]
#: Most members of one group.
GROUP_CALLS = 32


@dataclass(frozen=True, slots=True)
class Parallel(Effect):
    """Have several tools run at the same time. All their endings come back together, as one ``ToolsEnded``."""

    #: Chosen by the machine like a call's; the members are ``ref.1``, ``ref.2``, … in order.
    ref: str
    #: ``(tool, arguments)`` of each member.
    calls: tuple[tuple[str, dict[str, Any]], ...]
    #: Members that run at once; the others wait for a place.
    max_concurrency: int = 4
    strategy: GroupStrategy = "one_for_one"
    #: For all members, their attempts and their fallbacks together.
    deadline_ms: int = 45_000
    #: A background group does not lock the conversation.
    background: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.calls) <= GROUP_CALLS:
            raise ValueError(f"a group has 1 to {GROUP_CALLS} calls, not {len(self.calls)}")
        if self.max_concurrency < 1:
            raise ValueError("at least one call of a group has to run at once")

    @property
    def members(self) -> tuple[str, ...]:
        """The refs of its calls, in order."""
        return tuple(f"{self.ref}.{number}" for number in range(1, len(self.calls) + 1))


def parallel(
    ref: str,
    calls: Iterable[tuple[str, dict[str, Any]]],
    *,
    max_concurrency: int = 4,
    strategy: GroupStrategy = "one_for_one",
    deadline_ms: int = 45_000,
    background: bool = False,
) -> Parallel:
    """A group of calls, each ``(tool, arguments)``. Raises ``ValueError`` for none, or too many."""
    return Parallel(ref, tuple(calls), max_concurrency, strategy, deadline_ms, background)


@dataclass(frozen=True, slots=True)
class CancelCall(Effect):
    """The result of a call, or of a group of calls, is not wanted any more. Naming a member cancels its whole group."""

    ref: str


@dataclass(frozen=True, slots=True)
class RateQuestion(Effect):
    """A learner has met a question for the first time: its Elo rating moves by how it went (``tutor.elo``)."""

    question: str
    #: Where its rating begins if nobody met it before, in logits.
    start: float
    #: The learner's rating before, in logits.
    ability: float
    #: The chance of one who knows nothing.
    guess: float
    #: At the first attempt, and without help.
    right: bool


@dataclass(frozen=True, slots=True)
class Disposition(Effect):
    """What became of the learner's command, where it is not ``started``."""

    value: Literal["busy", "noop", "queued"]


@dataclass(frozen=True, slots=True)
class Refuse(Effect):
    """The event has no row here: nothing changes, nothing is logged, the sender gets ``invalid_transition``."""

    message: str
    allowed: tuple[str, ...] = ()
