"""The steps of one delivery: each leads from what the log tells so far to what the row is now (DESIGN rule 7)."""

from __future__ import annotations

from typing import Any

from sessions_app import log
from sessions_app.exceptions import UnloadableSession
from sessions_app.row import SessionRow, Unloadable
from tutor.interactions import Step


class StepLog:
    """What the log tells of a session, kept up with its row step by step."""

    def __init__(self, row: SessionRow, machine: Any) -> None:
        self._row, self._machine = row, machine
        told: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
        if not row.new:
            # What stands in the row, not what this release would write for it: data of an older release has another
            # shape, and the first step that writes it anew has to say so.
            told = row.plain if row.plain is not None else self._dump(row.snapshot.data), row.kernel()
        #: The machine's data and the kernel's part as the log tells them now.
        self.data, self.kernel = row.shared or told
        self._dumped: Any = None if row.new else row.snapshot.data

    def _dump(self, data: Any) -> dict[str, Any]:
        plain: dict[str, Any] = data.plain if isinstance(data, Unloadable) else self._machine.dump(data)
        return plain

    def append(
        self, event: dict[str, Any], outcome: str, before: str, turn_id: str | None, cause: str | None
    ) -> log.Entry:
        """Append the step from there to what the row is now."""
        row, after = self._row, self._row.snapshot
        if row.traced_until <= row.now_ms:
            row.traced_until = 0
        kernel, data = row.kernel(), self.data
        if after.data is not self._dumped or row.new:
            data, self._dumped = self._dump(after.data), after.data
        step = Step(
            event=event,
            outcome=outcome,
            from_=before,
            to=after.state,
            state_no=after.state_no,
            event_no=after.event_no,
            patch=log.difference(self.data, data),
            kernel=log.difference(self.kernel, kernel),
        )
        self.kernel, self.data = kernel, data
        return row.append(step, turn=turn_id, cause=cause)


def check_loaded(row: SessionRow) -> None:
    """Before the machine is asked. Raises ``UnloadableSession`` where it cannot load the session's data."""
    data = row.snapshot.data
    if isinstance(data, Unloadable):
        raise UnloadableSession(
            f"the machine {row.machine_name!r} cannot load this session's data ({data.error}); correct what get_state "
            "says, and put it in place whole with replace_state"
        )
