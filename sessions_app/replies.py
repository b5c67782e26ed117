"""Replies to callers, as rows of the commit in which a machine replies (S21: visible at the commit, not before)."""

from __future__ import annotations

from typing import Any

import msgspec

from sessions_app.delivery import Statement, Write
from sessions_app.row import SessionRow
from tutor.interactions import CallReplied, CallReplyRefused, Interaction
from tutor.statem import Reply

INSERT_CALL = Statement(
    "insert_caller",
    """
INSERT INTO sessions_app_call (caller, session_id, status, reason)
SELECT caller, session_id, 'waiting', '' FROM json_to_recordset(%s) AS r(caller text, session_id uuid)
RETURNING 1""",
)

#: For callers of earlier commits; one that is answered in the commit it came with is inserted so (``INSERT_ANSWERED``).
ANSWER_CALL = Statement(
    "update_caller",
    """
UPDATE sessions_app_call c
   SET status = CASE WHEN c.status = 'waiting' THEN r.status ELSE 'late' END, value = r.value, reason = r.reason
  FROM json_to_recordset(%s) AS r(caller text, status text, value jsonb, reason text)
 WHERE c.caller = r.caller
RETURNING 1""",
)

INSERT_ANSWERED = Statement(
    "insert_caller_answered",
    """
INSERT INTO sessions_app_call (caller, session_id, status, value, reason)
SELECT caller, session_id, status, value, reason
  FROM json_to_recordset(%s) AS r(caller text, session_id uuid, status text, value jsonb, reason text)
RETURNING 1""",
)


class Callers:
    """The callers of one delivery: who came with it, who waits since before, and what they are told."""

    def __init__(self, row: SessionRow) -> None:
        self._row = row
        self._before = frozenset(row.callers)
        self._told: dict[str, tuple[str, Any, str]] = {}

    def arrive(self, caller: str) -> None:
        """A caller waits from now on."""
        self._row.callers = [*self._row.callers, caller]

    def reply(self, reply: Reply) -> Interaction:
        """Answer a caller. A second reply to one caller, or one to nobody, is refused and logged (S47)."""
        if reply.caller not in self._row.callers:
            return CallReplyRefused(caller=reply.caller, why="nobody waits for this reply")
        self._tell(reply.caller, "answered", reply.value, "")
        return CallReplied(caller=reply.caller, value=msgspec.json.encode(reply.value).decode())

    def exit(self, reason: str, *, only: str | None = None) -> None:
        """Tell callers that there will be no reply, and why: all that wait, or one."""
        for caller in [only] if only is not None else list(self._row.callers):
            if caller in self._row.callers:
                self._tell(caller, "exited", None, reason)

    def _tell(self, caller: str, status: str, value: Any, reason: str) -> None:
        self._row.callers = [waiting for waiting in self._row.callers if waiting != caller]
        self._told[caller] = (status, value, reason)

    @property
    def told(self) -> tuple[str, ...]:
        """Who gets an answer with this commit."""
        return tuple(self._told)

    def writes(self) -> list[Write]:
        """The rows of this commit."""
        writes = [
            Write(INSERT_CALL, {"caller": caller, "session_id": self._row.id})
            for caller in self._row.callers
            if caller not in self._before
        ]
        for caller, (status, value, reason) in self._told.items():
            answer = {"caller": caller, "status": status, "value": value, "reason": reason}
            known = caller in self._before
            statement, more = (ANSWER_CALL, {}) if known else (INSERT_ANSWERED, {"session_id": self._row.id})
            writes.append(Write(statement, {**answer, **more}))
        return writes
