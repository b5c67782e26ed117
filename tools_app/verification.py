"""Tool calls as the verification of sessions sees them: the work behind the calls that sessions wait for."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from django.db import connection

from sessions_app import server, verification
from sessions_app.delivery import Delivery
from tutor import events
from tutor.interactions import ToolFailedFact, ToolResultDiscarded
from tutor.statem import EventType

_LOST = "its record was lost; found by verify_sessions --repair"


class ToolCallLedger:
    """``tools_app_toolcall`` as a ledger."""

    def open_calls(self, sessions: Sequence[uuid.UUID]) -> Iterable[tuple[uuid.UUID, str]]:
        """(session, ref) of the calls that have not ended."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT session_id, ref FROM tools_app_toolcall WHERE status <> 'ended' AND session_id = ANY(%s)",
                [list(sessions)],
            )
            found: list[tuple[uuid.UUID, str]] = cursor.fetchall()
        return found

    def close(self, session: uuid.UUID, ref: str) -> None:
        """End a call that no session waits for; a worker that has it finds out at its settle, which then misses."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE tools_app_toolcall SET status = 'ended', ending = 'cancelled', error = %s,"
                " ended_at = clock_timestamp() WHERE session_id = %s AND ref = %s AND status <> 'ended'",
                ["no session waits for it; found by verify_sessions --repair", session, ref],
            )

    def end(self, session: uuid.UUID, ref: str, tool: str) -> None:
        """Deliver the ending of a call that has no record any more: nobody knows how it ended, so contact is lost."""
        server.deliver(
            Delivery(
                session,
                events.ToolFailed(ref=ref, tool=tool, reason="lost_contact", error=_LOST),
                by="tool",
                type=EventType.INFO,
                ends_call=ref,
                facts=[ToolFailedFact(call=ref, name=tool, attempts=0, reason="lost_contact", error=_LOST)],
                discarded=[ToolResultDiscarded(call=ref, name=tool, attempt=0, why="the call had ended before")],
                opens_turn=False,
            )
        )


verification.register(ToolCallLedger())
