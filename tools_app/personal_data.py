"""Where the text of learners lives among tool calls (``sessions_app.personal_data.places``)."""

from __future__ import annotations

from sessions_app.personal_data import places
from tools_app.models import ObservedSession, ObserverView, SessionUsage, ToolCall

_OF_A_CALL = (
    "ref", "turn", "tool", "args", "background", "status", "attempt", "created_at", "started_at", "ended_at", "ending",
    "error",
)  # fmt: skip


def register() -> None:
    """Add them to the kernel's list."""
    places.register(
        places.rows_of("tool calls", ToolCall, line="tool_call", columns=_OF_A_CALL),
        places.rows_of(
            "tokens used at models", SessionUsage, line="usage", columns=("input_tokens", "output_tokens", "requests")
        ),
        # Folded from the log, which is exported.
        places.rows_of("what observers remember", ObserverView),
        places.rows_of("when observers look", ObservedSession),
    )
