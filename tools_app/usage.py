"""What models cost: measured per call, logged with its ending, summed per session for its budget."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass

from sessions_app.delivery import Statement, Write

#: ``{"input_tokens": …, "output_tokens": …, "requests": …}``.
Spent = dict[str, int]


@dataclass(slots=True)
class Usage:
    """Tokens of one or more requests to a model."""

    input_tokens: int = 0
    output_tokens: int = 0
    requests: int = 0

    def add(self, input_tokens: int, output_tokens: int) -> None:
        """Another request was made."""
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        self.requests += 1

    def spent(self) -> Spent | None:
        """As events and facts say it; None where no request was made."""
        if not self.requests:
            return None
        return {"input_tokens": self.input_tokens, "output_tokens": self.output_tokens, "requests": self.requests}


#: Where backends count what the running call uses. The executor gives every run its own.
_meter: ContextVar[Usage | None] = ContextVar("usage", default=None)


#: Sets aside what a request may cost at most, in tokens; raises ``OverBudget``.
Reserve = Callable[[int], Awaitable[None]]
_purse: ContextVar[Reserve | None] = ContextVar("purse", default=None)


def measure(reserve: Reserve | None = None) -> Usage:
    """Begin to count for this task. Returns what is counted into. ``reserve`` is asked before each request."""
    usage = Usage()
    _meter.set(usage)
    _purse.set(reserve)
    return usage


async def set_aside(tokens: int) -> None:
    """A backend is about to make a request that costs at most so much. Raises ``OverBudget``."""
    reserve = _purse.get()
    if reserve is not None:
        await reserve(tokens)


def count(input_tokens: int, output_tokens: int) -> None:
    """A backend made a request; outside of a call nobody counts."""
    usage = _meter.get()
    if usage is not None:
        usage.add(input_tokens, output_tokens)


ADD_USAGE = Statement(
    "add_usage",
    """
INSERT INTO tools_app_sessionusage AS u (session_id, input_tokens, output_tokens, requests)
SELECT session_id, input_tokens, output_tokens, requests
  FROM json_to_recordset(%s) AS r(session_id uuid, input_tokens bigint, output_tokens bigint, requests bigint)
    ON CONFLICT (session_id) DO UPDATE
   SET input_tokens = u.input_tokens + excluded.input_tokens, output_tokens = u.output_tokens + excluded.output_tokens,
       requests = u.requests + excluded.requests
RETURNING 1""",
)


def spent(session: uuid.UUID, usage: Spent | None) -> list[Write]:
    """What a commit adds to its session's account."""
    return [] if usage is None else [Write(ADD_USAGE, {"session_id": session, **usage})]
